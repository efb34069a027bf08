#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peer MeshCentral: reads our Setup.bin files and we its, byte for byte
#
# Setup.bin files go to an independent writer and reader (MeshCentral) and
# back, in both directions, and stay as they are. SEED picks other files.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/peer.sh
. "$(dirname "$0")/../peer.sh"

FILES=${FILES:-400}
SEED=${SEED:-20260205}

judge() {
	node "$ROOT/tests/interop/setupbin.cjs" "$PEER" "$@"
}

# ours COMMAND FROM TO: f/i.FROM becomes f/i.TO by our program.
ours() {
	for in in f/*."$2"; do
		to=${in%."$2"}.$3
		if [ "$1" = encode ]; then
			amtforge setupbin encode "$in" "$to" 2>"$to.err"
		else
			amtforge setupbin decode --json "$in" >"$to" 2>"$to.err"
		fi || {
			echo "$1 $in:"
			cat "$to.err" "$in"
			return 1
		}
	done
}

# same A B: each f/i.A is f/i.B.
same() {
	n=0
	for a in f/*."$1"; do
		cmp "$a" "${a%."$1"}.$2"
		n=$((n + 1))
	done
	[ "$n" = "$FILES" ]
}

# some [shuffle]
some() {
	echo "seed $SEED"
	mkdir f
	judge random "$SEED" "$FILES" f "$@"
}

both_make_the_same_files_of_json() {
	some shuffle
	ours encode json ours
	judge encode f json peers
	same ours peers
}

ours_go_to_the_peer_and_back_unchanged() {
	some
	ours encode json bin
	judge decode f bin peerjson
	ours encode peerjson again
	same bin again
	judge encode f peerjson peers
	same bin peers
}

the_peer_s_come_to_us_and_go_back_unchanged() {
	some
	judge encode f json bin
	ours decode bin ourjson
	judge encode f ourjson again
	same bin again
	ours encode ourjson ours
	same bin ours
}

the_vectors_go_to_the_peer_and_back_unchanged() {
	mkdir f
	FILES=0
	for v in M1 M2 T1 T2 T3 T4 T5 T6 T7 T8; do
		cp "$ROOT"/tests/vectors/formats_setupbin/good-$v-*.bin f/$v.bin
		FILES=$((FILES + 1))
	done
	judge decode f bin peerjson
	ours encode peerjson ours
	same bin ours
	ours decode bin ourjson
	judge encode f ourjson peers
	same bin peers
}

peer
for name in both_make_the_same_files_of_json \
	ours_go_to_the_peer_and_back_unchanged \
	the_peer_s_come_to_us_and_go_back_unchanged \
	the_vectors_go_to_the_peer_and_back_unchanged; do
	if [ -n "$NO_PEER" ]; then
		skip $name "$NO_PEER"
	else
		t $name
	fi
done
done_testing
