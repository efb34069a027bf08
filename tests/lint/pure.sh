#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pure.sh BUILD: formats/ and bios/ touch no file, socket, clock, random
# source or environment: seen by what their objects call.
set -u
build=$1
never='^(open|open64|openat|fopen|fopen64|fdopen|creat|read|write|pread|pwrite'
never=$never'|close|stat|lstat|fstat|rename|unlink|mkdir|socket|connect|bind'
never=$never'|send|recv|sendto|recvfrom|select|poll|time|clock_gettime'
never=$never'|gettimeofday|localtime|localtime_r|rand|random|srand|getrandom'
never=$never'|getentropy|getenv|secure_getenv|setenv|system|fork|syscall'
never=$never'|setlocale|stdin|stdout|stderr)$'
objs=
for obj in "$build"/obj/formats/*.o "$build"/obj/bios/*.o; do
	src=${obj#"$build"/obj/}
	[ ! -e "$obj" ] || [ ! -e "${src%.o}.c" ] || objs="$objs $obj"
done
[ -n "$objs" ] || exit 0
# shellcheck disable=SC2086 # a list
nm -A -u $objs | awk -v never="$never" -v before="$build/obj/" '
	$3 ~ never { # file: U name
		src = substr($1, length(before) + 1)
		sub(/\.o:$/, ".c", src)
		print src ": calls " $3 ", but formats/ and bios/ are pure"
		bad = 1
	}
	END { exit bad }'
