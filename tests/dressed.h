/* SPDX-License-Identifier: Apache-2.0 */
/* Any payload under a record's header that is right. */
#ifndef TESTS_DRESSED_H
#define TESTS_DRESSED_H

#include <string.h>

#include "base/digest.h"
#include "formats/record.h"

/* The first byte of the input gives the flags. 0: no record is that long. */
static inline size_t
dressed(const uint8_t *p, size_t n, uint8_t out[static RECORD_MAX])
{
	if (n == 0 || n - 1 > RECORD_MAX - RECORD_HEADER)
		return 0;
	memset(out, 0, RECORD_HEADER);
	memcpy(out, "AMTFORG1\1\0\x48", 11);
	put_u32le(out + 0x10, *p++ & 1);
	n--;
	put_u32le(out + 0x0c, (uint32_t)n + RECORD_HEADER);
	put_u16le(out + 0x18, 1);
	put_u32le(out + 0x1c, (uint32_t)n);
	memcpy(out + RECORD_HEADER, p, n);
	digest_sha256(p, n, out + 0x20);
	put_u32le(out + 0x40, digest_crc32(out, 0x40));
	return n + RECORD_HEADER;
}

#endif
