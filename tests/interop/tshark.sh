#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer tshark: decodes a set-up by PSK and one by certificates, from the hello
#   to CommitChanges; the transcripts are what the programs do
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

MAKE=$ROOT/tests/transcripts/make.sh
STORED=$ROOT/tests/transcripts
NOW=$TEST_DIR/now
OVMF=/usr/share/ovmf/OVMF.fd

# shark FILE OPTION...: with the ports as they are on the wire.
shark() {
	file=$1
	shift
	tshark -r "$file.pcap" -n -o http.tls.port:443,16993 \
		-d tcp.port==16993,tls -d tcp.port==9971,data "$@" 2>/dev/null
}

# steps FILE.jsonl: who sent what, without what is new each time.
steps() {
	jq -c '[.from, .step, .messages, .version, .suites,
		(.head // "" | split("\r\n")[0])]' "$1"
}

a_psk_and_a_pki_set_up_are_captured() {
	"$MAKE" "$NOW"
	for kind in psk pki; do
		[ -s "$NOW/$kind.pcap" ]
		[ "$(jq -r 'select(.step == "hello") | .from' \
			"$NOW/$kind.jsonl")" = device ]
		jq -se 'map(select(.step ==
			"AMT_SetupAndConfigurationService.CommitChanges") |
			.from) == ["server", "device"]' "$NOW/$kind.jsonl"
		jq -se 'map(select(.body) | .body |
			test("Envelope|Unauthorized")) | all' \
			"$NOW/$kind.jsonl"
	done
}

the_stored_transcripts_decode_to_what_is_stored() {
	for kind in psk pki; do
		"$MAKE" decode "$STORED/$kind" >$kind
		cmp $kind "$STORED/$kind.jsonl"
	done
}

# Where this fails, tests/transcripts/make.sh makes them anew.
the_programs_do_what_is_stored() {
	for kind in psk pki; do
		steps "$NOW/$kind.jsonl" >now
		steps "$STORED/$kind.jsonl" >stored
		diff stored now
	done
}

# Credentials set, version, retry, UUID in SMBIOS order; then the PID, or a hash
# list of one SHA-256. The UUIDs are 0000000N-0000-4000-8000-616d74666f72.
the_hellos_have_the_bytes_that_are_documented() {
	jq -r 'select(.step == "hello") | .bytes' "$NOW/psk.jsonl" |
		grep -xE "01000200$Z$(uuid 1)[0-9a-f]{16}"
	jq -r 'select(.step == "hello") | .bytes' "$NOW/pki.jsonl" |
		grep -xE "01000300$Z$(uuid 2)010220[0-9a-f]{64}"
}

Z=00000000
uuid() {
	printf '%02x000000%s' "$1" 000000408000616d74666f72
}

# As SECURITY.md warns: the key of the manifest and a capture are enough.
the_pps_alone_opens_a_psk_set_up_and_another_does_not() {
	[ "$(shark "$NOW/psk" -Y http | wc -l)" = 0 ]
	pid=$(jq -r 'select(.step == "hello") | .bytes[48:]' \
		"$NOW/psk.jsonl")
	# The new pair, which is in the session itself, is not that of the hello.
	jq -r 'select(.from == "server") | .body // ""' "$NOW/psk.jsonl" |
		sed -n 's/.*PID>\([0-9A-Z]*\)<.*/\1/p' >new
	[ "$(printf %s "$(cat new)" | xxd -p)" != "$pid" ]
	pps=$(xxd -p -c 64 "$NOW/psk.pps")
	[ "$(shark "$NOW/psk" -o "tls.psk:$pps" -Y http | wc -l)" = \
		"$(jq -c 'select(.head)' "$NOW/psk.jsonl" | wc -l)" ]
	[ "$(shark "$NOW/psk" -o "tls.psk:00${pps#??}" -Y http | wc -l)" = 0 ]
}

# What nothing but the private key opens has no such property in TLS 1.3.
certificates_are_not_opened_without_the_secrets() {
	[ "$(shark "$NOW/pki" -Y http | wc -l)" = 0 ]
	[ "$(shark "$NOW/pki" -o "tls.keylog_file:$NOW/pki.keys" -Y http |
		wc -l)" -gt 20 ]
}

# XML as tshark's own dissector reads it.
each_body_is_xml_to_tshark() {
	for kind in psk pki; do
		n=$(jq -c 'select(.body // "" | test("Envelope"))' \
			"$NOW/$kind.jsonl" | wc -l)
		keys=tls.keylog_file:$NOW/$kind.keys
		[ "$(shark "$NOW/$kind" -o "$keys" -Y 'http && xml' |
			wc -l)" = "$n" ]
		shark "$NOW/$kind" -o "$keys" -Y _ws.malformed >bad
		[ ! -s bad ]
	done
}

why=
if [ "$(id -u)" != 0 ]; then
	why="needs root"
elif [ ! -e $OVMF ]; then
	why="no OVMF"
elif ! unshare --net true 2>/dev/null; then
	why="no network namespaces here"
else
	for program in tshark tcpdump jq cc; do
		command -v $program >/dev/null || why="no $program here"
	done
fi
for name in a_psk_and_a_pki_set_up_are_captured \
	the_stored_transcripts_decode_to_what_is_stored \
	the_programs_do_what_is_stored \
	the_hellos_have_the_bytes_that_are_documented \
	the_pps_alone_opens_a_psk_set_up_and_another_does_not \
	certificates_are_not_opened_without_the_secrets \
	each_body_is_xml_to_tshark; do
	if [ -n "$why" ]; then
		skip $name "$why"
	else
		t $name
	fi
done
done_testing
