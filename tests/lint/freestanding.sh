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

# sources STEM...: those of formats/.
sources() {
	for f; do
		echo "$PWD/formats/$f.c"
	done
}
efi=$(sources setupbin setupvar fat generation onetouch passwd reason \
	reasonfactory reasonkey reasonsetup)
all=$(sources record recordview delta hashlist psk uuid fat setupbin \
	setupvar generation onetouch passwd reason reasonfactory reasonkey \
	reasonsetup)

# A long is 32 bits wide in UEFI.
# shellcheck disable=SC2086 # a list
awk '
	{ gsub(/"[^"]*"/, "") }
	/(^|[^A-Za-z0-9_])(long|double|float)([^A-Za-z0-9_]|$)/ {
		print FILENAME ":" FNR ":" $0
		bad = 1
	}
	END { exit bad }' $efi || rc=1

mkdir "$work/reader"
formats/recordreader.sh "$work/reader" || rc=1

# What is compiled, a line each, as many at a time as there are processors.
# shellcheck disable=SC2086 # lists
jobs() {
	if command -v clang >/dev/null; then
		echo efi clang -target x86_64-unknown-windows -std=c11 \
			-ffreestanding -mno-red-zone -O2 "-I$PWD" \
			-isystem "$work/include" -Wall -Wextra \
			-Wframe-larger-than=4096 -Werror -c $efi
	fi
	echo host "${CC:-cc}" -std=c11 -ffreestanding -fno-stack-protector \
		-O2 "-I$PWD" -Wall -Werror -c $all
	for level in -O0 -O1 -O2 -O3 -Os; do
		reader gcc -fno-stack-protector $level \
			-Wframe-larger-than=2048
		reader clang -fno-stack-protector $level \
			-Wframe-larger-than=2048
		reader clang -target x86_64-unknown-windows -mno-red-zone \
			$level
		reader clang -target i386-unknown-windows $level
	done
}

# The one file for a BIOS; its objects are named by how they were made.
reader() {
	cc=$1
	shift
	command -v "$cc" >/dev/null || return 0
	echo "$cc$(printf '%s' "$@")" "$cc" -std=c11 -ffreestanding -nostdlib \
		-Wall -Wextra -Werror "$@" \
		-c "$work/reader/amtforge-record-reader.c" -o reader.o
}

cat >"$work/one" <<'EOF'
#!/bin/sh
# one FOLDER COMMAND...: runs it there.
mkdir "$1" && cd "$1" && shift && "$@" 2>&1 || exit 1
EOF
chmod +x "$work/one"
mkdir "$work/made"
jobs | (cd "$work/made" && xargs -P "$(nproc)" -L 1 "$work/one") || rc=1

nm -A -u "$work"/made/host/*.o | awk -v ours="$ours" -v before="$work/made/host/" '
	BEGIN { ours = "^((" ours ")_[a-z0-9_]+|mem(cpy|cmp|set)|str(len|cmp))$" }
	$3 !~ ours {
		src = substr($1, length(before) + 1)
		sub(/\.o:$/, ".c", src)
		print "formats/" src ": calls " $3 ", which a BIOS may lack"
		bad = 1
	}
	END { exit bad }' || rc=1

# It calls memcpy and memcmp, whatever a compiler makes of its loops, and
# exports nothing but its own.
nm -A "$work"/made/*/reader.o | awk -v before="$work/made/" '
	{
		with = substr($1, length(before) + 1)
		sub(/\/reader\.o:.*/, "", with)
		sub(/^_/, "", $NF)
		kind = $(NF - 1)
	}
	kind == "U" && $NF !~ /^(memcpy|memcmp)$/ {
		print "the record reader calls " $NF ": " with
		bad = 1
	}
	kind ~ /[TDBC]/ && $NF !~ /^recordview_/ {
		print "the record reader exports " $NF ": " with
		bad = 1
	}
	END { exit bad }' || rc=1

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
