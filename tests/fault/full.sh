#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who has no room on the disk says so, keeps what was told, and goes on where it
# was when there is room.
if [ -z "${AMTFORGE_OWN_MOUNTS:-}" ] && \
    unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
	AMTFORGE_OWN_MOUNTS=yes exec unshare -m "$0"
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# disk FOLDER SIZE: one of its own.
disk() {
	mkdir "$1"
	mount -t tmpfs -o size="$2" none "$1"
}

# fill FOLDER: until there is no room on its disk.
fill() {
	dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null || :
	[ "$(df --output=avail "$1" | tail -n 1)" -eq 0 ]
}

a_server_without_room_ends_and_goes_on_with_room() {
	disk state 4m
	batch psk 2
	flash
	serve 'tls_certificate = false;'
	fill state
	plug_often
	until_true 90 is_gone "$server"
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

# What it was given and cannot keep, it does not commit.
a_machine_without_room_is_set_up_with_room() {
	batch psk 1
	flash
	disk devices 1m
	fill devices
	serve 'tls_certificate = false;'
	plug_often
	wait_for 'step-failed.*CommitChanges.* 38' events
	not grep '"state":"provisioned"' events
	not is_gone "$fleet"
	rm devices/filler
	told_provisioned 1
	unplug_fleet
	stop_server
}

units() {
	amtforge unit list line/db O --json | field uuid
}

units_that_were_told_are_in_a_ledger_without_room() {
	disk line 2m
	amtforge ledger init line/db
	amtforge order open line/db "$ROOT/configs/profile-psk.cfg" --id O \
		--quantity 4000
	units_csv 4000 >units.csv
	status 74 amtforge unit issue line/db O --units units.csv --json
	grep 'disk is full' out
	field uuid <out >told
	[ -s told ]
	mount -o remount,size=64m line
	units >kept
	cmp told kept
	[ "$(wc -l <kept)" -lt 4000 ]
	status 0 amtforge unit issue line/db O --units units.csv --json
	units >all
	[ "$(wc -l <all)" -eq 4000 ]
	head -n "$(wc -l <kept)" all | cmp - kept
	sqlite3 line/db 'pragma integrity_check' | grep -qx ok
}

if [ -z "${AMTFORGE_OWN_MOUNTS:-}" ]; then
	skip who_has_no_room_goes_on_with_room \
		"no mount namespace is permitted"
	done_testing
	exit
fi
t units_that_were_told_are_in_a_ledger_without_room
have a_server_without_room_ends_and_goes_on_with_room $VARS
have a_machine_without_room_is_set_up_with_room $VARS
done_testing
