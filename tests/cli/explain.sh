#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../batch.sh"

STRANGER=3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e77

# A unit of the store and a stranger say hello with PIDs that are not theirs.
refusals() {
	batch psk 2
	uuid=$(head -n 1 uuids)
	pid=$(head -n 1 units | field pid)
	other=$(tail -n 1 units | field pid)
	serve
	hello 127.0.0.9 "$STRANGER" 0000000C
	wait_for uuid-unknown events
	hello 127.0.0.10 "$uuid" "$other"
	wait_for pid-other-unit events
	hello 127.0.0.10 "$uuid" 0000000C
	wait_for pid-unknown events
	stop_server
}

a_refusal_is_explained_with_both_values_and_the_mend() {
	refusals
	status 0 amtforge-server explain state "$uuid"
	grep -q "^$uuid: refused" out
	grep -q '  reason: pid-unknown' out
	grep -q '  rule: The hello' out
	grep -q "  found: .*0000000C.*$pid" out
	grep -q '  do: Import the manifest' out
	grep -q '127.0.0.10  pid-other-unit' out
	status 0 amtforge-server --json explain state "$uuid"
	grep -q '"state":"refused","reason":"pid-unknown"' out
	grep -q '"rule":"The hello.*"mend":"Import' out
	status 0 amtforge-server --json list state
	grep -q "\"uuid\":\"$uuid\",\"state\":\"refused\",\"reason\":\"pid-unk" \
		out
	[ "$(wc -l <out)" -eq 2 ]
}

a_stranger_is_explained() {
	refusals
	status 0 amtforge-server explain state "$STRANGER"
	grep -q "^$STRANGER: refused, in no manifest that was imported" out
	grep -q '  reason: uuid-unknown' out
	grep -q '127.0.0.9' out
	status 0 amtforge-server --json explain state "$STRANGER"
	grep -q '"state":"refused","reason":"uuid-unknown"' out
	if command -v jq >/dev/null; then
		[ "$(jq -r '.history[0].address' out)" = 127.0.0.9 ]
	fi
}

t a_refusal_is_explained_with_both_values_and_the_mend
t a_stranger_is_explained
done_testing
