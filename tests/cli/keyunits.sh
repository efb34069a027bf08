#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge setupbin make for machines that are not as new: those whose image was
# written, and those that were named because their record did nothing.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd
PSK=$ROOT/configs/profile-psk.cfg

# A ledger L with order A of N units (default 3); their UUIDs in ./uuids.
an_order() {
	amtforge ledger init L
	amtforge order open L "$PSK" --id A 2>/dev/null
	amtforge unit issue L A --count "${1:-3}" >/dev/null
	amtforge unit list L A --json | jq -r .uuid >uuids
}

uuid() {
	sed -n "$1p" uuids
}

revealed() {
	amtforge unit show L "$1" --reveal --json | jq -r .mebx_password
}

# value FILE RECORD MODULE VAR: as text, "" without
value() {
	amtforge setupbin decode "$1" --reveal --json |
		jq -r --argjson r $(($2 - 1)) --argjson m "$3" --argjson v "$4" \
			'[.records[$r].variables[] | select(.module == $m
			and .var == $v) | .text][0] // ""'
}

audits() {
	sqlite3 L "select count(*) from audit where what = '$1'"
}

# applied UUID: its record came back so.
applied() {
	sqlite3 L "update key_records set state = 'possibly-applied'
		where uuid = '$1'"
}

images() {
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write L A --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
}

# boot UUID IMAGE KEY: events of its first start
boot() {
	: >events
	amtforge-device boot --image "$2" --state "machine-$1" --usb "$3" \
		--port 0 --server 127.0.0.1:9 --json >events 2>log &
	device=$!
	wait_for '"event":"\(started\|silent\)"' events || return 1
	kill "$device"
	wait "$device" || :
}

a_unit_whose_image_was_written_gives_its_own_password() {
	an_order 3
	amtforge unit mark L "$(uuid 2)" written --why image
	amtforge unit mark L "$(uuid 2)" verified --why image
	# shipped as it came: it has the factory's
	amtforge unit mark L "$(uuid 3)" shipped --why bare
	status 0 amtforge setupbin make L A --out k
	says "the images of 1 of its units were written"
	[ "$(value k 1 1 1)" = admin ]
	[ "$(value k 1 1 2)" = "$(revealed "$(uuid 1)")" ]
	[ "$(value k 2 1 1)" = "$(revealed "$(uuid 2)")" ]
	[ -z "$(value k 2 1 2)" ]
	[ -n "$(value k 2 2 1)" ]
	[ "$(value k 3 1 1)" = admin ]
	status 0 amtforge setupbin check k --amt 3.0
	# what is written later changes no key that is there
	amtforge unit mark L "$(uuid 1)" written --why image
	status 0 amtforge setupbin make L A --out k
	says "the images of 1 of its units were written"
	status 0 amtforge setupbin make L A --out k2 --again A-key1
	cmp k k2
	# nor is the factory's password, when it is said, the same as nothing
	echo admin >factory
	status 73 amtforge setupbin make L A --out k --current-file factory
	says "[key-differs]"
}

a_current_password_that_is_given_is_taken_for_all() {
	an_order 2
	for i in 1 2; do
		amtforge unit mark L "$(uuid $i)" written --why image
	done
	echo admin >factory
	status 0 amtforge setupbin make L A --out k --current-file factory
	not grep -q "were written" err
	for i in 1 2; do
		[ "$(value k $i 1 1)" = admin ]
		[ "$(value k $i 1 2)" = "$(revealed "$(uuid $i)")" ]
	done
	cp k before
	rm k
	amtforge setupbin make L A --out k --again A-key1
	cmp k before
}

a_machine_whose_image_was_written_takes_its_record() {
	an_order 2
	images
	amtforge setupbin make L A --out k
	amtforge usb image k k.img >/dev/null
	for i in 1 2; do
		boot "$(uuid $i)" "images/$(uuid $i).bin" k.img
		grep '"event":"usb"' events | grep -F '"applied":true' |
			grep -F "\"record\":$i"
	done
}

a_unit_that_is_named_gets_a_record_again() {
	an_order 3
	amtforge setupbin make L A --out k1 >rows
	applied "$(uuid 2)"
	status 0 amtforge setupbin make L A --out k2 --unit "$(uuid 2)" --json
	jq -se --arg u "$(uuid 2)" 'length == 1 and .[0].uuid == $u
		and .[0].record == 1 and .[0].key == "A-key2"' out
	grep -qF "$(jq -r .pid out)" rows
	[ "$(value k2 1 2 1)" = "$(value k1 2 2 1)" ]
	[ "$(value k2 1 2 2)" = "$(value k1 2 2 2)" ]
	[ "$(value k2 1 1 2)" = "$(value k1 2 1 2)" ]
	[ "$(sqlite3 L "select object, why from audit
		where what = 'setupbin unit again'")" = \
		"$(uuid 2)|key A-key2 record 1; record 2 of key A-key1 is possibly applied" ]
	# the newest record counts, and the old one stays on file
	status 0 amtforge unit show L "$(uuid 2)" --json
	jq -e '.key == "A-key2" and .key_record == 1
		and .key_state == "unused"' out
	status 0 amtforge setupbin list L --records --json
	[ "$(jq -r .state out | tr '\n' ' ')" = \
		"unused possibly-applied unused unused " ]
	status 0 amtforge setupbin list L --json
	jq -se 'map(.unused) == [2, 1] and map(.possibly_applied) == [1, 0]' out
	status 0 amtforge ledger check L
	# and no other unit gets a second one by that
	status 65 amtforge setupbin make L A --out k3
	says "[key-empty]"
	says "--unit UUID"
	# once more, when that came back too
	applied "$(uuid 2)"
	status 0 amtforge setupbin make L A --out k3 --unit "$(uuid 2)"
	cmp k2 k3
	status 0 amtforge unit show L "$(uuid 2)" --json
	jq -e '.key == "A-key3"' out
	[ "$(audits 'setupbin unit again')" = 2 ]
	status 0 amtforge ledger check L
}

a_unit_on_no_key_may_be_named() {
	an_order 4
	status 0 amtforge setupbin make L A --out k1 --unit "$(uuid 3)" \
		--unit "$(uuid 1)" --json
	[ "$(jq -r .uuid out)" = "$(uuid 3; uuid 1)" ]
	[ "$(audits 'setupbin unit again')" = 0 ]
	status 0 amtforge setupbin make L A --out k2 --json
	[ "$(jq -r .uuid out)" = "$(uuid 2; uuid 4)" ]
}

a_repeat_with_the_same_names_changes_nothing() {
	an_order 4
	two="--unit $(uuid 3) --unit $(uuid 1)"
	# shellcheck disable=SC2086 # a list
	amtforge setupbin make L A --out k $two >first
	cp k before
	sqlite3 L .dump >ledger.before
	# shellcheck disable=SC2086 # a list
	status 0 amtforge setupbin make L A --out k $two
	cmp out first
	cmp k before
	for other in "" "--unit $(uuid 3)" "--unit $(uuid 1) --unit $(uuid 3)"; do
		# shellcheck disable=SC2086 # a list
		status 73 amtforge setupbin make L A --out k $other --force
		says "[key-differs]"
	done
	sqlite3 L .dump | cmp - ledger.before
	# as a run leaves it that is killed before its file is there
	rm k
	sqlite3 L "update keys set written = ''"
	# shellcheck disable=SC2086 # a list
	status 0 amtforge setupbin make L A --out k $two
	cmp k before
}

who_cannot_have_a_record_is_refused() {
	an_order 4
	amtforge setupbin make L A --out k1 --count 2
	amtforge unit mark L "$(uuid 3)" scrapped --why broken
	amtforge unit mark L "$(uuid 4)" shipped --why sold
	amtforge unit mark L "$(uuid 4)" returned --why back
	sqlite3 L .dump >before
	status 65 amtforge setupbin make L A --out x --unit "$(uuid 2)"
	says "unit $(uuid 2) has record 2 of key A-key1, and that record is not known as taken: unused"
	says "[key-unit]"
	says "usb read --reconcile"
	says "worksheet --unit"
	status 65 amtforge setupbin make L A --out x --unit "$(uuid 3)"
	says "is scrapped [key-unit]"
	status 65 amtforge setupbin make L A --out x --unit "$(uuid 4)"
	says "is returned [key-unit]"
	status 65 amtforge setupbin make L A --out x --unit \
		00000000-0000-4000-8000-000000000001
	says "[unit-unknown]"
	amtforge order open L "$PSK" --id B 2>/dev/null
	status 65 amtforge setupbin make L B --out x --unit "$(uuid 2)"
	says "is of order A, not B [unit-unknown]"
	status 2 amtforge setupbin make L A --out x --unit nobody
	status 2 amtforge setupbin make L A --out x --unit "$(uuid 2)" \
		--unit "$(uuid 2)"
	says "is named twice"
	status 2 amtforge setupbin make L A --out x --unit "$(uuid 2)" --count 1
	status 2 amtforge setupbin make L A --out x --unit "$(uuid 2)" \
		--again A-key1
	[ ! -e x ]
	sqlite3 L .dump | grep -v "'B'" | cmp - before
	cp "$ROOT/configs/demo-root.pem" "$ROOT/configs/profile-pki.cfg" .
	amtforge order open L profile-pki.cfg --id P 2>/dev/null
	status 2 amtforge setupbin make L P --out x --unit "$(uuid 2)"
	says "one record serves all machines"
}

the_check_finds_two_usable_records_of_a_unit() {
	an_order 2
	amtforge setupbin make L A --out k1
	applied "$(uuid 1)"
	amtforge setupbin make L A --out k2 --unit "$(uuid 1)"
	# the ledger holds no two that are usable
	not sqlite3 L "update key_records set state = 'unused'" 2>/dev/null
	# nor an old one that is
	sqlite3 L "update key_records set state = 'possibly-applied'
		where key_id = 'A-key2'; update key_records
		set state = 'unused' where key_id = 'A-key1'"
	status 65 amtforge ledger check L
	says "key A-key1 has a usable record of a unit that got another one later"
}

t a_unit_whose_image_was_written_gives_its_own_password
t a_current_password_that_is_given_is_taken_for_all
if [ -e $OVMF ]; then
	t a_machine_whose_image_was_written_takes_its_record
else
	skip a_machine_whose_image_was_written_takes_its_record "no OVMF"
fi
t a_unit_that_is_named_gets_a_record_again
t a_unit_on_no_key_may_be_named
t a_repeat_with_the_same_names_changes_nothing
t who_cannot_have_a_record_is_refused
t the_check_finds_two_usable_records_of_a_unit
done_testing
