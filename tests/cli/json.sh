#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What --json prints: one object a line, and no key that amtforge-json(7) does
# not tell, with one name for one thing in every program.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

# prints PROGRAM ARGUMENT...: its objects go to ./all; it may refuse.
prints() {
	"$@" --json >one 2>>err || :
	[ -s one ] || { echo "nothing printed: $*"; return 1; }
	jq -e 'type == "object"' one >/dev/null || { cat one; return 1; }
	[ "$(jq -c . one | wc -l)" = "$(wc -l <one)" ] || {
		echo "not one object a line: $*"
		return 1
	}
	cat one >>all
}

told() {
	sed -n 's/^\.It Sy \([A-Za-z_0-9]*\)$/\1/p' \
		"$ROOT/man/amtforge-json.7" | sort
}

# all_told: each key of ./all, at any depth, is in the page.
all_told() {
	jq -r '.. | objects | keys[]' all | sort -u >printed
	[ "$(wc -l <printed)" -ge "$1" ]
	told | comm -23 printed - >missing
	[ ! -s missing ] || { cat missing; return 1; }
}

the_factorys_keys_are_told() {
	batch psk 2
	u=$(head -n 1 uuids)
	amtforge image new base.bin --size 1M --bios "$VARS"
	map=$ROOT/configs/map-ovmf.cfg
	prints amtforge key psk --count 2
	prints amtforge key pair --type ec256 --count 1 --out keys
	prints amtforge hash show chain/root.pem
	prints amtforge profile check profile.cfg
	prints amtforge ledger check line.db
	prints amtforge order show line.db
	prints amtforge unit list line.db O
	prints amtforge unit show line.db "$u" --reveal
	prints amtforge image show base.bin
	prints amtforge image plan base.bin "$map" line.db "$u"
	prints amtforge image check base.bin "$map"
	prints amtforge image write line.db O --base base.bin --map "$map" \
		--out images
	prints amtforge image show "images/$u.bin"
	prints amtforge image check "images/$u.bin" "$map" line.db "$u"
	prints amtforge image scrub "images/$u.bin" "$map" clean.bin
	prints amtforge manifest check batch.amt --trust factory.pem
	prints amtforge manifest list batch.amt --trust factory.pem --key it.key
	prints amtforge setupbin make line.db O --out SETUP.BIN
	prints amtforge setupbin list line.db O
	prints amtforge setupbin decode SETUP.BIN
	prints amtforge usb image SETUP.BIN key.img
	prints amtforge order show line.db NONE
	all_told 120
}

the_servers_the_devices_and_the_agents_keys_are_told() {
	batch psk 1
	u=$(cat uuids)
	flash
	prints amtforge-server chain check chain/leaf.pem --hash sha1
	prints amtforge-server list state
	prints amtforge-server list state --summary
	prints amtforge-device show "images/$u.bin"
	serve 'tls_certificate = false;
		tenants = ( { name = "acme"; profiles = ( { name = "p"; } ); } );'
	hello 127.0.0.9 "$u" 0000000C
	wait_for pid-unknown events
	prints amtforge-server config check server.cfg
	prints amtforge-server alarms state
	prints amtforge-server explain state "$u"
	amtforge-device boot --image "images/$u.bin" --state d --json \
		--listen 127.0.0.7 --port "$device_port" --mei m \
		--server "127.0.0.1:$port" >boot.json 2>boot.log &
	device=$!
	reach_state "$u" provisioned
	prints amtforge-server show state "$u" --reveal
	prints amtforge-server wait state "$u" --timeout 5
	prints amtforge-server setup state "$u"
	prints amtforge-server otp state "$u"
	prints amtforge-agent --mei m info
	prints amtforge-agent --mei m wait --timeout 1
	kill "$device"
	wait "$device" || :
	stop_server
	cat boot.json events >>all
	prints amtforge-server import state batch.amt --trust factory.pem \
		--key it.key
	prints amtforge-server explain state O-1
	all_told 90
}

# Rows of the ledger and of the server's store can be joined.
one_thing_has_one_name() {
	batch psk 1
	amtforge unit list line.db O --json >issued
	amtforge-server list state --json >listed
	for key in uuid serial order mode amt; do
		[ "$(jq -r ".$key" issued)" = "$(jq -r ".$key" listed)" ]
	done
}

if ! command -v jq >/dev/null; then
	skip the_keys_are_told "no jq"
elif [ ! -e "$VARS" ]; then
	skip the_keys_are_told "no $VARS (package ovmf)"
else
	t the_factorys_keys_are_told
	t the_servers_the_devices_and_the_agents_keys_are_told
	t one_thing_has_one_name
fi
done_testing
