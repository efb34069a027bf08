/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of base/digest.h a boot block needs too: SHA-256 (FIPS 180-4) and
 * CRC-32 (IEEE 802.3, reflected, as zlib's). Freestanding: it calls memcpy and
 * nothing else, and formats/recordview.h goes into a BIOS with it as one file.
 */
#ifndef BASE_DIGESTCORE_H
#define BASE_DIGESTCORE_H

#include <stddef.h>
#include <stdint.h>

#define DIGESTCORE_SHA256 32

struct digestcore {
	uint32_t h[8];
	uint64_t n; /* bytes taken */
	uint8_t block[64];
};

void digestcore_init(struct digestcore *);
void digestcore_add(struct digestcore *, const void *, size_t);
/* Wipes what it worked with. */
void digestcore_end(struct digestcore *, uint8_t *out);
void digestcore_sha256(const void *, size_t, uint8_t *out);
/* Of what follows bytes of that CRC; 0 before the first. */
uint32_t digestcore_crc32(uint32_t crc, const void *, size_t);

#endif
