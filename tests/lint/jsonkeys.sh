#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# amtforge-json(7) lists each key that the sources write into JSON, and no key
# that none does. tests/cli/json.sh looks at what is printed.
set -u
rc=0
work=$(mktemp -d "${TMPDIR:-/tmp}/jsonkeys.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
rooms="agent device factory server base/cli.c formats/row.c
	formats/manifest.c export"

# A key stands in a literal with its colon, or is an argument of a writer. What
# state.c and hostfacts.c write is not for people.
{
	# shellcheck disable=SC2086 # words
	grep -ohE '\\"[A-Za-z_0-9]+\\":' --include=*.c \
		--exclude=state.c --exclude=hostfacts.c -r $rooms |
		sed -E 's/\\"(.*)\\":/\1/'
	grep -vhE '^\s*(\*|/\*)' --include=*.c \
		--exclude=state.c --exclude=hostfacts.c \
		-r agent device factory server |
		tr '\n' ' ' | grep -oE '\b(cjson_put_member|unitview_put|put[a-z_]*|facts_[a-z]+|tree_[a-z]+)\([^,()]*,[ 	]*([a-z>-]+,[ 	]*)?"[a-z_0-9A-Z]+"' |
		sed -E 's/.*"([^"]*)"/\1/'
} | sort -u >"$work/written"
sed -n 's/^\.It Sy \([A-Za-z_0-9]*\)$/\1/p' man/amtforge-json.7 |
	sort >"$work/told"

if uniq -d "$work/told" | grep .; then
	echo "man/amtforge-json.7: told twice"
	rc=1
fi
while read -r key; do
	echo "man/amtforge-json.7: lacks the key $key"
	rc=1
done < <(comm -23 "$work/written" <(sort -u "$work/told"))
# Some keys are made of a table's words or a state's name; version_* of names
# that the firmware gives.
while read -r key; do
	grep -qrwE "$key|${key%_*}_" --include=*.c agent device factory \
		server formats bios || {
		echo "man/amtforge-json.7: nothing writes $key"
		rc=1
	}
done < <(comm -13 "$work/written" "$work/told" | grep -v '^version_')
exit $rc
