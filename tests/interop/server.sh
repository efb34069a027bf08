#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer openssl s_server: opens our handshakes, by PSK and by certificates
#
# The server against openssl s_server in the device's place: a TLS end that
# nobody here wrote. It answers no WS-Man; that the handshake completes and
# the first request arrives decrypted is what is judged.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# device ADDRESS OPTION...: s_server; what it received goes to ./received.
device() {
	addr=$1
	shift
	# s_server ends with its standard input: one that never ends
	[ -p silence ] || mkfifo silence
	openssl s_server -accept "$addr:$device_port" -quiet "$@" \
		<>silence >received 2>device.err &
	device=$!
	until_true 90 listens "$addr:$device_port"
}

unplug() {
	kill "$device" 2>/dev/null || :
	wait "$device" 2>/dev/null || :
}

end() {
	kill "$device" 2>/dev/null || :
	stop_server
}

the_key_bytes_of_the_published_pair_open_a_session() {
	batch psk 1
	u=$(cat uuids)
	pid=$(reveal "$u" pid)
	pps=$(reveal "$u" pps)
	serve 'tries = 1;'
	for suite in PSK-AES128-CBC-SHA PSK-AES256-CBC-SHA; do
		device 127.0.0.1 -nocert -psk_identity "$pid" -tls1_2 \
			-psk "$(printf %s "$pps" | od -An -tx1 | tr -d ' \n')" \
			-cipher "$suite:@SECLEVEL=0"
		: >events
		hello 127.0.0.1 "$u" "$pid"
		wait_for 'POST /wsman HTTP/1.1' received
		unplug
		wait_for device-gone events
		grep AMT_GeneralSettings received
	done
	end
}

a_wrong_key_is_rejected_and_nothing_is_sent() {
	batch psk 1
	u=$(cat uuids)
	pid=$(reveal "$u" pid)
	serve 'tries = 1;'
	device 127.0.0.1 -nocert -psk_identity "$pid" -tls1_2 -psk 00112233 \
		-cipher 'PSK-AES128-CBC-SHA:@SECLEVEL=0'
	hello 127.0.0.1 "$u" "$pid"
	wait_for psk-rejected events
	end
	[ ! -s received ]
}

a_device_sees_the_whole_chain_with_its_root() {
	root dev /CN=device
	batch pki 1 dev.pem
	serve 'tries = 1;'
	for version in -tls1_2 -tls1_3; do
		device 127.0.0.1 -cert dev.pem -key dev.key $version \
			-Verify 5 -CAfile chain/root.pem -verify_return_error -purpose any
		: >events
		hello 127.0.0.1 "$(cat uuids)" "$(cert_sha256 chain/root.pem)"
		wait_for 'POST /wsman HTTP/1.1' received
		unplug
		wait_for device-gone events
	done
	end
	# s_server tells each certificate it was shown, by depth.
	grep -q 'depth=1 .*' device.err
}

another_certificate_than_the_pinned_one_gets_no_byte() {
	for who in dev rogue; do
		root $who /CN=device
	done
	batch pki 1 dev.pem
	serve 'tries = 1;'
	for version in -tls1_2 -tls1_3; do
		device 127.0.0.1 -cert rogue.pem -key rogue.key $version
		: >events
		hello 127.0.0.1 "$(cat uuids)" "$(cert_sha256 chain/root.pem)"
		wait_for device-cert-differs events
		sleep 0.2
		[ ! -s received ]
		unplug
	done
	end
}

a_device_that_wants_another_root_is_told_by_its_alert() {
	root dev /CN=device
	batch pki 1
	serve 'tries = 1;'
	device 127.0.0.1 -cert dev.pem -key dev.key -tls1_2 -Verify 5 \
		-CAfile dev.pem -verify_return_error -purpose any
	hello 127.0.0.1 "$(cat uuids)" "$(cert_sha256 chain/root.pem)"
	wait_for device-refused events
	end
	grep -q "$(cert_sha256 chain/root.pem)" events
}

t the_key_bytes_of_the_published_pair_open_a_session
t a_wrong_key_is_rejected_and_nothing_is_sent
t a_device_sees_the_whole_chain_with_its_root
t another_certificate_than_the_pinned_one_gets_no_byte
t a_device_that_wants_another_root_is_told_by_its_alert
done_testing
