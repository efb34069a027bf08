/* SPDX-License-Identifier: Apache-2.0 */
/* Variable stores of BIOS makers, made by hand for the tests of bios/: no byte
 * of them comes from the product's writers. */
#ifndef TESTS_VENDOR_H
#define TESTS_VENDOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/store.h"

/* ---- NVAR: a volume with one raw file ---- */

#define VENDOR_VOLUME 0x4000
#define VENDOR_FILE 0x48        /* the file's header */
#define VENDOR_BODY (0x48 + 24) /* the first entry */
#define VENDOR_FILE_SIZE 0x1000 /* with its header */
#define VENDOR_BODY_END (VENDOR_FILE + VENDOR_FILE_SIZE)

static const uint8_t vendor_ffs2[16] = { 0x78, 0xE5, 0x8C, 0x8C, 0x3D, 0x8A,
	0x1C, 0x4F, 0x99, 0x35, 0x89, 0x61, 0x85, 0xC3, 0x2D, 0xD3 };
static const uint8_t vendor_nvar[16] = { 0xA3, 0xB9, 0xF5, 0xCE, 0x6D, 0x47,
	0x7F, 0x49, 0x9F, 0xDC, 0xE9, 0x81, 0x43, 0xE0, 0x42, 0x2C };

/* The header's bytes sum to 0 without the body's checksum and the state. */
static inline void
vendor_file_sum(uint8_t *f)
{
	uint8_t sum = 0;

	f[16] = 0;
	for (size_t i = 0; i < 24; i++)
		if (i != 17 && i != 23)
			sum = (uint8_t)(sum + f[i]);
	f[16] = (uint8_t)(0 - sum);
}

/* An empty NVAR store in a sound volume of VENDOR_VOLUME bytes. */
static inline void
vendor_nvar_make(uint8_t *p)
{
	uint8_t *f = p + VENDOR_FILE;

	memset(p, 0xFF, VENDOR_VOLUME);
	memset(p, 0, VENDOR_FILE);
	memcpy(p + 0x10, vendor_ffs2, 16);
	put_u64le(p + 0x20, VENDOR_VOLUME);
	memcpy(p + 0x28, "_FVH", 4);
	put_u32le(p + 0x2C, 0xFFFEFF);
	put_u16le(p + 0x30, 0x48);
	p[0x37] = 2;
	put_u32le(p + 0x38, VENDOR_VOLUME / 0x1000);
	put_u32le(p + 0x3C, 0x1000);
	store_sum(p);
	memcpy(f, vendor_nvar, 16);
	f[17] = 0xAA;
	f[18] = 0x01;
	f[19] = 0;
	put_u32le(f + 20, VENDOR_FILE_SIZE);
	vendor_file_sum(f);
	f[23] = 0xF8;
}

struct vendor_entry {
	uint8_t attrs;
	uint32_t next;    /* distance; 0: none */
	int guid;         /* index; -1: inline, bytes all 0x11 */
	const char *name; /* NULL: value only */
	const void *data;
	size_t len;
	const void *ext; /* extended header with its size, or NULL */
	size_t ext_len;
};

static inline size_t
vendor_put(uint8_t *p, const void *from, size_t n)
{
	if (n > 0)
		memcpy(p, from, n);
	return n;
}

/* Writes an entry; bytes that it took. */
static inline size_t
vendor_nvar_entry(uint8_t *p, const struct vendor_entry *v)
{
	size_t n = 10;

	memcpy(p, "NVAR", 4);
	put_u32le(p + 6,
	    (v->next == 0 ? 0xFFFFFF : v->next) | (uint32_t)v->attrs << 24);
	if (v->name != NULL) {
		if (v->guid < 0) {
			memset(p + n, 0x11, 16);
			n += 16;
		} else
			p[n++] = (uint8_t)v->guid;
		for (size_t i = 0; i <= strlen(v->name); i++) {
			p[n++] = (uint8_t)v->name[i];
			if ((v->attrs & 2) == 0)
				p[n++] = 0;
		}
	}
	n += vendor_put(p + n, v->data, v->len);
	n += vendor_put(p + n, v->ext, v->ext_len);
	put_u16le(p + 4, (uint16_t)n);
	return n;
}

/* GUID i of the table is sixteen bytes 0x20 + i. */
static inline void
vendor_nvar_table(uint8_t *p, size_t guids)
{
	for (size_t i = 0; i < guids; i++)
		memset(p + VENDOR_BODY_END - 16 * (i + 1), 0x20 + (int)i, 16);
}

/* ---- EVSA, at the header of a variable volume ---- */

static inline void
vendor_evsa_sum(uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 2; i < n; i++)
		sum = (uint8_t)(sum + p[i]);
	p[1] = (uint8_t)(0 - sum);
}

/* An entry of that type with what follows its four bytes. */
static inline size_t
vendor_evsa_entry(uint8_t *p, uint8_t type, const void *rest, size_t n)
{
	p[0] = type;
	put_u16le(p + 2, (uint16_t)(4 + n));
	vendor_put(p + 4, rest, n);
	vendor_evsa_sum(p, 4 + n);
	return 4 + n;
}

static inline void
vendor_evsa_make(uint8_t *p, uint32_t size)
{
	uint8_t rest[16] = { 'E', 'V', 'S', 'A' };

	store_make(p, true);
	memset(p + STORE_AT, 0xFF, STORE_VOLUME - STORE_AT);
	put_u32le(rest + 8, size);
	vendor_evsa_entry(p + STORE_AT, 0xEC, rest, sizeof(rest));
}

/* ---- $VSS, at the header of a variable volume ---- */

static inline void
vendor_vss_make(uint8_t *p)
{
	store_make(p, true);
	memset(p + STORE_AT, 0xFF, STORE_SIZE);
	memcpy(p + STORE_AT, "$VSS", 4);
	put_u32le(p + STORE_AT + 4, STORE_SIZE);
	p[STORE_AT + 8] = 0x5A;
	p[STORE_AT + 9] = 0xFE;
	memset(p + STORE_AT + 10, 0, 6);
}

/* A variable of EDK2's and $VSS's layout, state added; bytes that it took. */
static inline size_t
vendor_vss_var(
    uint8_t *p, bool auth, const char *name, const void *data, size_t len)
{
	size_t n = 8, chars = strlen(name) + 1;

	memset(p, 0, auth ? 60 : 32);
	put_u16le(p, 0x55AA);
	p[2] = 0x3F;
	put_u32le(p + 4, 7);
	n += auth ? 28 : 0;
	put_u32le(p + n, (uint32_t)(2 * chars));
	put_u32le(p + n + 4, (uint32_t)len);
	memset(p + n + 8, 0x33, 16);
	n += 24;
	for (size_t i = 0; i < chars; i++, n += 2)
		put_u16le(p + n, (uint8_t)name[i]);
	return n + vendor_put(p + n, data, len);
}

#endif
