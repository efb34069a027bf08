#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shell script satisfies shellcheck.
set -u
files=$(find tests quickstart .ci completion -type f 2>/dev/null | sort |
	while read -r f; do
		case $f in
		*.sh | *.bash) echo "$f" ;;
		*.c | *.h | *.bin) ;;
		*) head -n 1 "$f" | grep -q '^#!.*sh$' && echo "$f" ;;
		esac
	done)
# shellcheck disable=SC2086 # a list
shellcheck -x $files
