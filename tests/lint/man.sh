#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mandoc finds nothing to warn about in the man pages.
set -u
pages=$(find man -name '*.[1-8]' 2>/dev/null | sort)
[ -n "$pages" ] || exit 0
# shellcheck disable=SC2086 # a list
out=$(mandoc -T lint -W warning $pages 2>&1) || {
	echo "$out" | grep -v 'referenced manual not found'
	exit 1
}
