#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shell script satisfies shellcheck.
set -u
{
	find tests quickstart .ci completion -type f \
		\( -name '*.sh' -o -name '*.bash' \) 2>/dev/null
	find tests quickstart .ci completion -type f ! -name '*.sh' \
		! -name '*.bash' ! -name '*.[ch]' ! -name '*.bin' -exec awk '
		FNR == 1 && /^#!.*sh$/ { print FILENAME }
		{ nextfile }' {} + 2>/dev/null
} | sort | xargs -P "$(nproc)" -n 8 shellcheck -x
