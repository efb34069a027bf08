#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The readers of the provisioning record and of a USB key can be built into a
# BIOS: they compile freestanding, for UEFI too where clang is, with frames
# that fit its stack, and call, outside this tree, only what a BIOS has.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/freestanding.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
ours='rd|wr|get|put|bytes|digest|text|secret|psk|hashlist|uuid|setupbin|setupvar'
ours=$ours'|fat|generation|passwd|reason|reasonfactory|reasonkey|reasonsetup'
ours=$ours'|err|recordview|digestcore'
rc=0

# What <string.h> says, for a target that has none here.
mkdir "$work/include"
cat >"$work/include/string.h" <<'EOF'
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
int strcmp(const char *, const char *);
EOF

# A long is 32 bits wide in UEFI.
for f in setupbin setupvar fat generation onetouch passwd reason \
	reasonfactory reasonkey reasonsetup; do
	sed 's/"[^"]*"//g' "formats/$f.c" | grep -nwE 'long|double|float' &&
		rc=1
	command -v clang >/dev/null || continue
	clang -target x86_64-unknown-windows -std=c11 -ffreestanding \
		-mno-red-zone -O2 -I. -isystem "$work/include" -Wall -Wextra \
		-Wframe-larger-than=4096 -Werror -c "formats/$f.c" \
		-o "$work/$f.obj" || rc=1
done

for f in record recordview delta hashlist psk uuid fat setupbin setupvar \
	generation onetouch passwd reason reasonfactory reasonkey \
	reasonsetup; do
	"${CC:-cc}" -std=c11 -ffreestanding -fno-stack-protector -O2 -I. -Wall \
		-Werror -c "formats/$f.c" -o "$work/$f.o" || rc=1
	for sym in $(nm -u "$work/$f.o" | awk '{ print $2 }' |
		grep -vxE "($ours)_[a-z0-9_]+|mem(cpy|cmp|set)|str(len|cmp)"); do
		echo "formats/$f.c: calls $sym, which a BIOS may lack"
		rc=1
	done
done

# The one file for a BIOS calls memcpy and memcmp, whatever a compiler makes
# of its loops, and exports nothing but its own.
mkdir "$work/reader"
formats/recordreader.sh "$work/reader" || rc=1
reader() {
	cc=$1
	shift
	command -v "$cc" >/dev/null || return 0
	"$cc" -std=c11 -ffreestanding -nostdlib -Wall -Wextra -Werror "$@" \
		-c "$work/reader/amtforge-record-reader.c" \
		-o "$work/reader.o" || return 1
	nm "$work/reader.o" | awk -v with="$cc $*" '
		{ sub(/^_/, "", $NF) }
		$1 == "U" && $2 !~ /^(memcpy|memcmp)$/ {
			print "the record reader calls " $2 ": " with
			bad = 1
		}
		$2 ~ /[TDBC]/ && $3 !~ /^recordview_/ {
			print "the record reader exports " $3 ": " with
			bad = 1
		}
		END { exit bad }'
}
for level in -O0 -O1 -O2 -O3 -Os; do
	reader gcc -fno-stack-protector "$level" -Wframe-larger-than=2048 ||
		rc=1
	reader clang -fno-stack-protector "$level" \
		-Wframe-larger-than=2048 || rc=1
	reader clang -target x86_64-unknown-windows -mno-red-zone "$level" ||
		rc=1
	reader clang -target i386-unknown-windows "$level" || rc=1
done

# What amtforge-record(5) shows a BIOS engineer compiles as it stands there.
{
	cat <<'END'
#include <stddef.h>
#include <stdint.h>
void board_set_psk(const char *, const char *);
void board_add_root(int, const uint8_t *, size_t);
void board_wipe(void *, size_t);
const char *take_record(const void *, size_t);
const uint8_t *newest_record(const uint8_t *, size_t, size_t *);
END
	sed -n '/^#include "amtforge-record-reader.h"/,/^\.Ed/p
		/^\/\* The newest record of a platform/,/^\.Ed/p' \
		man/amtforge-record.5 | grep -v '^\.'
} >"$work/reader/example.c"
[ "$(grep -c '^}' "$work/reader/example.c")" = 2 ] || {
	echo "man/amtforge-record.5: its examples are not found"
	rc=1
}
"${CC:-cc}" -std=c11 -ffreestanding -Wall -Wextra -Werror \
	-c "$work/reader/example.c" -o "$work/example.o" || rc=1
exit $rc
