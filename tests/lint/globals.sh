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
objs=
for src in base formats bios export factory server device agent; do
	for c in "$src"/*.c; do
		obj=$build/obj/${c%.c}.o
		[ ! -e "$obj" ] || [ ! -e "$c" ] || objs="$objs $obj"
	done
done
# shellcheck disable=SC2086 # a list
objdump -t $objs | awk -v except="$except" -v before="$build/obj/" '
	BEGIN {
		n = split(except, line, "\n")
		for (i = 1; i <= n; i++)
			if (match(line[i], /^[^ ]+ [^ ]+: ./))
				fine[substr(line[i], 1, RLENGTH - 3)] = 1
	}
	/:[ ]+file format / {
		src = substr($1, length(before) + 1)
		sub(/\.o:$/, ".c", src)
	}
	/[ \t]O[ \t]/ && !/[ \t]\.data\.rel\.ro/ &&
	    /[ \t](\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ {
		if ((src " " $NF) in fine)
			next
		print src ": " $NF " is a mutable global"
		bad = 1
	}
	END { exit bad }' || rc=1

# For firmware: sections of COFF objects; constant tables are in .rdata.
objs=
for obj in $(find "$build/efi/obj" -name '*.o' 2>/dev/null | sort); do
	src=${obj#"$build"/efi/obj/}
	[ ! -e "${src%.o}.c" ] || objs="$objs $obj"
done
# shellcheck disable=SC2086 # a list
[ -z "$objs" ] || objdump -h $objs | awk -v before="$build/efi/obj/" '
	/:[ ]+file format / {
		src = substr($1, length(before) + 1)
		sub(/\.o:$/, ".c", src)
	}
	$2 ~ /^\.(data|bss|tls)/ && $3 !~ /^0+$/ {
		print src ": a mutable global in " $2
		bad = 1
	}
	END { exit bad }' || rc=1
exit $rc
