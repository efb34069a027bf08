#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# peer MeshCentral: activates our device, found by DHCP and DNS, over TLS 1.0 to
#   1.3, and not one with another root, domain, only root or preset name; nor
#   without the OID
#
# MeshCentral's own code runs unchanged (meshcentral.cjs says what is preloaded)
# on a LAN of network namespaces, one host for each device, since it deals with
# an address once. What a device must refuse is refused with its reason.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

OVMF=/usr/share/ovmf/OVMF.fd
FQDN=provisionserver.corp.example
SETUP=$SHARED/tools/meshcentral_peer
export NETLAB_PREFIX=mesh$$ NETLAB_STATE=$TEST_DIR/lab NETLAB_DOMAIN=corp.example
# A host that says it is of class "other" is told another domain.
export NETLAB_DNSMASQ="--dhcp-vendorclass=set:other,other \
--dhcp-option=tag:other,option:domain-name,corp.other \
--address=/corp.other/10.77.0.10 --address=/other.corp.example/10.77.0.10"
MESH=$TEST_DIR/mesh
export AMTFORGE_PEER_TLS=$TEST_DIR/tls.json

lab() {
	"$SHARED/tools/netlab.sh" "$@"
}

# on HOST COMMAND...
on() {
	lab exec "$@"
}

# The lab with a host for each device, and MeshCentral on provisionserver.
meshcentral_runs_on_a_lan() {
	lab up 10
	lab dhcp start
	MESH_REUSE_NODE_MODULES=$PEER_MODULES
	export MESH_REUSE_NODE_MODULES
	mkdir -p "$MESH"
	ln -s "$PEER_MODULES" "$MESH/node_modules"
	"$SETUP/setup.sh" "$MESH"
	NODE_OPTIONS="--require $ROOT/tests/interop/meshcentral.cjs" \
		MESH_SHIM=0 lab bg prov mesh "$SETUP/start.sh" "$MESH"
	until_true 120 mesh_listens && return
	cat "$NETLAB_STATE/mesh.log"
	return 1
}

mesh_listens() {
	on prov ss -Hltn 'sport = :9971' | grep -q .
}

# image [LINE...]: ./unit.bin of a PKI profile with MeshCentral's root in its
# list and these lines added or, where they set hashes, in their place.
image() {
	cp "$MESH/data/root.crt" root.pem
	sed 's|"demo-root.pem"|"root.pem"|' "$ROOT/configs/profile-pki.cfg" \
		>profile.cfg
	case $* in
	*hashes*) sed -i '/^hashes/,/);/d' profile.cfg ;;
	esac
	[ $# -eq 0 ] || printf '%s\n' "$@" >>profile.cfg
	amtforge ledger init line.db
	amtforge order open line.db profile.cfg --id O
	amtforge unit issue line.db O --count 1 --json >row
	uuid=$(field uuid <row)
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	mv images/*.bin unit.bin
}

# boot HOST [OPTION...]: the device shares that host's interface, and finds the
# server by what DHCP tells the host: it is given no name. LEASE has options of
# the host's DHCP client.
boot() {
	host=$1
	shift
	: >events
	# Not by a function: the pid is to be the device's.
	"$SHARED/tools/netlab.sh" exec "$host" "$BIN/amtforge-device" boot \
		--image unit.bin --state machine --interface eth0 \
		--dhcp host --json "$@" >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"event":"listening"' events
	# shellcheck disable=SC2086 # words
	lab lease "$host" ${LEASE:-} >lease.log 2>&1
	address=$(on "$host" ip -br addr show eth0 | awk '{ print $3 }')
	address=${address%/*}
	wait_for '"event":"hello"' events
}

end() {
	kill "$device"
	wait "$device" || :
}

# activated WORDS: MeshCentral has set the device up, in a session of that TLS.
activated() {
	wait_for '"event":"provisioned"' events
	grep "\"event\":\"session\".*$1" events
	grep '"event":"provisioned".*"words":"'$FQDN'"' events
	wait_for "\"amtUuid\":\"$uuid\"" "$MESH/data/amtactivation.log"
	grep "\"amtUuid\":\"$uuid\"" "$MESH/data/amtactivation.log" |
		grep '"action":"acmactivate-bare-metal"' | field pass >password
}

# ask PASSWORD URI: a WS-Man Get as admin, answer in ./soap; the HTTP status.
ask() {
	sed "s|>[^<>]*/AMT_GeneralSettings<|>$2<|" \
		"$ROOT/tests/interop/get-general.xml" >get.xml
	printf 'user = "admin:%s"\n' "$1" >login
	on "$host" curl -sk -K login --digest -o soap -w '%{http_code}' \
		-d @get.xml "https://$address:16993/wsman"
}

# The device says who set it up, and only MeshCentral's password opens it.
opened_by_its_password() {
	record=http://intel.com/wbem/wscim/1/ips-schema/1/IPS_TLSProvisioningRecord
	[ "$(ask "$(cat password)" $record)" = 200 ]
	grep "ProvServerFQDN>$FQDN<" soap
	[ "$(ask "not$(cat password)" $record)" = 401 ]
	[ "$(ask admin $record)" = 401 ]
}

# refused REASON: the device said so to MeshCentral, which did not activate it.
refused() {
	wait_for '"event":"refused"' events
	grep "\"event\":\"refused\".*\"reason\":\"$1\"" events
	not grep -q '"event":"session"' events
	not grep -q '"event":"provisioned"' events
	not grep -q "$uuid" "$MESH/data/amtactivation.log"
}

# Another host's name, another's hello: MeshCentral goes by what is in it, and
# by the address it comes from.
forged_hello() {
	sha=$(openssl x509 -in root.pem -outform DER | sha256sum |
		cut -d' ' -f1)
	port=9971 HELLO_TO=10.77.0.10 HELLO_VIA="lab exec $host" \
		hello "$address" "$uuid" "$sha"
}

mesh_says() {
	wait_for "$1" "$NETLAB_STATE/mesh.log"
}

meshcentral_activates_a_device_over_tls_1_3() {
	image
	boot dev1
	activated TLS_AES_256_GCM_SHA384
	opened_by_its_password
	end
}

meshcentral_activates_a_device_over_tls_1_2() {
	image
	echo '{ "max": "TLSv1.2" }' >"$AMTFORGE_PEER_TLS"
	boot dev2
	activated AES256-GCM-SHA384
	not grep -q TLS_AES events
	opened_by_its_password
	rm "$AMTFORGE_PEER_TLS"
	end
}

# old VERSION: MeshCentral's TLS, and a device that speaks what firmware of its
# age spoke.
old() {
	echo "{ \"min\": \"$1\", \"max\": \"$1\", \"weak\": $2 }" \
		>"$AMTFORGE_PEER_TLS"
	echo 'insecure_legacy_tls = true;' >device.cfg
}

meshcentral_activates_a_device_over_tls_1_1() {
	image
	old TLSv1.1 true
	boot dev8 --config device.cfg
	activated AES256-SHA
	rm "$AMTFORGE_PEER_TLS"
	end
}

meshcentral_activates_a_device_over_tls_1_0() {
	image
	old TLSv1 true
	boot dev9 --config device.cfg
	activated AES256-SHA
	rm "$AMTFORGE_PEER_TLS"
	end
}

# At its usual security level Node sends no certificate then.
a_server_without_a_certificate_is_refused_by_old_tls_too() {
	image
	old TLSv1.1 false
	boot dev10 --config device.cfg
	wait_for '"reason":"chain-missing"' events
	sleep 3 # it tries five times
	not grep -q '"event":"session"' events
	not grep -q '"event":"provisioned"' events
	rm "$AMTFORGE_PEER_TLS"
	end
}

# It connects only where it was announced, so the hello is another's.
an_image_with_another_root_refuses_it() {
	root other
	image 'hashes = ( { file = "other.pem"; name = "other"; } );'
	boot dev3
	mesh_says 'Unable to find a matching ACM activation certificate'
	not grep -q '"event":"refused"' events
	forged_hello
	refused root-not-listed
	end
}

a_root_that_is_not_the_only_one_to_use_is_refused() {
	root other
	image 'hashes = ( { file = "root.pem"; name = "mesh"; },' \
		'{ file = "other.pem"; name = "other"; only = true; } );'
	boot dev4
	forged_hello
	refused root-not-only
	end
}

a_device_in_another_domain_refuses_it() {
	image
	LEASE='-V other' boot dev5
	refused suffix-mismatch
	end
}

a_device_with_another_preset_name_refuses_it() {
	image 'server_fqdn = "other.corp.example";'
	boot dev6
	refused fqdn-mismatch
	end
}

# MeshCentral takes no such certificate from its files: it goes in its place
# when it connects.
a_certificate_without_the_oid_is_refused() {
	image
	openssl req -new -key "$MESH/data/prov.key" -subj "/CN=$FQDN" \
		-out bare.csr
	echo extendedKeyUsage=serverAuth >ext
	openssl x509 -req -in bare.csr -CA "$MESH/data/sub.crt" \
		-CAkey "$MESH/data/sub.key" -CAcreateserial -days 9 \
		-extfile ext -out bare.pem 2>/dev/null
	echo "{ \"leaf\": \"$PWD/bare.pem\" }" >"$AMTFORGE_PEER_TLS"
	boot dev7
	refused no-amt-mark
	rm "$AMTFORGE_PEER_TLS"
	end
}

TESTS='meshcentral_activates_a_device_over_tls_1_3
	meshcentral_activates_a_device_over_tls_1_2
	meshcentral_activates_a_device_over_tls_1_1
	meshcentral_activates_a_device_over_tls_1_0
	a_server_without_a_certificate_is_refused_by_old_tls_too
	an_image_with_another_root_refuses_it
	a_root_that_is_not_the_only_one_to_use_is_refused
	a_device_in_another_domain_refuses_it
	a_device_with_another_preset_name_refuses_it
	a_certificate_without_the_oid_is_refused'

why=
if [ ! -x "$SHARED/tools/netlab.sh" ]; then
	why="no ../shared/tools"
elif [ "$(id -u)" != 0 ] || ! command -v ip dnsmasq busybox >/dev/null; then
	why="needs root, iproute2, dnsmasq-base and busybox"
elif [ ! -e $OVMF ]; then
	why="no OVMF"
elif ! ip netns add "$NETLAB_PREFIX-try" 2>/dev/null; then
	why="no network namespaces here"
else
	ip netns del "$NETLAB_PREFIX-try"
	peer_server
	why=$NO_PEER
fi
if [ -z "$why" ]; then
	trap 'lab down' EXIT
	t meshcentral_runs_on_a_lan
	[ "$fails" -eq 0 ] || why="MeshCentral does not run"
fi
for name in $TESTS; do
	if [ -n "$why" ]; then
		skip "$name" "$why"
	else
		t "$name"
	fi
done
done_testing
