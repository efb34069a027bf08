#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every source file says its licence in its first three lines.
set -u
find Makefile quickstart .ci base formats bios export factory \
	server device agent configs man completion tests -type f \
	\( -name '*.[ch1-8]' -o -name '*.sh' -o -name '*.bash' \
	-o -name '*.cfg' -o -name Makefile -o -name quickstart -o -name run \) \
	2>/dev/null | sort | xargs awk '
	FNR > 3 { nextfile }
	/SPDX-License-Identifier: Apache-2.0/ { said[FILENAME] = 1 }
	END {
		for (i = 1; i < ARGC; i++)
			if (!said[ARGV[i]]) {
				print ARGV[i] ": no SPDX-License-Identifier:" \
				    " Apache-2.0"
				bad = 1
			}
		exit bad
	}'
