/* SPDX-License-Identifier: Apache-2.0 */
/* A record that is read is written to the same bytes. Bytes that are no record
 * are also tried as a payload under a header that is right. */
#include <string.h>

#include "formats/record.h"
#include "formats/recordview.h"
#include "tests/dressed.h"
#include "tests/fuzz.h"

static void
again(const uint8_t *p, size_t n)
{
	static uint8_t out[RECORD_MAX];
	static struct record rec;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (!record_read(&r, &rec)) {
		must(r.why != NULL && r.at <= n);
		return;
	}
	must(recordview_present(p, n));
	wr_fixed(&w, out, sizeof(out));
	record_write(&w, &rec);
	must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t x[RECORD_MAX];
	size_t len = dressed(p, n, x);

	again(p, n);
	if (len != 0)
		again(x, len);
	return 0;
}
