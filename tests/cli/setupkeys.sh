#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge setupbin make and list: keys of an order, what the ledger remembers
# of them, and each refusal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"

PSK=$ROOT/configs/profile-psk.cfg

# A ledger L with order A of N units (default 3) under PROFILE.
an_order() {
	amtforge ledger init L
	amtforge order open L "${2:-$PSK}" --id A 2>/dev/null
	amtforge unit issue L A --count "${1:-3}" >/dev/null
}

# pki LINE...: p.cfg, a PKI profile for AMT 16 with these lines more.
pki() {
	cp "$ROOT/configs/demo-root.pem" .
	printf '%s\n' 'customer = "c"; credential = "pki"; mebx = "random";' \
		"$@" >p.cfg
	grep -q '^amt' p.cfg || echo 'amt = "16.0";' >>p.cfg
	grep -q '^hashes' p.cfg ||
		echo 'hashes = ( { file = "demo-root.pem"; } );' >>p.cfg
}

# bytes FILE OFFSET N: as text
bytes() {
	dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null
}

# hex FILE OFFSET N
hex() {
	bytes "$@" | od -An -tx1 | tr -d ' \n'
}

# In a record that begins with "admin", a password of 16 characters and 1/3.
pid_of() {
	bytes "$1" $(($2 * 512 + 84)) 8
}

password_of() {
	bytes "$1" $(($2 * 512 + 48)) 16
}

revealed() {
	amtforge unit show L "$1" --reveal --json | jq -r .mebx_password
}

audits() {
	sqlite3 L "select count(*) from audit where what = '$1'"
}

a_psk_key_has_a_record_for_each_unit_in_the_order_of_issue() {
	an_order 3
	status 0 amtforge setupbin make L A --out k --json
	jq -se 'length == 3 and all(keys_unsorted ==
		["key", "record", "serial", "uuid", "pid"])
		and (map(.serial) == ["A-000001", "A-000002", "A-000003"])
		and (map(.record) == [1, 2, 3]) and all(.key == "A-key1")' out
	[ "$(stat -c %a,%s k)" = 600,2048 ]
	for i in 1 2 3; do
		row=$(sed -n ${i}p out)
		[ "$(pid_of k $i)" = "$(echo "$row" | jq -r .pid)" ]
		[ "$(password_of k $i)" = \
			"$(revealed "$(echo "$row" | jq -r .uuid)")" ]
	done
	says "A-key1: 3 records"
	says "record k is for the machine with the UUID of row k"
	[ "$(audits 'setupbin make')" = 1 ]
	status 0 amtforge ledger check L --json
	jq -e '.keys == 1' out
}

what_is_written_passes_the_linter() {
	an_order 3
	amtforge setupbin make L A --out k
	status 0 amtforge setupbin check k --amt 3.0
	pki 'pki_dns_suffix = "example.com";' 'server_fqdn = "a.example.com";' \
		'server_address = "192.0.2.17"; server_port = 9971;'
	amtforge order open L p.cfg --id P
	amtforge setupbin make L P --out p
	status 0 amtforge setupbin check p --amt 16.0
	amtforge setupbin make L P --out s --scramble
	status 0 amtforge setupbin check s --amt 16.0
	amtforge setupbin decode s --json >s.json
	jq -e '.majorVersion == 4 and .flags == 1
		and (.records | length == 1 and .[0].flags == 3)' s.json
	jq -c '[.records[0].variables[] | [.module, .var]]' s.json >order
	[ "$(cat order)" = "$(jq -c sort order)" ]
}

another_key_takes_the_units_that_are_left() {
	an_order 5
	amtforge setupbin make L A --out k1 --count 2 --json >one
	amtforge setupbin make L A --out k2 --count 2 --json >two
	amtforge setupbin make L A --out k3 --json >three
	cat one two three | jq -r .serial >serials
	amtforge unit list L A --json | jq -r .serial | cmp - serials
	[ "$(jq -r .key three)" = A-key3 ]
	status 65 amtforge setupbin make L A --out k4
	says "of its 5 units none is left that is on no key [key-empty]"
	[ ! -e k4 ]
	amtforge unit issue L A --count 6 >/dev/null
	status 0 amtforge setupbin make L A --out k4 --json
	[ "$(jq -r .serial out)" = A-000006 ]
}

scrapped_and_returned_units_are_on_no_key() {
	an_order 4
	amtforge unit list L A --json | jq -r .uuid >uuids
	amtforge unit mark L "$(sed -n 2p uuids)" scrapped --why broken
	amtforge unit mark L "$(sed -n 3p uuids)" shipped --why sold
	amtforge unit mark L "$(sed -n 3p uuids)" returned --why back
	status 0 amtforge setupbin make L A --out k --json
	[ "$(jq -r .serial out | tr '\n' ' ')" = "A-000001 A-000004 " ]
}

a_repeat_changes_nothing() {
	an_order 3
	amtforge setupbin make L A --out k >first
	cp k before
	sqlite3 L .dump >ledger.before
	status 0 amtforge setupbin make L A --out k
	cmp out first
	cmp k before
	sqlite3 L .dump | cmp - ledger.before
	# from elsewhere, by another name of the same file
	mkdir sub
	(cd sub && amtforge setupbin make ../L A --out ../k >../out)
	cmp out first
	sqlite3 L .dump | cmp - ledger.before
}

# One that was recorded and not yet written; else its records would be on two
# sticks.
a_key_that_is_missing_is_written_again() {
	an_order 3
	amtforge setupbin make L A --out k >first
	mv k before
	sqlite3 L .dump >ledger.before
	for force in "" --force; do
		# shellcheck disable=SC2086 # a list
		status 73 amtforge setupbin make L A --out k $force
		says "k: key A-key1 was written there at"
		says "[key-written]"
		[ ! -e k ]
	done
	sqlite3 L .dump | cmp - ledger.before
	status 0 amtforge setupbin make L A --out k --again A-key1
	cmp k before
	rm k
	# as a run leaves it that is killed before its file is whole
	sqlite3 L "update keys set written = ''"
	status 0 amtforge setupbin make L A --out k
	cmp out first
	cmp k before
	says "written once more: the same records, not new ones"
	[ "$(audits 'setupbin again')" = 2 ]
	[ "$(sqlite3 L 'select count(*) from keys')" = 1 ]
	amtforge setupbin list L --json | jq -e .written
}

the_ledger_is_never_the_file_that_is_replaced() {
	an_order 3
	ln -s L s
	cp L.key key
	cp L before
	cp key key.before
	for out in L ./L s L.key L-wal ./L-shm s-journal; do
		status 2 amtforge setupbin make L A --out $out --force
		says "the ledger, or its key, would be replaced"
		status 2 amtforge worksheet L A --out $out --force
	done
	status 2 amtforge setupbin make L A --out key --force --key-file key
	cmp L before
	cmp key key.before
	cmp L.key key
}

another_file_under_the_name_is_kept() {
	an_order 3
	echo other >k
	sqlite3 L .dump >ledger.before
	status 73 amtforge setupbin make L A --out k
	says "k: exists already"
	[ "$(cat k)" = other ]
	sqlite3 L .dump | cmp - ledger.before
	status 0 amtforge setupbin make L A --out k --force
	cp k before
	echo other >k
	status 73 amtforge setupbin make L A --out k
	says "is not key A-key1 as it was made"
	[ "$(cat k)" = other ]
	status 73 amtforge setupbin make L A --out k --force
	says "[key-written]"
	[ "$(cat k)" = other ]
	status 0 amtforge setupbin make L A --out k --again A-key1 --force
	cmp k before
	[ "$(stat -c %a k)" = 600 ]
	status 73 amtforge setupbin make L A --out nowhere/k
}

a_name_stands_for_one_key() {
	an_order 5
	amtforge setupbin make L A --out k --count 2 >/dev/null
	for options in "" "--count 3" "--count 2 --amt-file-version 2.1"; do
		# shellcheck disable=SC2086 # a list
		status 73 amtforge setupbin make L A --out k $options --force
		says "key A-key1 was made under this name, with other options"
	done
	# but each order has names of its own
	amtforge order open L "$PSK" --id B
	amtforge unit issue L B --count 1 >/dev/null
	status 0 amtforge setupbin make L B --out k --force
}

again_writes_a_key_anywhere() {
	an_order 3
	amtforge setupbin make L A --out k --count 2 >first
	status 0 amtforge setupbin make L A --out copy --again A-key1
	cmp out first
	cmp copy k
	status 65 amtforge setupbin make L A --out x --again A-key2
	says "no key A-key2 in this ledger [key-unknown]"
	amtforge order open L "$PSK" --id B
	status 65 amtforge setupbin make L B --out x --again A-key1
	says "[key-unknown]"
	status 2 amtforge setupbin make L A --out x --again A-key1 --count 2
	[ ! -e x ]
}

a_key_in_use_is_not_copied() {
	an_order 3
	amtforge setupbin make L A --out k >first
	sqlite3 L "update key_records set state = 'possibly-applied'
		where record = 1"
	status 0 amtforge setupbin make L A --out k # it is there
	rm k
	status 65 amtforge setupbin make L A --out k
	says "1 of its 3 records were seen as used"
	says "[key-used]"
	status 65 amtforge setupbin make L A --out x --again A-key1
	[ ! -e k ] && [ ! -e x ]
}

a_pipe_takes_a_key_and_no_rows() {
	an_order 3
	amtforge setupbin make L A --out - >k 2>err
	says "--again"
	amtforge setupbin make L A --out copy --again A-key1
	cmp k copy
	status 65 amtforge setupbin make L A --out -
	says "[key-empty]"
}

# What went into the pipe is recorded, whatever became of it.
a_pipe_that_breaks_loses_no_key() {
	an_order 300
	set +e
	amtforge setupbin make L A --out - >/dev/full 2>err
	[ $? = 74 ] || exit 1
	set -e
	says "key A-key1 is recorded, but not written"
	status 0 amtforge setupbin make L A --out k --again A-key1
	[ "$(sqlite3 L 'select sha256 from keys')" = \
		"$(sha256sum <k | cut -d' ' -f1)" ]
	[ "$(stat -c %s k)" = $((512 * 301)) ]
	amtforge setupbin make L A --out - --again A-key1 >piped
	cmp piped k
}

a_pki_key_has_one_record_for_all() {
	pki 'pki_dns_suffix = "example.com";' 'server_fqdn = "a.example.com";'
	an_order 3 p.cfg
	status 0 amtforge setupbin make L A --out k --json
	jq -e 'keys_unsorted == ["key", "record"] and .record == 1' out
	[ "$(stat -c %a,%s k)" = 600,1024 ]
	[ "$(hex k 24 4)" = 04000100 ] # 4.0, not consumed
	says "un-provisioning deletes them"
	says "3 units of order A take the key's MEBx password"
	for u in $(amtforge unit list L A --json | jq -r .uuid); do
		[ "$(revealed "$u")" = "$(password_of k 1)" ]
	done
	[ "$(audits 'unit mebx')" = 1 ]
	# units that come later too
	status 0 amtforge unit issue L A --count 4 --json
	[ "$(revealed "$(tail -1 out | jq -r .uuid)")" = "$(password_of k 1)" ]
	status 2 amtforge setupbin make L A --out k --count 1
}

the_same_record_on_another_stick_is_the_same_key() {
	pki
	an_order 2 p.cfg
	amtforge setupbin make L A --out k
	amtforge unit issue L A --count 3 >/dev/null
	status 0 amtforge setupbin make L A --out k2
	cmp k k2
	[ "$(sqlite3 L 'select count(*) from keys')" = 1 ]
	# in another version it is another key, with the same password
	status 0 amtforge setupbin make L A --out k3 --amt-file-version 3
	[ "$(password_of k 1)" = "$(password_of k3 1)" ]
	[ "$(sqlite3 L 'select count(*) from keys')" = 2 ]
	[ "$(audits 'unit mebx')" = 1 ]
}

a_manifest_keeps_its_passwords() {
	pki
	an_order 2 p.cfg
	root o
	manifest="amtforge manifest make L A --sign-key o.key --sign-cert o.pem
		--to o.pem"
	$manifest --out m1
	sqlite3 L .dump >before
	status 65 amtforge setupbin make L A --out k
	says "manifest 1 tells other MEBx passwords of 2 of its units"
	says "[key-manifest]"
	[ ! -e k ]
	sqlite3 L .dump | cmp - before
	# the right way round
	amtforge order open L p.cfg --id B
	amtforge unit issue L B --count 2 >/dev/null
	amtforge setupbin make L B --out k
	# shellcheck disable=SC2086 # a list
	$(echo $manifest | sed 's/ A / B /') --out m2
	amtforge manifest list m2 --trust o.pem --key o.key --reveal --json |
		jq -r .mebx_password | sort -u >told
	[ "$(cat told)" = "$(password_of k 1)" ]
	amtforge unit issue L B --count 3 >/dev/null
	status 0 amtforge setupbin make L B --out k2
}

# A unit whose image was written has its own password there.
# holding FILES SECONDS COMMAND...: so long after one of the FILES (a glob) is
# there the command is stopped, a key is made, and it goes on. $made, $got:
# their statuses. One that holds the ledger when it is stopped lets no key be made in
# $patience seconds.
holding() {
	files=$1
	after=$2
	shift 2
	"$@" >held 2>held.err &
	held=$!
	perl -e 'my ($files, $after, $pid) = @ARGV;
		sub lives {
			open my $f, "<", "/proc/$pid/status" or return 0;
			return grep /^State:.[^Z]/, <$f>;
		}
		sub there { return grep { -e } glob $files }
		for (my $n = 0; $n < 60000 && !there() && lives(); $n++) {
			select undef, undef, undef, 0.001;
		}
		select undef, undef, undef, $after;
		kill STOP => $pid' "$files" "$after" $held
	made=0
	timeout "${patience:-4}" amtforge setupbin make L A --out k >/dev/null \
		2>err || made=$?
	kill -CONT $held 2>/dev/null || :
	got=0
	wait $held || got=$?
}

# moments COMMAND...: 24 of the time that it takes here, how slow this machine
# may be, in an order that comes near each of them soon.
moments() {
	began=$(date +%s%N)
	"$@" >/dev/null 2>&1
	awk -v ms=$((($(date +%s%N) - began) / 1000000)) 'BEGIN {
		for (i = 0; i < 24; i++)
			printf "%.3f\n", ms * ((i * 5 + 3) % 24) / 24000 }'
}

# anew: nothing was made of the order in ./whole.
anew() {
	rm -rf d k m L-wal L-shm
	cp whole L
}

# stopped_at SECONDS: whatever was met then, the manifest tells what the key has.
stopped_at() {
	anew
	holding L-wal "$1" amtforge manifest make L A \
		--sign-key m.key --sign-cert m.pem --to m.pem --out m
	[ "$made" = 0 ] || return 0
	if [ "$got" = 75 ]; then
		grep -q 'a key of order A was made meanwhile' held.err
		[ ! -e m ]
		status 0 amtforge manifest make L A --sign-key m.key \
			--sign-cert m.pem --to m.pem --out m
		got=75
	fi
	amtforge manifest list m --trust m.pem --key m.key --reveal \
		--json | jq -r .mebx_password | sort -u >told
	[ "$(cat told)" = "$(password_of k 1)" ]
}

# Stopped at one moment after the other, until it was while it read the units.
passwords_that_are_being_read_are_not_changed_unseen() {
	pki
	an_order 20000 p.cfg
	cp L whole
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout m.key -out m.pem -subj /CN=m -days 9 2>/dev/null
	began=$(date +%s)
	amtforge setupbin make L A --out k >/dev/null
	patience=$((4 + 4 * ($(date +%s) - began)))
	for _ in 1 2 3; do # other moments, where there was none among them
		anew
		for s in $(moments amtforge manifest make L A \
			--sign-key m.key --sign-cert m.pem --to m.pem --out m); do
			stopped_at "$s"
			[ "$made,$got" != 0,75 ] || return 0
		done
	done
	return 1
}

# Stopped at one moment after the other, until it was between two groups of
# images; one that is stopped while it marks a group holds the ledger.
images_that_are_being_written_are_not_changed_unseen() {
	pki
	an_order 40 p.cfg
	amtforge image new base --size 4M --bios /usr/share/ovmf/OVMF.fd
	cp L whole
	for _ in 1 2 3; do
		anew
		for s in $(moments amtforge image write L A --base base \
			--map "$ROOT/configs/map-ovmf.cfg" --out d); do
			anew
			holding 'd/*.bin' "$s" \
				amtforge image write L A --base base \
				--map "$ROOT/configs/map-ovmf.cfg" --out d
			[ "$made,$got" != 0,75 ] || break 2
		done
	done
	[ "$made,$got" = 0,75 ]
	grep -q 'a key of order A was made meanwhile' held.err
	status 0 amtforge image write L A --base base \
		--map "$ROOT/configs/map-ovmf.cfg" --out d --force
	# The key serves those that were not marked as written before it.
	grep -laF "$(password_of k 1)" d/*.bin >served
	[ -s served ]
	for f in d/*.bin; do
		u=$(basename "$f" .bin)
		status 0 amtforge image check "$f" \
			"$ROOT/configs/map-ovmf.cfg" L "$u"
	done
}

a_unit_that_is_written_keeps_its_password() {
	pki
	an_order 2 p.cfg
	amtforge unit list L A --json | jq -r .uuid >uuids
	u=$(head -1 uuids)
	own=$(revealed "$u")
	amtforge unit mark L "$u" written --why image
	status 0 amtforge setupbin make L A --out k
	says "1 unit of order A takes the key's MEBx password"
	[ "$(revealed "$u")" = "$own" ]
}

passwords_are_judged_by_three_levels() {
	pki
	an_order 1 p.cfg
	echo 'Sup3r-Secr3t!' >good
	printf 'R1sky&Secr3t\r\n' >risky
	for bad in 'Sh0rt!' 'Location_1' 'Secr3t:Secr3t' '' \
		'Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!x'; do
		echo "$bad" >bad
		status 65 amtforge setupbin make L A --out k --mebx-file bad
		says "[password-unsound]"
		[ -z "$bad" ] || not grep -qF -- "$bad" err
	done
	status 66 amtforge setupbin make L A --out k --mebx-file gone
	[ ! -e k ]
	status 0 amtforge setupbin make L A --out k --mebx-file risky
	says "--mebx-file: some makers refuse"
	not grep -qF 'R1sky&' err
	[ "$(bytes k 560 12)" = 'R1sky&Secr3t' ]
	# the order's machines have that one now
	status 65 amtforge setupbin make L A --out k2 --mebx-file good
	says "[key-differs]"
	status 0 amtforge setupbin make L A --out k --mebx-file - <risky
	amtforge order open L p.cfg --id B
	status 0 amtforge setupbin make L B --out k4 --mebx-file - <good
	not grep -q "some makers" err
	[ "$(bytes k4 560 13)" = 'Sup3r-Secr3t!' ]
	amtforge order open L "$PSK" --id C
	status 2 amtforge setupbin make L C --out k5 --mebx-file good
	status 2 amtforge setupbin make L B --out k5 --mebx-file - \
		--current-file - <good
}

the_current_password_may_be_another() {
	an_order 2
	echo 'P@ssw0rd' >current
	status 0 amtforge setupbin make L A --out k --current-file current \
		--count 1
	[ "$(bytes k 544 8)" = 'P@ssw0rd' ]
	status 73 amtforge setupbin make L A --out k --count 1
	status 0 amtforge setupbin make L A --out k --current-file current \
		--count 1
	echo admin >factory
	status 0 amtforge setupbin make L A --out k2 --current-file factory
	status 0 amtforge setupbin make L A --out k2
	printf '\001' >bad
	status 65 amtforge setupbin make L A --out k3 --current-file bad
	says "[password-unsound]"
}

the_file_version_follows_the_amt_version() {
	amtforge ledger init L
	for pair in 3.0:0200 3.2:0200 4.0:0201 5.1:0201 6.0:0300 7.0:0400 \
		10.0:0400; do
		amt=${pair%:*}
		sed "s/\"3\.0\"/\"$amt\"/" "$PSK" >p.cfg
		amtforge order open L p.cfg --id "A$amt"
		amtforge unit issue L "A$amt" --count 1 >/dev/null
		status 0 amtforge setupbin make L "A$amt" --out "k$amt"
		[ "$(hex "k$amt" 24 2)" = "${pair#*:}" ]
	done
	n=1
	for pair in 1:0100 1.0:0100 2:0200 2.1:0201 3:0300 4:0400; do
		amtforge unit issue L A7.0 --count $((n = n + 1)) >/dev/null
		status 0 amtforge setupbin make L A7.0 --out "v$n" \
			--amt-file-version "${pair%:*}"
		[ "$(hex "v$n" 24 2)" = "${pair#*:}" ]
		grep -qF "$(pid_of "v$n" 1)" out
	done
	status 2 amtforge setupbin make L A7.0 --out x --amt-file-version 2.2
	status 2 amtforge setupbin make L A7.0 --out x --scramble \
		--amt-file-version 3
	# 4.0 from 7 on is inferred, so 6 may try; that 3 does not is known
	amtforge unit issue L A6.0 --count 2 >/dev/null
	status 0 amtforge setupbin make L A6.0 --out n6 --amt-file-version 4
	says "AMT 6.0 is thought to read files up to version 3.0"
	amtforge unit issue L A3.0 --count 2 >/dev/null
	status 65 amtforge setupbin make L A3.0 --out n3 --amt-file-version 4
	says "amt-file-newer"
	says "[key-unfit]"
	[ ! -e n3 ]
}

what_a_version_does_not_know_is_left_out_and_told() {
	amtforge ledger init L
	{
		cat "$PSK"
		echo 'server_fqdn = "amt.example.com"; server_port = 9971;'
	} >p.cfg
	amtforge order open L p.cfg --id A
	amtforge unit issue L A --count 2 >/dev/null
	status 0 amtforge setupbin make L A --out k1 --count 1 \
		--amt-file-version 1
	says 'version 1.0 has no "Configuration Server FQDN": it is left out'
	not grep -q amt.example.com k1
	status 0 amtforge setupbin make L A --out k2
	says 'version 2.0 has no "Provisioning Server Port": it is left out'
	grep -q amt.example.com k2
}

what_the_profile_cannot_have_on_a_key_is_refused() {
	amtforge ledger init L
	sed 's/^mebx = "random"/mebx = "default"/' "$PSK" >d.cfg
	amtforge order open L d.cfg --id D
	amtforge unit issue L D --count 1 >/dev/null
	status 65 amtforge setupbin make L D --out k
	says 'it needs mebx = "random"'
	says "[key-unfit]"
	pki 'amt = "3.0";'
	amtforge order open L p.cfg --id P
	status 65 amtforge setupbin make L P --out k --amt-file-version 2.1
	says "is sha256, which needs a file of version 3.0"
	status 65 amtforge setupbin make L P --out k --amt-file-version 1
	says "needs a file of version 2.0"
	pki 'hashes = ( { file = "demo-root.pem"; hash = "sha1"; } );'
	amtforge order open L p.cfg --id Q
	status 65 amtforge setupbin make L Q --out k
	says "is SHA-1, which AMT 16 does not take"
	[ ! -e k ]
	[ "$(sqlite3 L 'select count(*) from keys')" = 0 ]
}

a_hash_that_old_machines_lack_makes_a_newer_file_and_says_so() {
	pki 'amt = "3.0";'
	an_order 1 p.cfg
	status 0 amtforge setupbin make L A --out k
	says "Setup.bin with a SHA-256 hash is version 3.0, which AMT 6 and later read; machines of AMT 3.0 will do nothing with this key."
	[ "$(hex k 24 1)" = 03 ]
	status 0 amtforge setupbin check k --amt 6.0
	status 65 amtforge setupbin check k --amt 3.0
}

of_more_than_three_hashes_three_are_taken_and_told() {
	cp "$ROOT/configs/demo-root.pem" .
	for i in 1 2 3; do
		root r$i /CN=root$i
	done
	pki 'hashes = ( { file = "demo-root.pem"; }, { file = "r1.pem"; },' \
		'{ file = "r2.pem"; }, { file = "r3.pem"; } );'
	an_order 1 p.cfg
	status 0 amtforge setupbin make L A --out k
	says "root1 and root2 are taken, the profile's other 1 are not"
	for i in 1 2; do
		grep -qF root$i k
		openssl x509 -in r$i.pem -outform DER | sha256sum |
			cut -d' ' -f1 >sum
		hex k 0 1024 | grep -q "$(cat sum)"
	done
	not grep -qF root3 k
	sed -i 's/file = "r3.pem"/& ; only = true/' p.cfg
	amtforge order open L p.cfg --id B
	status 0 amtforge setupbin make L B --out k2
	says "the key carries only root3"
	not grep -qF root1 k2
}

a_shared_psk_is_put_on_a_key_only_by_its_option() {
	{
		cat "$PSK"
		echo 'insecure_shared_key = true;'
	} >p.cfg
	an_order 3 p.cfg
	status 77 amtforge setupbin make L A --out k
	says "[key-shared]"
	[ ! -e k ]
	status 0 amtforge setupbin make L A --out k --insecure-shared-psk --json
	amtforge setupbin check k --amt 3.0 --insecure-shared-psk
	says "can pose as every machine of order A"
	[ "$(audits 'setupbin insecure-shared-psk')" = 1 ]
	status 77 amtforge setupbin make L A --out k2 --again A-key1
	status 0 amtforge setupbin make L A --out k2 --again A-key1 \
		--insecure-shared-psk --json
	cmp k k2
	[ "$(stat -c %s k)" = 1024 ]
	[ "$(hex k 26 2)" = 0100 ]
	[ "$(jq -r .pid out)" = "$(pid_of k 1)" ]
	[ "$(pid_of k 1)" = "$(sqlite3 L 'select pid from orders')" ]
	for u in $(amtforge unit list L A --json | jq -r .uuid); do
		[ "$(revealed "$u")" = "$(password_of k 1)" ]
	done
	amtforge order open L "$PSK" --id B
	status 2 amtforge setupbin make L B --out x --insecure-shared-psk
}

small_business_mode_is_written_as_told() {
	sed -e 's/^mode = .*/mode = "smb";/' -e 's/^start = .*/start = "listen";/' \
		-e 's/"3\.0"/"6.0"/' "$PSK" >p.cfg
	an_order 2 p.cfg
	status 0 amtforge setupbin make L A --out k1 --count 1
	says "small-business mode is written as 2/16 = 1"
	amtforge setupbin make L A --out k2 --count 1 --smb-value 2
	hex k1 512 512 | grep -q 020010000100000001000000
	hex k2 512 512 | grep -q 020010000100000002000000
	# and listen is "do not start"
	hex k1 512 512 | grep -q 02001c000100000000000000
	status 2 amtforge setupbin make L A --out k3 --smb-value 0
}

a_large_key_is_warned_about() {
	an_order 1002
	status 0 amtforge setupbin make L A --out k --count 1001
	says "1001 records: a BIOS reads about 70 in a second"
	[ "$(stat -c %s k)" = $((512 * 1002)) ]
	[ "$(tail -n +2 out | awk '{ print $5 }' | sort -u | wc -l)" = 1001 ]
}

keys_are_listed_with_what_came_back() {
	an_order 3
	amtforge setupbin make L A --out k >/dev/null
	sqlite3 L "update key_records set state = 'possibly-applied'
		where record = 1"
	status 0 amtforge setupbin list L --json
	jq -e --arg sum "$(sha256sum <k | cut -d' ' -f1)" '.key == "A-key1"
		and .order == "A" and .records == 3 and .unused == 2
		and .possibly_applied == 1 and .differs == 0 and .consumable
		and .sha256 == $sum and .version == "2.0"' out
	status 0 amtforge setupbin list L A --records --json
	jq -se 'length == 3 and (map(.state) ==
		["possibly-applied", "unused", "unused"])' out
	status 0 amtforge setupbin list L
	[ "$(wc -l <out)" = 2 ]
	status 65 amtforge setupbin list L B
	says "[order-unknown]"
	u=$(amtforge unit list L A --json | jq -r .uuid | head -1)
	status 0 amtforge unit show L "$u" --json
	jq -e '.key == "A-key1" and .key_record == 1
		and .key_state == "possibly-applied"' out
	status 0 amtforge unit show L "$u"
	grep -q "A-key1, record 1, possibly-applied" out
	status 0 amtforge unit list L A --json
	jq -e 'has("key") | not' out
}

a_password_is_listed_only_when_revealed() {
	pki
	an_order 1 p.cfg
	amtforge setupbin make L A --out k
	for json in "" --json; do
		status 0 amtforge setupbin list L $json
		not grep -qF -- "$(password_of k 1)" out
		[ "$(audits 'setupbin reveal')" = 0 ]
	done
	status 0 amtforge setupbin list L --reveal --json
	[ "$(jq -r .mebx_password out)" = "$(password_of k 1)" ]
	status 0 amtforge setupbin list L --reveal
	grep -qF -- "$(password_of k 1)" out
	[ "$(sqlite3 L "select count(*) from audit
		where what = 'setupbin reveal' and object = 'A-key1'")" = 2 ]
}

the_check_finds_a_key_without_its_records() {
	an_order 3
	amtforge setupbin make L A --out k >/dev/null
	cp L whole
	sqlite3 L 'delete from key_records where record = 2'
	status 65 amtforge ledger check L
	says "key A-key1 does not have the records that it was made with"
	cp whole L
	sqlite3 L "update key_records set state = 'lost' where record = 2"
	status 65 amtforge ledger check L
	# a record that tells another PID, or another order's unit
	cp whole L
	sqlite3 L "update key_records set pid = 'AAAAAAAA' where record = 2"
	status 65 amtforge ledger check L
	says "key A-key1 has a record that is not its unit's"
	cp whole L
	amtforge order open L "$PSK" --id B
	amtforge unit issue L B --count 1 >/dev/null
	sqlite3 L "update key_records set (uuid, pid) = (select uuid, pid
		from units where order_id = 'B') where record = 2"
	status 65 amtforge ledger check L
	# another digest, or no key at all
	for change in "update keys set sha256 = printf('%064d', 1)" \
		"delete from key_records; delete from keys"; do
		cp whole L
		sqlite3 L "$change"
		status 65 amtforge ledger check L
		says "key A-key1 is not as the audit rows have it"
	done
	pki
	cp whole L
	amtforge order open L p.cfg --id P
	amtforge setupbin make L P --out p
	status 0 amtforge ledger check L
	sqlite3 L "update keys set mebx = zeroblob(44) where id = 'P-key1'"
	status 65 amtforge ledger check L
	says "keys.mebx of P-key1 does not open"
}

# What the ledger says of its keys: no unit and no PID twice, and each file
# that is there is the one that was recorded.
sound_keys() {
	amtforge ledger check L >/dev/null
	[ "$(sqlite3 L 'select count(*) = count(distinct uuid)
		and count(*) = count(distinct pid) from key_records')" = 1 ]
	for f in k?; do
		[ -e "$f" ] || continue
		[ "$(sqlite3 L "select count(*) from keys where sha256 =
			'$(sha256sum <"$f" | cut -d' ' -f1)'")" = 1 ]
	done
}

# Killed at many places, then run to its end.
a_killed_run_is_simply_repeated() {
	an_order 4000
	killed=0
	for ms in 005 01 015 02 03 04 05 06 08 10 12 15 20 25 30; do
		timeout -s KILL "0.$ms" amtforge setupbin make L A --out k1 \
			--count 3000 >/dev/null 2>&1 || killed=$((killed + 1))
		sound_keys
	done
	[ $killed -gt 0 ]
	status 0 amtforge setupbin make L A --out k1 --count 3000 --json
	jq -r .serial out >one
	[ "$(wc -l <one)" = 3000 ]
	status 0 amtforge setupbin make L A --out k2 --json
	jq -r .serial out >two
	amtforge unit list L A --json | jq -r .serial >all
	cat one two | cmp - all
	sound_keys
	[ "$(sqlite3 L 'select count(*) from keys')" = 2 ]
}

two_runs_at_once_share_no_unit() {
	an_order 600
	for i in 1 2 3; do
		amtforge setupbin make L A --out k$i --count 200 --json \
			>rows$i 2>/dev/null &
		eval "p$i=$!"
	done
	# shellcheck disable=SC2154 # set by eval
	wait "$p1" && wait "$p2" && wait "$p3"
	[ "$(cat rows1 rows2 rows3 | jq -r .uuid | sort -u | wc -l)" = 600 ]
	sound_keys
}

two_runs_at_once_make_one_key_of_one_name() {
	an_order 600
	for i in 1 2 3; do
		amtforge setupbin make L A --out k1 --count 500 >rows$i \
			2>/dev/null &
		eval "p$i=$!"
	done
	# shellcheck disable=SC2154 # set by eval
	wait "$p1" && wait "$p2" && wait "$p3"
	cmp rows1 rows2
	cmp rows2 rows3
	[ "$(sqlite3 L 'select count(*) from keys')" = 1 ]
	sound_keys
	[ "$(find . -name 'k1.*' | wc -l)" = 0 ]
}

t a_psk_key_has_a_record_for_each_unit_in_the_order_of_issue
t what_is_written_passes_the_linter
t another_key_takes_the_units_that_are_left
t scrapped_and_returned_units_are_on_no_key
t a_repeat_changes_nothing
t a_key_that_is_missing_is_written_again
t the_ledger_is_never_the_file_that_is_replaced
t another_file_under_the_name_is_kept
t a_name_stands_for_one_key
t again_writes_a_key_anywhere
t a_key_in_use_is_not_copied
t a_pipe_takes_a_key_and_no_rows
t a_pipe_that_breaks_loses_no_key
t a_pki_key_has_one_record_for_all
t the_same_record_on_another_stick_is_the_same_key
t a_manifest_keeps_its_passwords
t passwords_that_are_being_read_are_not_changed_unseen
t images_that_are_being_written_are_not_changed_unseen
t a_unit_that_is_written_keeps_its_password
t passwords_are_judged_by_three_levels
t the_current_password_may_be_another
t the_file_version_follows_the_amt_version
t what_a_version_does_not_know_is_left_out_and_told
t what_the_profile_cannot_have_on_a_key_is_refused
t a_hash_that_old_machines_lack_makes_a_newer_file_and_says_so
t of_more_than_three_hashes_three_are_taken_and_told
t a_shared_psk_is_put_on_a_key_only_by_its_option
t small_business_mode_is_written_as_told
t a_large_key_is_warned_about
t keys_are_listed_with_what_came_back
t a_password_is_listed_only_when_revealed
t the_check_finds_a_key_without_its_records
t a_killed_run_is_simply_repeated
t two_runs_at_once_share_no_unit
t two_runs_at_once_make_one_key_of_one_name
done_testing
