#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A fleet with faults against the server: each ends as amtforge-fleet(8) says,
# and nothing is lost.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

unplug() {
	kill "$fleet"
	wait "$fleet"
	fleet=''
	stop_server
	server=''
}

count() {
	grep -c "$1" "$2" || :
}

# all_set_up N OPTION...: PSK devices with these options are all set up once.
all_set_up() {
	many=$1
	shift
	batch psk "$many"
	flash
	serve 'tls_certificate = false;'
	plug_told "$@" --exit-when-provisioned
	until_all_are_set_up 150
	told_provisioned "$many"
	stop_server
	server=''
	[ "$(count '"event":"provisioned"' told)" = "$many" ]
	[ "$(amtforge-server list state --json |
		grep -c '"state":"provisioned"')" = "$many" ]
	grep "\"event\":\"summary\",\"machines\":$many,\"pre\":0,\"in\":0,\"post\":$many" told
}

dropped_connections_lose_nothing() {
	all_set_up 4 --fault drop=1:1 --fault drop=3:50%
	[ "$(count '"event":"fault".*"words":"drop"' told)" = 4 ]
}

answers_that_never_come_lose_nothing() {
	all_set_up 3 --fault cut=2
	[ "$(count '"event":"fault".*"words":"cut"' told)" = 3 ]
}

a_hello_twice_or_in_pieces_is_one_device() {
	all_set_up 4 --fault duplicate:0.9 --fault fragment:0.9
	grep '"event":"fault".*"words":"duplicate"' told
	grep '"event":"fault".*"words":"fragment"' told
}

slow_and_late_devices_are_waited_for() {
	all_set_up 3 --fault slow=20000:0.9 --fault late=2:0.9
	grep '"event":"faulty".*"words":"late=2' told
	grep '"event":"fault".*"words":"slow"' told
	grep -o '"p50_ms":[0-9]*' told
}

a_device_with_another_key_gets_nothing() {
	batch psk 2
	flash
	serve 'tls_certificate = false;'
	plug_told --fault cert
	wait_for '"event":"refused"' told
	sleep 1
	unplug
	! grep -e '"event":"session"' -e '"event":"provisioned"' told || return 1
}

a_silent_device_holds_nobody_up() {
	batch psk 5
	flash
	serve 'tls_certificate = false;'
	plug_told --fault silent:60%
	wait_for '"event":"fault".*"words":"silent"' told
	wait_for '"event":"provisioned"' told
	unplug
	silent=$(grep '"event":"faulty"' told | field uuid | sort)
	done=$(grep '"event":"provisioned"' told | field uuid | sort)
	[ -n "$silent" ] && [ -n "$done" ]
	for u in $silent; do
		not grep "\"event\":\"session\",\"uuid\":\"$u\"" told
	done
}

# until_started N COMMAND...: a fleet until N of it have started and said hello
# to nobody; ./out, ./err.
until_started() {
	n=$1
	shift
	: >out
	"$@" >out 2>err &
	fleet=$!
	trap leave EXIT
	lines_come 90 "$n" '"event":"hello-failed"' out || {
		tail -n 20 out err
		return 1
	}
	kill "$fleet"
	wait "$fleet"
	fleet=''
}

# alike SEED [OPTION...]: 40 machines of one image and their faults. When each
# starts hangs on this machine too, so they are put in order.
alike() {
	seed=$1
	shift
	echo 'insecure_volatile_state = true;' >device.cfg
	until_started 40 amtforge-device fleet --like unit.bin --count 40 \
		--config device.cfg --port 0 --server 127.0.0.1:9 --json \
		--net 127.81.0.0 --seed "$seed" "$@"
	sed -n 's/"peer".*//; /"started"\|"faulty"/p' out | sort
}

the_same_seed_makes_the_same_fleet() {
	batch pki 1
	flash
	mv images/*.bin unit.bin
	set -- --fault drop=2:30% --fault slow:0.2 --spread 1
	alike 7 "$@" >first
	alike 7 "$@" >second
	alike 8 "$@" >third
	cmp first second
	not cmp -s first third
	[ "$(count started first)" = 40 ]
	[ "$(field uuid <first | sort -u | wc -l)" = 40 ]
	n=$(count faulty first)
	[ "$n" -gt 5 ] && [ "$n" -lt 35 ]
	grep '"event":"fleet","machines":40,"seed":8,"spread":1' out
	says 'insecure_volatile_state'
}

a_summary_comes_when_it_is_asked_for() {
	batch psk 2
	flash
	serve 'tls_certificate = false;'
	plug_told
	wait_for '"event":"provisioned"' told
	kill -USR1 "$fleet"
	wait_for '"event":"summary"' told
	kill -0 "$fleet"
	unplug
	[ "$(count '"event":"summary"' told)" = 2 ]
}

what_is_no_fault_is_refused() {
	mkdir images
	for f in jump drop drop=0 drop=x otp=3 slow:2 slow:0 slow:x drop=1:; do
		status 2 amtforge-device fleet images --state s --fault "$f"
		says "--fault $f"
	done
	status 2 amtforge-device fleet --state s
	says --like
	status 2 amtforge-device fleet images --state s --count 3
	says --count
}

too_few_files_are_told_with_the_numbers() {
	batch pki 1
	flash
	mv images/*.bin unit.bin
	bound=''
	[ "$(id -u)" != 0 ] ||
		bound='setpriv --bounding-set=-sys_resource --inh-caps=-all'
	# shellcheck disable=SC2016,SC2086 # words
	status 78 sh -c 'ulimit -n 100; exec "$@"' sh $bound amtforge-device \
		fleet --like unit.bin --count 500 --state s --port 0 --json
	grep '"code":"files-limit"' out
	grep '500 connections at a time need 564 open files.*100' out
	# shellcheck disable=SC2016,SC2086
	until_started 500 sh -c 'ulimit -n 100; exec "$@"' sh $bound \
		amtforge-device fleet --like unit.bin --count 500 --state s \
		--port 0 --connections 20 --server 127.0.0.1:9 --json
	[ "$(count '"event":"started"' out)" = 500 ]
}

if [ ! -e $VARS ]; then
	skip a_fleet_has_faults "no OVMF"
	done_testing
	exit
fi
t dropped_connections_lose_nothing
t answers_that_never_come_lose_nothing
t a_hello_twice_or_in_pieces_is_one_device
t slow_and_late_devices_are_waited_for
t a_device_with_another_key_gets_nothing
t a_silent_device_holds_nobody_up
t the_same_seed_makes_the_same_fleet
t a_summary_comes_when_it_is_asked_for
t what_is_no_fault_is_refused
t too_few_files_are_told_with_the_numbers
done_testing
