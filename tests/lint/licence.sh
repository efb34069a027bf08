#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every source file says its licence in its first three lines.
set -u
rc=0
for f in $(find Makefile quickstart .ci base formats bios export factory \
	server device agent configs man completion tests -type f \
	\( -name '*.[ch1-8]' -o -name '*.sh' -o -name '*.bash' \
	-o -name '*.cfg' -o -name Makefile -o -name quickstart -o -name run \) \
	2>/dev/null | sort); do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || {
		echo "$f: no SPDX-License-Identifier: Apache-2.0"
		rc=1
	}
done
exit $rc
