/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <zlib.h>

#include "base/zip.h"

#define GZIP 16 /* windowBits: add to ask for the gzip wrapper */

/* Runs step() until it has ended, a buffer of output at a time. */
static int
pump(z_stream *z, int (*step)(z_stream *, int), int how, struct wr *out)
{
	uint8_t buf[4096];
	int rc = Z_OK;

	while (rc == Z_OK && !out->failed) {
		z->next_out = buf;
		z->avail_out = sizeof(buf);
		rc = step(z, how);
		wr_bytes(out, buf, sizeof(buf) - z->avail_out);
	}
	explicit_bzero(buf, sizeof(buf));
	return rc;
}

enum err_code
zip_gzip(const void *p, size_t n, struct wr *out, struct err *e)
{
	z_stream z = { 0 };
	int rc;

	if (n > UINT_MAX)
		return err_set(e, ERR_DATA, "gzip: more than 4 GiB at once");
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		MAX_WBITS + GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_mem(e);
	z.next_in = (void *)(uintptr_t)p;
	z.avail_in = (unsigned)n;
	rc = pump(&z, deflate, Z_FINISH, out);
	deflateEnd(&z);
	if (rc != Z_STREAM_END)
		return err_set(e, ERR_DATA, "gzip: larger than its bound");
	return ERR_OK;
}

enum err_code
zip_gunzip(const void *p, size_t n, struct wr *out, struct err *e)
{
	z_stream z = { 0 };
	int rc;

	if (n > UINT_MAX)
		return err_set(e, ERR_DATA, "gunzip: more than 4 GiB at once");
	if (inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
		return err_mem(e);
	z.next_in = (void *)(uintptr_t)p;
	z.avail_in = (unsigned)n;
	rc = pump(&z, inflate, Z_NO_FLUSH, out);
	n = z.avail_in;
	inflateEnd(&z);
	if (out->failed)
		return err_set(e, ERR_DATA, "gunzip: larger than its bound");
	if (rc != Z_STREAM_END)
		return err_set(e, ERR_DATA, "gunzip: damaged or truncated");
	if (n != 0)
		return err_set(e, ERR_DATA,
		    "gunzip: %zu bytes behind the end of the member", n);
	return ERR_OK;
}
