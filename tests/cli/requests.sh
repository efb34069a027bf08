#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is asked of the server by hand, for one machine: set it up anew, take
# its set-up back, whether a server runs or not.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

password() {
	amtforge-server show state "$1" --reveal --json | field admin_password
}

# up MODE: one machine, provisioned.
up() {
	batch "$1" 1
	u=$(cat uuids)
	serve
	plug_often
	told_provisioned 1
}

# A new board, or a device that was wiped, shows another certificate.
a_certificate_that_changed_is_taken_once_somebody_has_looked() {
	up pki
	unplug_fleet
	rm -rf devices # and with them their keys
	plug_often
	wait_for device-cert-differs events
	amtforge-server setup state "$u" --insecure-forget-certificate \
		>out 2>err
	grep -q 'insecure-forget-certificate' err
	reach_state "$u" provisioned
	[ "$(sqlite3 state/store.db "select count(*) from audit
		where what = 'insecure-forget-certificate'
		and object = '$u' and why like '%: %'")" = 1 ]
	unplug_fleet
	stop_server
}

a_machine_is_set_up_anew_by_hand() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		up $mode
		old=$(password "$u")
		status 0 amtforge-server setup state "$u"
		grep -q "^$u: provisioned" out
		# un-provisioned, and changed: marked before each
		[ "$(sqlite3 state/store.db 'SELECT sent FROM requests')" = 3 ]
		[ "$(state_of "$u")" = provisioned ]
		[ "$(password "$u")" != "$old" ]
		amtforge-server explain state "$u" |
			grep -q 'known .*un-provisioned in part'
		unplug_fleet
		stop_server
		cd ..
	done
}

# By ours, where that is right, a machine would be wiped that was another.
a_wrong_password_undoes_nothing() {
	up pki
	old=$(password "$u")
	echo Wrong-Passw0rd >wrong
	row='SELECT state, reason, updated FROM units'
	was=$(sqlite3 state/store.db "$row")
	status 77 amtforge-server --json setup state "$u" --password-file wrong
	grep -q '"code":"login-refused"' out err
	[ "$(sqlite3 state/store.db "$row")" = "$was" ]
	[ "$(password "$u")" = "$old" ]
	echo "$old" >right
	status 0 amtforge-server setup state "$u" --password-file right
	[ "$(password "$u")" != "$old" ]
	unplug_fleet
	stop_server
}

# A set-up would want it, and nothing but its agent brings it.
a_machine_whose_one_time_password_waits_is_not_un_provisioned() {
	up pki
	old=$(password "$u")
	echo "$old" >right
	row='SELECT state, reason, updated FROM units'
	amtforge-server otp state "$u" >made
	was=$(sqlite3 state/store.db "$row")
	for how in '' '--password-file right'; do
		# shellcheck disable=SC2086 # an option or none
		status 77 amtforge-server --json setup state "$u" $how
		grep -q '"code":"otp-missing"' out err
		grep -q 'waits until a set-up has used it' out err
	done
	[ "$(sqlite3 state/store.db "$row")" = "$was" ]
	[ "$(password "$u")" = "$old" ]
	[ -z "$(amtforge-server alarms state)" ]
	status 0 amtforge-server unprovision state "$u"
	unplug_fleet
	stop_server
}

a_machine_is_un_provisioned_and_comes_back_with_its_next_hello() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		up $mode
		for how in '' --partial; do
			old=$(password "$u")
			: >events
			# shellcheck disable=SC2086 # an option or none
			status 0 amtforge-server --json unprovision state "$u" $how
			grep -q "\"uuid\":\"$u\",\"state\":\"known\"" out
			wait_for '"state":"provisioned"' events
			[ "$(password "$u")" != "$old" ]
		done
		amtforge-server explain state "$u" >story
		grep -q 'un-provisioned in full' story
		grep -q 'un-provisioned in part' story
		unplug_fleet
		stop_server
		cd ..
	done
}

# Two servers would set one machine up with two sets of passwords.
a_second_server_on_a_store_is_refused() {
	batch psk 1
	serve
	status 75 amtforge-server --json run server.cfg
	grep -q '"code":"server-busy"' out err
	grep -q "process $server " out err
	stop_server
	serve
	kill -KILL "$server"
	wait "$server" || :
	serve
	stop_server
}

without_a_server_a_request_needs_a_configuration() {
	up psk
	stop_server
	status 69 amtforge-server --json setup state "$u"
	grep -q '"code":"server-absent"' out err
	old=$(password "$u")
	status 0 amtforge-server setup state "$u" --config server.cfg
	[ "$(password "$u")" != "$old" ]
	status 0 amtforge-server unprovision state "$u" --config server.cfg
	[ "$(state_of "$u")" = known ]
	unplug_fleet
}

a_configuration_of_another_store_is_said_to_be_that() {
	batch psk 1
	u=$(cat uuids)
	amtforge-server init other
	printf 'state = "other";\n' >other.cfg
	status 78 amtforge-server setup state "$u" --address 127.0.0.9 \
		--config other.cfg
	says 'other.cfg: state: the configuration is of another store'
	# and nothing is left for the next server to do
	[ "$(requests)" = 0 ]
	# nor by what fails otherwise
	printf 'state = "state"; port = 70000;\n' >bad.cfg
	status 78 amtforge-server setup state "$u" --address 127.0.0.9 \
		--config bad.cfg
	status 66 amtforge-server setup state "$u" --address 127.0.0.9 \
		--config nothing.cfg
	[ "$(requests)" = 0 ]
	serve
	status 2 amtforge-server setup state "$u" --address 127.0.0.9 \
		--timeout 0
	[ "$(requests)" = 0 ]
	stop_server
}

requests() {
	sqlite3 state/store.db 'SELECT count(*) FROM requests'
}

# rogue ADDR: another machine answers there.
rogue() {
	root rogue
	openssl s_server -accept "$1:$device_port" -cert rogue.pem \
		-key rogue.key -quiet >heard 2>/dev/null </dev/null &
	rogue=$!
	until_true 90 listens "$1:$device_port"
}

# The certificate that set-up gave it is what it must show, before it is sent
# anything; no default lets another one in, and its address stays.
another_machine_at_its_address_is_not_spoken_to() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		up $mode
		columns='address, state, reason, updated'
		was=$(sqlite3 state/store.db "SELECT $columns FROM units")
		address=${was%%|*}
		unplug_fleet
		rogue "$address"
		for how in '' --partial; do
			# shellcheck disable=SC2086 # an option or none
			status 77 amtforge-server --json unprovision state \
				"$u" $how
			grep -q '"code":"device-cert-differs"' out err
			grep -q 'set-up gave it' out err
		done
		kill "$rogue"
		wait "$rogue" || :
		rogue 127.0.0.77
		status 77 amtforge-server unprovision state "$u" \
			--address 127.0.0.77
		[ "$(sqlite3 state/store.db "SELECT $columns FROM units")" = \
			"$was" ]
		[ "$(state_of "$u")" = provisioned ]
		[ ! -s heard ]
		kill "$rogue"
		wait "$rogue" || :
		stop_server
		cd ..
	done
}

# What waits for ever does not hold a command longer than it was told.
a_command_without_a_server_ends_in_its_time() {
	batch psk 1
	u=$(cat uuids)
	serve
	stop_server
	rogue 127.0.0.78
	kill -STOP "$rogue"
	status 75 amtforge-server setup state "$u" --address 127.0.0.78 \
		--config server.cfg --timeout 2
	says withdrawn
	[ "$(requests)" = 0 ]
	kill -KILL "$rogue"
	# nobody is there: how the last try ended is told
	status 75 amtforge-server setup state "$u" --address 127.0.0.99 \
		--config server.cfg --timeout 4
	says 'withdrawn; last: Get: 127.0.0.99 '
}

what_cannot_be_done_is_said_before_it_is_asked() {
	batch psk 1
	u=$(cat uuids)
	status 65 amtforge-server setup state 3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e77
	says uuid-unknown
	status 2 amtforge-server setup state "$u"
	says 'give --address'
	status 2 amtforge-server setup state "$u" --address host.example.com
	says 'not a numeric address'
	status 65 amtforge-server unprovision state "$u" --address 127.0.0.9
	says 'never set up here'
	status 65 amtforge-server setup state "$u" --hand-over
	status 65 amtforge-server setup state not-a-uuid
}

# head_of UUID: what explain says of it before it tells the history.
head_of() {
	amtforge-server explain state "$1" | sed '/^newest first/,$d'
}

# request_says WORDS: the last one, once it has ended.
request_says() {
	sqlite3 state/store.db 'SELECT detail FROM requests
		ORDER BY n DESC LIMIT 1' | grep -q "$1"
}

# Nobody is there: that is the outcome, and the unit is as it was.
a_machine_that_is_not_there_is_said_to_be_gone() {
	up psk
	unplug_fleet
	stop_server
	serve 'tries = 1; check_record = false;'
	head_of "$u" >before
	status 69 amtforge-server --json unprovision state "$u"
	grep -q '"code":"device-gone"' out err
	[ "$(state_of "$u")" = provisioned ]
	head_of "$u" | diff before -
	amtforge-server explain state "$u" >story
	grep -q 'provisioned .* device-gone: not un-provisioned at 127' story
	# A server was killed once it had asked for it.
	stop_server
	sqlite3 state/store.db "INSERT INTO requests
		(uuid, what, address, made, sent) VALUES
		('$u', 'unprovision', '', '2026-01-31T12:00:00Z', 1)"
	serve 'tries = 1; check_record = false;'
	until_true 90 request_says 'perhaps un-provisioned at 127'
	stop_server
}

# A machine with nobody's set-up that was never heard of, by its address.
a_machine_that_was_not_heard_of_is_set_up_by_its_address() {
	for mode in psk pki; do
		mkdir $mode
		cd $mode
		batch $mode 1
		u=$(cat uuids)
		serve
		there=$port
		port=9 plug_often # its hellos reach nobody
		port=$there
		wait_for hello-failed fleet.log
		addr=$(sed -n 's/.*\(127\.80\.[0-9.]*[0-9]\).*/\1/p' fleet.log |
			head -n 1)
		status 0 amtforge-server setup state "$u" \
			--address "${addr:-127.80.0.1}"
		[ "$(state_of "$u")" = provisioned ]
		# no hello of it was ever heard
		amtforge-server explain state "$u" >story
		grep -qx '  - hello         none: asked for by hand' story
		grep -q '^  \* set-up  .*127' story
		unplug_fleet
		stop_server
		cd ..
	done
}

# What led to the set-up that was taken back led to no other.
what_led_to_an_earlier_set_up_is_not_told_of_a_later_one() {
	up psk
	unplug_fleet
	stop_server
	serve 'tries = 1; check_record = false;'
	sqlite3 state/store.db "update units set state = 'known';
		insert into events (uuid, time, state, reason, address, detail)
		values ('$u', '2026-01-31T12:00:00Z', 'known', '',
		'127.80.0.1', 'un-provisioned in full')"
	status 69 amtforge-server setup state "$u"
	head_of "$u" >story
	grep -q '^  - hello ' story
	grep -q '^  x set-up  .*failed: device-gone' story
	grep -q '^  \. provisioned' story
	stop_server
}

# As the version before left it: without the column, and with the other index.
a_state_of_an_earlier_version_is_brought_up_to_date() {
	batch psk 1
	sqlite3 state/store.db 'alter table requests drop column login;
		drop index alarms_strangers;
		create index alarms_strangers on alarms (n) where known = 0;
		pragma user_version = 2'
	[ "$(sqlite3 state/store.db 'pragma user_version')" = 2 ]
	[ "$(state_of "$(cat uuids)")" = known ]
	[ "$(sqlite3 state/store.db 'pragma user_version')" = 3 ]
	sqlite3 state/store.db 'select login from requests'
	sqlite3 state/store.db "select sql from sqlite_master
		where name = 'alarms_strangers'" >out
	grep -q '(reason, n)' out
}

t a_second_server_on_a_store_is_refused
t a_configuration_of_another_store_is_said_to_be_that
t what_cannot_be_done_is_said_before_it_is_asked
t a_command_without_a_server_ends_in_its_time
t a_state_of_an_earlier_version_is_brought_up_to_date
if [ -e $VARS ]; then
	t another_machine_at_its_address_is_not_spoken_to
	t a_certificate_that_changed_is_taken_once_somebody_has_looked
	t what_led_to_an_earlier_set_up_is_not_told_of_a_later_one
	t a_machine_is_set_up_anew_by_hand
	t a_wrong_password_undoes_nothing
	t a_machine_whose_one_time_password_waits_is_not_un_provisioned
	t a_machine_is_un_provisioned_and_comes_back_with_its_next_hello
	t without_a_server_a_request_needs_a_configuration
	t a_machine_that_is_not_there_is_said_to_be_gone
	t a_machine_that_was_not_heard_of_is_set_up_by_its_address
else
	skip machines_are_asked_by_hand "no $VARS (package ovmf)"
fi
done_testing
