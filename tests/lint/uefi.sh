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
for obj in $objs; do
	src=${obj#"$build"/efi/obj/}
	src=${src%.o}.c
	[ -e "$src" ] || continue
	sed 's|/\*.*\*/||; /^ \*/d; /^\/\*/d; s/long long//g
		s/"[^"]*"//g' "$src" |
		grep -nE '(^|[^_a-z"])(unsigned )?long( |\)|;|,)' |
		sed "s|^|$src:|" | grep . && {
		echo "^ long has 32 bits in firmware: use intN_t or size_t"
		rc=1
	}
done

# shellcheck disable=SC2086 # a list
for f in $(nm -g --defined-only "$build/efi/obj/bios/uefi/libc.o" |
	awk '$2 == "T" { print $3 }'); do
	nm -u $objs | grep -qw "$f" && continue
	echo "bios/uefi/libc.c: nothing calls $f"
	rc=1
done

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
