#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer Open AMT wsman-messages: its messages alone set our device up, with a
#   shared key and with certificates, in MeshCentral's order and in the SDK's,
#   and manage it afterwards over both ports; each answer is judged
#
# The npm package that RPS is built on writes every request; wsman.cjs sends
# them by Node's TLS and judges what comes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"

MESSAGES=@device-management-toolkit/wsman-messages
MESSAGES_VERSION=5.14.1
PPS=NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ

peer_pack_messages() {
	timeout 240 npm pack --silent $MESSAGES@$MESSAGES_VERSION &&
		tar xzf device-management-toolkit-*.tgz --strip-components=1 &&
		rm device-management-toolkit-*.tgz
}

peer_messages() {
	NO_PEER=
	[ -e "$PEERS/messages/whole" ] ||
		peer_fetch messages peer_pack_messages $MESSAGES
	command -v node >/dev/null || NO_PEER="no node here"
}

# boot psk|pki [LINE...]: a device of that profile and settings on free ports;
# ./words.json is what wsman.cjs is told.
boot() {
	kind=$1
	shift
	batch "$kind" 1
	flash
	boot_one "$@"
	uuid=$(cat uuids)
	# Of whoever signs the device's certificate.
	root ca
	openssl req -new -key ca.key -subj /CN=unit1.example.com -out ca.csr
	openssl x509 -in ca.pem -outform DER -out ca.der
}

# words KEY VALUE...: ./words.json of these and what every plan needs.
words() {
	jq -n --arg mebx 'Mebx#2026' --arg admin 'Admin#2026' --arg pps $PPS \
		--arg uuid "$(echo "$uuid" | sed \
			's/^\(..\)\(..\)\(..\)\(..\)-\(..\)\(..\)-\(..\)\(..\)-\(....\)-/\4\3\2\1\6\5\8\7\9/')" \
		--arg root "$(cert_sha256 chain/root.pem)" \
		--arg serial "$(openssl x509 -in chain/root.pem -noout -serial |
			sed 's/.*=//' | tr A-F a-f |
			sed 's/^/00000000000000000000000000000000/;s/.*\(.\{32\}\)$/\1/')" \
		--arg fqdn provision.example.com \
		'{ mebx: $mebx, admin: $admin, pps: $pps, uuid: $uuid,
			root: $root, serial: $serial, fqdn: $fqdn }' >base.json
	jq -n --args '[$ARGS.positional | _nwise(2)] |
		map({ (.[0]): (.[1] | tonumber? // .) }) | add // {}' "$@" |
		jq -s '.[0] * .[1]' base.json - >words.json
}

# plan NAME KEY VALUE...
plan() {
	name=$1
	shift
	words "$@"
	status 0 timeout 120 node "$ROOT/tests/interop/wsman.cjs" \
		"$PEERS/messages" "$name" words.json
	cat out
}

# managed [KEY VALUE...]: over both ports by the new password alone, and undone
# at the end.
managed() {
	wait_for '"event":"provisioned"' events
	plan after port "$tls" password 'Admin#2026' "$@"
	plan outsider port "$tls" password admin "$@"
	plan outsider port "$tls" "$@"
	plan unprovision port "$tls" password 'Admin#2026' "$@"
	wait_for '"event":"unprovisioned"' events
}

certificates_set_it_up_in_meshcentrals_order() {
	boot pki
	cat chain/leaf.pem chain/root.pem >chain.pem
	plan meshcentral port "$tls" cert chain.pem key chain/leaf.key
	managed
}

certificates_set_it_up_in_the_classic_order_with_a_log_in() {
	boot pki 'challenge = "always";'
	cat chain/leaf.pem chain/root.pem >chain.pem
	plan outsider port "$tls" cert chain.pem key chain/leaf.key password x
	plan classic port "$tls" cert chain.pem key chain/leaf.key \
		password "$(reveal "$uuid" mebx_password)" quotes 1
	managed chunked 1 quotes 1
}

a_shared_key_sets_it_up_in_the_classic_order() {
	boot psk
	plan classic port "$tls" psk "$(reveal "$uuid" pps)" \
		pid "$(reveal "$uuid" pid)" \
		password "$(reveal "$uuid" mebx_password)"
	managed pid "$(reveal "$uuid" pid)"
}

a_shared_key_sets_it_up_in_meshcentrals_order() {
	boot psk
	plan meshcentral port "$tls" psk "$(reveal "$uuid" pps)" \
		pid "$(reveal "$uuid" pid)" chunked 1 \
		password "$(reveal "$uuid" mebx_password)"
	wait_for '"event":"provisioned"' events
	plan after port "$bare" plain 1 pid x password 'Admin#2026'
}

TESTS='certificates_set_it_up_in_meshcentrals_order
	certificates_set_it_up_in_the_classic_order_with_a_log_in
	a_shared_key_sets_it_up_in_the_classic_order
	a_shared_key_sets_it_up_in_meshcentrals_order'

why=
[ -e $VARS ] || why="no OVMF"
[ -n "$why" ] || {
	peer_messages
	why=$NO_PEER
}
for name in $TESTS; do
	if [ -n "$why" ]; then
		skip "$name" "$why"
	else
		t "$name"
	fi
done
done_testing
