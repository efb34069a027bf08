#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One-time passwords and requests while a call fails or the plug is pulled:
# what was printed is kept, what was asked for is done, and the password that
# the store has is the machine's.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

copy_state() {
	cp -r ../state state
}

make_otp() {
	under amtforge-server otp state "$u"
}

# The newest that was printed is the one that is expected.
judge_otp() {
	plan=
	amtforge-server show state "$u" --reveal --json >shown || return 1
	sqlite3 state/store.db 'pragma integrity_check' | grep -qx ok || return 1
	[ ! -s out ] || [ "$(cat out)" = "$(field otp <shown)" ]
}

an_otp_that_was_printed_is_kept() {
	batch pki 1
	u=$(cat uuids)
	# shellcheck disable=SC2034 # for faults.sh
	sqlite=true
	walk copy_state make_otp judge_otp
}

# again CALL N: a request is done under a fault; what was begun goes on then,
# and the machine has the passwords that the store has.
again() {
	: >fired
	rc=0
	AMTFORGE_FAULT="$1:$2" AMTFORGE_FAULT_FD=9 LD_PRELOAD="$SHIM" \
		timeout 200 amtforge-server setup state "$u" \
		--config server.cfg >out 2>err 9>fired || rc=$?
	timeout 200 amtforge-server setup state "$u" --config server.cfg \
		>out2 2>err2 || {
		echo "$1 $2: status $rc, then"
		cat err err2
		return 1
	}
	timeout 200 amtforge-server setup state "$u" --config server.cfg \
		>out3 2>err3 || {
		echo "$1 $2: its password is not the store's"
		cat err3
		return 1
	}
	[ -z "$(sqlite3 state/store.db \
		"select n from requests where ended = ''")" ]
}

a_set_up_by_hand_that_is_cut_goes_on() {
	batch psk 1
	u=$(cat uuids)
	serve 'tls_certificate = false; tries = 2;'
	plug_fleet
	wait_for provisioned events
	stop_server
	points=0
	for call in kill-write kill-fsync fsync malloc; do
		n=1
		while :; do
			again $call $n
			[ -s fired ] || break
			points=$((points + 1))
			n=$((n + 1 + n / 2))
			[ $n -lt 400 ] || break
		done
	done
	kill "$fleet"
	wait "$fleet" || :
	fleet=
	echo "$points faults"
	[ $points -gt 8 ]
}

t an_otp_that_was_printed_is_kept
if [ -e $VARS ]; then
	t a_set_up_by_hand_that_is_cut_goes_on
else
	skip a_set_up_by_hand_that_is_cut_goes_on "no $VARS (package ovmf)"
fi
done_testing
