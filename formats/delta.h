/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delta: what one unit's flash image has other than its base, for gang
 * programmers, for the device, and for whoever keeps 10,000 units in little
 * room. amtforge-delta(5). Pure. Integers little-endian:
 *
 *   0x00 8  magic "AMTFDLT1"     0x08 u16 version 1   0x0A u16 header 0x70
 *   0x0C u32 flags: bit 0 only clears bits (no erase is needed),
 *                   bit 1 holds secrets
 *   0x10 u64 bytes of the image  0x18 32 SHA-256 of the base image
 *   0x38 16 unit's UUID, SMBIOS order
 *   0x48 u32 ranges              0x4C u32 bytes behind the header
 *   0x50 32 SHA-256 of 0x00..0x4F and of what is behind the header
 *   ranges: u64 offset, u32 length, u32 zero, bytes; ascending, not touching
 */
#ifndef FORMATS_DELTA_H
#define FORMATS_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/uuid.h"

#define DELTA_HEADER 0x70
#define DELTA_RANGES 128
#define DELTA_MAX 0x200000 /* bytes of a file */

struct delta_range {
	uint64_t off;
	uint32_t len;
	const uint8_t *p; /* borrowed from the file, or from the writer */
};

struct delta {
	bool clears_only, secrets;
	uint64_t image; /* bytes */
	uint8_t base[32];
	struct uuid uuid;
	size_t n;
	struct delta_range r[DELTA_RANGES];
};

bool delta_present(const void *, size_t n); /* magic only */
bool delta_read(struct rd *, struct delta *);
void delta_write(struct wr *, const struct delta *);

#endif
