/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ME regions made for tests: each version of $FPT, an IFWI region of either
 * layout, manifests signed by no one, code directories. What a checksum covers
 * is put right; what a test then breaks is up to it.
 */
#ifndef TESTS_REGION_H
#define TESTS_REGION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/fpt.h"

#define REGION_SIZE 0x20000
#define REGION_DATA 0x1000 /* IFWI: data partition */
#define REGION_BOOT 0x10000

enum region_form {
	REGION_10,  /* $FPT 1.0 at 0 */
	REGION_20,  /* $FPT 2.0 behind the vector, header length 0x30 */
	REGION_20S, /* the same, header length 0x20 */
	REGION_21,  /* $FPT 2.1 behind the vector, with a backup */
	REGION_I16, /* layout 1.6 */
	REGION_I17, /* layout 1.7 */
	REGION_FORMS
};

static inline bool
region_is_ifwi(enum region_form f)
{
	return f == REGION_I16 || f == REGION_I17;
}

/* Where $FPT is, and where offsets count from. */
static inline size_t
region_fpt(enum region_form f)
{
	return region_is_ifwi(f) ? REGION_DATA : f == REGION_10 ? 0 : 0x10;
}

static inline size_t
region_base(enum region_form f)
{
	return region_is_ifwi(f) ? REGION_DATA : 0;
}

static inline void
region_entry(
    uint8_t *fpt, const char *name, uint32_t off, uint32_t size, uint32_t flags)
{
	uint32_t n = get_u32le(fpt + 4);
	uint8_t *e = fpt + FPT_HEADER + n * FPT_ENTRY;

	put_u32le(fpt + 4, n + 1);
	memset(e, 0, FPT_ENTRY);
	memcpy(e, name, strlen(name));
	memset(e + 4, 0xFF, 4);
	put_u32le(e + 8, off);
	put_u32le(e + 12, size);
	put_u32le(e + 0x1C, flags);
}

/* Puts the checksum or CRC-32 right, and the backup if there is one. */
static inline void
region_seal(uint8_t *p, enum region_form f)
{
	uint8_t *fpt = p + region_fpt(f);
	size_t len = FPT_HEADER + get_u32le(fpt + 4) * FPT_ENTRY;

	if (fpt[8] == 0x21) {
		put_u32le(fpt + 0x14, 0);
		put_u32le(fpt + 0x14, digest_crc32(fpt, len));
		if ((fpt[0x0B] & 1) != 0)
			memcpy(fpt + 0x1000, fpt, len);
		return;
	}
	fpt[0x0B] = 0;
	fpt[0x0B] = (uint8_t)(0 -
	    (fpt[0x0A] == 0x30 ? digest_sum8(fpt - 0x10, 0x30)
			       : digest_sum8(fpt, 0x20)));
}

/* $MN2 of 2048 bits whose key and signature are noise; 0x300 bytes, of which
 * the first 0x2C0 are the manifest. */
static inline void
region_manifest(uint8_t *p, const char *tag)
{
	memset(p, 0x11, 0x300);
	memset(p, 0, 0x80);
	put_u32le(p, 4);
	put_u32le(p + 4, 0xA1);
	put_u32le(p + 0x10, 0x8086);
	put_u32le(p + 0x14, 0x20120910);
	put_u32le(p + 0x18, 0x2C0 / 4);
	memcpy(p + 0x1C, tag, 4);
	put_u32le(p + 0x20, 1);
	put_u16le(p + 0x24, 8);
	put_u16le(p + 0x2A, 1513);
	put_u32le(p + 0x78, 0x40);
	put_u32le(p + 0x7C, 1);
	p[0x80 + 255] |= 0x80;
	put_u32le(p + 0x180, 17);
	p[0x184 + 255] = 0;
}

/* $CPD of that version with a manifest and a Huffman module: 0x600 bytes. */
static inline void
region_dir(uint8_t *p, const char *name, uint8_t version)
{
	size_t head = version == 1 ? 0x10 : 0x14;

	memset(p, 0xFF, 0x600);
	memset(p, 0, head + 2 * 0x18);
	memcpy(p, "$CPD", 4);
	put_u32le(p + 4, 2);
	p[8] = version;
	p[9] = 1;
	p[10] = (uint8_t)head;
	memcpy(p + 12, name, 4);
	memcpy(p + head, name, 4);
	memcpy(p + head + 4, ".man", 4);
	put_u32le(p + head + 12, 0x80);
	put_u32le(p + head + 16, 0x300);
	memcpy(p + head + 0x18, "kernel", 6);
	put_u32le(p + head + 0x18 + 12, 0x400 | 1u << 25);
	put_u32le(p + head + 0x18 + 16, 0x4000);
	region_manifest(p + 0x80, "$MN2");
	if (version == 1)
		p[11] = (uint8_t)(0 - digest_sum8(p, head + 2 * 0x18));
	else
		put_u32le(p + 16, digest_crc32(p, head + 2 * 0x18));
}

static inline void
region_bpdt(uint8_t *p, uint8_t version, uint16_t n)
{
	memset(p, 0, 0x18 + 12u * n);
	put_u32le(p, 0x000055AA);
	put_u16le(p + 4, n);
	p[6] = version;
}

static inline void
region_bpdt_entry(
    uint8_t *p, size_t i, uint16_t type, uint32_t off, uint32_t size)
{
	put_u16le(p + 0x18 + 12 * i, type);
	put_u32le(p + 0x18 + 12 * i + 4, off);
	put_u32le(p + 0x18 + 12 * i + 8, size);
}

static inline void
region_bpdt_seal(uint8_t *p)
{
	if (p[6] != 2)
		return;
	put_u32le(p + 8, 0);
	put_u32le(p + 8, digest_crc32(p + 4, 0x14 + 12u * get_u16le(p + 4)));
}

/* A boot partition with RBEP, FTPR, a place holder and a second table with
 * PMCP. */
static inline void
region_boot(uint8_t *p, uint8_t version)
{
	region_bpdt(p, version, 4);
	region_bpdt_entry(p, 0, 1, 0x1000, 0x600);
	region_bpdt_entry(p, 1, 2, 0x2000, 0x600);
	region_bpdt_entry(p, 2, 13, 0, 0);
	region_bpdt_entry(p, 3, 5, 0x3000, 0x1000);
	region_bpdt_seal(p);
	region_dir(p + 0x1000, "RBEP", version);
	region_dir(p + 0x2000, "FTPR", version);
	region_bpdt(p + 0x3000, version, 1);
	region_bpdt_entry(p + 0x3000, 0, 14, 0x3800, 0x600);
	region_bpdt_seal(p + 0x3000);
	region_dir(p + 0x3800, "PMCP", version);
}

static inline void
region_layout(uint8_t *p, enum region_form f)
{
	uint8_t *pair = p + (f == REGION_I17 ? 0x18 : 0x10);

	memset(p, 0, f == REGION_I17 ? 0x58 : 0x48);
	put_u32le(pair, REGION_DATA);
	put_u32le(pair + 4, REGION_BOOT - REGION_DATA);
	put_u32le(pair + 8, REGION_BOOT);
	put_u32le(pair + 12, 0x8000);
	region_boot(p + REGION_BOOT, f == REGION_I17 ? 2 : 1);
	if (f == REGION_I16)
		return;
	put_u16le(p + 0x10, 0x48);
	put_u32le(p + 0x14, digest_crc32(p + 0x10, 0x48));
}

/* REGION_SIZE bytes. Partitions at the base's 0x400 FOVD, 0x2000 EFFS or MFS,
 * 0x4000 FTPR with a manifest or directory; a quota NVCL. 0x6000 up to 0xF000
 * is erased. */
static inline void
region_make(uint8_t *p, enum region_form f)
{
	uint8_t *fpt = p + region_fpt(f), *base = p + region_base(f);
	bool csme = f >= REGION_21;

	memset(p, 0xFF, REGION_SIZE);
	memset(p, 0, region_is_ifwi(f) ? 0 : region_fpt(f));
	memset(fpt, 0, FPT_HEADER);
	memcpy(fpt, "$FPT", 4);
	fpt[8] = csme ? 0x21 : f == REGION_10 ? 0x10 : 0x20;
	fpt[9] = 0x10;
	fpt[10] = f == REGION_20 ? 0x30 : 0x20;
	fpt[11] = f == REGION_21 ? 1 : 0;
	region_entry(fpt, "FOVD", 0x400, 0xC00, 3);
	region_entry(fpt, csme ? "MFS" : "EFFS", 0x2000, 0x2000, csme ? 1 : 4);
	region_entry(fpt, "NVCL", 0xFFFFFFFF, 0x1000, 2);
	region_entry(fpt, "FTPR", 0x4000, 0x2000, 0);
	base[0x400] = 1;
	memset(base + 0x2000, 0x22, 0x2000);
	if (csme)
		region_dir(base + 0x4000, "FTPR", 2);
	else
		region_manifest(
		    base + 0x4000, f == REGION_10 ? "$MAN" : "$MN2");
	if (region_is_ifwi(f))
		region_layout(p, f);
	region_seal(p, f);
}

#endif
