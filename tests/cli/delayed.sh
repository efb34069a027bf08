#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Delayed set-up: one-time passwords from the server by way of the agent to
# the machine, and what becomes of a window.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

STRANGER=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e77

# listener [LINE...]: one machine that was shipped to listen, and the server.
listener() {
	batch_sed='s/^start = "talk"/start = "listen"/' batch pki 1
	u=$(cat uuids)
	serve "$@"
	flash
	boot
}

boot() {
	echo 'schedule = ( { count = 900; every_ms = 200; } );' >device.cfg
	amtforge-device boot --image "images/$u.bin" --state device \
		--config device.cfg --suffix example.com --mei mei \
		--listen 127.0.0.5 --port "$device_port" \
		--server "127.0.0.1:$port" >device.log 2>&1 &
	device=$!
	# The socket has its name before anybody listens there.
	until_true 90 amtforge-agent info --mei mei >seen 2>&1
}

end() {
	kill "$device"
	wait "$device" || :
	stop_server
}

# The channel is any remote shell; each end is where it belongs.
a_one_time_password_goes_from_the_server_to_the_machine_and_back() {
	listener
	amtforge-agent info --mei mei --json | amtforge-server otp state - |
		amtforge-agent activate --mei mei --otp-file -
	status 0 amtforge-server wait state "$u" --timeout 120
	tail -n 1 out | grep -q '  provisioned$'
	amtforge-server explain state "$u" |
		grep -q 'known  *a one-time password was made'
	no_password_for_a_machine_that_is_set_up
	end
}

# As its agent says it is; what the store alone has may be old.
no_password_for_a_machine_that_is_set_up() {
	before=$(made "$u")
	amtforge-agent info --mei mei --json >post
	status 77 amtforge-server --json otp state - <post
	grep -q '"code":"amt-state"' out err
	not grep -q '"otp":' out
	[ "$(made "$u")" = "$before" ]
	status 0 amtforge-server otp state "$u"
	says 'is provisioned: un-provision it first'
	echo "{\"uuid\":\"$u\",\"state\":\"pre\"}" >pre
	status 0 amtforge-server otp state - <pre
	not says provisioned
}

# made UUID: how many one-time passwords.
made() {
	amtforge-server explain state "$1" |
		grep -c 'a one-time password was made'
}

another_one_time_password_ends_the_window() {
	listener
	amtforge-server otp state "$u" >made
	echo 'Another1!x' | amtforge-agent activate --mei mei --otp-file -
	wait_for otp-mismatch events
	wait_for window-closed device.log || wait_for 'closed' device.log
	[ "$(state_of "$u")" = refused ]
	amtforge-server alarms state --json |
		grep -q "\"uuid\":\"$u\",\"reason\":\"otp-mismatch\""
	not grep -qF "$(cat made)" events log
	# a new one is no new reason
	amtforge-server --json explain state "$u" >before
	amtforge-server otp state "$u" >made
	amtforge-server --json explain state "$u" >after
	[ "$(field detail <after)" = "$(field detail <before)" ]
	# the right one mends it
	amtforge-agent activate --mei mei --otp-file made
	status 0 amtforge-server wait state "$u" --timeout 120
	end
}

only_the_newest_one_time_password_counts() {
	listener
	amtforge-server otp state "$u" >old
	amtforge-server otp state "$u" >new
	not cmp -s old new
	amtforge-agent activate --mei mei --otp-file old
	wait_for otp-mismatch events
	amtforge-agent activate --mei mei --otp-file new
	status 0 amtforge-server wait state "$u" --timeout 120
	end
}

required_means_that_every_machine_with_certificates_has_one() {
	listener 'otp = "required";'
	echo 'Whatever1!' | amtforge-agent activate --mei mei --otp-file -
	wait_for otp-missing events
	end
}

a_server_that_is_killed_still_wants_the_password() {
	listener
	amtforge-server otp state "$u" >made
	kill -KILL "$server"
	wait "$server" || :
	want_port=$port serve
	echo 'Another1!x' | amtforge-agent activate --mei mei --otp-file -
	wait_for otp-mismatch events
	amtforge-agent activate --mei mei --otp-file made
	status 0 amtforge-server wait state "$u" --timeout 120
	end
}

# A machine whose set-up by its own manifest's password: preset in the image.
a_preset_password_is_wanted_and_given() {
	batch_sed='s/^start = "talk"/start = "listen"/
		s/^otp = "none"/otp = "random"/' batch pki 1
	u=$(cat uuids)
	[ -n "$(reveal "$u" otp)" ]
	status 0 amtforge-server otp state "$u"
	[ "$(cat out)" != "$(reveal "$u" otp)" ]
}

passwords_are_made_for_known_machines_only() {
	batch pki 3
	status 65 amtforge-server --json otp state $STRANGER
	grep -q '"code":"uuid-unknown"' out err
	status 65 amtforge-server otp state nonsense
	# three machines, a line each, in their order
	sed 's/.*/{"uuid":"&","mei":"x"}/' uuids |
		amtforge-server otp state - >otps
	[ "$(wc -l <otps)" -eq 3 ]
	[ "$(sort -u otps | wc -l)" -eq 3 ]
	awk 'length < 8 || length > 32 { exit 1 }' otps
	# one of them unknown: the others have theirs
	{
		head -n 1 uuids
		echo $STRANGER
		tail -n 1 uuids
	} >mixed
	status 1 amtforge-server --json otp state - <mixed
	[ "$(grep -c '"otp":"' out)" -eq 2 ]
	status 65 amtforge-server otp state - </dev/null
	echo '{"name":"x"}' >bad
	status 65 amtforge-server otp state - <bad
	says 'no "uuid"'
	# a serial number is told its UUID, as it is without a list
	u=$(head -n 1 uuids)
	serial=$(amtforge-server show state "$u" --json | field serial)
	for row in "$serial" "{\"uuid\":\"$serial\"}"; do
		echo "$row" >bad
		status 65 amtforge-server otp state - <bad
		says "machine 1: \"$serial\" is a serial number; its unit has UUID $u"
	done
	# an object over several lines
	printf '{\n  "uuid": "%s"\n}\n' "$(head -n 1 uuids)" |
		amtforge-server otp state - >pretty
	[ "$(wc -l <pretty)" -eq 1 ]
	# sealed: no password of them is in the store's files
	cat otps pretty >all
	while read -r o; do
		not grep -qaF -e "$o" state/store.db*
	done <all
}

a_window_that_closes_is_recovered_as_it_is_said() {
	batch pki 1
	u=$(cat uuids)
	amtforge-server otp state "$u" >made
	# to stop waiting is not the end of the window
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'its window is open until'
	[ -z "$(amtforge-server --json alarms state)" ]
	seven_hours_ago
	status 69 amtforge-server --json wait state "$u"
	grep -q '"code":"window-over"' out err
	amtforge-server --json alarms state | grep -q '"reason":"window-over"'
	status 75 amtforge-server wait state "$u" --timeout 1 --recover reopen
	tail -n 1 out >again
	[ "$(wc -c <again)" -ge 9 ]
	not cmp -s made again
	[ "$(state_of "$u")" = known ]
	status 69 amtforge-server wait state "$u" --timeout 1 --recover give-up
	[ "$(state_of "$u")" = failed ]
	amtforge-server explain state "$u" >story
	grep -q '^  x hello  failed: window-over' story # none came
	status 2 amtforge-server wait state "$u" --recover nothing
	# what the server was told counts where nothing is said here
	serve 'recover = "give-up";'
	stop_server
	seven_hours_ago
	status 69 amtforge-server wait state "$u"
	says 'given up'
}

# What is open, and until when, is told only where it is so.
a_window_that_is_not_open_is_not_said_to_be() {
	batch pki 1
	u=$(cat uuids)
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'still known when --timeout was over'
	not says window
	amtforge-server otp state "$u" >made
	sqlite3 state/store.db "update units set state = 'refused',
		reason = 'otp-mismatch', updated = opened"
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'still refused; its window was closed (otp-mismatch)'
	# by a password that was made since
	sqlite3 state/store.db "update units set
		updated = '2020-01-01T00:00:00Z'"
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'still refused; its window is open until'
	# a set-up has used it up, and was taken back
	sqlite3 state/store.db "update units set state = 'known', reason = '',
		otp = null"
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'still known when --timeout was over'
	not says window
	seven_hours_ago
	status 75 amtforge-server wait state "$u" --timeout 1
	not says window
}

# The store has it as provisioned, and it was reset: its password waits.
what_was_provisioned_before_its_password_was_made_is_waited_for() {
	batch pki 1
	u=$(cat uuids)
	sqlite3 state/store.db "update units set state = 'provisioned'"
	status 0 amtforge-server wait state "$u"
	amtforge-server otp state "$u" >made
	status 75 amtforge-server wait state "$u" --timeout 1
	says 'still provisioned; its window is open until'
	seven_hours_ago
	status 69 amtforge-server wait state "$u" --recover give-up
	[ "$(state_of "$u")" = provisioned ]
	amtforge-server otp state "$u" --withdraw
	status 0 amtforge-server wait state "$u"
}

# No set-up asks it for one.
a_machine_with_a_key_is_provisioned_while_a_password_waits() {
	batch psk 1
	u=$(cat uuids)
	sqlite3 state/store.db "update units set state = 'provisioned'"
	amtforge-server otp state "$u" >made
	status 0 amtforge-server wait state "$u" --timeout 1
}

# otp_column UUID: what the store has of one, hex.
otp_column() {
	sqlite3 state/store.db "select hex(otp) from units where uuid = '$1'"
}

a_one_time_password_that_waits_is_withdrawn() {
	batch pki 3
	u=$(head -n 1 uuids)
	status 65 amtforge-server otp state "$u" --withdraw
	says 'no one-time password of it waits'
	amtforge-server otp state "$u" >made
	sealed=$(otp_column "$u")
	opened=$(sqlite3 state/store.db 'select max(opened) from units')
	status 0 amtforge-server --json otp state "$u" --withdraw
	[ "$(cat out)" = "{\"uuid\":\"$u\",\"withdrawn\":\"$opened\"}" ]
	[ -z "$(amtforge-server show state "$u" --reveal --json | field otp)" ]
	# not in a freed page either
	sqlite3 state/store.db 'pragma wal_checkpoint(truncate)' >freed
	[ -n "$sealed" ]
	not grep -qF "$sealed" <<-EOF
		$(od -An -v -tx1 state/store.db | tr -d ' \n' | tr a-f A-F)
	EOF
	[ "$(sqlite3 state/store.db "select count(*) from audit
		where what = 'otp withdraw' and object = '$u'")" = 1 ]
	amtforge-server explain state "$u" |
		grep -q 'known  *the one-time password was withdrawn'
	status 75 amtforge-server wait state "$u" --timeout 1
	not says window
	status 65 amtforge-server otp state "$u" --withdraw
	status 65 amtforge-server otp state $STRANGER --withdraw
	says uuid-unknown
	# of a list each that has one
	amtforge-server otp state "$(tail -n 1 uuids)" >made
	status 1 amtforge-server otp state - --withdraw <uuids
	[ "$(grep -c ': withdrawn, made ' out)" = 1 ]
	[ "$(grep -c 'no one-time password' err)" = 2 ]
}

# Where each machine needs one, none is as none that was made.
a_withdrawn_one_time_password_lets_nobody_in() {
	listener 'otp = "required";'
	amtforge-server otp state "$u" >made
	amtforge-server otp state "$u" --withdraw
	amtforge-agent activate --mei mei --otp-file made
	wait_for otp-missing events
	amtforge-server otp state "$u" >made
	amtforge-agent activate --mei mei --otp-file made
	status 0 amtforge-server wait state "$u" --timeout 120
	status 65 amtforge-server otp state "$u" --withdraw
	says 'is used up: a set-up had it'
	end
}

# A machine that was gone at its hello comes when it was withdrawn meanwhile.
a_set_up_that_waits_goes_by_the_one_time_password_of_then() {
	batch pki 1
	u=$(cat uuids)
	amtforge-server otp state "$u" >made
	serve 'otp = "required"; tries = 100;'
	amtforge-server setup state "$u" --address 127.0.0.99 --timeout 1 || :
	amtforge-server otp state "$u" --withdraw
	wait_for 'it was withdrawn' events
	grep -q '"reason":"otp-missing"' events
	stop_server
}

t passwords_are_made_for_known_machines_only
t a_one_time_password_that_waits_is_withdrawn
t a_set_up_that_waits_goes_by_the_one_time_password_of_then
t a_window_that_is_not_open_is_not_said_to_be
t what_was_provisioned_before_its_password_was_made_is_waited_for
t a_machine_with_a_key_is_provisioned_while_a_password_waits
t a_window_that_closes_is_recovered_as_it_is_said
t a_preset_password_is_wanted_and_given
if [ -e $VARS ]; then
	t a_one_time_password_goes_from_the_server_to_the_machine_and_back
	t another_one_time_password_ends_the_window
	t only_the_newest_one_time_password_counts
	t a_withdrawn_one_time_password_lets_nobody_in
	t required_means_that_every_machine_with_certificates_has_one
	t a_server_that_is_killed_still_wants_the_password
else
	skip machines_are_set_up_later "no $VARS (package ovmf)"
fi
done_testing
