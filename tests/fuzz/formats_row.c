/* SPDX-License-Identifier: Apache-2.0 */
/* A row that is read is written to the same bytes. */
#include <string.h>

#include "formats/row.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char out[ROW_MAX];
	struct row row;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (!row_read(&r, &row))
		return 0;
	wr_fixed(&w, out, sizeof(out));
	row_write(&w, &row, true);
	must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
	return 0;
}
