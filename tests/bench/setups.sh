#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setups.sh BUILD: complete set-ups a second (hello, TLS, the whole dialogue,
# durable row), by PSK and by certificates, with the devices beside the server
# on the same cores. Rows, of medians of ROUNDS (3) rounds turn about:
#
#	setups-psk, setups-pki : bound   what tests/bench/setupbound.c does with
#		as many round trips, both ends bare TLS; wanted 0.35 and 0.40
#	setups-psk : s_time     new RSA connections a second of openssl s_time;
#		wanted 1.5
#
# and for each kind the CPU time of both ends against the bound's, which other
# work on the machine disturbs less. The rate is that between the first tenth
# and the last of the rows told; starts are left out. The devices' state is in
# memory where /dev/shm is there, since it is the server that is measured, and
# they share a few key pairs, since making them would take most of the time.
set -eu
AMTFORGE_BUILD=${AMTFORGE_BUILD:-$PWD/$1}
export AMTFORGE_BUILD
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
memory=
server='' fleet='' peer=''
# shellcheck disable=SC2034 # for batch.sh
BATCH_TRAP=ours
# shellcheck disable=SC2086,SC2317 # no process, no argument
finish() {
	rc=$?
	end_all $server $fleet $peer
	rm -rf "$work" "$TEST_DIR" $memory
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ ! -e $VARS ]; then
	echo "setups: skipped: no $VARS (package ovmf)"
	exit 0
fi
if [ -w /dev/shm ]; then
	memory=$(mktemp -d /dev/shm/amtforge-bench.XXXXXX)
fi
states=${memory:-$work}

# prepare psk|pki N: images, and the store as it is before a round.
prepare() {
	mkdir "$work/$1"
	cd "$work/$1"
	{
		batch "$1" "$2"
		flash_option=--delta flash
		mv state before
	} >made 2>&1 || {
		cat made
		exit 1
	}
	echo 'challenge = "never"; insecure_key_pool = 4;' >device.cfg
}

# stamp.pl N FILE: the seconds between a tenth and nine tenths of N rows told
# in a file that grows.
cat >"$work/stamp.pl" <<'END'
use Time::HiRes "time";
my ($n, $file) = @ARGV;
my ($told, $first) = (0, 0);
open(my $in, "<", $file) or die "$file: $!";
until ($told >= $n - int($n / 10)) {
	while (my $line = <$in>) {
		next unless $line =~ /"state":"provisioned"/;
		$first = time if ++$told == int($n / 10);
		next unless $told == $n - int($n / 10);
		printf "%.6f\n", time - $first;
		exit;
	}
	select(undef, undef, undef, 0.01);
	seek($in, 0, 1);
}
END

# CPU ticks of a process.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# ours psk|pki N: set-ups a second into $got, microseconds of CPU for each in
# both ends into $cpu, round trips into $trips.
ours() {
	cd "$work/$1"
	rm -rf state events "${states:?}/$1"
	cp -r before state
	serve 'tls_certificate = false;' 'sessions = 64;' \
		'hello_connections = 4096;'
	perl "$work/stamp.pl" "$2" events >seconds &
	peer=$!
	: >told # of the round before
	# shellcheck disable=SC2154 # serve sets them
	amtforge-device fleet images --base base.bin --state "$states/$1" \
		--suffix example.com --port "$device_port" --json \
		--server "127.0.0.1:$port" --config device.cfg >told 2>words &
	fleet=$!
	# Not before the devices have started: what follows is theirs.
	n=0
	until grep -q '"event":"hello"' told; do
		n=$((n + 1))
		[ $n -lt 2400 ] || return 1
		sleep 0.05
	done
	began=$(($(ticks "$server") + $(ticks "$fleet")))
	# Who looks takes of the cores as well: seldom.
	n=0
	until [ "$(grep -c '"event":"provisioned"' told)" -ge "$2" ]; do
		n=$((n + 1))
		if [ $n -gt 360 ]; then
			tail -n 3 log words
			return 1
		fi
		sleep 0.5
	done
	sleep 0.3
	cpu=$(($(ticks "$server") + $(ticks "$fleet") - began))
	cpu=$((cpu * 1000000 / $(getconf CLK_TCK) / $2))
	trips=$(grep '"event":"provisioned"' told | tail -n 1 |
		sed 's/.*"requests":\([0-9]*\).*/\1/')
	kill "$fleet"
	wait "$fleet" || :
	stop_server || :
	wait "$peer"
	fleet='' server='' peer=''
	got=$(awk -v n="$2" '{ printf "%d", (n - 2 * int(n / 10)) / $1 }' seconds)
}

# bound psk|pki N: the same of tests/bench/setupbound.c.
bound() {
	# shellcheck disable=SC2046 # two numbers
	set -- $("$AMTFORGE_BUILD/bench/setupbound" "$1" "$2" "$trips")
	got=$1
	cpu=$2
}

# New connections a second of a TLS client and server that do nothing else.
s_time() {
	cd "$work"
	[ -e peer.pem ] || openssl req -x509 -newkey rsa:2048 -noenc \
		-keyout peer.key -out peer.pem -subj /CN=peer -days 2 \
		2>/dev/null
	openssl s_server -accept "127.0.0.1:$device_port" -quiet -www \
		-cert peer.pem -key peer.key -tls1_2 >/dev/null 2>&1 &
	peer=$!
	until_true 60 listens "127.0.0.1:$device_port"
	s=$(openssl s_time -connect "127.0.0.1:$device_port" -new -time 3 \
		-tls1_2 -cipher AES128-SHA 2>/dev/null |
		sed -n 's/^\([0-9]*\) connections in \([0-9]*\) real seconds.*/\1 \2/p')
	kill $peer
	wait $peer 2>/dev/null || :
	peer=''
	# shellcheck disable=SC2086 # two numbers
	set -- $s
	got=$(($1 / $2))
}

# note NAME VALUE; median NAME
note() {
	echo "$2" >>"$work/$1.values"
}
median() {
	sort -n "$work/$1.values" | awk '{ v[NR] = $1 }
		END { print v[int((NR + 1) / 2)] }'
}

# row NAME OURS PEER UNIT
row() {
	awk -v name="$1" -v ours="$(median "$2")" -v peer="$(median "$3")" \
		-v unit="$4" 'BEGIN {
		printf "%s\t%d\t%d\t%.2f\t%s\n", name, ours, peer, ours / peer,
		    unit }'
}

psk=${PSK_UNITS:-2000}
pki=${PKI_UNITS:-600}
prepare psk "$psk" & # on a core of its own
peer=$!
(prepare pki "$pki")
wait $peer
peer=''
for _ in $(seq "${ROUNDS:-3}"); do
	for kind in psk pki; do
		if [ $kind = psk ]; then units=$psk; else units=$pki; fi
		ours $kind "$units"
		note $kind "$got"
		note $kind-cpu "$cpu"
		bound $kind "$units"
		note $kind-bound "$got"
		note $kind-bound-cpu "$cpu"
	done
	s_time
	note s_time "$got"
done
row setups-psk psk psk-bound "set-ups/s : bound of $trips round trips"
row setups-psk-cpu psk-bound-cpu psk-cpu "us of CPU, the bound's : ours"
row setups-pki pki pki-bound "set-ups/s : bound of $trips round trips"
row setups-pki-cpu pki-bound-cpu pki-cpu "us of CPU, the bound's : ours"
row setups-psk-s_time psk s_time "set-ups/s : s_time -new/s"
