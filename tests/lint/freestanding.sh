#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The readers of the provisioning record and of a USB key can be built into a
# BIOS: they compile freestanding and call, outside this tree, only what a BIOS
# has.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/freestanding.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
ours='rd|wr|get|put|digest|text|secret|psk|hashlist|uuid'
rc=0
for f in record hashlist psk uuid fat; do
	"${CC:-cc}" -std=c11 -ffreestanding -fno-stack-protector -O2 -I. -Wall \
		-Werror -c "formats/$f.c" -o "$work/$f.o" || rc=1
	for sym in $(nm -u "$work/$f.o" | awk '{ print $2 }' |
		grep -vxE "($ours)_[a-z0-9_]+|mem(cpy|cmp|set)|str(len|cmp)"); do
		echo "formats/$f.c: calls $sym, which a BIOS may lack"
		rc=1
	done
done
exit $rc
