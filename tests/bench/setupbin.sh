#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Setup.bin files of 20,000 records: records a second, ours against npm's
# meshcentral on the same file in the same run. Targets: encode 100 times,
# decode 5 times the peer's.
set -u
cd "$(dirname "$0")/../.." || exit 70
build=$1
# shellcheck source=tests/peer.sh
. tests/peer.sh

peer
if [ -n "$NO_PEER" ]; then
	echo "setupbin-encode, setupbin-decode: skipped: $NO_PEER"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/amtforge-bench.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
"$build/bench/setupbin" "$work/many.bin" >"$work/ours" || exit 1
node tests/interop/setupbin.cjs "$PEER" speed "$work/many.bin" \
	>"$work/peers" || exit 1
paste -d ' ' "$work/ours" "$work/peers" | awk '{
	printf "setupbin-encode  %d  %d  %.1f  records/s\n", $1, $3, $1 / $3
	printf "setupbin-decode  %d  %d  %.1f  records/s\n", $2, $4, $2 / $4
}'
