#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# globals.sh BUILD: no mutable globals: no object in .data, .bss or thread
# storage. Constant tables of pointers (.data.rel.ro) are fine.
set -u
build=$1

# file symbol: why
except='
'

rc=0
for src in base formats bios export factory server device agent; do
	[ -d "$src" ] || continue
	for c in "$src"/*.c; do
		obj=$build/obj/${c%.c}.o
		[ -e "$obj" ] || continue
		# the C library's own objects that a door must name are fine
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
exit $rc
