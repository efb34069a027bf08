#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server and software devices, from the order to the durable row, and what
# is refused on the way.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# plug N SUFFIX: N devices boot from the images of order O.
plug() {
	flash
	amtforge-device fleet images --state devices --suffix "$1" --port "$device_port" \
		--server "127.0.0.1:$port" >fleet.log 2>&1 &
	fleet=$!
}

end() {
	kill "$fleet" 2>/dev/null || :
	stop_server
}

# reach N: until so many units are provisioned in the store.
reach() {
	until_true 90 reached "$1" && return 0
	tail -n 5 log fleet.log
	return 1
}

reached() {
	[ "$(amtforge-server list state --json |
		grep -c '"state":"provisioned"')" -ge "$1" ]
}

machines_with_a_shared_key_are_set_up() {
	batch psk 3
	serve 'tls_certificate = false;'
	plug example.com
	reach 3
	end
	[ "$(grep -c '"state":"provisioned"' events)" = 3 ]
}

machines_with_certificates_are_set_up_after_a_kill() {
	batch pki 2
	serve
	plug example.com
	wait_for '"state":"provisioned"' events
	kill -KILL "$server"
	wait "$server" || :
	want_port=$port serve
	reach 2
	end
}

a_device_in_another_domain_refuses_us_and_says_so() {
	batch pki 1
	serve
	plug other.net
	wait_for device-refused-domain events
	grep -q provision.example.com events
	end
}

strangers_and_broken_hellos_are_refused() {
	batch psk 1
	u=$(cat uuids)
	pid=$(reveal "$u" pid)
	serve
	hello 127.0.0.2 11111111-2222-4333-8444-555555555555 ABCDEFG8
	wait_for uuid-unknown events
	hello 127.0.0.2 "$u" ABCDEFG8
	wait_for pid-unknown events
	hello 127.0.0.2 11111111-2222-4333-8444-555555555555 "$pid"
	wait_for pid-other-unit events
	hello 127.0.0.2 "$u" "$(cert_sha256 chain/root.pem)"
	wait_for mode-mismatch events
	CUT=3 hello 127.0.0.2 "$u" "$pid"
	wait_for hello-malformed events
	stop_server
}

a_root_that_is_not_announced_is_refused() {
	batch pki 1
	serve
	hello 127.0.0.2 "$(cat uuids)" "$(cert_sha256 factory.pem)"
	wait_for root-not-announced events
	stop_server
}

t strangers_and_broken_hellos_are_refused
t a_root_that_is_not_announced_is_refused
if [ -e $VARS ]; then
	t machines_with_a_shared_key_are_set_up
	t machines_with_certificates_are_set_up_after_a_kill
	t a_device_in_another_domain_refuses_us_and_says_so
else
	skip machines_are_set_up "no $VARS (package ovmf)"
fi
done_testing
