/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What inflates packs again and inflates to the same; the input packed, with
 * one byte of it changed, is refused or inflates to the input all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/zip.h"
#include "tests/fuzz.h"

/* Unpacks z; aborts on anything but p. */
static bool
is_packed(const struct wr *z, const uint8_t *p, size_t n)
{
	struct err e = { 0 };
	struct wr out;
	bool ok;

	wr_grow(&out, 1 << 20);
	ok = zip_gunzip(z->buf, z->len, &out, &e) == ERR_OK;
	if (ok && (out.len != n || (n != 0 && memcmp(out.buf, p, n) != 0)))
		abort();
	wr_free(&out);
	return ok;
}

static void
round_trip(const uint8_t *p, size_t n)
{
	struct err e = { 0 };
	struct wr z;

	wr_grow(&z, 2 << 20);
	if (zip_gzip(p, n, &z, &e) != ERR_OK || !is_packed(&z, p, n))
		abort();
	if (n >= 3) {
		z.buf[get_u16le(p) % z.len] ^= p[2] | 1;
		is_packed(&z, p, n);
	}
	wr_free(&z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct err e = { 0 };
	struct wr out;

	wr_grow(&out, 1 << 20);
	if (zip_gunzip(p, n, &out, &e) == ERR_OK)
		round_trip(out.buf, out.len);
	wr_free(&out);
	round_trip(p, n);
	return 0;
}
