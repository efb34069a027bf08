/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $FPT, the partition table of an ME region; versions 1.0, 2.0 and 2.1. Read
 * in place: the image is borrowed, nothing is copied but one entry at a time.
 *
 *   where   0x10 behind the start of the region, after the ROM bypass vector;
 *           or at the start of a region (1.0) or of an IFWI data partition
 *   0x00    "$FPT", u32 entries, u8 version 0x10 0x20 0x21, u8 entry version
 *           0x10, u8 header length: 0x30 (counts the vector) or 0x20
 *   0x0B    u8 checksum (1.0, 2.0), or flags (2.1): bit 0, there is a backup
 *           at +0x1000
 *   0x0C    u16 cycle life, u16 cycle limit, u32 UMA size
 *   0x14    u32 flags (1.0, 2.0) or CRC-32 (2.1)
 *   0x18    u16 x 4 version of the tool that built it, 0 or FFFF: none
 *   0x20    entries: name[4], owner[4], u32 offset, u32 size, u32 start
 *           tokens, u32 max tokens, u32 scratch sectors, u32 flags:
 *           [6:0] type, 7 copied to DRAM, [31:24] FF: invalid
 *
 * Offsets of partitions count from the vector where there is one, else from
 * $FPT. The checksum makes 0x30 bytes from the vector, or 0x20 from $FPT, sum
 * to 0, by the header's length; it covers no entry. The CRC-32 is over header
 * and entries with its own bytes as 0. Sources: coreboot util/cbfstool
 * fpt_formats, fwupd, MEAnalyzer, UEFITool. Pure.
 */
#ifndef BIOS_FPT_H
#define BIOS_FPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FPT_HEADER 0x20
#define FPT_ENTRY 0x20
#define FPT_ENTRIES 126 /* that fit between the table and its backup */
#define FPT_NAME 12     /* four characters, or eight digits "e0150020" */

enum fpt_sum {
	FPT_SUM_NONE,  /* of a version that is not known */
	FPT_SUM8_LONG, /* 0x30 bytes with the vector */
	FPT_SUM8,      /* 0x20 bytes */
	FPT_CRC32
};

enum fpt_type {
	FPT_CODE,
	FPT_DATA,
	FPT_GLUT, /* virtual: a quota, no space */
	FPT_GENERIC,
	FPT_EFFS,
	FPT_ROM
};

struct fpt {
	const uint8_t *img; /* borrowed; offsets count from here */
	size_t off;         /* "$FPT" */
	size_t base, end;   /* where partitions may lie */
	size_t n;           /* entries */
	uint8_t version, entry_version, header_len, flags8; /* 0x0B */
	uint16_t cycle_life, cycle_limit;
	uint32_t uma, flags; /* flags: 1.0 and 2.0 */
	uint16_t tool[4];
	enum fpt_sum sum;
	bool sum_ok;
	size_t backup;   /* offset of a second $FPT, 0: none */
	bool backup_ok;  /* it is the same, byte for byte */
	const char *why; /* what is not as it should be; NULL if nothing */
	size_t at;
};

struct fpt_entry {
	size_t at; /* the entry itself */
	uint8_t tag[4];
	char name[FPT_NAME], owner[FPT_NAME]; /* owner "" where FF */
	uint32_t offset, size, start, max, scratch, flags;
	uint8_t type; /* enum fpt_type, or what is not known */
	bool invalid;
	bool space; /* it has bytes: from..from+len-1 of the image */
	size_t from, len;
	const char *why; /* why it has none although it should; or NULL */
};

/* Reads the table at off, whose partitions lie in base..end-1 and count from
 * base. False where there is no $FPT; what is broken is told in why and at,
 * and entries that cannot be read are not counted in n. */
bool fpt_read(
    const uint8_t *img, size_t off, size_t base, size_t end, struct fpt *);
/* i < n */
void fpt_entry(const struct fpt *, size_t i, struct fpt_entry *);
/* The valid entry of that name that has space. */
bool fpt_find(const struct fpt *, const char *name, struct fpt_entry *);
/* "code", "data", ... or "" */
const char *fpt_type_name(uint8_t type);
const char *fpt_sum_name(enum fpt_sum);
/* First byte behind the last entry. */
size_t fpt_table_end(const struct fpt *);
/* First valid entry behind i that shares bytes with it, or n. */
size_t fpt_overlap(const struct fpt *, size_t i);

/* What changes for one more data partition: entry, count, checksum, in the
 * backup too. */
#define FPT_PATCHES 6
struct fpt_patch {
	size_t off, len; /* of the image */
	uint8_t bytes[FPT_ENTRY];
	const char *why; /* "entry of a new partition", ... */
};
struct fpt_add {
	size_t n;
	struct fpt_patch p[FPT_PATCHES];
	size_t from, len; /* of the image: the new partition's space, erased */
};

/* A data partition of that name (four characters), size rounded up to 4 KiB,
 * in the first space that is erased and belongs to no partition; its entry
 * goes behind the last. REASON_IMAGE_TARGET where the table is not sound or
 * not of a known version, the name is there, or there is no room. */
enum err_code fpt_add(const struct fpt *, const char *name, size_t size,
    struct fpt_add *, struct err *);

#endif
