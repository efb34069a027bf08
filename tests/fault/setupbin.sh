#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setupbin encode and decode with each call failing: the whole file or none.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

JSON=$ROOT/tests/vectors/setupbin_json/T2.json
BIN_T2=$ROOT/tests/vectors/formats_setupbin/good-T2-v1-psk-3rec-1consumed.bin

encode() {
	[ -z "$plan" ] && cmp -s x.bin "$BIN_T2" && return
	under amtforge setupbin encode "$JSON" x.bin
}

judge_encoded() {
	[ "$1" = broken ] && [ ! -e x.bin ] && return
	[ "$(stat -c %a x.bin)" = 600 ] && cmp x.bin "$BIN_T2"
}

encode_leaves_the_whole_file_or_none() {
	walk : encode judge_encoded
}

# With --json the refusal is on stdout, and a fault may have hit that.
decode() {
	under amtforge setupbin decode --json "$BIN_T2" >json || {
		why=$?
		tail -n 1 json >&2
		return $why
	}
}

# What it says it has written comes back.
judge_decoded() {
	[ "$1" = broken ] && [ "$rc" -ne 0 ] && return
	amtforge setupbin encode json x.bin --force && cmp x.bin "$BIN_T2"
}

decode_never_ends_well_with_half_a_file() {
	walk : decode judge_decoded
}

t encode_leaves_the_whole_file_or_none
t decode_never_ends_well_with_half_a_file
done_testing
