/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code of the ME: signed manifests ($MN2, $MAN) and code partition
 * directories ($CPD). Read in place; the image is borrowed.
 *
 *   manifest    0x00 u32 type 4, u32 header length in dwords, u32 header
 *               version, u32 flags, u32 vendor 0x8086, u32 date BCD yyyymmdd,
 *               u32 size in dwords; 0x1C "$MN2" or "$MAN", u32 modules, u16 x
 *               4 version, u32 security version; 0x78 u32 key dwords, u32
 *               exponent dwords; 0x80 modulus, exponent, signature, all least
 *               significant byte first
 *   signed are  bytes 0..0x7F and those from header length to size
 *   $CPD        "$CPD", u32 entries, u8 version, u8 entry version 1, u8 header
 *               length, u8 checksum, name[4]; version 2: u32 CRC-32
 *               (header 0x10 or 0x14)
 *   its entry   name[12], u32 offset [24:0] with bit 25 for Huffman, u32
 *               length, u32 0; the manifest is NAME.man
 *
 * A key of 2048 bits signs by PKCS#1 v1.5 with SHA-256 (me_cleaner checks the
 * same). Keys of 3072 bits sign by PSS; no public source that we have says
 * with which digest, so SHA-256 and SHA-384 are tried and a manifest of which
 * neither holds is not called wrong. $CPD: checksum-8 over header and entries
 * (ifwitool); that its CRC-32 covers the same bytes is inferred. Pure.
 */
#ifndef BIOS_MECODE_H
#define BIOS_MECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MECODE_ENTRY 0x18 /* bytes */
#define MECODE_ENTRIES 256
#define MECODE_NAME 16

enum mecode_verdict {
	MECODE_UNCHECKED,
	MECODE_VERIFIED,
	MECODE_WRONG,
	MECODE_UNKNOWN /* not by a way that is known: says nothing */
};

struct mecode_man {
	const uint8_t *img; /* borrowed */
	size_t off;
	size_t header, size; /* bytes */
	char tag[5];         /* "$MN2", "$MAN" */
	uint32_t flags, vendor, modules, svn;
	uint32_t date; /* BCD: 0x20120910 */
	uint16_t version[4];
	size_t key;      /* bits */
	const char *why; /* why it cannot be verified, or NULL */
	size_t at;
	enum mecode_verdict verdict;
	const char *scheme; /* by which it is verified, or NULL */
};

/* The manifest at off, in off..end-1. False where there is none. */
bool mecode_man_read(
    const uint8_t *img, size_t off, size_t end, struct mecode_man *);
/* Checks the signature: hashes size bytes. */
void mecode_man_verify(struct mecode_man *);
const char *mecode_verdict_name(enum mecode_verdict);

struct mecode_dir {
	const uint8_t *img; /* borrowed */
	size_t off, end;    /* offsets in it count from off */
	size_t n;
	uint8_t version, entry_version, header_len;
	char name[MECODE_NAME];
	bool sum_known, sum_ok;
	const char *why;
	size_t at;
};

struct mecode_entry {
	size_t at; /* the entry itself */
	char name[MECODE_NAME];
	uint32_t offset, len, reserved;
	bool huffman; /* len is that of the unpacked bytes */
	bool space;
	size_t from; /* of the image; its bytes end at from + len, but for
		      * Huffman, of which the directory does not tell */
	const char *why;
};

bool mecode_dir_read(
    const uint8_t *img, size_t off, size_t end, struct mecode_dir *);
void mecode_dir_entry(
    const struct mecode_dir *, size_t i, struct mecode_entry *);
/* The manifest of a directory: its entry whose name ends in ".man". */
bool mecode_dir_man(const struct mecode_dir *, struct mecode_man *);

#endif
