#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images and deltas while a call fails or the plug is pulled.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/faults.sh
. "$(dirname "$0")/../faults.sh"

GOOD=$TEST_DIR/good
# shellcheck disable=SC2034 # for faults.sh
sqlite=true
PROFILE=$ROOT/configs/profile-psk.cfg
BIOS=/usr/share/OVMF/OVMF_VARS.fd

image_write() {
	under amtforge image write issued.db A --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out images
}

judge_images() {
	only images '*.bin' || return 1
	for f in images/*.bin; do
		[ -e "$f" ] || continue
		amtforge image show "$f" >/dev/null || return 1
	done
	[ "$1" = broken ] || [ "$(find images -name '*.bin' | wc -l)" -eq 3 ]
}

image_write_leaves_whole_images_or_none() {
	walk a_fixture image_write judge_images
}

# Ten units: their files are synced as a group.
deltas_write() {
	under amtforge image write ten.db T --base base.bin \
		--map "$ROOT/configs/map-ovmf.cfg" --out deltas --delta
}

# What the ledger says is written is there, and what is there is whole.
judge_deltas() {
	only deltas '*.delta' && amtforge ledger check ten.db || return 1
	absent deltas || diff -rq deltas "$GOOD/deltas" >differ ||
		not grep -v "^Only in $GOOD/deltas:" differ || return 1
	amtforge --json unit list ten.db T | grep '"state":"written"' |
		sed 's/.*"uuid":"\([^"]*\)".*/\1/' >marked
	while read -r u; do
		[ -e "deltas/$u.delta" ] || return 1
	done <marked
	[ "$1" = broken ] || [ "$(wc -l <marked)" -eq 10 ]
}

deltas_are_whole_and_the_ledger_is_behind_them() {
	walk a_fixture deltas_write judge_deltas
}

# The parts that the commands above begin with, and the deltas as they shall be.
fixture() {
	mkdir "$FIX"
	cd "$FIX" || return 1
	amtforge ledger init issued.db
	amtforge order open issued.db "$PROFILE" --id A --quantity 3
	amtforge unit issue issued.db A --count 3
	amtforge ledger init ten.db
	amtforge order open ten.db "$PROFILE" --id T
	amtforge unit issue ten.db T --count 10
	amtforge image new base.bin --size 1M --bios "$BIOS"
	cp -R "$FIX" "$GOOD"
	cd "$GOOD" || return 1
	deltas_write
	[ "$(find deltas -name '*.delta' | wc -l)" -eq 10 ]
	for f in deltas/*.delta; do
		amtforge-device show "$f" --base base.bin
	done
}

t fixture
t image_write_leaves_whole_images_or_none
t deltas_are_whole_and_the_ledger_is_behind_them
done_testing
