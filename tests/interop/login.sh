#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer curl: signs in to a machine with the password the server tells
#
# What the server tells of a machine it has set up opens that machine: curl
# logs in to it with the revealed password.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# ask PASSWORD: a WS-Man Get with it; prints the HTTP status, answer in ./soap.
ask() {
	printf 'user = "admin:%s"\n' "$1" | curl -sk -K - --digest -o soap \
		-w '%{http_code}' -d "@$ROOT/tests/interop/get-general.xml" \
		"https://127.0.0.77:$device_port/wsman"
}

the_revealed_password_opens_the_machine() {
	batch psk 1
	uuid=$(cat uuids)
	serve 'tls_certificate = true;'
	amtforge image new base.bin --size 1M --bios /usr/share/OVMF/OVMF_VARS.fd
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	amtforge-device boot --image "images/$uuid.bin" --state dev \
		--listen 127.0.0.77 --port "$device_port" \
		--server "127.0.0.1:$port" >dev.log 2>&1 &
	device=$!
	wait_for '"state":"provisioned"' events
	status 0 amtforge-server show state "$uuid"
	not grep -q password out
	status 0 amtforge-server show state "$(echo "$uuid" | tr a-f A-F)" \
		--reveal --json
	password=$(field admin_password <out)
	[ "$(ask "$password")" = 200 ]
	grep -q DigestRealm soap
	[ "$(ask "not$password")" = 401 ]
	sqlite3 state/store.db 'SELECT what, object FROM audit' |
		grep -qx "show reveal|$uuid"
	kill "$device"
	stop_server
}

t the_revealed_password_opens_the_machine
done_testing
