#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make.sh [FOLDER]: sets up one machine by PSK and one by certificates, with a
# capture of all of it, and leaves in FOLDER, this one if none is given:
#
#   psk.pcap  pki.pcap   the packets
#   psk.keys  pki.keys   TLS secrets, as Wireshark reads them (NSS key log)
#   psk.jsonl pki.jsonl  a message a line, see README.md
#   psk.pps              that machine's key
#
# make.sh decode FOLDER/KIND prints those lines of a capture.
#
# It runs in a network namespace of its own, with the real ports. Names, UUIDs
# and addresses are always the same; keys and passwords are new each time, and
# nobody else's. Needs root, tcpdump, tshark, jq and a C compiler.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
SERVER=127.0.0.1
DEVICE=127.0.0.77

# The lines of both directions in the order of the wire. tshark names HTTP
# headers one by one, and gives bodies as text.
decode() {
	tshark -r "$1.pcap" -n -o "tls.keylog_file:$1.keys" \
		-o tcp.desegment_tcp_streams:TRUE \
		-o http.tls.port:443,16993 -d tcp.port==16993,tls \
		-d tcp.port==9971,data -T json \
		-Y 'http || data || tls.handshake' \
		-e frame.time_relative -e ip.src -e tcp.dstport \
		-e data.data -e tls.handshake.type \
		-e tls.handshake.ciphersuite -e tls.handshake.version \
		-e tls.handshake.extensions.supported_version \
		-e tls.handshake.extensions_server_name \
		-e x509sat.uTF8String -e x509sat.printableString \
		-e http.request.method -e http.request.uri \
		-e http.request.version -e http.request.line \
		-e http.response.version -e http.response.code \
		-e http.response.phrase -e http.response.line \
		-e http.file_data 2>/dev/null | jq -c --arg device $DEVICE \
		-f "$HERE/lines.jq"
}

if [ "${1:-}" = decode ]; then
	decode "$2"
	exit
fi
if [ "${1:-}" != inside ]; then
	to=$(mkdir -p "${1:-$HERE}" && cd "${1:-$HERE}" && pwd)
	exec unshare --net "$0" inside "$to"
fi
to=$2
TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-transcripts.XXXXXX")

# shellcheck source=tests/lib.sh
. "$HERE/../lib.sh"
# shellcheck source=tests/batch.sh
. "$HERE/../batch.sh"
OVMF=/usr/share/ovmf/OVMF.fd

# Has the capture the last request and its answer?
is_whole() {
	decode "$1" >lines
	lines 2 'Service.CommitChanges"' lines
}

# one KIND UUID SERIAL: a set-up from the order to the end, captured.
one() {
	mkdir "$TEST_DIR/$1"
	cd "$TEST_DIR/$1"
	printf 'serial,uuid\n%s,%s\n' "$3" "$2" >units.csv
	BATCH_UNITS=units.csv batch "$1" 1
	amtforge image new base.bin --size 4M --bios $OVMF
	amtforge image write line.db O --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
	# Room for all of it, however long tcpdump is kept waiting: each packet
	# takes 64 KiB there.
	tcpdump -Z root --immediate-mode -B 65536 -U -n -i lo -w "$1.pcap" \
		"port 9971 or port 16993" 2>tcpdump.log &
	dump=$!
	wait_for 'listening on' tcpdump.log
	# shellcheck disable=SC2034 # for serve
	want_port=9971
	device_port=16993
	serve 'tls_certificate = true;' 'check_record = false;'
	AMTFORGE_KEYLOG=$PWD/$1.keys LD_PRELOAD=$TEST_DIR/keylog.so \
		amtforge-device boot --image "images/$2.bin" --state machine \
		--listen $DEVICE --server $SERVER:9971 \
		--suffix example.com >device.log 2>&1 &
	device=$!
	wait_for '"state":"provisioned"' events
	stop_server
	kill "$device"
	wait "$device" || :
	until_true 60 is_whole "$1"
	kill "$dump"
	wait "$dump" || :
	grep -q '^0 packets dropped by kernel' tcpdump.log
	decode "$1" >"$1.jsonl"
}

ip link set lo up
cc -shared -fPIC -O2 -o "$TEST_DIR/keylog.so" "$HERE/keylog.c" -ldl
export BATCH_TRAP=none
trap 'leave; rm -rf "$TEST_DIR"' EXIT
one psk 00000001-0000-4000-8000-616d74666f72 PSK-1 >"$TEST_DIR/log" 2>&1 &&
	one pki 00000002-0000-4000-8000-616d74666f72 PKI-1 \
		>>"$TEST_DIR/log" 2>&1 || {
	cat "$TEST_DIR/log" >&2
	exit 1
}
# For who wants to open the one by its key alone.
cd "$TEST_DIR/psk"
reveal "$(cat uuids)" pps | tr -d '\n-' >"$to/psk.pps"
for kind in psk pki; do
	for end in pcap keys jsonl; do
		install -m 644 "$TEST_DIR/$kind/$kind.$end" "$to"
	done
done
