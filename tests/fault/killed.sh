#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server that is killed at a step of a set-up, and started again: the
# machines are set up in the end, each with a PID of its own, and the store has
# the passwords that they have.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

# start [POINT]: the server, which is killed there.
start() {
	: >log
	env ${1:+AMTFORGE_FAULT="$1" AMTFORGE_FAULT_FD=9 LD_PRELOAD="$SHIM"} \
		amtforge-server run server.cfg --json >>events 2>log 9>>fired &
	server=$!
}

# all_are_set_up: as the store has it; a server that is gone is started again.
all_are_set_up() {
	if is_gone "$server"; then
		wait "$server" || :
		start
	fi
	[ "$(sqlite3 "file:state/store.db?mode=ro" '.timeout 20000' \
		"select count(*) from units where state = 'provisioned'")" = 2 ]
}

# one POINT
one() {
	rm -rf state devices
	cp -r fresh state
	: >fired
	start "$1"
	plug_often --seed 1
	until_true 90 all_are_set_up || {
		echo "$1: not set up"
		tail -n 5 log fleet.log
		return 1
	}
	# What is written last may be what it is killed by.
	kill "$server" 2>/dev/null || :
	wait "$server" || :
	server=
	[ "$(sqlite3 state/store.db 'pragma integrity_check')" = ok ]
	[ "$(sqlite3 state/store.db "select count(distinct now_pid) from units
		where now_pid not in (select pid from units)")" = 2 ]
	# Each is signed in to.
	while read -r u; do
		timeout 90 amtforge-server setup state "$u" \
			--config server.cfg >out 2>err || {
			echo "$1: its password is not the store's"
			cat out err
			return 1
		}
	done <uuids
	unplug_fleet
}

# Fewer points where this machine is slow.
a_server_that_is_killed_at_any_step_goes_on() {
	batch psk 2
	cp -r state fresh
	serve 'tls_certificate = false;'
	sed "s/^port = .*/port = $port;/" server.cfg >fixed
	mv fixed server.cfg
	stop_server
	flash
	ends=$(($(date +%s) + 45))
	points=0
	for call in kill-fsync kill-write; do
		n=1
		while [ $n -lt 200 ] && [ "$(date +%s)" -lt $ends ]; do
			one $call:$n
			[ -s fired ] || break
			points=$((points + 1))
			n=$((n + 1 + n / 6))
		done
		echo "$call: up to number $n"
	done
	[ $points -gt 0 ]
}

if [ -e $VARS ]; then
	t a_server_that_is_killed_at_any_step_goes_on
else
	skip a_server_that_is_killed_at_any_step_goes_on \
		"no $VARS (package ovmf)"
fi
done_testing
