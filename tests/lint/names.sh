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
objs=
# shellcheck disable=SC2086 # a list
for src in $(find $rooms -name '*.c' 2>/dev/null | sort); do
	obj=$build/obj/${src%.c}.o
	case $src in bios/uefi/*) obj=$build/efi/obj/${src%.c}.o ;; esac
	if [ ! -e "$obj" ]; then
		echo "$src: not built as $obj"
		rc=1
		continue
	fi
	objs="$objs $obj"
done
# shellcheck disable=SC2086 # a list
nm -A -g --defined-only $objs | awk -v aliases="$aliases" -v build="$build" '
	BEGIN {
		n = split(aliases, line, "\n")
		for (i = 1; i <= n; i++)
			if (m = split(line[i], w, " "))
				for (j = 2; j <= m; j++)
					also[w[1], ++count[w[1]]] = w[j]
	}
	function fits(word) {
		return $3 == word || index($3, word "_") == 1
	}
	{
		# file:value type name
		src = $0
		sub(/\.o:[0-9a-f ]+ [A-Za-z] .*/, ".c", src)
		src = substr(src, length(build) + 2)
		sub(/^(efi\/)?obj\//, "", src)
	}
	$2 !~ /[TDBRCVW]/ { next }
	index($3, "??_C@") == 1 { next } # texts, for firmware
	$3 ~ /^(__asan|__odr_asan|__sanitizer|__gcov|DW\.)/ { next }
	{
		stem = src
		gsub(/.*\/|\.c$/, "", stem)
		if (fits(stem))
			next
		for (i = 1; i <= count[src]; i++)
			if (fits(also[src, i]))
				next
		printf "%s: exports %s, which does not begin with %s_\n", \
		    src, $3, stem
		bad = 1
	}
	END { exit bad }' || rc=1

# shellcheck disable=SC2086 # a list
twice=$(find $rooms -name '*.c' ! -name main.c 2>/dev/null |
	sed 's|.*/||' | sort | uniq -d)
for f in $twice; do
	# shellcheck disable=SC2046,SC2086 # lists
	echo "$f: the same stem twice:" $(find $rooms -name "$f" 2>/dev/null)
	rc=1
done
exit $rc
