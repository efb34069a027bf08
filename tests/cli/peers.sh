#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server against machines that answer a set-up in every way but the right
# one (tests/fakes/peer.c): each comes to its end, the server's memory is
# bounded, and the machines beside them are set up.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/batch.sh
. "$(dirname "$0")/../batch.sh"

PEER=$AMTFORGE_BUILD/fakes/peer

# meet [CERT KEY]: peers for the lines "ACTION AT WANTED" of ./table, each with a
# machine of its own, and one beside them that answers as it should.
meet() {
	amtforge manifest list batch.amt --trust factory.pem --key it.key \
		--reveal --json |
		jq -r '"\(.uuid) \(.pid // "-") \(.pps // "-")"' >pairs
	{
		cut -d ' ' -f 1,2 table
		echo answer -
	} | paste -d ' ' pairs - |
		awk '{ print "127.77.0." NR " " $0 }' >rows
	sed '$ d' rows >bad
	tail -n 1 rows >good
	paste -d ' ' uuids table | sed '$ d' | cut -d ' ' -f 1,4- >wanted
	"$PEER" "$device_port" rows "$@" >asked 2>peer.log &
	device=$!
	until_true 90 listens "0.0.0.0:$device_port"
}

# greet FILE: each of its machines says hello from its address.
greet() {
	awk -v root="$(cert_sha256 chain/root.pem)" '
		{ print $1, $2, $3 == "-" ? root : $3 }' "$1" | hellos
}

# good_is_set_up: it says hello again and again, as machines do.
good_is_set_up() {
	[ "$(state_of "$(cut -d ' ' -f 2 good)")" != provisioned ] || return 0
	greet good
	sleep 0.3
	return 1
}

# all_ended: each is in the state, and for the reason, that is wanted; those
# that are not are in ./others.
all_ended() {
	amtforge-server list state --json | tr -d '{}"' | awk -F '[:,]' '
		{ print $2, $4, $6 }' | sed 's/ *$//' >is
	while read -r u want; do
		grep -Eq "^$u ($want)\$" is || grep "^$u" is rows
	done <wanted >others
	[ ! -s others ]
}

# judged psk|pki LINE [CERT KEY]: by a server with this line, all of ./table come
# to the end that is wanted, and the machine that means well is set up beside
# them. What they sent is not kept.
judged() {
	batch "$1" $(($(wc -l <table) + 1))
	serve "tls_certificate = false; tries = 1; $2"
	shift 2
	meet "$@"
	greet bad
	until_true 120 good_is_set_up
	until_true 120 all_ended || {
		cat others
		tail -n 5 log peer.log
		return 1
	}
	case $AMTFORGE_BUILD in
	*/release)
		peak=$(awk '/VmHWM/ { print $2 }' "/proc/$server/status")
		echo "$peak KiB"
		[ "$peak" -lt 131072 ]
		;;
	esac
	stop_server
	kill "$device"
	wait "$device" || :
	sqlite3 state/store.db 'pragma integrity_check' | grep -qx ok
	[ ! -s peer.log ]
}

# An answer that is none, at the first request or at that one; "*" at each.
wrong_answers() {
	grep -v '^ *#' <<'EOF'
reset 0 failed device-gone
close 0 failed device-gone
banner 0 failed device-gone
reset 1 failed device-gone
close 1 failed device-gone
notify 1 failed device-gone
plain 1 failed device-gone
half-reset 5 failed device-gone
half-notify 1 failed device-gone
half-notify 2 failed device-gone
half-notify 3 failed device-gone
half-notify GetUuid failed device-gone
half-notify 5 failed device-gone
half-notify SetMEBxPassword failed device-gone
half-notify SetAdminAclEntryEx failed device-gone
half-notify GetLowAccuracyTimeSynch failed device-gone
half-notify SetHighAccuracyTimeSynch failed device-gone
half-notify SetTLSPSK failed device-gone
# It may have been heard: the machine is asked, by other keys than it has, and
# told by what was first.
half-notify CommitChanges setup device-gone
half-notify 12 provisioned
# Those that can be read in one way only.
answer * provisioned
bytes * provisioned
continue * provisioned
lf * provisioned
challenge 5 provisioned
no-end CIM_SoftwareIdentity.Enumerate provisioned
# HTTP
challenge * refused login-refused
stale * refused login-refused
bare-401 * refused login-unsupported
banner 1 failed device-gone
http2 1 failed device-gone
status-500 1 failed step-failed
status-204 1 failed step-failed
status-302 1 failed step-failed
status-big 1 failed device-gone
nul-head 1 failed device-gone
folded 1 failed device-gone
two-lengths 1 failed device-gone
negative 1 failed device-gone
huge-length 1 failed device-gone
short-length 1 failed step-failed
both 1 failed device-gone
gzip 1 failed device-gone
# More than is taken.
chunks 1 failed step-failed
small-chunks 1 failed step-failed
huge-chunk 1 failed device-gone
chunk-longer 1 failed device-gone
extension 1 failed device-gone
trailer 1 failed step-failed
headers 1 failed step-failed
header 1 failed step-failed
to-end 1 failed step-failed
# XML
no-xml 1 failed step-failed
empty 1 failed step-failed
nul-body 1 failed step-failed
cut-xml 1 failed step-failed
deep 1 failed step-failed
wide 1 failed step-failed
attributes 1 failed step-failed
namespaces 1 failed step-failed
entities 1 failed step-failed
outside 1 failed step-failed
# WS-Man: faults by their number, at each step; values
other-message SetMEBxPassword failed step-failed
other-method 1 failed step-failed
other-uuid GetUuid refused device-uuid-differs
no-end CIM_SoftwareIdentity.Pull failed step-failed
no-context CIM_SoftwareIdentity.Enumerate failed step-failed
fault-0 1 failed step-failed
fault-1 2 failed step-failed
fault-2 3 failed step-failed
fault-4 GetUuid provisioned
fault-5 5 failed step-failed
fault-8 SetMEBxPassword failed step-failed
fault-9 SetAdminAclEntryEx failed step-failed
fault-10 GetLowAccuracyTimeSynch failed step-failed
fault-12 SetHighAccuracyTimeSynch failed step-failed
fault-13 SetTLSPSK failed step-failed
fault-3 CommitChanges failed step-failed
fault-14 12 provisioned
value-1 SetAdminAclEntryEx failed step-failed
value-x SetAdminAclEntryEx failed step-failed
value--1 SetAdminAclEntryEx failed step-failed
value-4294967296 SetAdminAclEntryEx failed step-failed
value-2058 CommitChanges failed step-failed
EOF
}

each_wrong_answer_ends_a_set_up_with_its_reason() {
	wrong_answers >table
	judged psk 'request_seconds = 60;'
}

# All may also end earlier, where this machine is slow.
each_answer_that_never_ends_is_left_in_time() {
	cat >table <<'EOF'
silence 0 failed device-gone
silence 1 failed device-gone
silence GetUuid failed device-gone
silence CommitChanges (failed|setup) device-(gone|refused)
half-silence 1 failed device-gone
half-silence SetTLSPSK failed device-gone
long-length 1 failed device-gone
drip 1 failed device-gone
continues 1 failed device-gone
continues SetMEBxPassword failed device-gone
renegotiate 1 failed device-gone
renegotiate GetUuid failed device-gone
EOF
	judged psk 'request_seconds = 1; setup_seconds = 5;'
}

# Records of TLS 1.3 that hold no data, as fast as they are taken.
each_flood_of_records_without_data_is_left_in_time() {
	cat >table <<'EOF'
updates 1 failed device-gone
updates GetUuid failed device-gone
updates-asked 1 failed device-gone
updates-asked GetUuid failed device-gone
tickets 1 failed device-gone
EOF
	root dev /CN=device
	judged pki 'request_seconds = 1; setup_seconds = 5;' dev.pem dev.key
}

t each_wrong_answer_ends_a_set_up_with_its_reason
t each_answer_that_never_ends_is_left_in_time
t each_flood_of_records_without_data_is_left_in_time
done_testing
