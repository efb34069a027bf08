#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# halfopen.sh BUILD: HALF (10,000) connections to the server's hello port that
# send a part of a hello and then nothing, and come again when they are closed,
# while UNITS (300) machines set themselves up. Rows:
#
#	half-open         honest set-ups that end, of all; wanted 0.999
#	half-open-memory  the server's largest resident set, against 256 MiB
set -eu
AMTFORGE_BUILD=${AMTFORGE_BUILD:-$PWD/$1}
export AMTFORGE_BUILD
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

half=${HALF:-10000}
units=${UNITS:-300}
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
server='' fleet='' rude=''
# shellcheck disable=SC2034 # for batch.sh
BATCH_TRAP=ours
# shellcheck disable=SC2086,SC2317 # no process, no argument
finish() {
	rc=$?
	end_all $server $fleet $rude
	rm -rf "$work" "$TEST_DIR"
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ ! -e $VARS ]; then
	echo "half-open: skipped: no $VARS (package ovmf)"
	exit 0
fi
# shellcheck disable=SC3045 # dash has it
if ! ulimit -n $((half + 4000)) 2>/dev/null; then
	echo "half-open: skipped: no $half descriptors (ulimit -n)"
	exit 0
fi

# From 250 addresses, as one host has not so many ports and a server may count.
cat >"$work/rude.pl" <<'END'
use IO::Poll qw(POLLIN POLLHUP POLLERR);
use Socket;
my ($port, $most) = @ARGV;
my ($poll, $open, $made, $full) = (IO::Poll->new, 0, 0, 0);
my $to = sockaddr_in($port, inet_aton("127.0.0.1"));
$| = 1;
while (1) {
	for (1 .. 300) { # so many at most in 0.2 s
		last if $open >= $most;
		socket(my $s, PF_INET, SOCK_STREAM, 0) or last;
		bind($s, sockaddr_in(0, inet_aton("127.99.0." .
		    (1 + $made++ % 250))));
		connect($s, $to) or last;
		syswrite($s, "\1\0\3\0\0\0\0\0half");
		$poll->mask($s => POLLIN);
		$open++;
	}
	print "$open $made\n" if $open >= $most and !$full++;
	select(undef, undef, undef, 0.2) if $full;
	$poll->poll($full ? 0 : 0.01);
	for my $s ($poll->handles(POLLIN | POLLHUP | POLLERR)) {
		$poll->remove($s);
		close $s;
		$open--;
	}
}
END

cd "$work"
{
	batch psk "$units"
	flash_option=--delta flash
} >made 2>&1 || {
	cat made
	exit 1
}
echo 'challenge = "never";' >device.cfg
serve 'tls_certificate = false;' "hello_connections = $half;"
# shellcheck disable=SC2154 # serve sets it
perl rude.pl "$port" "$half" >rude 2>&1 &
rude=$!
# Until they are all there; a server that takes fewer is measured with those.
until_true 3 [ -s rude ] || :
# shellcheck disable=SC2154 # likewise
amtforge-device fleet images --base base.bin --state devices \
	--suffix example.com --port "$device_port" \
	--server "127.0.0.1:$port" --config device.cfg >/dev/null 2>words &
fleet=$!
n=0
ended=0
while [ $n -lt "${SECONDS_MOST:-100}" ] && [ "$ended" -lt "$units" ]; do
	n=$((n + 1))
	sleep 1
	ended=$(grep -c '"state":"provisioned"' events) || :
done
peak=$(awk '/VmHWM/ { print $2 }' "/proc/$server/status")
awk -v ended="$ended" -v units="$units" -v half="$half" -v peak="$peak" 'BEGIN {
	printf "half-open\t%d\t%d\t%.4f\tset-ups that end, beside %d\n",
	    ended, units, ended / units, half
	printf "half-open-memory\t%.1f\t256\t%.2f\tMiB\n", peak / 1024,
	    peak / 1024 / 256 }'
