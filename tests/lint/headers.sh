#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone and has the guard ROOM_FILE_H.
set -u

# compile HEADER: standard input, as the sources that include it are built.
compile() {
	case $1 in
	bios/uefi/*) clang -target x86_64-unknown-windows -std=c11 \
		-ffreestanding -nostdlibinc -I. -Ibios/uefi/include -Wall \
		-Wextra -Werror -fsyntax-only -x c - ;;
	*) "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror \
		-fsyntax-only -x c - ;;
	esac
}

rc=0
for h in $(find base formats bios export factory server device agent tests \
	-name '*.h' 2>/dev/null | sort); do
	guard=$(echo "$h" | tr 'a-z/.-' 'A-Z___')
	if ! grep -qx "#ifndef $guard" "$h" || ! grep -qx "#define $guard" "$h"
	then
		echo "$h: its guard is not $guard"
		rc=1
	fi
	printf '#include "%s"\n' "$h" | compile "$h" || {
		echo "$h: does not compile alone"
		rc=1
	}
done
exit $rc
