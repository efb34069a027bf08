/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit's secrets as bytes to be searched for, in every form in which they
 * may lie in an image. A text is searched as ASCII, as UTF-16LE, and as
 * Setup.bin 4.0 scrambles it; a PPS with and without dashes. A private key is
 * searched by the numbers in it that are secret, since its frame and its
 * public half occur elsewhere too; if it cannot be taken apart, by all behind
 * its frame.
 *
 * A run is bytes that follow one another both in the image and in a form of a
 * secret. Two lengths count, in characters (of UTF-16 one byte less than
 * twice as many) or bytes:
 *
 *   NEEDLE_RUN     from here on a run is taken for a piece of the secret, and
 *                  erased with all that continues it, where that may be done
 *   NEEDLE_PROVED  so long, or the whole of a shorter secret, must be nowhere.
 *                  Of a PPS and of a key NEEDLE_RUN must be nowhere: those are
 *                  made by chance, while people's passwords have words in
 *                  them that a firmware has too.
 *
 * A secret below NEEDLE_LEAST bytes occurs by chance, one of few different
 * characters likewise, and the password "admin" in any firmware: they are
 * counted, not searched. Holds secrets, and wipes them: needle_free() in any
 * case. Pure.
 */
#ifndef BIOS_NEEDLE_H
#define BIOS_NEEDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/record.h"

#define NEEDLE_RUN 8
#define NEEDLE_PROVED 16
#define NEEDLE_LEAST 6
#define NEEDLE_MAX 0x40000 /* windows */
#define NEEDLE_FORMS 0x4000

/* The least run from one place of a form on. */
struct needle_at {
	uint32_t off, begin, end; /* in the pool; the form's */
	uint16_t hash;
	uint8_t len, proved;
};

struct needles {
	struct wr pool;
	struct wr list;  /* of struct needle_at, sorted by hash when ready */
	struct wr forms; /* each once, chained by their hashes */
	size_t n;        /* windows */
	size_t secrets;  /* that are searched, each once */
	size_t skipped;  /* that are too short or too plain */
	bool ready;
	uint32_t first[0x10001]; /* where in the list a hash begins */
	uint32_t form[NEEDLE_FORMS];
};

/* Too large for a stack. ERR_RETRY without memory. */
enum err_code needle_new(struct needles **, struct err *);
void needle_free(struct needles *); /* wipes; NULL is fine */

void needle_bytes(struct needles *, const void *, size_t);
void needle_text(struct needles *, const void *, size_t); /* without a NUL */
void needle_key(struct needles *, const void *der, size_t);
void needle_record(struct needles *, const struct record *);

/* Walks what can be made out of a list of entries, as records and Setup.bin
 * have them (u16 module, u16 variable, u16 length, u16 0, value, to a multiple
 * of 4): those that follow one another, and wherever that has lost its way
 * those that are a secret beyond doubt. */
struct needle_walk {
	const uint8_t *p;
	size_t n, at, chain;
};

struct needle_entry {
	uint32_t var;
	size_t off, size; /* of it all, cut to what is there */
	const uint8_t *value;
	size_t n; /* likewise */
};

void needle_walk(struct needle_walk *, const uint8_t *, size_t n, size_t from);
bool needle_entry(struct needle_walk *, struct needle_entry *);
/* Learns the secrets of all of them; how many entries there were. */
size_t needle_entries(struct needles *, const uint8_t *, size_t n, size_t from);

/* Before the first search. Fails where there were too many. */
enum err_code needle_ready(struct needles *, struct err *);

/* A run. next is where to search on; it starts as where to search from. */
struct needle_hit {
	size_t at, len, next;
};

/* The next run of NEEDLE_RUN or more before end; runs may overlap. */
bool needle_find(
    const struct needles *, const uint8_t *p, size_t end, struct needle_hit *);
/* The same for runs that must be nowhere. */
bool needle_left(
    const struct needles *, const uint8_t *p, size_t end, struct needle_hit *);

#endif
