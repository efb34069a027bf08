#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format 14 would write it.
set -u
find base formats bios export factory server device agent tests \
	-name '*.[ch]' 2>/dev/null | sort |
	xargs clang-format --dry-run -Werror 2>&1 | grep -F 'error:' && exit 1
clang-format --version >/dev/null
