/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a FITC partition gives its bytes again; both checksums are
 * good exactly if they are those of these bytes. */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/fitc.h"
#include "tests/mutate.h"

static void
try(const uint8_t *p, size_t n)
{
	uint8_t head[FITC_HEAD] = { 0 };
	struct fitc f;

	if (!fitc_read(p, n, &f)) {
		must(f.why != NULL && f.at <= n);
		return;
	}
	must(f.data == p + FITC_HEAD && FITC_HEAD + (size_t)f.length <= n);
	put_u32le(head, f.revision);
	put_u32le(head + 8, f.length);
	must(f.head_ok == (digest_crc32(head, 12) == f.head_crc));
	must(f.data_ok == (digest_crc32(f.data, f.length) == f.data_crc));
	put_u32le(head + 4, f.head_crc);
	put_u32le(head + 12, f.data_crc);
	must(memcmp(head, p, FITC_HEAD) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	uint8_t p[FITC_HEAD + 32];
	size_t n = len < 32 ? len : 32;

	try(in, len);
	memset(p, 0, sizeof(p));
	put_u32le(p, 1);
	put_u32le(p + 8, (uint32_t)n);
	put_u32le(p + 4, digest_crc32(p, 12));
	memcpy(p + FITC_HEAD, in, n);
	put_u32le(p + 12, digest_crc32(p + FITC_HEAD, n));
	try(p, FITC_HEAD + n);
	mutate(p, sizeof(p), in, len);
	try(p, sizeof(p));
	return 0;
}
