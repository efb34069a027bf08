/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit's secrets as bytes to be searched for: each of their windows of 16
 * bytes, in every form in which they may lie in an image. A text is searched
 * as ASCII, as UTF-16LE, and as Setup.bin 4.0 scrambles it; a PPS with and
 * without dashes. A private key is searched by the numbers in it that are
 * secret, since its frame and its public half occur elsewhere too; if it
 * cannot be taken apart, by all of it.
 *
 * A secret below NEEDLE_LEAST bytes occurs by chance, and the password "admin"
 * in any firmware: they are counted, not searched. Holds secrets, and wipes
 * them: needle_free() in any case. Pure.
 */
#ifndef BIOS_NEEDLE_H
#define BIOS_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/record.h"

#define NEEDLE_WINDOW 16
#define NEEDLE_LEAST 6
#define NEEDLE_MAX 0x40000 /* windows */

struct needle_at {
	uint32_t off; /* in the pool */
	uint16_t hash;
	uint8_t len;
};

struct needles {
	struct wr pool;
	struct wr list; /* of struct needle_at, sorted by hash when ready */
	size_t n;       /* windows */
	size_t secrets; /* that are searched, each once a form */
	size_t skipped; /* that are too short */
	bool ready;
	uint32_t first[0x10001]; /* where in the list a hash begins */
};

/* Too large for a stack. ERR_RETRY without memory. */
enum err_code needle_new(struct needles **, struct err *);
void needle_free(struct needles *); /* wipes; NULL is fine */

void needle_bytes(struct needles *, const void *, size_t);
void needle_text(struct needles *, const void *, size_t); /* without a NUL */
void needle_key(struct needles *, const void *der, size_t);
void needle_record(struct needles *, const struct record *);
/* What of a record can still be made out, torn and old ones too: the entries
 * from the payload on, as far as they are some. */
void needle_torn(struct needles *, const uint8_t *, size_t n);
/* A Setup.bin file's records, consumed ones too. */
void needle_setup(struct needles *, const uint8_t *, size_t n);

/* Before the first search. Fails where there were too many. */
enum err_code needle_ready(struct needles *, struct err *);
/* The first hit at or behind from, before end; *len: how long it is. */
bool needle_find(const struct needles *, const uint8_t *p, size_t from,
    size_t end, size_t *at, size_t *len);

#endif
