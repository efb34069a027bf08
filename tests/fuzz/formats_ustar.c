/* SPDX-License-Identifier: Apache-2.0 */
/* An archive whose members are all read is written to the same bytes. */
#include <string.h>

#include "formats/ustar.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ustar_member m;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	wr_grow(&w, n);
	while (ustar_next(&r, &m))
		ustar_write(&w, m.name, m.data, m.n);
	ustar_finish(&w);
	if (rd_end(&r))
		must(!w.failed && w.len == n && memcmp(w.buf, p, n) == 0);
	wr_free(&w);
	return 0;
}
