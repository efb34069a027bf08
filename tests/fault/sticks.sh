#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usb write with each allocation, mapping and opened file failing in turn: the
# stick is a key and was said to be, or it was said not to be.
# shellcheck disable=SC2034,SC2154 # what faults.sh reads and sets
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../faults.sh"

FAKE=$AMTFORGE_BUILD/fakes/stick
CALLS='malloc mmap open'

a_stick() {
	rm -f stick
	truncate -s 20M stick
}

# The fault is the program's alone, not that of the fake around it.
write_it() {
	if [ -z "$plan" ]; then
		"$FAKE" 1-1=stick -- amtforge usb write ../key.img \
			--port 1-1 --yes --force --insecure-any-size
		return
	fi
	timeout -k 5 60 "$FAKE" 1-1=stick -- env AMTFORGE_FAULT="$plan" \
		AMTFORGE_FAULT_FD=9 \
		LD_PRELOAD="$SHIM libumockdev-preload.so.0" \
		amtforge usb write ../key.img --port 1-1 --yes --force \
		--insecure-any-size 9>fired
}

judge_stick() {
	if grep -q ' ok ' out; then
		cmp -n 1300000 ../key.img stick
	else
		[ "$1" = broken ] && [ "$rc" -ne 0 ]
	fi
}

a_stick_is_never_called_a_key_that_is_none() {
	amtforge ledger init l.db
	amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
	amtforge unit issue l.db A --count 2
	amtforge setupbin make l.db A --out setup.bin
	amtforge usb image setup.bin key.img
	walk a_stick write_it judge_stick
}

if [ -x "$FAKE" ]; then
	t a_stick_is_never_called_a_key_that_is_none
else
	skip sticks "no libumockdev-dev: ./quickstart deps check"
fi
done_testing
