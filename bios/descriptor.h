/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel flash descriptor: the first 4 KiB of a flash image. Read, and made
 * for a new image; one that is given is never changed. Pure.
 *
 *   signature 0x0FF0A55A at 0 (ICH8-10) or 0x10; from it:
 *   +4 FLMAP0 [7:0] FCBA>>4 [9:8] components-1 [23:16] FRBA>>4
 *   +8 FLMAP1 [7:0] FMBA>>4 [31:24] ISL
 *   FCBA: densities; FRBA + 4n: region n, [14:0] base>>12 [30:16] limit>>12
 *
 * Sources: ICH10 datasheet 319973 section 5.23.2, Xeon D-1500 datasheet
 * volume 1 section 3.23, coreboot ifdtool, flashrom. The version is not
 * stored; it follows from FMBA - FRBA: 0x20 leaves room for 8 regions (v1),
 * 0x40 for 16 (v2). ISL >= 0x13 widens the densities to 4 bits ("v1.5").
 * This rule held for 30 real descriptors.
 */
#ifndef BIOS_DESCRIPTOR_H
#define BIOS_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DESCRIPTOR_SIZE 0x1000
#define DESCRIPTOR_REGIONS 16

/* Region numbers that we name. */
#define REGION_DESCRIPTOR 0
#define REGION_BIOS 1
#define REGION_ME 2

enum descriptor_version {
	DESCRIPTOR_V1,
	DESCRIPTOR_V15,
	DESCRIPTOR_V2
};

struct descriptor_region {
	bool used;
	size_t base, limit; /* of the flash; the limit is the last byte */
};

struct descriptor {
	enum descriptor_version version;
	size_t slots;   /* 8 or 16 */
	size_t chips;   /* 1 or 2 */
	size_t chip[2]; /* bytes */
	size_t flash;   /* sum of the chips */
	struct descriptor_region region[DESCRIPTOR_REGIONS];
};

bool descriptor_present(const uint8_t *, size_t n); /* signature only */
/* REASON_IMAGE_UNKNOWN with the offset of what is not understood. */
enum err_code descriptor_read(
    const uint8_t *, size_t n, struct descriptor *, struct err *);
/* "1", "1.5", "2" */
const char *descriptor_version_name(enum descriptor_version);
/* "descriptor", "bios", "me", "gbe", "pdr", ... */
const char *descriptor_region_name(size_t region);
/* The region's number, or DESCRIPTOR_REGIONS. */
size_t descriptor_region_find(const char *name);

/* A minimal v1 descriptor for one chip of size bytes (512 KiB..16 MiB, a
 * power of two): descriptor, me_size bytes of ME behind it (may be 0), the
 * last bios_size bytes BIOS; every master may read and write all. */
enum err_code descriptor_make(uint8_t out[static DESCRIPTOR_SIZE], size_t size,
    size_t me_size, size_t bios_size, struct err *);

#endif
