#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine of a small business: no hello, no set-up port, set up by hand, and
# then there on the port without TLS.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd
U=11111111-2222-4333-8444-555555555555
NEW='Str0ng!Pass'

# screen LINE...: into mebx, which ends well.
screen() {
	printf '%s\n' "$@" | amtforge-device mebx --state machine \
		--image base.bin --uuid $U >screen
}

boot() {
	: >events
	amtforge-device boot --image base.bin --state machine --uuid $U \
		--listen 127.0.0.1 --port 0 --plain-port 0 --json \
		>events 2>words &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"event":"\(started\|silent\)"' events
	port=$(sed -n 's/.*"port":\([0-9]*\)}$/\1/p' events)
	plain=$(sed -n 's/.*"plain_port":\([0-9]*\),.*/\1/p' events)
}

# asks URL PASSWORD: the status of a request; 000: no answer.
asks() {
	printf 'user = "admin:%s"\n' "$2" | curl -sk --max-time 30 -K - \
		--digest -o body -w '%{http_code}' \
		--data-binary "@$ROOT/tests/interop/get-general.xml" \
		"$1/wsman" || :
}

a_machine_set_up_by_hand_answers_without_tls() {
	amtforge image new base.bin --size 4M --bios $OVMF
	screen admin "$NEW" "$NEW" mode smb save
	boot
	grep '"words":"SMB mode: set up by hand"' events
	[ "$(asks "http://127.0.0.1:$plain" "$NEW")" = 000 ]
	[ "$(asks "https://127.0.0.1:$port" "$NEW")" = 000 ]
	kill $device
	wait $device
	screen "$NEW" activate yes
	boot
	[ "$(asks "http://127.0.0.1:$plain" "$NEW")" = 200 ]
	grep DigestRealm body
	[ "$(asks "http://127.0.0.1:$plain" 'Other!Pass1')" = 401 ]
	[ "$(asks "https://127.0.0.1:$port" "$NEW")" = 000 ]
	not grep '"hello' events
	kill $device
	wait $device
}

if [ -e $OVMF ]; then
	t a_machine_set_up_by_hand_answers_without_tls
else
	skip a_machine_set_up_by_hand_answers_without_tls "no $OVMF"
fi
done_testing
