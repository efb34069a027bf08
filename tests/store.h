/* SPDX-License-Identifier: Apache-2.0 */
/* Small variable volumes made by hand for the tests of bios/. */
#ifndef TESTS_STORE_H
#define TESTS_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/edkvar.h"
#include "bios/varstore.h"

#define STORE_VOLUME 0x4000 /* bytes of the volume */
#define STORE_SIZE 0x1000   /* bytes of the store in it */
#define STORE_AT 0x48       /* its header */
#define STORE_FIRST 0x64    /* the first variable */
#define STORE_FTW 0x2000    /* the working block, its queue 0xFE0 bytes */
#define STORE_QUEUE (STORE_FTW + 32)

/* EFI_GUID bytes */
static const uint8_t store_auth[16] = { 0x78, 0x2C, 0xF3, 0xAA, 0x7B, 0x94,
	0x9A, 0x43, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92 };
static const uint8_t store_plain[16] = { 0x16, 0x36, 0xCF, 0xDD, 0x75, 0x32,
	0x64, 0x41, 0x98, 0xB6, 0xFE, 0x85, 0x70, 0x7F, 0xFE, 0x7D };
static const uint8_t store_ftw[32] = { 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C, 0x7D,
	0x49, 0xA0, 0xCE, 0x65, 0x00, 0xFD, 0x9F, 0x1B, 0x95, 0, 0, 0, 0, 0xFE,
	0xFF, 0xFF, 0xFF, 0xE0, 0x0F, 0, 0, 0, 0, 0, 0 };

static inline void
store_sum(uint8_t *p)
{
	uint16_t sum = 0;

	put_u16le(p + 0x32, 0);
	for (size_t i = 0; i < 0x48; i += 2)
		sum = (uint16_t)(sum + get_u16le(p + i));
	put_u16le(p + 0x32, (uint16_t)(0 - sum));
}

static inline void
store_make_ftw(uint8_t *p)
{
	uint8_t head[32];

	memcpy(p, store_ftw, sizeof(store_ftw));
	memcpy(head, p, sizeof(head));
	memset(head + 16, 0xFF, 5);
	put_u32le(p + 16, digest_crc32(head, sizeof(head)));
}

/* An empty, sound volume of STORE_VOLUME bytes. */
static inline void
store_make(uint8_t *p, bool auth)
{
	struct uuid nv;

	memset(p, 0xFF, STORE_VOLUME);
	memset(p, 0, STORE_AT);
	uuid_parse(&nv, VOLUME_NV_GUID);
	memcpy(p + 0x10, nv.b, 16);
	put_u64le(p + 0x20, STORE_VOLUME);
	memcpy(p + 0x28, "_FVH", 4);
	put_u32le(p + 0x2C, 0x4FEFF);
	put_u16le(p + 0x30, STORE_AT);
	p[0x37] = 2;
	put_u32le(p + 0x38, STORE_VOLUME / 0x1000);
	put_u32le(p + 0x3C, 0x1000);
	store_sum(p);
	memset(p + STORE_AT, 0, 28);
	memcpy(p + STORE_AT, auth ? store_auth : store_plain, 16);
	put_u32le(p + STORE_AT + 16, STORE_SIZE);
	p[STORE_AT + 20] = 0x5A;
	p[STORE_AT + 21] = 0xFE;
	store_make_ftw(p + STORE_FTW);
}

/* Reads the first store of the volume at the start of p. */
static inline struct varstore
store_open(const uint8_t *p, size_t n)
{
	struct volume v;
	struct varstore s;

	memset(&s, 0, sizeof(s));
	if (volume_next(p, 0, n, &v))
		varstore_read(p, &v, &s, 1);
	return s;
}

/* Adds a variable by the product's writer; 0 if it refused. */
static inline size_t
store_put(uint8_t *p, size_t n, const char *name, const void *data, size_t len)
{
	struct varstore s = store_open(p, n);
	struct varstore_add add = { .attrs = 3, .data = data, .len = len };
	struct err e;
	struct wr w;
	size_t took = 0;

	err_clear(&e);
	uuid_parse(&add.name.guid, "00112233-4455-6677-8899-aabbccddeeff");
	memcpy(add.name.name, name, strlen(name) + 1);
	wr_grow(&w, 0x10000);
	if (varstore_entry(&s, &add, &w, &e) == ERR_OK) {
		memcpy(p + s.free, w.buf, w.len);
		took = w.len;
	}
	wr_free(&w);
	return took;
}

#endif
