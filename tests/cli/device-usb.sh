#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-device boot --usb: what a machine does with a one-touch key, and the
# whole chain from the order to a machine that was set up by what the key held.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd

# bare UUID...: images of machines without a shared key, whose password is the
# factory's, in ./bare; of AMT $amt.
bare() {
	sed -e "s|\"demo-root.pem\"|\"$ROOT/configs/demo-root.pem\"|" \
		-e 's/^mebx = .*/mebx = "default";/' \
		-e "s/^amt = .*/amt = \"${amt:-3.0}\";/" \
		"$ROOT/configs/profile-pki.cfg" >bare.cfg
	i=0
	echo serial,uuid >bare.csv
	for u; do
		i=$((i + 1))
		echo "bare-$i,$u" >>bare.csv
	done
	amtforge ledger init bare.db
	amtforge order open bare.db bare.cfg --id BARE
	amtforge unit issue bare.db BARE --units bare.csv >/dev/null
	a_base 4M
	amtforge image write bare.db BARE --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out bare
}

# key psk|pki N: key.img with the records of an order of N units.
key() {
	sed -e "s|\"demo-root.pem\"|\"$ROOT/configs/demo-root.pem\"|" \
		-e "s/^amt = .*/amt = \"${key_amt:-3.0}\";/" \
		"$ROOT/configs/profile-$1.cfg" >key.cfg
	amtforge ledger init key.db
	amtforge order open key.db key.cfg --id KEY
	amtforge unit issue key.db KEY --count "$2" --json >key.units
	amtforge setupbin make key.db KEY --out key.bin
	amtforge usb image key.bin key.img
}

# boot N [OPTION...]: the Nth machine with key.img, until it has started; its
# events are in ./events.
boot() {
	n=$1
	shift
	u=$(printf '0000000%d-0000-4000-8000-000000000001' "$n")
	: >events
	amtforge-device boot --image "bare/$u.bin" --state "machine-$n" \
		--usb key.img --port 0 --server 127.0.0.1:9 --json "$@" \
		>events 2>log &
	device=$!
	wait_for '"event":"\(started\|silent\)"' events || return 1
	kill "$device"
	wait "$device" || :
}

# usb WORDS: the event about the key holds them.
usb() {
	grep '"event":"usb"' events | grep -qF -- "$1" && return 0
	cat events log
	return 1
}

# changed N: so many bytes of the key are not as in ./was.img.
changed() {
	[ "$(cmp -l was.img key.img | wc -l)" = "$1" ]
}

ids() {
	for i in $(seq "$1"); do
		printf '0000000%d-0000-4000-8000-000000000001\n' "$i"
	done
}

each_machine_takes_the_next_record_by_two_bytes_until_none_is_left() {
	# shellcheck disable=SC2046 # words
	bare $(ids 4)
	key psk 3
	for i in 1 2 3; do
		cp key.img was.img
		boot $i
		changed 2
		usb "\"applied\":true,\"used\":true,\"record\":$i,\"left\":$((3 - i))"
		pid=$(sed -n "${i}s/.*\"pid\":\"\([^\"]*\)\".*/\1/p" key.units)
		usb "\"pid\":\"$pid\""
		amtforge usb read --image key.img --reconcile key.db --json >told
		grep "\"record\":$i,\"pid\":\"$pid\"" told |
			grep -q '"state":"possibly-applied","copy":false'
		grep -q "\"unused\":$((3 - i)),\"possibly_applied\":$i,.*\"whole\":true" told
		grep -q '"words":"talks, PSK"' events
	done
	cp key.img was.img
	boot 4
	changed 0
	usb '"applied":false'
	usb 'no unused record left of 3'
	usb '"reason":"key-used-up"'
	grep -q '"words":"talks, PKI"' events
	amtforge usb read --image key.img --reconcile key.db --json >told
	grep -q '"possibly_applied":3' told
}

a_machine_that_met_a_key_leaves_it_alone_at_its_next_start() {
	# shellcheck disable=SC2046 # words
	bare $(ids 2)
	key psk 2
	boot 1
	cp key.img was.img
	boot 1
	changed 0
	usb '"reason":"key-not-factory"'
	grep -q '"words":"talks, PSK"' events
	rm key.img # and it needs the key no more
	boot 1
	grep -q '"words":"talks, PSK"' events
	boot 2
	usb 'cannot be opened: No such file'
	grep -q '"words":"talks, PKI"' events
	[ "$(stat -c %a machine-1/state)" = 600 ]
}

a_key_that_is_not_to_be_consumed_serves_all_and_is_not_written() {
	amt=6.0 key_amt=6.0
	# shellcheck disable=SC2046 # words
	bare $(ids 2)
	key pki 1
	cp key.img was.img
	for i in 1 2; do
		boot $i
		cmp was.img key.img
		usb '"applied":true,"used":false,"record":1'
		usb '"keep":true'
	done
}

a_wrong_password_uses_a_record_up_and_no_password_is_told() {
	key psk 2
	a_base 4M
	amtforge image write key.db KEY --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out bare
	set -- bare/*.bin
	cp "$1" bare/00000001-0000-4000-8000-000000000001.bin
	cp key.img was.img
	boot 1 # whose password is not admin any more
	changed 2
	usb '"applied":false,"used":true,"record":1'
	usb '"reason":"key-password"'
	u=$(sed -n 's/.*"uuid":"\([^"]*\)".*/\1/p;q' key.units)
	for secret in pps mebx_password; do
		value=$(amtforge unit show key.db "$u" --reveal --json |
			field $secret)
		[ ${#value} -ge 8 ]
		not grep -qF -- "$value" events log
	done
}

# in_words UUID: that machine with key.img until it has started; ./err.
in_words() {
	: >err
	amtforge-device boot --image "bare/$1.bin" --state machine \
		--usb key.img --port 0 --server 127.0.0.1:9 2>err &
	device=$!
	wait_for 'talks, PKI' err || return 1
	kill "$device"
	wait "$device" || :
}

a_read_only_key_and_one_of_no_fat_are_told_in_words() {
	bare "$(ids 1)"
	key psk 1
	head -c 65536 /dev/zero >key.img
	u=$(ids 1)
	in_words "$u"
	says 'key key.img: key-unreadable: no FAT volume'
	says 'boots without it'
	[ "$(id -u)" != 0 ] || return 0
	amtforge usb image key.bin key.img --force
	chmod 400 key.img
	in_words "$u"
	says 'key-write-protected'
}

a_firmware_knows_files_of_its_age() {
	bare "$(ids 1)"
	key psk 1
	echo 'setupbin_major_max = 1;' >device.cfg
	cp key.img was.img
	boot 1 --config device.cfg
	changed 0
	usb 'file newer than this firmware, which knows versions up to 1.x'
	echo 'setupbin_major_max = 5;' >device.cfg
	status 78 amtforge-device boot --image "bare/$(ids 1).bin" \
		--state other --config device.cfg
	says setupbin_major_max
	status 2 amtforge-device boot --image "bare/$(ids 1).bin" \
		--state other --usb -
}

amt_11_ignores_the_shared_key_and_says_so() {
	amt=11.0
	bare "$(ids 1)"
	key psk 1
	boot 1
	usb '"applied":true'
	usb '"psk_ignored":true'
	grep -q '"words":"talks, PKI"' events
}

# The machine's image knows nothing of the order; the key does.
a_machine_is_set_up_by_what_the_key_held() {
	batch psk 1
	bare "$(cat uuids)"
	amtforge setupbin make line.db O --out key.bin
	amtforge usb image key.bin key.img
	cp key.img was.img
	serve 'tls_certificate = false;'
	status 0 timeout 200 amtforge-device boot --image bare/*.bin \
		--state machine --usb key.img --listen 127.0.0.1 \
		--port "$device_port" --server "127.0.0.1:$port" \
		--exit-when-provisioned
	changed 2
	pid=$(field pid <units | sed 's/..../&-/')
	says "record 1 is applied, PID $pid; 0 left"
	reach_state "$(cat uuids)" provisioned
	stop_server
}

a_blank_board_becomes_the_unit_of_the_record_it_takes() {
	batch psk 2
	amtforge setupbin make line.db O --out key.bin
	amtforge usb image key.bin key.img
	a_base 4M
	cp base.bin before.bin
	cp key.img was.img
	serve 'tls_certificate = false;'
	one=$(sed -n 1p uuids)
	two=$(sed -n 2p uuids)
	status 0 timeout 200 amtforge-device boot --image base.bin \
		--state one --uuid "$one" --usb key.img --listen 127.0.0.1 \
		--port "$device_port" --server "127.0.0.1:$port" \
		--exit-when-provisioned
	changed 2
	pid=$(sed -n 1p units | field pid | sed 's/..../&-/')
	says "$one: key key.img: record 1 is applied, PID $pid; 1 left"
	reach_state "$one" provisioned
	status 0 timeout 200 amtforge-device boot --image base.bin \
		--state two --uuid "$two" --usb key.img --listen 127.0.0.1 \
		--port "$device_port" --server "127.0.0.1:$port" \
		--exit-when-provisioned
	changed 3 # the counter's byte a second time
	says "$two: key key.img: record 2 is applied"
	reach_state "$two" provisioned
	stop_server
	rm key.img
	status 0 amtforge-device boot --image base.bin --state one \
		--port 0 --server 127.0.0.1:9 --exit-when-provisioned
	status 65 amtforge-device boot --image base.bin --state one \
		--uuid "$two" --port 0 --server 127.0.0.1:9
	says "this is machine $one already, not $two"
	status 65 amtforge-device boot --image base.bin --state one \
		--amt 6.0 --port 0 --server 127.0.0.1:9
	says 'this machine has AMT 3.0 already, not 6.0'
	cmp before.bin base.bin
}

# blank [OPTION...]: a blank board until it has started, events in ./events.
blank() {
	: >events
	amtforge-device boot --image base.bin --port 0 --server 127.0.0.1:9 \
		--json "$@" >events 2>log &
	device=$!
	wait_for '"event":"\(started\|silent\)"' events || return 1
	kill "$device"
	wait "$device" || :
}

a_blank_board_goes_on_from_what_it_kept() {
	key psk 2
	a_base 4M
	blank --state machine --uuid "$(ids 1)" --usb key.img
	usb '"applied":true,"used":true,"record":1,"left":1'
	cp key.img was.img
	blank --state machine --usb key.img
	changed 0
	usb '"reason":"key-not-factory"'
	grep "\"uuid\":\"$(ids 1)\".*\"words\":\"talks, PSK\"" events
	blank --state machine
	grep "\"uuid\":\"$(ids 1)\".*\"words\":\"talks, PSK\"" events
	[ "$(stat -c %a machine/state)" = 600 ]
}

a_blank_board_has_the_amt_version_that_is_told() {
	key psk 1
	a_base 4M
	blank --state machine --uuid "$(ids 1)" --usb key.img --amt 11.8
	usb '"applied":true'
	usb '"psk_ignored":true'
	status 2 amtforge-device boot --image base.bin --state other \
		--uuid "$(ids 1)" --usb key.img --amt 2.2
	says 'a firmware version is 3.0 or later'
	status 2 amtforge-device boot --image base.bin --state other \
		--uuid 1234 --usb key.img
	says '1234 is not a UUID'
	[ ! -e other ]
}

a_blank_board_without_a_key_has_nothing_to_start_from() {
	key psk 1
	a_base 4M
	for with in "--uuid $(ids 1)" "--usb key.img"; do
		cp key.img was.img
		# shellcheck disable=SC2086 # an option and its value
		status 65 amtforge-device boot --image base.bin \
			--state machine --port 0 --server 127.0.0.1:9 $with
		says image-no-record
		says '--uuid and --usb'
		changed 0
		[ ! -e machine ]
	done
	status 65 amtforge-device boot --image base.bin --state machine \
		--port 0 --uuid 03000200-0400-0500-0006-000700080009 \
		--usb key.img
	says 'key key.img: uuid-placeholder'
	says 'nothing to start from'
	changed 0
	head -c 65536 /dev/zero >key.img
	status 65 amtforge-device boot --image base.bin --state machine \
		--port 0 --uuid "$(ids 1)" --usb key.img
	says 'key key.img: key-unreadable: no FAT volume'
	not grep -q 'boots without it' err
	says 'nothing to start from'
}

a_machine_with_a_record_is_not_another() {
	bare "$(ids 1)"
	status 65 amtforge-device boot --image "bare/$(ids 1).bin" \
		--state machine --port 0 --server 127.0.0.1:9 \
		--uuid 00000009-0000-4000-8000-000000000001
	says "this is machine $(ids 1) already"
	[ ! -e machine ]
	key psk 1
	boot 1 --uuid "$(ids 1)" --amt 3.0
	usb '"applied":true'
}

if [ ! -e $OVMF ]; then
	skip the_device_takes_one_touch_keys "no OVMF"
	done_testing
	exit
fi
t each_machine_takes_the_next_record_by_two_bytes_until_none_is_left
t a_machine_that_met_a_key_leaves_it_alone_at_its_next_start
t a_key_that_is_not_to_be_consumed_serves_all_and_is_not_written
t a_wrong_password_uses_a_record_up_and_no_password_is_told
t a_read_only_key_and_one_of_no_fat_are_told_in_words
t a_firmware_knows_files_of_its_age
t amt_11_ignores_the_shared_key_and_says_so
t a_machine_is_set_up_by_what_the_key_held
t a_blank_board_becomes_the_unit_of_the_record_it_takes
t a_blank_board_goes_on_from_what_it_kept
t a_blank_board_has_the_amt_version_that_is_told
t a_blank_board_without_a_key_has_nothing_to_start_from
t a_machine_with_a_record_is_not_another
done_testing
