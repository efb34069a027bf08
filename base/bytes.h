/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor: one way to read, write and cut every layout.
 *
 * rd_* reads. It never leaves its window and remembers its first failure and
 * the offset of it; a failed read yields 0, so code reads like the table in a
 * specification and asks once, at the end: rd_end() is the only source of
 * "true". Offsets of a child window count from the root. The buffer is
 * borrowed; nothing is allocated.
 *
 * wr_* writes, with a hard bound; a buffer that grows is wiped when it is
 * outgrown or freed. span_* is a mutable window on a larger image.
 *
 * Both byte orders occur in this field: the order is in each name.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct rd {
	const uint8_t *base; /* offset 0, for messages; borrowed */
	const uint8_t *p;    /* next unread byte */
	const uint8_t *end;
	struct rd *up;   /* window this one was cut from, or NULL */
	const char *why; /* first failure, NULL while good */
	size_t at;       /* offset of that failure */
};

void rd_init(struct rd *, const void *, size_t);
size_t rd_left(const struct rd *);
size_t rd_off(const struct rd *);
uint8_t rd_u8(struct rd *);
uint16_t rd_u16le(struct rd *);
uint32_t rd_u32le(struct rd *);
uint16_t rd_u16be(struct rd *);
uint32_t rd_u32be(struct rd *);
const uint8_t *rd_bytes(struct rd *, size_t); /* NULL on failure */
void rd_copy(struct rd *, void *, size_t);    /* zeroes on failure */
void rd_skip(struct rd *, size_t);
struct rd rd_sub(struct rd *, size_t); /* empty on failure */
/* n if n items of each bytes can still follow, else 0 and failed. */
size_t rd_count(struct rd *, size_t n, size_t each);
void rd_magic(struct rd *, const void *, size_t);
/* Fails unless the next n bytes are all v. */
void rd_fill(struct rd *, uint8_t v, size_t n);
void rd_fail(struct rd *, const char *why);
bool rd_end(struct rd *); /* good, and nothing left over */
/* The reader's failure as an error: ERR_DATA, reason and offset set. */
enum err_code rd_err(const struct rd *, const struct reason *, struct err *);

struct wr {
	uint8_t *buf;
	size_t len, cap, max;
	bool grows, failed;
};

void wr_fixed(struct wr *, void *, size_t);
void wr_grow(struct wr *, size_t max);
void wr_u8(struct wr *, uint8_t);
void wr_u16le(struct wr *, uint16_t);
void wr_u32le(struct wr *, uint32_t);
void wr_u16be(struct wr *, uint16_t);
void wr_u32be(struct wr *, uint32_t);
void wr_bytes(struct wr *, const void *, size_t);
void wr_str(struct wr *, const char *); /* without the NUL */
void wr_fmt(struct wr *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* at most 511 bytes a call */
void wr_fill(struct wr *, uint8_t v, size_t n);
size_t wr_hole(struct wr *, size_t n); /* zeroes to patch later; offset */
void wr_patch_u32le(struct wr *, size_t off, uint32_t);
void wr_patch(struct wr *, size_t off, const void *, size_t);
void wr_reset(struct wr *); /* wipes what is written, keeps the room */
/* Hands a grown buffer over (never NULL); the caller wipes and frees. */
bool wr_take(struct wr *, uint8_t **, size_t *);
void wr_free(struct wr *); /* wipes */

struct span {
	uint8_t *p;
	size_t n;
};

/* Cutting one is the only bounds check a writer to an image needs. */
bool span_cut(struct span, size_t off, size_t len, struct span *);

/* Is each byte from from to before end v? True where there are none. */
bool bytes_are(const uint8_t *, size_t from, size_t end, uint8_t v);

/* Fixed-place access to bytes whose window was checked already. */
uint16_t get_u16le(const uint8_t *);
uint32_t get_u32le(const uint8_t *);
uint64_t get_u64le(const uint8_t *);
void put_u16le(uint8_t *, uint16_t);
void put_u32le(uint8_t *, uint32_t);
void put_u64le(uint8_t *, uint64_t);

#endif
