#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer flashrom: programs the chips of a line that the station runs
#
# amtforge station run with flashrom as the line's programmer: its dummy chip,
# 8 MiB of Macronix behind SPI, is the file chip.bin.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd
MAP=$ROOT/configs/map-ovmf.cfg
FLASHROM="/usr/sbin/flashrom -c MX25L6405D -p dummy:emulate=MX25L6436,image="

# A base, an order A of $1 units, and an erased chip.
a_line() {
	amtforge image new base.bin --size 8M --bios $OVMF
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge unit issue l.db A --count "$1" --json >rows
	amtforge image write l.db A --base base.bin --map "$MAP" --out images
	head -c 8388608 /dev/zero | tr '\0' '\377' >chip.bin
}

unit() {
	sed -n "$1{s/.*\"uuid\":\"\([^\"]*\)\",\"serial\":\"\([^\"]*\)\".*/\2 \1/;p}" rows
}

uuid() {
	unit "$1" | sed 's/.* //'
}

# station STATUS [OPTION...]: the scans are in ./scans; the chip is $CHIP.
CHIP=chip.bin
WRITE='-w {image}'
station() {
	want=$1
	shift
	status "$want" amtforge station run l.db A --map "$MAP" --base base.bin \
		--command "$FLASHROM$CHIP $WRITE" \
		--read "$FLASHROM$CHIP -r {readback}" "$@" <scans
}

state() {
	amtforge unit show l.db "$(uuid "$1")" --json |
		sed 's/.*"state":"\([a-z]*\)".*/\1/'
}

flashrom_programs_and_reads_back_what_we_make() {
	a_line 2
	unit 1 >scans
	station 0
	grep -q '^PASS ' out
	cmp chip.bin "images/$(uuid 1).bin"
	[ "$(state 1)" = verified ]
	# Over another unit's, as on a board that comes back.
	unit 2 >scans
	station 0 --json
	cmp chip.bin "images/$(uuid 2).bin"
	jq -n -e '[inputs | select(.event == "program") | .said |
		contains("VERIFIED")] | length == 1 and all' out
}

flashrom_programs_the_units_own_bytes_alone() {
	a_line 2
	cp base.bin chip.bin
	WRITE='-l {layout} -i unit --noverify-all -w {image}'
	unit 1 >scans
	station 0
	cmp chip.bin "images/$(uuid 1).bin"
	# Where the board has something else than the base, that is found.
	cp base.bin chip.bin
	printf x | dd of=chip.bin bs=1 seek=4194304 conv=notrunc status=none
	unit 2 >scans
	station 1
	says "offset 0x400000"
	says "[station-readback]"
	[ "$(state 2)" = written ]
	station 0 --changed-only
	[ "$(state 2)" = verified ]
	WRITE='-w {image}'
}

a_chip_that_is_not_there_is_told_in_flashroms_words() {
	a_line 1
	unit 1 >scans
	status 1 amtforge station run l.db A --map "$MAP" --base base.bin \
		--command "/usr/sbin/flashrom -c W25Q128.V \
		-p dummy:emulate=MX25L6436,image=chip.bin -w {image}" <scans
	says "flashrom ended with status 1: "
	says "[station-command]"
	not grep -q '^WRITTEN' out
	head -c 8388608 /dev/zero | tr '\0' '\377' | cmp - chip.bin
}

killed_in_the_middle_and_started_again() {
	a_line 3
	for i in 1 2 3; do unit $i; done >scans
	tries=0
	killed=0
	# Kills at ever later times, until one run ends by itself.
	while [ $tries -lt 60 ]; do
		tries=$((tries + 1))
		amtforge station run l.db A --map "$MAP" --base base.bin \
			--command "$FLASHROM$CHIP $WRITE" --read \
			"$FLASHROM$CHIP -r {readback}" <scans >out 2>err &
		pid=$!
		sleep "$(awk "BEGIN { print $tries * 0.23 }")"
		if kill -9 $pid 2>/dev/null; then
			killed=$((killed + 1))
			wait $pid || :
			# Its flashrom may go on, and holds the folder.
			i=0
			while ! flock -n l.db.station/lock true &&
				[ $i -lt 300 ]; do
				sleep 0.1
				i=$((i + 1))
			done
			for n in 1 2 3; do
				[ "$(state $n)" = verified ] || unit $n
			done >scans
			[ -s scans ] && continue
		else
			wait $pid
		fi
		break
	done
	echo "$tries runs, $killed of them killed"
	[ $killed -gt 0 ]
	for n in 1 2 3; do
		[ "$(state $n)" = verified ]
	done
	cmp chip.bin "images/$(uuid 3).bin"
	: >scans
	station 0
	[ "$(ls l.db.station)" = lock ]
	[ "$(sqlite3 l.db "select count(distinct object) from audit
		where what = 'unit verified'")" = 3 ]
}

if [ -x /usr/sbin/flashrom ]; then
	t flashrom_programs_and_reads_back_what_we_make
	t flashrom_programs_the_units_own_bytes_alone
	t a_chip_that_is_not_there_is_told_in_flashroms_words
	t killed_in_the_middle_and_started_again
else
	skip flashrom_programs_and_reads_back_what_we_make "no flashrom"
fi
done_testing
