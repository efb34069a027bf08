#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# meshcentral.sh BUILD: devices a minute of MeshCentral, which nobody here
# wrote, and of our server: images of one order, in one fleet's configuration,
# by certificates; both have a key made in each device and a certificate for
# it. Rows, wanted 50:
#
#	setups-mesh		devices a minute, from the first hello to the last
#		activation that there was within 40 s: starts are left out
#	setups-mesh-cpu		CPU time of the server for each device in that
#		time, which other work on the machine disturbs less
#
# The devices' state is in memory where /dev/shm is there, and they share a few
# key pairs, since it is the servers that are measured.
#
# It runs in a network namespace of its own, since MeshCentral, whose code is
# unchanged (tests/interop/meshcentral.cjs says what is preloaded), listens on
# every address and connects to port 16993.
set -eu
AMTFORGE_BUILD=${AMTFORGE_BUILD:-$PWD/$1}
export AMTFORGE_BUILD
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

SETUP=$SHARED/tools/meshcentral_peer
UNITS=${UNITS:-400}
MESH_UNITS=${MESH_UNITS:-8}
FQDN=provisionserver.example.com

skipped() {
	rmdir "$TEST_DIR"
	echo "setups : meshcentral skipped: $1"
	exit 0
}

# The package is fetched before the network is left.
if [ "${1:-}" != inside ]; then
	[ -x "$SETUP/setup.sh" ] || skipped "no ../shared/tools/meshcentral_peer"
	[ -e $VARS ] || skipped "no $VARS (package ovmf)"
	command -v node >/dev/null || skipped "no node here"
	unshare -n ip link set lo up 2>/dev/null ||
		skipped "no network namespaces here"
	peer_server
	[ -z "$NO_PEER" ] || skipped "$NO_PEER"
	export PEER_MODULES TEST_DIR
	exec unshare -n "$0" inside
fi
ip link set lo up

work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
memory=
[ ! -w /dev/shm ] || memory=$(mktemp -d /dev/shm/amtforge-bench.XXXXXX)
server='' fleet='' mesh=''
# shellcheck disable=SC2034 # for batch.sh
BATCH_TRAP=ours
# shellcheck disable=SC2086,SC2317 # no process, no argument
finish() {
	rc=$?
	end_all $server $fleet $mesh
	rm -rf "$work" "$TEST_DIR" $memory
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$work"

# MeshCentral's folder, and a batch whose devices take either server's root.
prepare() {
	mkdir mesh
	ln -s "$PEER_MODULES" mesh/node_modules
	FQDN=$FQDN PROV_IP=127.0.0.1 MESH_REUSE_NODE_MODULES=$PEER_MODULES \
		"$SETUP/setup.sh" "$work/mesh"
	# shellcheck disable=SC2034 # for batch
	batch_sed="/^hashes/a { file = \"$work/mesh/data/root.crt\"; name = \"mesh\"; },"
	batch pki "$UNITS"
	flash_option=--delta flash
	mkdir few
	find images -name '*.delta' | sort | head -n "$MESH_UNITS" |
		xargs -I{} cp {} few
	echo 'challenge = "never"; insecure_key_pool = 4;' >device.cfg
}

# stamp.pl N SECONDS FILE: how many of N devices a file that grows tells of as
# provisioned, and the seconds from its first hello to the last of them.
cat >stamp.pl <<'PERL'
use Time::HiRes "time";
my ($n, $bound, $file) = @ARGV;
my ($told, $first, $last, $end) = (0, 0, 0, time + 2 * $bound);
open(my $in, "<", $file) or die "$file: $!";
while ($told < $n && time < $end) {
	while (my $line = <$in>) {
		if (!$first && $line =~ /"event":"hello"/) {
			$first = time;
			$end = $first + $bound;
		}
		next unless $line =~ /"event":"provisioned"/;
		$told++;
		$last = time;
	}
	select(undef, undef, undef, 0.003);
	seek($in, 0, 1);
}
die "$told of $n devices set up\n" unless $told;
printf "%d %.6f\n", $told, $last - $first;
PERL

# CPU ticks of a process.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# measure PID N IMAGES PORT SERVER: devices a minute into $got, microseconds of
# CPU of that process for each into $cpu.
measure() {
	pid=$1
	shift
	: >told
	began=$(ticks "$pid")
	amtforge-device fleet "$2" --base base.bin --state "${memory:-.}/$2" \
		--suffix example.com --port "$3" --json --server "$4" \
		--config device.cfg >told 2>words &
	fleet=$!
	perl stamp.pl "$1" 40 told >seconds
	cpu=$(($(ticks "$pid") - began))
	kill "$fleet"
	wait "$fleet" || :
	fleet=''
	got=$(awk '{ printf "%d", $1 * 60 / $2 }' seconds)
	cpu=$(awk -v t="$cpu" -v hz="$(getconf CLK_TCK)" \
		'{ printf "%d", t * 1000000 / hz / $1 }' seconds)
}

# theirs: MeshCentral's own rate.
theirs() {
	NODE_OPTIONS="--require $ROOT/tests/interop/meshcentral.cjs" \
		MESH_SHIM=0 "$SETUP/start.sh" "$work/mesh" >mesh.log 2>&1 &
	mesh=$!
	n=0
	until ss -Hltn 'sport = :9971' | grep -q .; do
		n=$((n + 1))
		if [ $n -gt 900 ]; then
			tail -n 3 mesh.log >&2
			return 1
		fi
		sleep 0.1
	done
	measure "$mesh" "$MESH_UNITS" few 16993 127.0.0.1:9971
	kill "$mesh"
	wait "$mesh" 2>/dev/null || :
	mesh=''
}

ours() {
	serve 'tls_certificate = true;' 'sessions = 64;' \
		'hello_connections = 4096;'
	# shellcheck disable=SC2154 # serve sets them
	measure "$server" "$UNITS" images "$device_port" "127.0.0.1:$port"
	stop_server || :
	server=''
}

prepare >made 2>&1 || {
	tail -n 20 made >&2
	exit 1
}
theirs
mesh_rate=$got mesh_cpu=$cpu
ours
awk -v o="$got" -v m="$mesh_rate" -v oc="$cpu" -v mc="$mesh_cpu" 'BEGIN {
	unit = "devices a minute : MeshCentral"
	printf "setups-mesh\t%d\t%d\t%.1f\t%s\n", o, m, o / m, unit
	unit = "us of CPU, MeshCentral : ours"
	printf "setups-mesh-cpu\t%d\t%d\t%.1f\t%s\n", mc, oc, mc / oc, unit }'
