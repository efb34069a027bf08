#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that takes a one-touch key while a call fails or the plug is
# pulled: it has the record, or the record is used up, or the key is as it was.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

OVMF=/usr/share/ovmf/OVMF.fd

# A machine whose password is the factory's, and a key of two records.
make_parts() {
	sed -e "s|\"demo-root.pem\"|\"$ROOT/configs/demo-root.pem\"|" \
		-e 's/^mebx = .*/mebx = "default";/' \
		"$ROOT/configs/profile-pki.cfg" >pki.cfg
	amtforge ledger init pki.db
	amtforge order open pki.db pki.cfg --id O
	amtforge unit issue pki.db O --count 1 >/dev/null
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write pki.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	mv images/*.bin image.bin
	amtforge ledger init key.db
	amtforge order open key.db "$ROOT/configs/profile-psk.cfg" --id O
	amtforge unit issue key.db O --count 2 >/dev/null
	amtforge setupbin make key.db O --out key.bin
	amtforge usb image key.bin whole.img
}

# boot [OPTION...]: until the machine has started or is gone.
boot() {
	: >events
	: >fired
	env ${plan:+AMTFORGE_FAULT="$plan" AMTFORGE_FAULT_FD=9 \
		LD_PRELOAD="$SHIM"} \
		amtforge-device boot --image image.bin --state machine \
		--port 0 --server 127.0.0.1:9 --json "$@" \
		>events 2>log 9>fired &
	device=$!
	i=3000
	until grep -q '"event":"\(started\|silent\)"' events ||
	    is_gone $device ||
	    [ $i -eq 0 ]; do
		i=$((i - 1))
		sleep 0.02
	done
	# The write that fails may be that by which a signal is heard.
	kill -KILL $device 2>/dev/null || :
	wait $device 2>/dev/null || :
}

# What the machine says after a cut agrees with what the key says.
judge() {
	differs=$(cmp -l whole.img key.img | wc -l)
	[ "$differs" -le 2 ] || return 1
	plan=
	boot
	grep -q '"event":"started"' events || return 1
	if grep -q '"words":"talks, PSK"' events; then
		[ "$differs" = 2 ]
		return
	fi
	# The next start takes this record, or the next one.
	record=2
	[ "$differs" != 0 ] || record=1
	boot --usb key.img
	grep -q "\"applied\":true,\"used\":true,\"record\":$record," events
}

a_key_is_never_half_taken() {
	make_parts
	happened=0
	for call in write fsync rename kill-write kill-fsync kill-rename; do
		for n in 1 2 3 4 5 6 7 8; do
			rm -rf machine
			cp --sparse=always whole.img key.img
			plan=$call:$n
			boot --usb key.img
			[ -s fired ] || break
			happened=$((happened + 1))
			judge || {
				echo "$call number $n: $differs bytes"
				cat events log
				return 1
			}
		done
	done
	echo "$happened faults"
	[ $happened -ge 20 ]
}

if [ ! -e $OVMF ]; then
	skip a_key_is_never_half_taken "no OVMF"
	done_testing
	exit
fi
t a_key_is_never_half_taken
done_testing
