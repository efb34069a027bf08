#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Layouts are read by the cursor: no struct or wide integer is laid over bytes.
set -u
wide='(const )?(struct [a-z0-9_]+|u?int(16|32|64)_t) ?\*+'
if find formats bios -name '*.c' 2>/dev/null | sort |
	xargs grep -nE "[^a-z_]\\($wide\\) ?[a-zA-Z_(&]" /dev/null |
	grep -v 'sizeof(((struct [a-z0-9_]* \*)NULL)->'; then
	echo "use rd_*, wr_* and span_cut of base/bytes.h"
	exit 1
fi
