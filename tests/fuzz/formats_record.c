/* SPDX-License-Identifier: Apache-2.0 */
/* A record that is read is written to the same bytes. Bytes that are no record
 * are also tried as a payload under a header that is right. */
#include <string.h>

#include "base/digest.h"
#include "formats/record.h"
#include "formats/recordview.h"
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

/* A header over the payload; the first byte of the input gives the flags. */
static void
dressed(const uint8_t *p, size_t n)
{
	static uint8_t x[RECORD_MAX] = "AMTFORG1\1\0\x48";

	if (n == 0 || n - 1 > RECORD_MAX - RECORD_HEADER)
		return;
	put_u32le(x + 0x10, *p++ & 1);
	n--;
	put_u32le(x + 0x0c, (uint32_t)n + RECORD_HEADER);
	put_u16le(x + 0x18, 1);
	put_u32le(x + 0x1c, (uint32_t)n);
	memcpy(x + RECORD_HEADER, p, n);
	digest_sha256(p, n, x + 0x20);
	put_u32le(x + 0x40, digest_crc32(x, 0x40));
	again(x, n + RECORD_HEADER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	again(p, n);
	dressed(p, n);
	return 0;
}
