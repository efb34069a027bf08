/* SPDX-License-Identifier: Apache-2.0 */
/* What inflates packs again and inflates to the same. */
#include <stdlib.h>
#include <string.h>

#include "base/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wr out, z, again;
	struct err e = { 0 };

	wr_grow(&out, 1 << 20);
	if (zip_gunzip(p, n, &out, &e) == ERR_OK) {
		wr_grow(&z, 2 << 20);
		wr_grow(&again, 1 << 20);
		if (zip_gzip(out.buf, out.len, &z, &e) != ERR_OK ||
		    zip_gunzip(z.buf, z.len, &again, &e) != ERR_OK ||
		    again.len != out.len ||
		    (out.len != 0 && memcmp(again.buf, out.buf, out.len) != 0))
			abort();
		wr_free(&z);
		wr_free(&again);
	}
	wr_free(&out);
	return 0;
}
