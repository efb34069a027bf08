#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What somebody should look at: misused PIDs, machines that somebody else set
# up, storms of the same.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

STRANGER=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e77
UNHEARD=a95d1c07-0c3e-4f6b-8e15-66f0b1d2c399
NOBODY=5c2e9d63-7b88-4f1a-8d2e-3a7b4c8e2f88

# alarm UUID REASON: succeeds if there is one.
alarm() {
	amtforge-server --json alarms state "$1" |
		grep -q "\"uuid\":\"$1\",\"reason\":\"$2\""
}

pids_that_are_misused_are_refused_and_alarmed() {
	batch psk 2
	a=$(head -n 1 uuids)
	b=$(tail -n 1 uuids)
	serve
	hello 127.0.0.2 "$a" "$(reveal "$b" pid)"
	wait_for pid-other-unit events
	alarm "$a" pid-other-unit
	hello 127.0.0.3 "$b" ABCDEFG8
	wait_for pid-unknown events
	alarm "$b" pid-unknown
	hello 127.0.0.4 $STRANGER "$(reveal "$b" pid)"
	until_true 90 alarm $STRANGER pid-other-unit
	hello 127.0.0.5 $NOBODY ABCDEFG8
	until_true 90 alarm $NOBODY uuid-unknown
	grep -q '"alarm":true' events
	grep -q 'ALARM: ' log
	status 0 amtforge-server alarms state
	[ "$(grep -c '^  do: ' out)" -eq 4 ]
	status 0 amtforge-server alarms state "$a" --clear
	status 0 amtforge-server alarms state --json
	[ "$(wc -l <out)" -eq 3 ]
	status 0 amtforge-server alarms state "$a"
	[ ! -s out ]
	status 0 amtforge-server alarms state $STRANGER
	grep -q pid-other-unit out
	status 65 amtforge-server alarms state $UNHEARD --clear
	says uuid-unknown
	[ ! -s out ]
	sqlite3 state/store.db 'select what, object from audit' |
		grep -q "alarms clear|$a"
	stop_server
}

the_same_again_and_again_is_one_alarm_and_few_lines() {
	batch psk 1
	u=$(cat uuids)
	serve
	# within the minute that they are counted in
	yes "127.0.0.2 $u ABCDEFG8" | head -n 60 | hellos
	lines_come 90 8 pid-unknown events
	[ "$(amtforge-server --json alarms state | wc -l)" -eq 1 ]
	[ "$(grep -c pid-unknown events)" -le 20 ]
	stop_server
}

# Whoever has a copy of the old key, or a reset machine: somebody looks.
a_pid_that_set_up_replaced_is_refused_until_it_is_allowed() {
	batch psk 1
	u=$(cat uuids)
	pid=$(reveal "$u" pid)
	serve
	plug_often
	reach_state "$u" provisioned
	new=$(amtforge-server show state "$u" --json | field pid)
	[ "$new" != "$pid" ]
	unplug_fleet
	rm -r devices # as CMOS and flash were reset by hand
	plug_often
	wait_for pid-reused events
	alarm "$u" pid-reused
	[ "$(state_of "$u")" = provisioned ]
	hello 127.0.0.9 $STRANGER "$new"
	wait_for pid-other-unit events
	status 0 amtforge-server setup state "$u"
	[ "$(state_of "$u")" = provisioned ]
	[ "$(amtforge-server show state "$u" --json | field pid)" != "$new" ]
	: >events
	# Also while the machine is asked for its record.
	hello 127.0.0.9 "$u" "$pid"
	wait_for "127.0.0.9.*pid-reused" events # allowed for once
	hello 127.0.0.9 "$u" "$new"
	wait_for "PID $new" events
	unplug_fleet
	stop_server
}

record_is() {
	[ "$(sqlite3 state/store.db 'select record from units')" = "$1" ]
}

# The record of our own set-up tells what we did.
a_record_of_our_own_set_up_is_no_alarm() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		batch $mode 1
		u=$(cat uuids)
		serve
		plug_often
		reach_state "$u" provisioned
		until_true 90 record_is same || { cat log; return 1; }
		[ -z "$(amtforge-server alarms state)" ]
		unplug_fleet
		stop_server
		cd ..
	done
}

# It is set up by another server with the same root, as a thief of its key
# would do it; then it is asked by us.
a_machine_that_somebody_else_set_up_is_an_alarm() {
	batch pki 1
	u=$(cat uuids)
	amtforge-server init theirs
	amtforge-server import theirs batch.amt --trust factory.pem --key it.key
	cp -r state ours
	rm -r state
	mv theirs state
	serve
	plug_often
	reach_state "$u" provisioned
	stop_server
	rm -r state
	mv ours state
	serve 'tries = 1;'
	status 77 amtforge-server --json setup state "$u" --address 127.80.0.1
	grep -q '"code":"login-refused"' out err
	alarm "$u" device-taken
	unplug_fleet
	stop_server
}

# It knows no other PID than the one that they gave it.
a_machine_that_somebody_else_set_up_is_taken_with_its_password() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		batch $mode 1
		u=$(cat uuids)
		cp -r state ours
		serve
		plug_often
		reach_state "$u" provisioned
		stop_server
		amtforge-server show state "$u" --reveal --json |
			field admin_password >theirs
		rm -r state
		mv ours state
		serve
		echo Wrong-Passw0rd >wrong
		status 77 amtforge-server --json setup state "$u" \
			--address 127.80.0.1 --password-file wrong
		grep -q '"code":"login-refused"' out err
		amtforge-server explain state "$u" | grep -e --password-file
		status 0 amtforge-server setup state "$u" \
			--address 127.80.0.1 --password-file - <theirs
		[ "$(state_of "$u")" = provisioned ]
		sqlite3 state/store.db 'select what from audit' |
			grep -q 'setup --password-file'
		[ "$(sqlite3 state/store.db 'select count(*) from requests
			where login not null or ended = ""')" -eq 0 ]
		not grep -qrF "$(cat theirs)" state out err log events
		unplug_fleet
		stop_server
		cd ..
	done
}

# Ours it is only by our store: the password that we gave it is none any more.
a_machine_that_was_taken_from_us_is_taken_back_with_its_password() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		batch $mode 1
		u=$(cat uuids)
		serve 'check_record = false;'
		plug_often
		reach_state "$u" provisioned
		stop_server
		cp -r state ours
		serve 'check_record = false;'
		status 0 amtforge-server setup state "$u"
		stop_server
		amtforge-server show state "$u" --reveal --json |
			field admin_password >theirs
		rm -r state
		mv ours state
		serve 'check_record = false;'
		echo Wrong-Passw0rd >wrong
		status 77 amtforge-server --json setup state "$u" \
			--password-file wrong
		grep -q '"code":"login-refused"' out err
		[ "$(state_of "$u")" = provisioned ]
		status 0 amtforge-server setup state "$u" \
			--password-file theirs
		[ "$(state_of "$u")" = provisioned ]
		not grep -qrF "$(cat theirs)" state out err log events
		unplug_fleet
		stop_server
		cd ..
	done
}

# A record that names another server than we were.
a_record_that_differs_is_an_alarm() {
	batch pki 1
	u=$(cat uuids)
	serve 'check_record = false;'
	plug_often
	reach_state "$u" provisioned
	stop_server
	sqlite3 state/store.db "update units set by =
		replace(by, 'provision.example.com', 'other.example.com')"
	serve
	wait_for record-differs events
	grep record-differs events | grep provision.example.com |
		grep -q other.example.com
	alarm "$u" record-differs
	[ "$(state_of "$u")" = provisioned ]
	unplug_fleet
	stop_server
}

t pids_that_are_misused_are_refused_and_alarmed
t the_same_again_and_again_is_one_alarm_and_few_lines
if [ -e $VARS ]; then
	t a_pid_that_set_up_replaced_is_refused_until_it_is_allowed
	t a_record_of_our_own_set_up_is_no_alarm
	t a_machine_that_somebody_else_set_up_is_an_alarm
	t a_machine_that_somebody_else_set_up_is_taken_with_its_password
	t a_machine_that_was_taken_from_us_is_taken_back_with_its_password
	t a_record_that_differs_is_an_alarm
else
	skip machines_are_alarmed_about "no $VARS (package ovmf)"
fi
done_testing
