#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ledger, and keys made of it, while a call fails or the plug is pulled.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

# shellcheck disable=SC2034 # for faults.sh
sqlite=true
PROFILE=$ROOT/configs/profile-psk.cfg

cat >"$TEST_DIR/units.csv" <<'EOF'
serial,uuid
S1,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01
S2,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02
S3,3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e03
EOF

# An init that was cut short is done again; a whole ledger is left.
ledger_init() {
	[ -z "$plan" ] && amtforge ledger check new.db >/dev/null 2>&1 &&
		return
	under amtforge ledger init new.db
}

judge_ledger() {
	[ "$1" = broken ] || amtforge ledger check new.db
}

ledger_init_cut_short_can_be_repeated() {
	walk : ledger_init judge_ledger
}

order_open() {
	[ -z "$plan" ] && amtforge order show line.db B >/dev/null 2>&1 &&
		return
	under amtforge order open line.db "$PROFILE" --id B
}

judge_order() {
	amtforge ledger check line.db || return 1
	[ "$1" = broken ] || amtforge order show line.db B
}

order_open_opens_it_once() {
	walk a_fixture order_open judge_order
}

unit_issue() {
	under amtforge --json unit issue line.db A --units "$TEST_DIR/units.csv"
}

pids() {
	sed -n 's/.*"uuid":"\([^"]*\)".*"pid":"\([^"]*\)".*/\1 \2/p' "$1" | sort
}

# What was printed is durable, and each unit was issued once.
judge_units() {
	amtforge ledger check line.db || return 1
	if [ "$1" = broken ]; then
		pids out >told
		return
	fi
	amtforge --json unit list line.db A >listed || return 1
	pids listed >kept
	[ "$(wc -l <kept)" -eq 3 ] || return 1
	[ "$(cut -d ' ' -f 2 kept | sort -u | wc -l)" -eq 3 ] || return 1
	while read -r line; do
		grep -qxF "$line" kept || {
			echo "told, but not kept: $line"
			return 1
		}
	done <told
}

unit_issue_loses_nothing_and_issues_nothing_twice() {
	walk a_fixture unit_issue judge_units
}

usb_image() {
	[ -n "$plan" ] || ! [ -e keys/key.img ] || return 0
	mkdir -p keys
	under amtforge usb image \
		"$ROOT/tests/vectors/formats_setupbin/good-T6-v4-scrambled-min.bin" \
		keys/key.img
}

judge_key() {
	only keys key.img || return 1
	[ "$1" = broken ] && ! [ -e keys/key.img ] ||
		cmp keys/key.img "$FIX/key.img"
}

usb_image_leaves_a_whole_image_or_none() {
	walk : usb_image judge_key
}

setupbin_make() {
	mkdir -p keys
	under amtforge --json setupbin make issued.db A --out keys/k
}

# The key that is there is whole and the one that the ledger has.
judge_made() {
	only keys k && amtforge ledger check issued.db || return 1
	[ "$1" = broken ] && ! [ -e keys/k ] || {
		sum=$(sha256sum <keys/k | cut -d ' ' -f 1)
		[ "$(stat -c %a,%s keys/k)" = 600,2048 ] &&
			amtforge --json setupbin list issued.db >keys.json &&
			[ "$(wc -l <keys.json)" -eq 1 ] &&
			grep -q "\"sha256\":\"$sum\"" keys.json
	}
}

setupbin_make_loses_no_unit_and_writes_none_twice() {
	walk a_fixture setupbin_make judge_made
}

# The parts that the commands above begin with.
fixture() {
	mkdir "$FIX"
	cd "$FIX" || return 1
	amtforge ledger init line.db
	amtforge order open line.db "$PROFILE" --id A --quantity 3
	cp line.db issued.db
	cp line.db.key issued.db.key
	amtforge unit issue issued.db A --units "$TEST_DIR/units.csv"
	amtforge usb image \
		"$ROOT/tests/vectors/formats_setupbin/good-T6-v4-scrambled-min.bin" \
		key.img
}

t fixture
t ledger_init_cut_short_can_be_repeated
t order_open_opens_it_once
t unit_issue_loses_nothing_and_issues_nothing_twice
t usb_image_leaves_a_whole_image_or_none
t setupbin_make_loses_no_unit_and_writes_none_twice
done_testing
