#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# uefi.sh BUILD: what is built for firmware (bios/uefi/ and the shared sources
# that it links, unchanged): no long, which is narrower there; from
# bios/uefi/libc.c only what something calls; a plain EFI application without
# imports, debug data or folders in it.
set -u
build=$1
efi=$build/efi/amtforge-onetouch.efi
rc=0
[ -e "$efi" ] || {
	echo "$efi: not built"
	exit 1
}

objs=$(find "$build/efi/obj" -name '*.o' | sort)
srcs=
for obj in $objs; do
	src=${obj#"$build"/efi/obj/}
	src=${src%.o}.c
	[ ! -e "$src" ] || srcs="$srcs $src"
done
# shellcheck disable=SC2086 # a list
awk '
	{ gsub(/\/\*.*\*\//, "") }
	/^ \*/ || /^\/\*/ { next }
	{
		gsub(/long long/, "")
		gsub(/"[^"]*"/, "")
	}
	/(^|[^_a-z"])(unsigned )?long( |\)|;|,)/ {
		print FILENAME ":" FNR ":" $0
		bad = 1
	}
	END { exit bad }' $srcs || {
	echo "^ long has 32 bits in firmware: use intN_t or size_t"
	rc=1
}

# shellcheck disable=SC2086 # a list
{
	nm -u $objs
	nm -g --defined-only "$build/efi/obj/bios/uefi/libc.o"
} | awk '
	$1 == "U" { called[$2] = 1 }
	$2 == "T" && !called[$3] {
		print "bios/uefi/libc.c: nothing calls " $3
		bad = 1
	}
	END { exit bad }' || rc=1

objdump -p "$efi" | grep -q 'Subsystem.*000a.*EFI application' || {
	echo "$efi: no EFI application"
	rc=1
}
objdump -p "$efi" | grep -E 'DLL Name|^The Debug' && {
	echo "$efi: imports, or debug data"
	rc=1
}
if strings -a "$efi" | grep -F -e "$PWD" -e '.c' -e '.o' | grep '/'; then
	echo "$efi: names of files in it"
	rc=1
fi
exit $rc
