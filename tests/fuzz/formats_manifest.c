/* SPDX-License-Identifier: Apache-2.0 */
/* A header that is read is written to the same bytes; rows are counted. */
#include <stdlib.h>
#include <string.h>

#include "formats/manifest.h"
#include "tests/fuzz.h"

static bool
count(void *arg, const struct row *row, size_t index)
{
	(void)row;
	must(*(size_t *)arg == index);
	*(size_t *)arg += 1;
	return true;
}

static void
rows(const uint8_t *p, size_t n)
{
	size_t seen = 0;
	struct rd r;

	rd_init(&r, p, n);
	if (manifest_rows(&r, 2, count, &seen))
		must(seen == 2);
	must(seen <= 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct manifest *m = malloc(sizeof(*m));
	struct wr w;
	struct rd r;

	must(m != NULL);
	rd_init(&r, p, n);
	wr_grow(&w, 1 << 24);
	if (manifest_read(&r, m)) {
		manifest_write(&w, m);
		must(!w.failed && w.len == n && memcmp(w.buf, p, n) == 0);
	}
	wr_free(&w);
	free(m);
	rows(p, n);
	return 0;
}
