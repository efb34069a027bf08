#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# globals.sh BUILD: no mutable globals: no object in .data, .bss or thread
# storage. Constant tables of pointers (.data.rel.ro) are fine.
set -u
build=$1

# file symbol: why
except='
base/tls.c end_slot: OpenSSL hands out its slots once a process
base/tls.c conn_slot: likewise
base/tls.c slots_once: likewise
'

rc=0
for src in base formats bios export factory server device agent; do
	[ -d "$src" ] || continue
	for c in "$src"/*.c; do
		obj=$build/obj/${c%.c}.o
		[ -e "$obj" ] || continue
		for sym in $(objdump -t "$obj" | awk '
			/[[:space:]]O[[:space:]]/ &&
			    /[[:space:]](\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ &&
			    !/[[:space:]]\.data\.rel\.ro/ { print $NF }'); do
			echo "$except" | grep -q "^$c $sym: ." && continue
			echo "$c: $sym is a mutable global"
			rc=1
		done
	done
done

# For firmware: sections of COFF objects; constant tables are in .rdata.
for obj in $(find "$build/efi/obj" -name '*.o' 2>/dev/null | sort); do
	src=${obj#"$build"/efi/obj/}
	[ -e "${src%.o}.c" ] || continue
	objdump -h "$obj" | awk -v src="${src%.o}.c" '
		$2 ~ /^\.(data|bss|tls)/ && $3 !~ /^0+$/ {
			print src ": a mutable global in " $2
			bad = 1
		}
		END { exit bad }' || rc=1
done
exit $rc
