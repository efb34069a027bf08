#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-reasons(7) lists each refusal of formats/reason.c, as it is there.
set -u
page=man/amtforge-reasons.7

# The table's rows as items of the page.
items() {
	tr '\n\t' '  ' <formats/reason.c | sed 's/"  *"//g' |
		grep -oE '\{ "[a-z0-9-]+", *"[^"]*", *"[^"]*" *\}' |
		sed -E -e 's/^\{ "([a-z0-9-]+)", *"([^"]*)", *"([^"]*)" *\}$/.It Sy \1\n\2\n.br\n\3/' -e 's/\. ([A-Z])/.\n\1/g'
}

sed -n '/^\.Bl/,/^\.El/p' "$page" | sed '1d;$d' >"${TMPDIR:-/tmp}/reasons.$$"
items | diff "${TMPDIR:-/tmp}/reasons.$$" - >&2
rc=$?
rm -f "${TMPDIR:-/tmp}/reasons.$$"
[ $rc -eq 0 ] || echo "$page: > lines are formats/reason.c's"
exit $rc
