#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server whose disk is full: it says so and ends, and goes on where it was
# when it is started again and there is room.
if [ -z "${AMTFORGE_OWN_MOUNTS:-}" ] && \
    unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
	AMTFORGE_OWN_MOUNTS=yes exec unshare -m "$0"
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

is_gone() {
	! grep -q '^State:.[^Z]' "/proc/$server/status" 2>/dev/null
}

a_server_without_room_ends_and_goes_on_with_room() {
	mkdir state
	mount -t tmpfs -o size=4m none state
	batch psk 2
	flash
	serve 'tls_certificate = false;'
	dd if=/dev/zero of=state/filler bs=4k 2>/dev/null || :
	[ "$(df --output=avail state | tail -n 1)" -eq 0 ]
	plug_often
	until_true 90 is_gone
	rc=0
	wait "$server" || rc=$?
	[ $rc -eq 74 ]
	grep 'disk is full' events
	not grep '"state":"provisioned"' events
	rm state/filler
	want_port=$port serve 'tls_certificate = false;'
	told_provisioned 2
	unplug_fleet
	stop_server
	sqlite3 state/store.db 'pragma integrity_check' | grep -qx ok
}

if [ ! -e $VARS ]; then
	skip a_server_without_room_ends_and_goes_on_with_room \
		"no $VARS (package ovmf)"
elif [ -z "${AMTFORGE_OWN_MOUNTS:-}" ]; then
	skip a_server_without_room_ends_and_goes_on_with_room \
		"no mount namespace is permitted"
else
	t a_server_without_room_ends_and_goes_on_with_room
fi
done_testing
