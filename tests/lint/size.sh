#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files have at most 800 lines, functions at most 80.
set -u

# file function: why it may be longer (a plain switch or table)
except='
'

rc=0
files=$(find base formats bios export factory server device agent tests \
	-name '*.[ch]' 2>/dev/null | sort)
# shellcheck disable=SC2086 # a list
wc -l $files | awk '
	$2 != "total" && $1 > 800 {
		print $2 ": " $1 " lines; 800 at most"
		bad = 1
	}
	END { exit bad }' || rc=1
# shellcheck disable=SC2086 # a list
long=$(ctags --language-force=C --c-kinds=f --fields=ne --sort=no -o - $files |
	awk -F '\t' '{
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/)
				from = substr($i, 6)
			if ($i ~ /^end:/)
				to = substr($i, 5)
		}
		if (to - from + 1 > 80)
			print $2, $1, to - from + 1
	}')
[ -z "$long" ] && exit $rc
echo "$long" | while read -r file func n; do
	echo "$except" | grep -q "^$file $func: ." && continue
	echo "$file: $func has $n lines; 80 at most"
done | grep . && rc=1
exit $rc
