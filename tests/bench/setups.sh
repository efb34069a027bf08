#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setups.sh BUILD: complete set-ups a second (hello, TLS, the whole dialogue,
# durable row), by PSK and by certificates, with the devices beside on the same
# cores, against new connections a second of openssl s_time in the same run.
# The time is that from the start of the devices to the last durable row; a
# second row has the set-ups a second of the server's own CPU time. The devices
# share a few key pairs, since making them would take most of the time.
set -eu
AMTFORGE_BUILD=${AMTFORGE_BUILD:-$PWD/$1}
export AMTFORGE_BUILD
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

VARS=/usr/share/OVMF/OVMF_VARS.fd
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX")
server='' fleet='' peer=''
BATCH_TRAP=ours
# shellcheck disable=SC2086,SC2317 # no process, no argument
finish() {
	rc=$?
	kill $server $fleet $peer 2>/dev/null || :
	rm -rf "$work"
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM
if [ ! -e $VARS ]; then
	echo "setups: no $VARS (package ovmf)"
	exit 0
fi

# setups psk|pki N: into $got.
setups() {
	mkdir "$work/$1"
	cd "$work/$1"
	{
		batch "$1" "$2"
		amtforge image new base.bin --size 1M --bios $VARS
		amtforge image write line.db O --base base.bin \
			--map "$ROOT/configs/map-ovmf.cfg" --out images
	} >made 2>&1 || {
		cat made
		exit 1
	}
	serve 'tls_certificate = false;' 'sessions = 64;'
	echo 'challenge = "never"; insecure_key_pool = 4;' >device.cfg
	began=$(date +%s%N)
	amtforge-device fleet images --state devices --suffix example.com \
		--port "$device_port" --server "127.0.0.1:$port" \
		--config device.cfg >fleet.log 2>&1 &
	fleet=$!
	n=0
	until [ "$(grep -sc '"state":"provisioned"' events)" -ge "$2" ]; do
		n=$((n + 1))
		if [ $n -gt 2400 ]; then
			tail -n 5 log fleet.log
			exit 1
		fi
		sleep 0.02
	done
	took=$(($(date +%s%N) - began))
	cpu=$(awk '{ print $14 + $15 }' "/proc/$server/stat")
	kill "$fleet"
	stop_server
	per_cpu=$(($2 * $(getconf CLK_TCK) / (cpu > 0 ? cpu : 1)))
	got=$(($2 * 1000000000 / took))
}

# New connections a second of a TLS client and server that do nothing else.
s_time() {
	cd "$work"
	openssl req -x509 -newkey rsa:2048 -noenc -keyout peer.key \
		-out peer.pem -subj /CN=peer -days 2 2>/dev/null
	openssl s_server -accept "127.0.0.1:$device_port" -quiet -www \
		-cert peer.pem -key peer.key -tls1_2 >/dev/null 2>&1 &
	peer=$!
	sleep 0.3
	s=$(openssl s_time -connect "127.0.0.1:$device_port" -new -time 5 \
		-tls1_2 -cipher AES128-SHA 2>/dev/null |
		sed -n 's/^\([0-9]*\) connections in \([0-9]*\) real seconds.*/\1 \2/p')
	kill $peer
	# shellcheck disable=SC2086 # two numbers
	set -- $s
	made=$(($1 / $2))
}

row() {
	awk -v name="$1" -v ours="$2" -v peer="$3" 'BEGIN {
		printf "%s\t%d\t%d\t%.2f\tset-ups/s : s_time -new/s\n", name,
		    ours, peer, ours / peer }'
}

setups psk "${PSK_UNITS:-400}"
psk=$got
psk_cpu=$per_cpu
setups pki "${PKI_UNITS:-400}"
s_time
row setups-psk "$psk" "$made"
row setups-psk-server-cpu "$psk_cpu" "$made"
row setups-pki "$got" "$made"
row setups-pki-server-cpu "$per_cpu" "$made"
