# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests on a LAN of network namespaces, after lib.sh: the lab of
# ../shared/tools/netlab.sh (a switch, a DHCP and DNS server, a provisioning
# server's host, a rogue's and devices'), factories and servers in it. A lab
# stands for all tests of one file.

# shellcheck source=tests/pki.sh
. "$ROOT/tests/pki.sh"

LAB_TOOL=$SHARED/tools/netlab.sh
NETLAB_PREFIX=t$$
NETLAB_STATE=${TMPDIR:-/tmp}/lab-$NETLAB_PREFIX
NETLAB_NET=10.77.0
NETLAB_DOMAIN=corp.example
NETLAB_EVIL_DOMAIN=evil.example
export NETLAB_PREFIX NETLAB_STATE NETLAB_NET NETLAB_DOMAIN NETLAB_EVIL_DOMAIN
VARS=/usr/share/OVMF/OVMF_VARS.fd

lab() {
	bash "$LAB_TOOL" "$@"
}

# Why there can be no lab here, or nothing.
lab_missing() {
	[ -e "$LAB_TOOL" ] || { echo "no ../shared/tools/netlab.sh"; return; }
	[ -e $VARS ] || { echo "no $VARS (package ovmf)"; return; }
	[ "$(id -u)" = 0 ] || { echo "network namespaces need root"; return; }
	for tool in bash ip dnsmasq busybox nft; do
		command -v $tool >/dev/null || { echo "no $tool"; return; }
	done
	ip netns add "$NETLAB_PREFIX-try" 2>/dev/null ||
		{ echo "network namespaces are not allowed here"; return; }
	ip netns del "$NETLAB_PREFIX-try"
}

# lab_open N: the lab with N devices, gone when this shell ends.
lab_open() {
	trap 'lab down' EXIT
	trap 'exit 130' INT TERM
	lab up "$1"
}

# What the test before left running is ended, wires are whole again.
lab_clean() {
	for f in "$NETLAB_STATE"/*.pid; do
		[ ! -e "$f" ] || lab stop "$(basename "$f" .pid)"
	done
	n=$(cat "$NETLAB_STATE/ndev")
	while [ "$n" -gt 0 ]; do
		lab unlease "dev$n"
		lab link "dev$n" up
		lab loss "dev$n" 0
		n=$((n - 1))
	done
	rm -f "$NETLAB_STATE"/*leases "$NETLAB_STATE"/*.log
}

# lt NAME: a test, with a lab that was cleaned for it.
lt() {
	lab_clean >/dev/null 2>&1
	t "$1"
}

# make_batch psk|pki NAME N [LINE...]: ledger, order and a store in folder
# NAME, whose images are NAME/images; LINE is added to the profile. The chain
# is of provisionserver.$NETLAB_DOMAIN. One of each kind is made for a run of
# the tests, and copied, but for one with a certificate to pin, PIN.
make_batch() {
	kind=$1 into=$2
	mkdir -p "$into"
	shift 2
	if [ -n "${PIN:-}" ]; then
		(cd "$into" && new_lab_batch "$kind" "$@")
		return
	fi
	(cd "$into" && once "lab-$kind-$(echo "$*" | cksum | tr ' ' -)" \
		new_lab_batch "$kind" "$@")
}

new_lab_batch() {
	count=$2
	sed 's|"demo-root.pem"|"chain/root.pem"|' \
		"$ROOT/configs/profile-$1.cfg" >profile.cfg
	shift 2
	root factory
	root it
	amtforge-server chain make chain \
		--fqdn "provisionserver.$NETLAB_DOMAIN"
	for line; do
		key=${line%% *}
		sed -i "/^ *$key *=/d" profile.cfg
		printf '%s\n' "$line" >>profile.cfg
	done
	amtforge ledger init line.db
	amtforge order open line.db profile.cfg --id O --quantity "$count"
	amtforge unit issue line.db O --count "$count" --json >units
	sed 's/.*"uuid":"\([^"]*\)".*/\1/' units >uuids
	[ -z "${PIN:-}" ] || while read -r u; do
		amtforge unit pin line.db "$u" --cert "$PIN"
	done <uuids
	amtforge image new base.bin --size 1M --bios $VARS
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	amtforge manifest make line.db O --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out batch.amt
	amtforge-server init state
	amtforge-server import state batch.amt --trust factory.pem --key it.key
}

# serve HOST BATCH [LINE...]: a server there, of that batch's store, in the
# background as "server-HOST"; its events are in events-HOST.
serve() {
	host=$1 batch=$2
	shift 2
	{
		echo "state = \"$batch/state\";"
		case " $* " in *" chains ="*) ;; *)
			echo "chains = ( { cert = \"$batch/chain/leaf.pem\";"
			echo "  key = \"$batch/chain/leaf.key\"; } );" ;;
		esac
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"server-$host.cfg"
	lab bg "$host" "server-$host" \
		amtforge-server run "server-$host.cfg" --json
	events_of "server-$host"
	wait_for 'listening on' "server-$host"
}

# plug DEV BATCH [OPTION...]: the first image of that batch boots in DEV, in
# the background as "DEV". The schedule is quick: a hello each 2 s.
plug() {
	dev=$1 batch=$2
	shift 2
	[ -e device.cfg ] || {
		echo 'schedule = ( { count = 1000; every_ms = 2000; } );'
		echo 'host_wait_seconds = 3;'
	} >device.cfg
	lab bg "$dev" "$dev" amtforge-device boot --image "$batch"/images/*.bin \
		--state "machine-$dev" --interface eth0 --config device.cfg \
		--json "$@"
	events_of "$dev"
}

# Its output, by its name, in this folder.
events_of() {
	ln -sf "$NETLAB_STATE/$1.log" "$1"
}

# provisioned BATCH: how many units its store says are.
provisioned() {
	amtforge-server list "$1/state" --json |
		grep -c '"state":"provisioned"' || :
}

# is_provisioned BATCH: its one unit.
is_provisioned() {
	[ "$(provisioned "$1")" = 1 ]
}
