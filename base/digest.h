/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests and checksums, pure and without allocation, so that formats/ and a
 * BIOS can use them. SHA-1, SHA-256, SHA-384: FIPS 180-4. CRC-32: IEEE 802.3,
 * reflected, as zlib's. SHA-1 serves only to name old root certificates.
 *
 * CRC-8 (polynomial 0x07) and CRC-16 (CCITT, 0x1021) take their first bit
 * first and end without an inversion; init is what the layout says. To go on
 * behind other bytes, give their checksum as init.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/digestcore.h"

#define DIGEST_MAX 48
#define SHA1_LEN 20
#define SHA256_LEN 32
#define SHA384_LEN 48

struct digest_sha256 {
	struct digestcore core;
};

struct digest_sha384 {
	uint64_t h[8];
	uint64_t n; /* bytes taken */
	uint8_t block[128];
};

void digest_sha1(const void *, size_t, uint8_t out[static SHA1_LEN]);
void digest_sha256(const void *, size_t, uint8_t out[static SHA256_LEN]);
void digest_sha384(const void *, size_t, uint8_t out[static SHA384_LEN]);

/* Piecewise. */
void digest_sha256_init(struct digest_sha256 *);
void digest_sha256_add(struct digest_sha256 *, const void *, size_t);
void digest_sha256_end(struct digest_sha256 *, uint8_t out[static SHA256_LEN]);
void digest_sha384_init(struct digest_sha384 *);
void digest_sha384_add(struct digest_sha384 *, const void *, size_t);
void digest_sha384_end(struct digest_sha384 *, uint8_t out[static SHA384_LEN]);

uint32_t digest_crc32(const void *, size_t);
/* The same in pieces: crc is that of what came before, 0 at first. */
uint32_t digest_crc32_more(uint32_t crc, const void *, size_t);
uint8_t digest_crc8(uint8_t init, const void *, size_t);
uint16_t digest_crc16(uint16_t init, const void *, size_t);
/* Sums that wrap; of little-endian words, an odd last byte being a low one. */
uint8_t digest_sum8(const void *, size_t);
uint16_t digest_sum16(const void *, size_t);

#endif
