/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is read is written to the same bytes, and its size is known
 * from its header. */
#include <string.h>

#include "formats/pthi.h"
#include "tests/fuzz.h"

static void
texts(const struct pthi_ansi *a)
{
	char text[64];

	if (pthi_ansi_get(a, text, sizeof(text)))
		must(strlen(text) <= a->n && a->n <= sizeof(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[1 << 17];
	struct pthi_wd wd;
	struct pthi m;
	uint32_t op;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	wr_fixed(&w, out, sizeof(out));
	if (pthi_read(&r, &m)) {
		pthi_write(&w, &m);
		must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
		must(pthi_size(p, n) == n);
		must(m.answer != pthi_request(p, n, &op));
		if (!m.answer)
			must(op == m.op);
		if (m.op == PTHI_SET_OTP)
			texts(&m.body.text);
		pthi_wipe(&m);
	}
	rd_init(&r, p, n);
	wr_fixed(&w, out, sizeof(out));
	if (pthi_wd_read(&r, &wd)) {
		pthi_wd_write(&w, &wd);
		must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
		must(pthi_wd_size(p, n) == n);
	}
	return 0;
}
