#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# static.sh BUILD: libraries are linked dynamically, as the LGPL ones among
# them ask and as their security updates need.
set -u
build=$1
# a function of each library: it must not be defined in our programs
inside='SSL_new|EVP_DigestInit_ex|deflate|config_read|event_base_new'
inside="$inside|bufferevent_free|XML_ParserCreate|sqlite3_open_v2"
inside="$inside|seccomp_init|libusb_init|printf"
rc=0
for bin in "$build"/bin/*; do
	[ -e "$bin" ] || continue
	if ! readelf -d "$bin" | grep -q 'NEEDED.*libc\.so'; then
		echo "$bin: not linked dynamically"
		rc=1
	fi
	if nm --defined-only "$bin" | grep -E " [TtWw] ($inside)\$"; then
		echo "$bin: holds a static copy of a library"
		rc=1
	fi
done
# the runtime of the sanitizers is in no program that is shipped
if sed 's/-static-lib\(asan\|ubsan\)//g' Makefile |
	grep -nE -e '-static|-Bstatic|-l:lib'; then
	echo "Makefile: links a library statically"
	rc=1
fi
exit $rc
