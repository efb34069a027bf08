#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# names.sh BUILD: one file, one noun: what a file exports begins with its
# stem, and stems are unique in the tree.
set -u
build=$1

# file: the other stems it may use
aliases='
base/bytes.c rd wr span get put
bios/uefi/main.c efi
bios/uefi/libc.c secret explicit_bzero memcpy memmove memset memcmp strlen strnlen strcmp strncmp strerror vsnprintf snprintf malloc free
'

rooms='base formats bios export factory server device agent'
rc=0
# shellcheck disable=SC2086 # a list
for src in $(find $rooms -name '*.c' 2>/dev/null | sort); do
	obj=$build/obj/${src%.c}.o
	case $src in bios/uefi/*) obj=$build/efi/obj/${src%.c}.o ;; esac
	stem=$(basename "$src" .c)
	if [ ! -e "$obj" ]; then
		echo "$src: not built as $obj"
		rc=1
		continue
	fi
	ok="$stem $(echo "$aliases" | sed -n "s|^$src ||p")"
	nm -g --defined-only "$obj" | awk -v src="$src" -v ok="$ok" '
		BEGIN { n = split(ok, w, " ") }
		$2 !~ /[TDBRCVW]/ { next }
		index($3, "??_C@") == 1 { next } # texts, for firmware
		$3 ~ /^(__asan|__odr_asan|__sanitizer|__gcov|DW\.)/ { next }
		{
			for (i = 1; i <= n; i++)
				if ($3 == w[i] || index($3, w[i] "_") == 1)
					next
			printf "%s: exports %s, which does not begin " \
			    "with %s_\n", src, $3, w[1]
			bad = 1
		}
		END { exit bad }' || rc=1
done

# shellcheck disable=SC2086 # a list
twice=$(find $rooms -name '*.c' ! -name main.c 2>/dev/null |
	sed 's|.*/||' | sort | uniq -d)
for f in $twice; do
	# shellcheck disable=SC2046,SC2086 # lists
	echo "$f: the same stem twice:" $(find $rooms -name "$f" 2>/dev/null)
	rc=1
done
exit $rc
