/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel flash descriptor: the first 4 KiB (16 on some newer boards) of a flash
 * image. Read, and made for a new image; one that is given is never changed.
 * Pure.
 *
 *   signature 0x0FF0A55A at 0 (ICH8-10) or 0x10; from it:
 *   +4  FLMAP0 [7:0] FCBA>>4 [9:8] components-1 [23:16] FRBA>>4 [26:24] NR
 *   +8  FLMAP1 [7:0] FMBA>>4 [10:8] NM [23:16] FISBA>>4 [31:24] ISL
 *   +C  FLMAP2 [7:0] FMSBA>>4 [15:8] MSL [23:16] ICCRIBA
 *   +10 FLMAP3 [20:14] minor, [31:21] major revision, on newer parts
 *   FCBA: densities, invalid instructions
 *   FRBA + 4n: region n, [14:0] base>>12 [30:16] limit>>12
 *   FMBA + 4n: master n+1, what it may read and write
 *     v1: [15:0] requester [23:16] read [31:24] write, bit n for region n
 *     v2: [3:0] read [7:4] write of regions 12-15, [19:8] read [31:20] write
 *   FISBA, FMSBA: ISL and MSL words of straps (PCH or ICH; processor or MCH)
 *   0xEFC, from the image's start: FLUMAP1 [7:0] VTBA>>4 [15:8] VTL in words
 *   0xF00: 256 bytes for the OEM, which the hardware ignores
 *
 * Sources: ICH10 datasheet 319973 section 5.23.2, Xeon D-1500 datasheet
 * volume 1 section 3.23, coreboot ifdtool and bincfg, flashrom, fwupd. The
 * version is not stored; it follows from FMBA - FRBA: 0x20 leaves room for 8
 * regions (v1), 0x40 and more for 16 (v2). ISL >= 0x13 widens the densities to
 * 4 bits
 * ("v1.5"). This rule held for 30 real descriptors.
 */
#ifndef BIOS_DESCRIPTOR_H
#define BIOS_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DESCRIPTOR_SIZE 0x1000 /* that hold all tables */
#define DESCRIPTOR_REGIONS 16
#define DESCRIPTOR_MASTERS 6
#define DESCRIPTOR_OEM 0xF00
#define DESCRIPTOR_OEM_SIZE 0x100

/* Region numbers that we name. */
#define REGION_DESCRIPTOR 0
#define REGION_BIOS 1
#define REGION_ME 2
#define REGION_GBE 3
#define REGION_PDR 4

/* Masters, as indices. */
#define MASTER_HOST 0
#define MASTER_ME 1

enum descriptor_version {
	DESCRIPTOR_V1,
	DESCRIPTOR_V15,
	DESCRIPTOR_V2
};

struct descriptor_region {
	bool used;
	size_t base, limit; /* of the flash; the limit is the last byte */
};

struct descriptor_master {
	bool used;              /* its word is there, and written */
	uint32_t raw;           /* FLMSTRn */
	uint16_t requester;     /* v1 */
	uint16_t reads, writes; /* bit n: region n */
};

/* Words of straps from an offset. */
struct descriptor_straps {
	size_t off, n;
};

struct descriptor {
	enum descriptor_version version;
	size_t sig;     /* 0 or 0x10 */
	size_t slots;   /* 8 or 16 */
	size_t chips;   /* 1 or 2 */
	size_t chip[2]; /* bytes */
	size_t flash;   /* sum of the chips */
	uint32_t flmap[4];
	size_t fcba, frba, fmba;
	uint32_t flcomp;
	struct descriptor_region region[DESCRIPTOR_REGIONS];
	struct descriptor_master master[DESCRIPTOR_MASTERS];
	struct descriptor_straps pch, cpu; /* cut where the 4 KiB end */
	size_t vscc, nvscc;                /* entries of 8 bytes; 0: none */
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
/* "host", "me", "gbe", "master4", "ec", "master6" */
const char *descriptor_master_name(size_t master);
/* May that master do so? Only what the descriptor says: a chip's own
 * protection, and a strap that overrides it, are not in it. */
bool descriptor_may_read(const struct descriptor *, size_t master, size_t reg);
bool descriptor_may_write(const struct descriptor *, size_t master, size_t reg);
/* The OEM section: is any byte of it neither FF nor, all over, 00? */
bool descriptor_oem_used(const uint8_t *, size_t n);

/* Straps that switch the ME off, or that keep AMT and its like from running.
 * Which straps there are depends on the generation, which is not stored. */
enum descriptor_me {
	DESCRIPTOR_ME_UNKNOWN,
	DESCRIPTOR_ME_ON,
	DESCRIPTOR_ME_OFF
};
struct descriptor_me_strap {
	enum descriptor_me me;
	const char *name; /* the strap that is set, or was looked at; or NULL */
	size_t off;       /* its word */
};
const char *descriptor_me_name(enum descriptor_me); /* "unknown", ... */
struct descriptor_me_strap descriptor_me_off(
    const uint8_t *, size_t n, const struct descriptor *);
struct image;
/* REASON_IMAGE_ME_OFF where a descriptor says that the ME is strapped off. */
enum err_code descriptor_need_me(const struct image *, struct err *);

/* The descriptor must not be written: newer parts have its digest in a signed
 * manifest (extension 0x17), with ranges left out that nobody published. Its
 * OEM section is not guarded here, since a map may name it. */
struct guard;
void descriptor_guards(const struct image *, struct guard *);

/* GPR0, a range that parts from Cannon Lake on protect; coreboot uses it for
 * the ME up to the end of FITC. Its place depends on the generation, so each
 * is what it would be there. False where the straps end before. */
#define DESCRIPTOR_GPRS 4
struct descriptor_gpr {
	const char *name; /* of the generation */
	size_t off;       /* its word */
	size_t base, limit;
	bool no_read, no_write;
};
bool descriptor_gpr(const uint8_t *, size_t n, const struct descriptor *,
    size_t i, struct descriptor_gpr *);

/* A minimal descriptor for one chip of flash bytes (512 KiB..64 MiB, a power
 * of two; v1 up to 16 MiB, else v2): behind it ME, GbE and PDR (each may be
 * 0), at the end BIOS; every master may read and write all. */
struct descriptor_sizes {
	size_t flash, me, gbe, pdr, bios;
};
enum err_code descriptor_make(uint8_t out[static DESCRIPTOR_SIZE],
    const struct descriptor_sizes *, struct err *);

#endif
