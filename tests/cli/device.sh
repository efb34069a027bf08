#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-device show, boot and fleet on images that the factory wrote.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

OVMF=/usr/share/ovmf/OVMF.fd

# images psk|pki N: so many images in ./images, on ./base.bin.
images() {
	sed "s|\"demo-root.pem\"|\"$ROOT/configs/demo-root.pem\"|" \
		"$ROOT/configs/profile-$1.cfg" >profile.cfg
	amtforge ledger init line.db
	amtforge order open line.db profile.cfg --id O
	amtforge unit issue line.db O --count "$2" --json >units
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
}

show_prints_the_identity_and_no_secret() {
	images psk 1
	uuid=$(sed 's/.*"uuid":"\([^"]*\)".*/\1/' units)
	pid=$(sed 's/.*"pid":"\([^"]*\)".*/\1/' units)
	status 0 amtforge-device show images/*.bin
	grep "^uuid *$uuid\$" out
	grep "^pid *$pid\$" out
	grep '^start *talk$' out
	status 0 amtforge-device show images/*.bin --json
	grep "\"uuid\":\"$uuid\".*\"credential\":\"psk\"" out
	for secret in pps mebx_password; do
		value=$(amtforge unit show line.db "$uuid" --reveal --json |
			sed "s/.*\"$secret\":\"\([^\"]*\)\".*/\1/")
		[ ${#value} -ge 8 ]
		! grep -F -- "$value" out || return 1
	done
}

an_image_without_a_record_does_not_boot() {
	images psk 1
	status 65 amtforge-device boot --image base.bin --state machine \
		--port 0 --json
	grep '"code":"image-no-record"' out
	[ ! -e machine ]
	head -c 4096 /dev/urandom >noise
	status 65 amtforge-device show noise
	status 66 amtforge-device show missing.bin
}

what_is_missing_or_misspelt_is_named() {
	images psk 1
	status 2 amtforge-device boot --image images/*.bin
	says --state
	status 2 amtforge-device boot --state machine
	says --image
	echo 'shedule = ();' >device.cfg
	status 78 amtforge-device boot --image images/*.bin --state machine \
		--config device.cfg
	says 'device.cfg:1'
	status 2 amtforge-device boot --image images/*.bin --state machine \
		--port 0 --server 127.0.0.1:none
	says 127.0.0.1:none
	status 2 amtforge-device boot --image images/*.bin --state machine \
		--port 0 --listen somewhere
	says somewhere
	status 2 amtforge-device boot --image images/*.bin --state machine \
		--port 0 --suffix 'two words'
	says 'not a DNS suffix'
}

a_state_that_is_not_understood_is_refused_and_kept() {
	images psk 1
	mkdir -m 700 machine
	echo noise >machine/state
	status 65 amtforge-device boot --image images/*.bin --state machine \
		--port 0 --server 127.0.0.1:9
	says 'machine/state: line 1'
	[ "$(cat machine/state)" = noise ]
}

# run N WORDS COMMAND...: until it has told N lines with them in ./events, or,
# where it tells no events, in ./err; then it is ended.
run() {
	n=$1 words=$2
	shift 2
	: >events
	"$@" >events 2>err &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	until_true 90 told || {
		cat events err
		return 1
	}
	kill $device
	rc=0
	wait $device || rc=$?
}

told() {
	lines "$n" "$words" events || lines "$n" "$words" err
}

# fleet N WORDS OPTION...
fleet() {
	n=$1 words=$2
	shift 2
	run "$n" "$words" amtforge-device fleet images --state machines \
		--port 0 --server 127.0.0.1:9 --json "$@"
}

each_machine_of_a_fleet_has_its_address_and_its_state() {
	images pki 3
	sha256sum images/*.bin >before
	fleet 3 '"event":"hello-failed"' --net 127.80.7.0
	[ "$rc" = 0 ]
	grep -c '"event":"started"' events | grep '^3$'
	for i in 1 2 3; do
		grep "\"hello-failed\".*\"address\":\"127.80.7.$i\"" events
	done
	sed 's/.*"uuid":"\([^"]*\)".*/\1/' units >uuids
	while read -r u; do
		[ "$(stat -c %a "machines/$u/state")" = 600 ]
	done <uuids
	sha256sum -c before
}

a_lowered_guard_is_told_at_the_start() {
	images psk 1
	echo 'insecure_star_cn = true; insecure_key_pool = 2;' >device.cfg
	run 1 'listening on' amtforge-device boot --image images/*.bin \
		--state machine --port 0 --config device.cfg
	says 'insecure_star_cn: '
	says 'insecure_key_pool: '
}

a_fleets_states_need_no_folder_where_they_are_volatile() {
	images psk 2
	echo 'insecure_volatile_state = true;' >device.cfg
	run 2 '"event":"hello-failed"' amtforge-device fleet images --port 0 \
		--json --server 127.0.0.1:9 --net 127.80.8.0 \
		--config device.cfg
	says 'insecure_volatile_state: '
	status 2 amtforge-device fleet images --port 0
	says --state
}

a_fleet_goes_on_without_the_image_that_does_not_boot() {
	images psk 2
	cp base.bin images/aaa.bin
	fleet 2 '"event":"hello-failed"'
	[ "$rc" = 1 ]
	grep '"code":"image-no-record"' events err
	grep -c '"event":"started"' events | grep '^2$'
}

# The folder of a fleet is named after its machine, and may be renamed.
a_state_of_another_machine_is_refused_and_kept() {
	images psk 2
	# shellcheck disable=SC2046 # two names
	set -- $(sed 's/.*"uuid":"\([^"]*\)".*/\1/' units)
	run 1 'listening on' amtforge-device boot --image "images/$1.bin" \
		--state machine --port 0 --server 127.0.0.1:9
	cp machine/state before
	status 65 amtforge-device boot --image "images/$2.bin" \
		--state machine --port 0 --server 127.0.0.1:9
	says state-other
	says "$1"
	says "$2"
	status 65 amtforge-device mebx --image "images/$2.bin" \
		--state machine </dev/null
	says state-other
	cmp machine/state before
	mkdir -m 700 machines
	mv machine "machines/$2"
	fleet 1 '"event":"hello-failed"'
	[ "$rc" = 1 ]
	grep '"code":"state-other"' events err
	grep "\"event\":\"started\",\"uuid\":\"$1\"" events
	cmp "machines/$2/state" before
}

if [ ! -e $OVMF ]; then
	skip the_device_boots_the_factorys_images "no OVMF"
	done_testing
	exit
fi
t show_prints_the_identity_and_no_secret
t an_image_without_a_record_does_not_boot
t what_is_missing_or_misspelt_is_named
t a_state_that_is_not_understood_is_refused_and_kept
t a_state_of_another_machine_is_refused_and_kept
t each_machine_of_a_fleet_has_its_address_and_its_state
t a_lowered_guard_is_told_at_the_start
t a_fleets_states_need_no_folder_where_they_are_volatile
t a_fleet_goes_on_without_the_image_that_does_not_boot
done_testing
