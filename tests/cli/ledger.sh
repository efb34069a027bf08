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
	says "L.key: not there; --key-file names it where it is kept elsewhere"
	says "[ledger-key]"
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

of_inits_at_once_one_makes_the_ledger() {
	for round in 1 2 3 4 5 6 7 8 9 10; do
		for i in 1 2 3 4; do
			(
				rc=0
				amtforge ledger init "L$round" || rc=$?
				echo $rc >"s$round.$i"
			) &
		done
		wait
		[ "$(cat s$round.* | sort | tr '\n' ' ')" = "0 73 73 73 " ]
		amtforge ledger check "L$round"
	done
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

# damage SQL: in the tables of a copy M of L that may hold anything.
damage() {
	rm -f M M-wal M-shm
	cp L M
	cp L.key M.key
	sqlite3 M "pragma journal_mode = delete; pragma writable_schema = 1;
		update sqlite_master set sql = replace(sql, ' NOT NULL', '')
		where type = 'table'" >/dev/null
	sqlite3 M "$1"
}

damaged_rows_are_refused_not_trusted() {
	a_ledger
	for sql in "update orders set profile = null" \
		"update orders set profile_sha256 = null" \
		"update units set uuid = null" \
		"update units set uuid = hex(zeroblob(5000)) where n = 1"; do
		damage "$sql"
		status 65 amtforge ledger check M
		says "[ledger-damaged]"
	done
	damage "update orders set profile = null"
	status 65 amtforge order show M A
	damage "update units set uuid = null"
	status 65 amtforge unit list M A
	damage "update units set state = x'ffff' where n = 1"
	status 65 amtforge unit list M A --json
	jq -e '.error.code == "ledger-damaged"' out
	damage "update units set order_id = null"
	status 1 amtforge unit issue M A --count 1
	says "[unit-differs]"
}

# The index says that a row follows which is the same one again.
a_damaged_index_does_not_list_for_ever() {
	a_ledger
	damage "create index wrong on units (order_id, n + 100)"
	sqlite3 M "pragma writable_schema = 1;
		update sqlite_master set rootpage = (select rootpage
		from sqlite_master where name = 'wrong')
		where name = 'units_order';
		delete from sqlite_master where name = 'wrong'"
	status 65 timeout 100 amtforge unit list M A
	says "[ledger-damaged]"
	status 65 amtforge ledger check M
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
t damaged_rows_are_refused_not_trusted
t a_damaged_index_does_not_list_for_ever
t of_inits_at_once_one_makes_the_ledger
t a_ledger_without_a_name_is_refused
t a_damaged_version_is_refused
t a_damaged_page_is_found_and_the_mend_told
done_testing
