#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# amtforge-reasons(7) lists each refusal of formats/reason*.c, and
# amtforge-setupbin(7) each finding of formats/finding.c, as they are there.
# reasons.sh BUILD print KIND prints the items for a page instead.
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/reasons.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT

cat >"$work/items.c" <<'EOF'
#include <stdio.h>
#include "formats/finding.h"
#include "formats/reason.h"

static void
item(const struct reason *r, const char *level, const char *bios)
{
	printf(".It Sy %s%s\n%s\n.br\n", r->code, level, r->rule);
	if (bios != NULL)
		printf("BIOS: %s\n.br\n", bios);
	printf("%s\n", r->mend);
}

int
main(int argc, char **argv)
{
	static const char *const levels[] = { " Pq warning",
		" Pq warning; not written", " Pq error",
		" Pq error; not read" };

	if (argc > 1 && argv[1][0] == 'r')
		for (unsigned i = 0; i < REASON_LAST; i++)
			item(reason_get((enum reason_id)i), "", NULL);
	else
		for (unsigned i = 0; i < FINDING_LAST; i++) {
			const struct finding *f =
			    finding_get((enum finding_id)i);

			item(&f->reason, levels[f->level], f->bios);
		}
	return 0;
}
EOF
"${CC:-cc}" -std=c11 -I. -o "$work/items" "$work/items.c" formats/reason*.c \
	formats/finding.c || exit 1

# items KIND: one sentence a line, as mdoc wants it.
items() {
	"$work/items" "$1" | sed -E 's/\. ([A-Z])/.\n\1/g'
}

if [ "${2:-}" = print ]; then
	items "$3"
	exit
fi

# compare KIND PAGE SECTION: the lists of that section, one behind the other.
compare() {
	sed -n "/^\.Sh $3/,\$p" "$2" | sed '1d;/^\.Sh/,$d' |
		sed -n '/^\.Bl/,/^\.El/p' |
		sed '/^\.Bl/d;/^\.El/d' >"$work/page"
	items "$1" | diff "$work/page" - >&2 && return
	echo "$2: > lines are what formats/$1*.c has"
	rc=1
}

rc=0
compare reason man/amtforge-reasons.7 DESCRIPTION
compare finding man/amtforge-setupbin.7 FINDINGS
exit $rc
