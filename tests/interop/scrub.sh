#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer OVMF: boots from what scrub made of the flash that it wrote
#
# image scrub of a flash that real firmware wrote: OVMF under QEMU, in which the
# UEFI application replaced the record, so that old copies lie about; then the
# same firmware boots from what scrub made of it, and UEFIExtract reads it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/uefi.sh
. "$(dirname "$0")/../uefi.sh"

MAP=$ROOT/configs/map-ovmf.cfg
PASSWORD=P@ssw0rd
SHARED_KEY=NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ

# used NAME: its record was written, and replaced, by the firmware.
used() {
	setup 2 1 0 0 1 1 1 >f.bin
	key key.img f.bin
	boot "$1" y key.img
	PASS=$PASSWORD setup 2 1 0 0 1 1 1 >f.bin
	key key.img f.bin
	boot "$1" y key.img
	tells "$1" 'The settings are stored.'
}

count() {
	grep -aoF "$1" "$2" | wc -l
}

old_copies_that_firmware_left_are_gone_and_it_boots_again() {
	used m
	[ "$(count $SHARED_KEY m.fd)" -ge 2 ]
	status 0 amtforge image scrub m.fd "$MAP" out.fd
	[ "$(count $SHARED_KEY out.fd)" = 0 ]
	[ "$(count $PASSWORD out.fd)" = 0 ]
	[ "$(count NKLDG5DCRRNQ out.fd)" = 0 ]
	[ "$(stat -c %s m.fd)" = "$(stat -c %s out.fd)" ]
	# what changed lies in the variable volume
	changed m.fd out.fd | awk -v a=$STORE -v b=$STORE_END '
		$1 < a || $1 >= b { print; n++ }
		END { exit n > 0 }'
	not amtforge-device show out.fd
	# the board is as blank as a new one: it takes a new board's password
	cp out.fd n.fd
	setup 2 1 0 0 1 1 1 >f.bin
	key key.img f.bin
	boot n y key.img
	tells n 'The settings are stored.'
	has n 'pid *0000037M'
}

uefiextract_reads_the_store_as_before_but_for_ours() {
	used m
	amtforge image scrub m.fd "$MAP" out.fd
	for f in m out; do
		UEFIExtract $f.fd report >/dev/null
		grep 'VSS' $f.fd.report.txt | grep -v AmtOemRecord |
			grep -v Invalid | sed 's/.*| //' | sort >$f.names
	done
	[ -s m.names ]
	diff m.names out.names
	grep AmtOemRecord m.fd.report.txt | grep -qv Invalid
	not grep AmtOemRecord out.fd.report.txt
}

need() {
	can_boot "$1" && t "$1"
}

need old_copies_that_firmware_left_are_gone_and_it_boots_again
if command -v UEFIExtract >/dev/null; then
	need uefiextract_reads_the_store_as_before_but_for_ours
else
	skip uefiextract_reads_the_store_as_before_but_for_ours \
		"no UEFIExtract"
fi
done_testing
