#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge ledger: its key, its check, and what is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PSK=$ROOT/configs/profile-psk.cfg

# A ledger L with one order A of three units.
a_ledger() {
	amtforge ledger init L
	amtforge order open L "$PSK" --id A
	amtforge unit issue L A --count 3 >/dev/null
}

init_makes_a_ledger_and_its_key_for_the_owner_alone() {
	status 0 amtforge ledger init L
	[ "$(stat -c %a L)" = 600 ]
	[ "$(stat -c %a L.key)" = 600 ]
	[ "$(wc -c <L.key)" = 65 ]
	grep -qE '^[0-9a-f]{64}$' L.key
	status 0 amtforge ledger check L
	status 0 amtforge ledger check L --json
	jq -e '.orders == 0 and .units == 0 and .secrets == 0' out
}

init_never_replaces_a_ledger() {
	a_ledger
	cp L before
	cp L.key key.before
	status 73 amtforge ledger init L
	says "L: exists already"
	cmp L before
	cmp L.key key.before
	mv L.key elsewhere
	status 73 amtforge ledger init L
	[ ! -e L.key ]
}

init_is_repeated_after_its_key_was_left_alone() {
	amtforge ledger init L
	rm L # as if killed between key and ledger
	cp L.key key.before
	status 0 amtforge ledger init L
	cmp L.key key.before
	status 0 amtforge ledger check L
}

a_key_file_may_lie_elsewhere() {
	status 0 amtforge ledger init L --key-file k
	[ ! -e L.key ]
	status 0 amtforge ledger check L --key-file k
	status 66 amtforge ledger check L
	says "L.key"
}

a_wrong_key_is_refused() {
	a_ledger
	amtforge ledger init M
	cp L before
	status 77 amtforge unit list L A --key-file M.key
	says "the key in M.key is not this ledger's [ledger-key]"
	says "  rule: "
	says "  do: "
	status 77 amtforge ledger check L --key-file M.key --json
	jq -e '.error.code == "ledger-key" and (.error.rule | length > 0)
		and (.error.mend | length > 0)' out
	cmp L before
}

a_key_that_others_may_read_is_refused() {
	a_ledger
	chmod 640 L.key
	status 77 amtforge ledger check L
	says "mode 640"
}

a_key_file_without_a_key_is_refused() {
	a_ledger
	echo "not hex" >k
	chmod 600 k
	status 77 amtforge ledger check L --key-file k
	says "64 hex digits"
}

what_is_no_ledger_is_refused() {
	a_ledger
	status 66 amtforge ledger check nowhere
	says "nowhere"
	sqlite3 other 'create table t (x)'
	cp L.key other.key
	status 65 amtforge ledger check other
	says "of another program"
	head -c 8192 /dev/zero | tr '\0' x >text
	cp L.key text.key
	status 65 amtforge ledger check text
}

a_newer_ledger_is_refused() {
	a_ledger
	sqlite3 L 'pragma user_version = 99'
	status 65 amtforge ledger check L
	says "schema version 99"
}

the_check_finds_a_changed_secret() {
	a_ledger
	sqlite3 L "update units set pps = zeroblob(length(pps))
		where serial = 'A-000002'"
	status 65 amtforge ledger check L
	says "units.pps of"
	says "[ledger-damaged]"
}

the_check_finds_a_secret_moved_to_another_unit() {
	a_ledger
	sqlite3 L "update units set pps = (select pps from units
		where serial = 'A-000001') where serial = 'A-000002'"
	status 65 amtforge ledger check L
	says "[ledger-damaged]"
}

the_check_finds_a_changed_profile() {
	a_ledger
	sqlite3 L "update orders set profile =
		replace(profile, '\"enterprise\"', '\"smb\"')"
	status 65 amtforge ledger check L
	says "the profile of order A is not as it was stored"
}

the_audit_table_can_only_be_added_to() {
	a_ledger
	status 19 sqlite3 L 'delete from audit'
	says "only be added to"
	status 19 sqlite3 L "update audit set who = 'nobody'"
	says "only be added to"
	[ "$(sqlite3 L 'select group_concat(what) from audit')" = \
		"ledger init,order open,unit issue" ]
}

sqlite_itself_finds_the_ledger_whole() {
	a_ledger
	[ "$(sqlite3 L 'pragma integrity_check')" = ok ]
	[ "$(sqlite3 L 'pragma journal_mode')" = wal ]
}

# A ledger that was lost beside its SQLite log: the log is not played into the
# new one.
init_does_not_take_over_the_log_of_a_lost_ledger() {
	a_ledger
	rm L
	echo left >L-wal
	status 73 amtforge ledger init L
	says "L-wal"
	[ ! -e L ]
	rm L-wal
	status 0 amtforge ledger init L
	status 0 amtforge ledger check L
}

a_ledger_without_a_name_is_refused() {
	status 2 amtforge ledger init ""
	[ "$(ls -A)" = "$(printf 'err\nout')" ]
}

a_damaged_version_is_refused() {
	a_ledger
	sqlite3 L 'pragma user_version = -1'
	status 65 amtforge ledger check L
	says "L: damaged: schema version -1"
	status 65 amtforge unit issue L A --count 4
	says "L: damaged"
}

a_damaged_page_is_found_and_the_mend_told() {
	a_ledger
	sqlite3 L 'pragma wal_checkpoint(truncate)'
	page=$(sqlite3 L "select rootpage from sqlite_master
		where name = 'units_order'")
	size=$(sqlite3 L 'pragma page_size')
	printf '\377\377\377\377' | dd of=L bs=1 conv=notrunc \
		seek=$(((page - 1) * size + 3))
	status 65 amtforge ledger check L
	says "ledger-damaged"
	status 65 amtforge ledger check L --json
	jq -e '.error.code == "ledger-damaged" and .error.mend != ""' out
}

t init_makes_a_ledger_and_its_key_for_the_owner_alone
t init_never_replaces_a_ledger
t init_is_repeated_after_its_key_was_left_alone
t a_key_file_may_lie_elsewhere
t a_wrong_key_is_refused
t a_key_that_others_may_read_is_refused
t a_key_file_without_a_key_is_refused
t what_is_no_ledger_is_refused
t a_newer_ledger_is_refused
t the_check_finds_a_changed_secret
t the_check_finds_a_secret_moved_to_another_unit
t the_check_finds_a_changed_profile
t the_audit_table_can_only_be_added_to
t sqlite_itself_finds_the_ledger_whole
t init_does_not_take_over_the_log_of_a_lost_ledger
t a_ledger_without_a_name_is_refused
t a_damaged_version_is_refused
t a_damaged_page_is_found_and_the_mend_told
done_testing
