/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes an MFS from its rules, with code of its own: the serial form of each
 * CRC, pages that do not lie in the order of their numbers, chunks of a file
 * that do not follow each other, and old copies of the system area.
 */
#ifndef TESTS_MFSMAKE_H
#define TESTS_MFSMAKE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define MM_PAGE 0x2000
#define MM_SIGNATURE 0xAA557887u
#define MM_PAGES 26 /* 2 system, 1 scratch, 23 data */
#define MM_SYSTEM 2
#define MM_DATA (MM_PAGES - MM_SYSTEM - 1)
#define MM_SCRATCH 5 /* where the scratch page lies */
#define MM_FILES 128
#define MM_FAT (MM_FILES + MM_DATA * 122)
#define MM_AREA ((14 + 2 * MM_FAT + 63) / 64) /* chunks */
#define MM_SIZE (MM_PAGES * MM_PAGE)

struct mm {
	uint8_t *p; /* MM_SIZE bytes; the caller's */
	uint8_t area[MM_AREA * 64];
	size_t page[MM_PAGES];    /* where page number i lies */
	size_t slot[MM_SYSTEM];   /* next free chunk of a system page */
	uint16_t last[MM_SYSTEM]; /* its last index */
	size_t next;              /* data chunk that was given out last */
};

static inline uint16_t
mm_crc(unsigned width, unsigned poly, unsigned crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < 8 * n; i++) {
		unsigned bit = p[i / 8] >> (7 - i % 8) & 1;
		unsigned top = crc >> (width - 1) & 1;

		crc = crc << 1 & ((1u << width) - 1);
		if (top != bit)
			crc ^= poly;
	}
	return (uint16_t)crc;
}

static inline uint16_t
mm_veil(uint16_t index)
{
	uint8_t bytes[2] = { (uint8_t)index, (uint8_t)(index >> 8) };
	unsigned crc = 0x3FFF;

	for (int i = 0; i < 2; i++) {
		uint8_t at = (uint8_t)(bytes[i] ^ crc >> 8);

		crc = (mm_crc(16, 0x1021, 0, &at, 1) ^ crc * 256) % 0x4000;
	}
	return (uint16_t)crc;
}

/* The chunk's CRC, of its bytes and its index. */
static inline void
mm_seal(uint8_t *chunk, size_t index)
{
	uint8_t all[66];

	memcpy(all, chunk, 64);
	put_u16le(all + 64, (uint16_t)index);
	put_u16le(chunk + 64, mm_crc(16, 0x1021, 0xFFFF, all, 66));
}

static inline void
mm_header(uint8_t *p, bool scratch, uint32_t number, size_t first)
{
	put_u32le(p, MM_SIGNATURE);
	put_u32le(p + 4, number);
	put_u32le(p + 8, 3 + number);
	put_u16le(p + 12, 7);
	put_u16le(p + 14, (uint16_t)first);
	p[16] = (uint8_t)mm_crc(8, 7, 1, p, 16);
	p[17] = 0;
	if (scratch)
		put_u32le(p, 0);
}

/* ---- system pages ---- */

/* Where a system page's next chunk goes; 120 of them. */
static inline uint8_t *
mm_chunk_of(const struct mm *m, size_t sys, size_t slot)
{
	return m->p + m->page[sys] + 0x12 + 2 * 121 + 66 * slot;
}

static inline void
mm_put_system(struct mm *m, size_t sys, size_t index, const uint8_t *data)
{
	uint8_t *page = m->p + m->page[sys];
	uint8_t *chunk = mm_chunk_of(m, sys, m->slot[sys]);

	memcpy(chunk, data, 64);
	mm_seal(chunk, index);
	put_u16le(page + 0x12 + 2 * m->slot[sys],
	    (uint16_t)(mm_veil(m->last[sys]) ^ index));
	m->last[sys] = (uint16_t)index;
	m->slot[sys]++;
}

/* ---- the volume ---- */

static inline uint16_t
mm_fat(const struct mm *m, size_t i)
{
	return get_u16le(m->area + 14 + 2 * i);
}

static inline void
mm_set_fat(struct mm *m, size_t i, size_t v)
{
	put_u16le(m->area + 14 + 2 * i, (uint16_t)v);
}

/* An empty volume. The second system page lies before the first. */
static inline void
mm_begin(struct mm *m, uint8_t *p)
{
	memset(m, 0, sizeof(*m));
	m->p = p;
	memset(p, 0xFF, MM_SIZE);
	for (size_t i = 0; i < MM_PAGES; i++)
		m->page[i] = (i * 9 + 17) % MM_PAGES * MM_PAGE;
	/* Number 5 is the scratch page, 0 and 1 are system pages. */
	for (size_t i = 0, first = MM_AREA; i < MM_PAGES; i++) {
		bool data = i >= MM_SYSTEM && i != MM_SCRATCH;

		mm_header(p + m->page[i], i == MM_SCRATCH, (uint32_t)i,
		    data ? first : 0);
		first += data ? 122 : 0;
	}
	put_u32le(m->area, 0x724F6201);
	m->area[4] = 1;
	put_u32le(m->area + 8, MM_SIZE);
	put_u16le(m->area + 12, MM_FILES);
}

/* The page and slot of a data chunk. */
static inline uint8_t *
mm_data(struct mm *m, size_t chunk, uint8_t **slot)
{
	size_t number = MM_SYSTEM + chunk / 122;
	uint8_t *page;

	number += number >= MM_SCRATCH;
	page = m->p + m->page[number];
	*slot = page + 0x12 + chunk % 122;
	return page + 0x12 + 122 + 66 * (chunk % 122);
}

/* Chunks are given out with a stride that no file's chunks follow. */
static inline void
mm_file(struct mm *m, size_t id, const uint8_t *data, size_t len)
{
	size_t at = id;

	if (len == 0)
		mm_set_fat(m, id, 0xFFFF);
	for (size_t done = 0; done < len; done += 64) {
		size_t n = len - done < 64 ? len - done : 64;
		size_t chunk = m->next = (m->next + 1009) % (MM_DATA * 122);
		uint8_t *slot, *to = mm_data(m, chunk, &slot);

		memset(to, 0x5A, 64);
		memcpy(to, data + done, n);
		mm_seal(to, MM_AREA + chunk);
		*slot = 0;
		mm_set_fat(m, at, MM_FILES + chunk);
		at = MM_FILES + chunk;
		mm_set_fat(m, at, n);
	}
}

/* Where byte off of a stored file lies. */
static inline uint8_t *
mm_byte(struct mm *m, size_t id, size_t off)
{
	size_t at = mm_fat(m, id);
	uint8_t *slot;

	for (; off >= 64; off -= 64)
		at = mm_fat(m, at);
	return mm_data(m, at - MM_FILES, &slot) + off;
}

/* Writes the system area: to page 0 what was there before, which is rubbish,
 * and then the chunks of now over both pages. */
static inline void
mm_end(struct mm *m)
{
	uint8_t old[64];

	memset(old, 0xEE, sizeof(old));
	for (size_t i = 0; i < 40; i++)
		mm_put_system(m, 0, i * 3 % MM_AREA, old);
	for (size_t i = 0; i < MM_AREA; i++)
		mm_put_system(m, m->slot[0] < 120 ? 0 : 1, i, m->area + 64 * i);
}

#endif
