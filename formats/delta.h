/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delta: what one unit's flash image has other than its base, for gang
 * programmers, for the device, and for whoever keeps 10,000 units in little
 * room. Documented in amtforge-delta(5). Pure. Integers little-endian:
 *
 *   0x00 8  magic "AMTFDLT1"     0x08 u16 version 1   0x0A u16 header 0x50
 *   0x0C u32 flags, of all ranges together: bit 0 only clears bits, bit 1
 *            holds secrets
 *   0x10 u64 bytes of the image  0x18 32 SHA-256 of the base image
 *   0x38 16 unit's UUID, SMBIOS order
 *   0x48 u32 ranges, 1 to 256    0x4C u32 bytes of all ranges as they follow
 *   ranges: u64 offset, u32 length, u32 flags as above, the new bytes
 *   last 32 SHA-256 of all before it
 *
 * Ranges ascend and may touch. There are no old bytes: the base has them.
 */
#ifndef FORMATS_DELTA_H
#define FORMATS_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/uuid.h"

#define DELTA_HEADER 0x50
#define DELTA_RANGES 256
#define DELTA_MAX 0x200000 /* bytes of a file */

struct delta_range {
	uint64_t off;
	uint32_t len;
	bool clears; /* no bit goes from 0 to 1: no erase is needed */
	bool secret;
	const uint8_t *p; /* borrowed from the file, or from the writer */
};

struct delta {
	uint64_t image; /* bytes */
	uint8_t base[32];
	struct uuid uuid;
	size_t n;
	struct delta_range r[DELTA_RANGES];
};

/* Of all ranges together. */
bool delta_clears(const struct delta *);
bool delta_secret(const struct delta *);

bool delta_present(const void *, size_t n); /* magic only */
bool delta_read(struct rd *, struct delta *);
/* Fails the writer where the reader would refuse what is written. */
void delta_write(struct wr *, const struct delta *);

/* Adds new bytes for a place in the base, which tells whether bits are only
 * cleared; joined to the last range where both places and bytes follow each
 * other and flags are alike. false: empty, outside the base, not behind the
 * last range, or one too many. */
bool delta_add(struct delta *, const struct delta_range *, const uint8_t *base);

/* Is a base of n bytes with this SHA-256 the one? REASON_DELTA_BASE. */
enum err_code delta_judge(const struct delta *, size_t n,
    const uint8_t sha256[static 32], struct err *);
/* Puts the bytes into a copy of the base, which delta_judge() has found to be
 * the one, or the base's own bytes back. */
void delta_apply(const struct delta *, uint8_t *copy);
void delta_revert(const struct delta *, const uint8_t *base, uint8_t *copy);

#endif
