#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer MeshCentral: its reader of the host interface and its WS-Management
#   client set a machine up from its own host: TLS for a named certificate,
#   client control mode, admin control mode by a signature, and from one to the
#   other
#
# Their code is unchanged; tests/interop/hosted.cjs calls it in the order of
# its amtmanager.js, and signs with node's crypto.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"

OVMF=/usr/share/ovmf/OVMF.fd

peer_pack_hosted() {
	timeout 240 npm pack --silent $MESHCENTRAL &&
		tar xzf meshcentral-*.tgz --strip-components=1 package/amt \
			package/agents/modules_meshcmd/amt-mei.js &&
		rm meshcentral-*.tgz
}

peer_hosted() {
	NO_PEER=
	[ -e "$PEERS/hosted/whole" ] || peer_fetch hosted peer_pack_hosted
	command -v node >/dev/null || NO_PEER="no node here"
}

# machine [AMT]: an image of a unit that listens, and its server's chain.
machine() {
	once "hosted-${1:-}" new_machine "$@"
}

new_machine() {
	amtforge-server chain make chain --fqdn prov.corp.example
	cat chain/leaf.pem >all.pem
	grep -c BEGIN all.pem | grep -qx 1 && cat chain/root.pem >>all.pem
	printf '%s\n' 'customer = "c"; credential = "pki"; start = "listen";' \
		"amt = \"${1:-16.0}\";" \
		'hashes = ( { file = "chain/root.pem"; } );' >p.cfg
	amtforge ledger init L
	amtforge order open L p.cfg --id O
	amtforge unit issue L O --count 1 >/dev/null
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write L O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
}

# boot [SUFFIX]
boot() {
	: >events
	amtforge-device boot --image images/*.bin --state machine \
		--listen 127.0.0.1 --port 0 --plain-port 0 \
		--server 127.0.0.1:9 --suffix "${1:-corp.example}" --mei mei \
		--json >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"silent"\|"started"' events
	wait_for '"listening"' events
	tls=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' \
		events)
	plain=$(sed -n 's/.*"plain_port":\([0-9]*\).*/\1/p' events)
}

halt() {
	kill "$device"
	wait "$device" || :
}

# host PORT HOW [WHAT]
host() {
	timeout 60 node "$ROOT/tests/interop/hosted.cjs" "$PEERS/hosted" "$2" \
		mei "$1" all.pem chain/leaf.key ${3+"$3"} >said
}

mode() {
	timeout 30 node "$ROOT/tests/interop/mei.cjs" \
		"$PEERS/hosted/agents/modules_meshcmd/amt-mei.js" mei \
		getControlMode >mode
	cat mode
	grep "\"controlMode\":$1" mode
}

a_host_names_a_server_and_that_one_alone_gets_in() {
	machine 16.0
	boot
	not host "$tls" tls leaf
	wait_for leaf-not-pinned events
	host "$tls" tls || {
		cat said events
		return 1
	}
	grep CommitChanges said
	wait_for '"provisioned"' events
	mode 2
}

a_host_sets_it_up_in_client_control_mode() {
	machine 11.8
	boot
	not host "$plain" ccm nobody
	mode 0
	host "$plain" ccm || {
		cat said events
		return 1
	}
	mode 1
	halt
	boot
	mode 1
	host "$plain" upgrade || {
		cat said events
		return 1
	}
	mode 2
	halt
	boot
	mode 2
}

a_host_undoes_client_control_mode() {
	machine 11.8
	boot
	host "$plain" ccm
	mode 1
	printf '01010000100000040400000000000000' | xxd -r -p >ask
	timeout 10 node -e '
		const s = require("net").connect("mei");
		s.on("data", (d) => { console.log(d.toString("hex")); s.end(); });
		s.write(require("fs").readFileSync("ask"));' >got
	grep -x 01010000100080040400000000000000 got
	mode 0
	host "$plain" ccm
	mode 1
}

a_host_sets_it_up_in_admin_control_mode_by_a_signature() {
	machine 11.8
	boot other.test
	not host "$plain" acm
	grep 'AddNextCertInChain failed.*"value":4' said
	grep suffix-mismatch events
	halt
	boot
	not host "$plain" acm reverse
	grep 'AdminSetup failed.*"value":5' said
	not host "$plain" acm sha1
	grep 'AdminSetup failed.*"value":5' said
	not host "$plain" acm order
	grep 'AddNextCertInChain failed.*"value":4' said
	mode 0
	host "$plain" acm || {
		cat said events
		return 1
	}
	wait_for '"provisioned"' events
	mode 2
}

for name in a_host_names_a_server_and_that_one_alone_gets_in \
	a_host_sets_it_up_in_client_control_mode \
	a_host_undoes_client_control_mode \
	a_host_sets_it_up_in_admin_control_mode_by_a_signature; do
	[ -n "${why:-}" ] || {
		peer_hosted
		why=${NO_PEER:-ok}
		[ -e $OVMF ] || why="no OVMF"
	}
	if [ "$why" != ok ]; then
		skip $name "$why"
	else
		t $name
	fi
done
done_testing
