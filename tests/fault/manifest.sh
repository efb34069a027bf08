#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A manifest on its way to a store while a call fails or the plug is pulled.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/pki.sh
. "$(dirname "$0")/../pki.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

# shellcheck disable=SC2034 # for faults.sh
sqlite=true
PROFILE=$ROOT/configs/profile-psk.cfg

manifest_make() {
	[ -n "$plan" ] || ! [ -e sent/batch ] || return 0
	mkdir -p sent
	under amtforge manifest make issued.db A --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out sent/batch
}

judge_manifest() {
	only sent batch || return 1
	[ "$1" = broken ] && ! [ -e sent/batch ] ||
		amtforge manifest check sent/batch --trust oem.pem
}

manifest_make_leaves_a_whole_manifest_or_none() {
	walk a_fixture manifest_make judge_manifest
}

state_init() {
	[ -n "$plan" ] || ! amtforge-server list new-state >/dev/null 2>&1 ||
		return 0
	under amtforge-server init new-state
}

judge_state() {
	[ "$1" = broken ] || amtforge-server list new-state
}

server_init_makes_a_whole_store_or_none() {
	walk : state_init judge_state
}

import_batch() {
	under amtforge-server import state batch --trust oem.pem --key it.key
}

judge_import() {
	[ "$1" = broken ] ||
		[ "$(amtforge-server --json list state | wc -l)" -eq 3 ]
}

import_takes_each_row_once() {
	walk a_fixture import_batch judge_import
}

# The parts that the commands above begin with.
fixture() {
	mkdir "$FIX"
	cd "$FIX" || return 1
	root oem
	root it
	amtforge ledger init issued.db
	amtforge order open issued.db "$PROFILE" --id A --quantity 3
	amtforge unit issue issued.db A --count 3
	amtforge manifest make issued.db A --sign-key oem.key \
		--sign-cert oem.pem --to it.pem --out batch
	amtforge-server init state
}

t fixture
t manifest_make_leaves_a_whole_manifest_or_none
t server_init_makes_a_whole_store_or_none
t import_takes_each_row_once
done_testing
