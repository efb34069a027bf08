/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that are read are written to the same bytes; a list of them is
 * judged, and what is sound has at most one marked as the only one. */
#include <string.h>

#include "formats/hashlist.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct hashlist l = { 0 };
	size_t only = 0;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	wr_grow(&w, n);
	while (rd_left(&r) != 0 && l.n < HASHLIST_MAX) {
		struct hash_entry *e = &l.e[l.n];

		hashlist_entry_read(&r, e);
		if (r.why != NULL)
			break;
		hashlist_entry_write(&w, e);
		e->active = e->hash[0] & 1;
		e->only = e->hash[1] > 250;
		only += e->only;
		l.n++;
	}
	if (rd_end(&r))
		must(!w.failed && w.len == n &&
		    (n == 0 || memcmp(w.buf, p, n) == 0));
	if (hashlist_check(&l, 20) == NULL)
		must(l.n <= 20 && only <= 1);
	wr_free(&w);
	return 0;
}
