#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/demo.sh BUILD: a factory batch that provisions itself, from the order
# to the last machine, with the server killed on the way. Everything happens
# in a temporary folder and on loopback addresses. Ends with status 0 only if
# all devices are provisioned.
set -eu
build=$1
cd "$(dirname "$0")/.."
PATH=$PWD/$build/bin:$PATH
CONFIGS=$PWD/configs
BIOS=/usr/share/ovmf/OVMF.fd
EACH=10 # machines an order
ALL=$((2 * EACH))
began=$(date +%s)
server=
fleet=

if [ ! -e $BIOS ]; then
	echo "demo: $BIOS is missing: ./quickstart deps demo" >&2
	exit 66
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-demo.XXXXXX")
# shellcheck disable=SC2086 # no process, no argument
finish() {
	rc=$?
	trap - EXIT
	kill $server $fleet 2>/dev/null || :
	wait
	if [ $rc -ne 0 ]; then
		for log in server fleet; do
			[ -e $log.log ] || continue
			echo "demo: the end of $log.log:" >&2
			tail -n 5 $log.log >&2
		done
	fi
	rm -rf "$work"
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$work"

step() {
	printf '\n%3d s  %s\n' $(($(date +%s) - began)) "$1"
	shift
	[ $# -eq 0 ] || printf '       %s\n' "$@"
}

# try COMMAND...: shows it and runs it, its words indented; its data is left
# out here.
try() {
	echo "       \$ $*" | sed "s|$CONFIGS|configs|g"
	rc=0
	"$@" >data 2>words || rc=$?
	sed 's/^/         /' words
	return $rc
}

provisioned() {
	amtforge-server --json list state | grep -c '"state":"provisioned"' || :
}

# reach N SECONDS: waits until N devices are provisioned.
reach() {
	deadline=$(($(date +%s) + $2))
	while [ "$(provisioned)" -lt "$1" ]; do
		if [ "$(date +%s)" -ge $deadline ]; then
			echo "demo: $(provisioned) of $1 after $2 s" >&2
			return 0
		fi
		sleep 0.2 # who looks takes of the cores as well
	done
}

# free BEGIN: a port from there on that nobody holds.
free() {
	perl -MIO::Socket::INET -e 'for my $port ($ARGV[0] .. $ARGV[0] + 999) {
		print("$port\n"), exit if IO::Socket::INET->new(
		    Listen => 1, LocalPort => $port) }' "$1"
}

hello_port=$(free $((10000 + $$ % 9000)))
device_port=$(free $((20000 + $$ % 9000)))

start_server() {
	amtforge-server run server.cfg >>server.log 2>&1 &
	server=$!
}

echo "A factory batch that provisions itself: $EACH machines by shared key,"
echo "$EACH by certificate. Everything runs on this machine, in $work."

step "IT makes its provisioning certificate, once:" \
	"a private root, and below it the certificate that devices will ask for."
try amtforge-server chain make chain --fqdn provision.example.com

step "IT and the factory exchange certificates:" \
	"the manifest is signed by one and can be opened by the other only."
for who in factory it; do
	openssl req -x509 -newkey rsa:2048 -noenc -keyout $who.key \
		-out $who.pem -subj "/CN=demo $who" -days 2 2>/dev/null
done

step "The factory opens a ledger and two orders:" \
	"a profile says how the machines of an order set themselves up;" \
	"the one for certificates carries the hash of IT's root."
cat >profile-pki.cfg <<EOF
customer = "Demo customer";
amt = "3.0";
start = "talk";
credential = "pki";
device_key = "device";
mebx = "random";
hashes = ( { file = "chain/root.pem"; name = "demo root"; } );
EOF
try amtforge ledger init line.db
try amtforge order open line.db "$CONFIGS/profile-psk.cfg" --id PSK \
	--quantity $EACH
try amtforge order open line.db profile-pki.cfg --id PKI --quantity $EACH

step "The line issues each machine's secrets:" \
	"recorded before they are printed, so that none is issued twice."
try amtforge unit issue line.db PSK --count $EACH
try amtforge unit issue line.db PKI --count $EACH

step "... and writes each machine's flash image:" \
	"a real UEFI firmware (OVMF); the secrets go into its variable store."
try amtforge image new base.bin --size 8M --bios $BIOS
for order in PSK PKI; do
	try amtforge image write line.db $order --base base.bin \
		--map "$CONFIGS/map-ovmf.cfg" --out images
done

step "The factory hands the batch over: a signed, encrypted manifest an order."
for order in PSK PKI; do
	try amtforge manifest make line.db $order --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out $order.manifest
done

step "IT imports both into its server:" \
	"signature, signer and recipient are judged before a row is read."
try amtforge-server init state
for order in PSK PKI; do
	try amtforge-server import state $order.manifest \
		--trust factory.pem --key it.key
done
cat >server.cfg <<EOF
state = "state";
listen = "127.0.0.1";
port = $hello_port;
device_port = $device_port;
chains = ( { cert = "chain/leaf.pem"; key = "chain/leaf.key"; } );
sessions = 2;
EOF
start_server

step "The machines are plugged in: $ALL devices boot from their images," \
	"each on an address of its own, and say hello until they are set up."
echo 'schedule = ( { count = 1000; every_ms = 500; } );' >device.cfg
timeout 150 amtforge-device fleet images --state devices --config device.cfg \
	--server "127.0.0.1:$hello_port" --port "$device_port" \
	--suffix example.com --exit-when-provisioned >fleet.log 2>&1 &
fleet=$!
reach $EACH 60

step "Half-way, the server is killed (SIGKILL):"
kill -KILL $server
wait $server 2>/dev/null || :
half=$(provisioned)
echo "       $half of $ALL devices are provisioned and stay so."
[ "$half" -lt $ALL ]

step "... and started again; the others go on by themselves."
start_server
reach $ALL 60

n=$(provisioned)
if [ "$n" -eq $ALL ]; then
	wait $fleet # bounded above
	step "All devices agree: each has left the set-up state by itself."
fi

step "What the server tells of them:"
amtforge-server list state
echo "$n of $ALL devices provisioned"
[ "$n" -eq $ALL ]
