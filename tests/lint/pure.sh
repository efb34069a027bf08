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
rc=0
for obj in "$build"/obj/formats/*.o "$build"/obj/bios/*.o; do
	[ -e "$obj" ] || continue
	src=${obj#"$build"/obj/}
	[ -e "${src%.o}.c" ] || continue
	for sym in $(nm -u "$obj" | awk '{ print $2 }' | grep -E "$never"); do
		echo "${src%.o}.c: calls $sym, but formats/ and bios/ are pure"
		rc=1
	done
done
exit $rc
