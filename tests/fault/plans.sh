#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../faults.sh"

# shellcheck disable=SC2034 # for faults.sh
sqlite=true
MAP=$ROOT/configs/map-ovmf.cfg
OVMF=/usr/share/OVMF/OVMF_VARS.fd

a_plan() {
	a_fixture
	uuid=$(cat uuid)
}

image_plan() {
	under amtforge image plan base.bin "$MAP" l.db "$uuid" --out new.plan \
		--force
}

# What is there is whole.
judge_plan() {
	[ ! -e new.plan ] || cmp new.plan plan || return 1
	killed || absent new.plan.* || return 1
	[ "$1" = broken ] || [ -e new.plan ]
}

image_apply() {
	under amtforge image apply base.bin plan l.db new.bin --force
}

# No image that was not verified has its name; a scrap is for its owner alone.
judge_image() {
	amtforge ledger check l.db >/dev/null || return 1
	[ ! -e new.bin ] ||
		amtforge image check new.bin "$MAP" l.db "$uuid" || return 1
	killed || absent new.bin.* || return 1
	absent new.bin* || [ -z "$(find new.bin* -perm /077)" ] || return 1
	[ "$1" = broken ] && return
	amtforge unit show l.db "$uuid" --json | grep -q '"state":"written"'
}

image_undo() {
	under amtforge image undo applied.bin plan back.bin --force
}

judge_base() {
	[ ! -e back.bin ] || cmp back.bin base.bin || return 1
	killed || absent back.bin.* || return 1
	[ "$1" = broken ] || [ -e back.bin ]
}

a_plan_is_whole_or_not_there() {
	walk a_plan image_plan judge_plan
}

apply_leaves_a_verified_image_or_none() {
	walk a_plan image_apply judge_image
}

undo_leaves_the_base_or_nothing() {
	walk a_plan image_undo judge_base
}

if [ -e $OVMF ]; then
	mkdir "$FIX"
	cp $OVMF "$FIX/base.bin"
	(
		cd "$FIX" || exit 70
		amtforge ledger init l.db
		amtforge order open l.db "$ROOT/configs/profile-psk.cfg" --id A
		amtforge unit issue l.db A --count 2 --json |
			sed -n '1s/.*"uuid":"\([^"]*\)".*/\1/p' >uuid
		amtforge image plan base.bin "$MAP" l.db "$(cat uuid)" \
			--out plan
		cp l.db spare.db
		cp l.db.key spare.db.key
		amtforge image apply base.bin plan spare.db applied.bin
		rm spare.db*
	) >"$TEST_DIR/fix.log" 2>&1
	t a_plan_is_whole_or_not_there
	t apply_leaves_a_verified_image_or_none
	t undo_leaves_the_base_or_nothing
else
	skip plans "no $OVMF: apt-get install ovmf"
fi
done_testing
