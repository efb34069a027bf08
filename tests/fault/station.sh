#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A station with one call failing: no board is verified whose chip is not what
# it should be, no file of a unit stays behind, and the board can be done again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../faults.sh"

# shellcheck disable=SC2034 # for faults.sh
sqlite=true

fixture() {
	mkdir "$FIX"
	cd "$FIX" || return 1
	amtforge image new base.bin --size 1M \
		--bios /usr/share/OVMF/OVMF_VARS.fd
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge unit issue l.db A --count 1 --json >row
	cp l.db was.db
	amtforge image write l.db A --base base.bin --out images \
		--map "$ROOT/configs/map-ovmf.cfg"
	mv was.db l.db
	sed 's/.*"uuid":"\([^"]*\)","serial":"\([^"]*\)".*/\2 \1/' row >scan
}

a_line() {
	cp "$FIX"/l.db* .
}

state() {
	s=$(amtforge unit list l.db A --json)
	s=${s#*'"state":"'}
	echo "${s%%'"'*}"
}

# A killed station's programmer may go on for a moment.
run() {
	[ -n "$plan" ] || [ "$(state)" != verified ] || return 0
	[ ! -e l.db.station/lock ] || flock -w 20 l.db.station/lock true
	# shellcheck disable=SC2094 # scan is not written
	under amtforge station run l.db A --base "$FIX/base.bin" \
		--map "$ROOT/configs/map-ovmf.cfg" \
		--command "cp {image} $PWD/chip.bin" \
		--read "cp $PWD/chip.bin {readback}" <"$FIX/scan"
}

judge() {
	amtforge ledger check l.db || return 1
	if [ "$(state)" = verified ]; then
		cmp chip.bin "$FIX"/images/*.bin || return 1
	elif grep -q '^PASS' out || [ "$1" = whole ]; then
		echo "told as passed and is not verified"
		return 1
	fi
	killed || [ ! -d l.db.station ] ||
		absent l.db.station/station-* || {
		ls -la l.db.station
		return 1
	}
}

a_board_is_verified_or_done_again() {
	walk a_line run judge
}

t fixture
t a_board_is_verified_or_done_again
done_testing
