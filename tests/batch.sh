# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For tests of the server, after lib.sh: a batch from the order to the store,
# hellos from any loopback address, a server on free ports.

# shellcheck source=tests/pki.sh
. "$ROOT/tests/pki.sh"

VARS=/usr/share/OVMF/OVMF_VARS.fd

# units_csv N: a units file; the same machines each time, since what a fleet's
# seed deals to a machine hangs on its UUID. They are those from $batch_from.
units_csv() {
	echo serial,uuid
	for i in $(seq "${batch_from:-1}" $((${batch_from:-1} + $1 - 1))); do
		printf 'O-%06d,7d6ea9d0-52ab-4c3f-9b1e-%012x\n' "$i" "$i"
	done
}

# batch psk|pki N [PIN]: ledger, order and store ("state") in this folder, N
# units, their UUIDs in ./uuids; PIN is a certificate to pin for each.
# BATCH_UNITS is a list of them (CSV), else units_csv's; $batch_sed an edit of
# the profile. One without a file of the test's own is made once for a run of
# the tests: this folder gets a copy.
batch() {
	if [ $# -ge 3 ] || [ -n "${BATCH_UNITS:-}" ]; then
		new_batch "$@"
		return
	fi
	once "batch-$1-$2-${batch_from:-1}-$(echo "${batch_sed:-}" |
		cksum | tr ' ' -)" new_batch "$@"
}

# a_chain FQDN: ./chain, with two RSA keys; each name's is made once.
a_chain() {
	once "chain-$1" amtforge-server chain make chain --fqdn "$1"
}

# a_state: an empty store, ./state, with an RSA key; one is made for all.
a_state() {
	once state amtforge-server init state
}

new_batch() {
	root factory
	root it
	amtforge-server chain make chain --fqdn provision.example.com
	sed -e 's|"demo-root.pem"|"chain/root.pem"|' \
		-e "${batch_sed:-}" "$ROOT/configs/profile-$1.cfg" >profile.cfg
	amtforge ledger init line.db
	amtforge order open line.db profile.cfg --id O --quantity "$2"
	[ -n "${BATCH_UNITS:-}" ] || units_csv "$2" >units.csv
	amtforge unit issue line.db O --units "${BATCH_UNITS:-units.csv}" \
		--json >units
	sed 's/.*"uuid":"\([^"]*\)".*/\1/' units >uuids
	if [ $# -ge 3 ]; then
		while read -r u; do
			amtforge unit pin line.db "$u" --cert "$3"
		done <uuids
	fi
	amtforge manifest make line.db O --sign-key factory.key \
		--sign-cert factory.pem --to it.pem --out batch.amt
	amtforge-server init state
	amtforge-server import state batch.amt --trust factory.pem --key it.key
}

# field NAME: of the one JSON row on stdin.
field() {
	sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

# reveal UUID NAME: a secret of the ledger's.
reveal() {
	amtforge unit show line.db "$1" --reveal --json | field "$2"
}

# serve [LINE...]: starts the server with these lines added to its
# configuration; its events go to ./events, its words to ./log.
serve() {
	device_port=${device_port:-$(free_port)}
	{
		echo 'state = "state"; listen = "127.0.0.1";'
		echo "port = ${want_port:-$(free_port 1)};"
		echo "device_port = $device_port;"
		echo 'chains = ( { cert = "chain/leaf.pem";'
		echo '  key = "chain/leaf.key"; } );'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >server.cfg
	: >log
	amtforge-server run server.cfg --json >>events 2>log &
	server=$!
	# A test that fails leaves nothing behind; a bench has its own trap.
	[ -n "${BATCH_TRAP:-}" ] || trap leave EXIT
	wait_for 'listening on' log || {
		cat events
		return 1
	}
	port=$(sed -n 's/.*listening on .* port \([0-9]*\)$/\1/p' log)
}

# shellcheck disable=SC2086,SC2317 # what a test started, if it did
leave() {
	end_all ${server:-} ${fleet:-} ${device:-}
}

stop_server() {
	kill "$server"
	wait "$server"
}

# flash: ./base.bin, and in ./images those of order O; $flash_option may be
# --delta.
flash() {
	amtforge image new base.bin --size 1M --bios $VARS
	# shellcheck disable=SC2086 # or none
	amtforge image write line.db O --base base.bin ${flash_option:-} \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
}

# boot_one [LINE...]: the machine in ./images, with these settings, that finds no
# server; its ports are $tls and $bare, its events go to ./events.
# shellcheck disable=SC2034 # the ports are for the tests
boot_one() {
	: >device.cfg
	[ $# -eq 0 ] || printf '%s\n' "$@" >device.cfg
	: >events
	amtforge-device boot --image images/*.bin --state machine \
		--listen 127.0.0.1 --port 0 --plain-port 0 \
		--server 127.0.0.1:9 --suffix example.com --json \
		--config device.cfg >events 2>log &
	device=$!
	trap 'kill $device 2>/dev/null || :' EXIT
	wait_for '"started"' events
	tls=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' events)
	bare=$(sed -n 's/.*"listening".*"plain_port":\([0-9]*\).*/\1/p' events)
}

# plug_fleet [OPTION...]: devices boot from the images of order O.
plug_fleet() {
	[ -d images ] || flash
	amtforge-device fleet images --state devices --suffix example.com \
		--port "$device_port" --server "127.0.0.1:$port" "$@" \
		>fleet.log 2>&1 &
	fleet=$!
}

# plug_often [OPTION...]: their hellos come every 300 ms.
# shellcheck disable=SC2120 # it may be left out
plug_often() {
	echo 'schedule = ( { count = 900; every_ms = 300; } );' >device.cfg
	plug_fleet --config device.cfg "$@"
}

# plug_told [OPTION...]: hellos every 400 ms; its events go to ./told, its words
# to ./fleet.log.
plug_told() {
	{
		echo 'schedule = ( { count = 100; every_ms = 400; } );'
		echo 'insecure_key_pool = 2;'
	} >device.cfg
	amtforge-device fleet images --state devices --suffix example.com \
		--config device.cfg --port "$device_port" --seed 1 \
		--server "127.0.0.1:$port" --json "$@" >told 2>fleet.log &
	fleet=$!
}

unplug_fleet() {
	kill "$fleet"
	wait "$fleet" || :
	fleet=
}

# until_all_are_set_up SECONDS: of plug_told --exit-when-provisioned.
until_all_are_set_up() {
	timeout "$1" tail --pid="$fleet" -f /dev/null || {
		tail -n 20 told events log
		return 1
	}
	wait "$fleet"
	fleet=
}

# state_of UUID: as the store has it.
state_of() {
	amtforge-server --json list state |
		sed -n 's/.*"uuid":"'"$1"'","state":"\([a-z]*\)".*/\1/p'
}

# Each machine's window was opened then.
seven_hours_ago() {
	sqlite3 state/store.db "UPDATE units SET opened =
		strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 hours')"
}

# reach_state UUID STATE
reach_state() {
	until_true 90 is_in_state "$1" "$2" && return 0
	tail -n 5 log fleet.log
	return 1
}

# The store is asked first: that takes a tenth of the time.
is_in_state() {
	[ "$(sqlite3 state/store.db "SELECT state FROM units
		WHERE uuid = '$1'")" = "$2" ] && [ "$(state_of "$1")" = "$2" ]
}

# told_provisioned N: until the server has told so of N units.
told_provisioned() {
	lines_come 90 "$1" '"state":"provisioned"' events && return 0
	tail -n 5 log fleet.log
	return 1
}

# hello FROM UUID PID|HASH...: a hello in one piece (HASH: hex, SHA-256).
# PIECE=n sends n bytes at a time, CUT=n leaves the last n away. It goes to
# HELLO_TO, by the words HELLO_VIA, such as "ip netns exec NAME".
hello() {
	echo "$*" | hellos
}

# hellos: one for each line of stdin, which has such words.
hellos() {
	# shellcheck disable=SC2086,SC2016 # words
	HELLO_TO=${HELLO_TO:-127.0.0.1} ${HELLO_VIA:-} perl -MIO::Socket::INET -ne '
		BEGIN { $port = shift }
		my ($from, $uuid, @what) = split;
		$uuid =~ tr/-//d;
		my @u = unpack("a8 a4 a4 a16", $uuid);
		my $b = pack("vvV", 1, $what[0] =~ /^[0-9A-Z]{8}$/ ? 2 : 3, 0);
		$b .= reverse pack("H*", $u[$_]) for 0 .. 2;
		$b .= pack("H*", $u[3]);
		$b .= length $what[0] == 8 ? $what[0] :
		    pack("C", scalar @what) .
		    join "", map { pack("CC", 2, 32) . pack("H*", $_) } @what;
		substr($b, -$ENV{CUT}) = "" if $ENV{CUT};
		my $s = IO::Socket::INET->new(PeerAddr => $ENV{HELLO_TO},
		    PeerPort => $port, LocalAddr => $from) or die "$from: $!";
		$s->autoflush(1);
		my $n = $ENV{PIECE} || length $b;
		while (length $b) {
			print $s substr($b, 0, $n, "");
			select undef, undef, undef, 0.01 if length $b;
		}' "$port"
}

# SHA-256 of a certificate, hex.
cert_sha256() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1
}
