/* SPDX-License-Identifier: Apache-2.0 */
/* A frame that is read is written to the same bytes. */
#include <string.h>

#include "formats/frame.h"
#include "tests/fuzz.h"

/* What is in it is within it. */
static void
look(const struct frame *f)
{
	must(f->n + f->ntail < 65536);
	must(frame_sum(f) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[65536];
	struct frame x;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (n > sizeof(out) || !frame_read(&r, &x))
		return 0;
	wr_fixed(&w, out, sizeof(out));
	frame_write(&w, &x);
	must(!w.failed && w.len == n && (n == 0 || memcmp(out, p, n) == 0));
	look(&x);
	return 0;
}
