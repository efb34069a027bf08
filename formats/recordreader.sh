#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# recordreader.sh DIR: writes amtforge-record-reader.c and .h to DIR: the
# record's reader as the one source that a BIOS embeds. They are formats/
# recordview.[ch] and base/digestcore.[ch] word for word, but for includes,
# licence lines, and that the digests are static.
set -eu
out=$1/amtforge-record-reader

# plain FILE: without its licence line and includes.
plain() {
	sed '1{/SPDX-License-Identifier/d;};/^#include/d' "$1"
}

note='/* SPDX-License-Identifier: Apache-2.0 */
/* Made of amtforge: formats/recordview.[ch] and base/digestcore.[ch]. */'

{
	echo "$note"
	sed '1{/SPDX-License-Identifier/d;}' formats/recordview.h
} >"$out.h.new"
{
	echo "$note"
	echo '#include "amtforge-record-reader.h"'
	echo
	echo '/* All that it calls. */'
	echo 'void *memcpy(void *, const void *, size_t);'
	echo 'int memcmp(const void *, const void *, size_t);'
	echo
	# Of the header what is neither prototype, guard nor comment.
	plain base/digestcore.h | sed -n '/^#define DIGESTCORE_[^H]/p
		/^struct digestcore {/,/^};/p'
	# A function's name begins the line behind its type.
	plain base/digestcore.c | awk '
		/^digestcore_/ && held !~ /^static / { held = "static " held }
		NR > 1 { print held }
		{ held = $0 }
		END { print held }'
	plain formats/recordview.c
} | cat -s >"$out.c.new"
mv "$out.h.new" "$out.h"
mv "$out.c.new" "$out.c"
