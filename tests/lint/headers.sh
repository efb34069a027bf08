#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone and has the guard ROOM_FILE_H.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/headers.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
rc=0
headers=$(find base formats bios export factory server device agent tests \
	-name '*.h' 2>/dev/null | sort)

# shellcheck disable=SC2086 # a list
awk '
	FNR == 1 {
		guard = toupper(FILENAME)
		gsub(/[.\/-]/, "_", guard)
	}
	$0 == "#ifndef " guard { asked[FILENAME] = 1 }
	$0 == "#define " guard { set[FILENAME] = guard }
	END {
		for (i = 1; i < ARGC; i++) {
			if (asked[ARGV[i]] && set[ARGV[i]])
				continue
			guard = toupper(ARGV[i])
			gsub(/[.\/-]/, "_", guard)
			print ARGV[i] ": its guard is not " guard
			bad = 1
		}
		exit bad
	}' $headers || rc=1

# A source for each that includes it alone, many to a run of the compiler,
# which compiles each by itself, as the sources that include it are built.
mkdir "$work/host" "$work/uefi"
n=0
for h in $headers; do
	n=$((n + 1))
	to=host
	case $h in bios/uefi/*) to=uefi ;; esac
	printf '#include "%s"\n' "$h" >"$work/$to/$n.c"
done

# alone FOLDER COMPILER...
alone() {
	folder=$1
	shift
	printf '%s\n' "$work/$folder"/*.c |
		xargs -P "$(nproc)" -n 80 "$@" -Wall -Wextra -Werror \
			-fsyntax-only >"$work/words" 2>&1 && return
	cat "$work/words"
	echo "^ these do not compile alone"
	rc=1
}
alone uefi clang -target x86_64-unknown-windows -std=c11 -ffreestanding \
	-nostdlibinc -I. -Ibios/uefi/include
alone host "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I.
exit $rc
