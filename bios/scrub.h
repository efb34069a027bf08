/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a unit's secrets out of an image of a board that came back, and proves
 * that none is left. Works on the caller's copy; pure.
 *
 * Removed are, wherever they lie: live, deleted and torn variables of our
 * names, records and Setup.bin files in the other containers, old copies in
 * the whole of a variable volume (its free room, the journal of the fault
 * tolerant write and the spare area), and the map's places. Behind the last
 * variable that stays the room is erased again, so that a board that only we
 * have written becomes the base bit by bit; between others an entry keeps its
 * header, is marked as deleted, and its value is zero.
 *
 * First all secrets are learned, then all bytes found that are to go, then
 * they are erased. There, in free room and old copies, runs of NEEDLE_RUN bytes
 * go with all that continues them. Of a record or file that is not whole
 * (bios/remains.h) only the header goes, entries that can be made out, and such
 * runs: no length is believed that nothing proves.
 *
 * What is not ours is never changed: code, files, another's live variable, a
 * store's headers and its table of GUIDs, the journal's header. So at the end
 * the whole image is searched for every secret and for every record; what is
 * left is refused with its offset, REASON_SCRUB_LEFT, and the copy is good for
 * nothing. Proved is what NEEDLE_PROVED says (bios/needle.h). What is packed
 * cannot be searched; it is counted.
 */
#ifndef BIOS_SCRUB_H
#define BIOS_SCRUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/guard.h"
#include "bios/image.h"
#include "bios/map.h"
#include "bios/needle.h"

#define SCRUB_AREAS 32

struct scrub_area {
	size_t from, end;
};

struct scrub {
	const struct image *img;  /* of p, borrowed */
	const struct imgmap *map; /* borrowed; NULL: none */
	uint8_t *p;               /* the copy; borrowed */
	size_t n;
	struct needles *needles; /* owned */
	struct guard guard;
	/* Bytes that are ours to erase where a secret lies in them. */
	size_t nareas;
	struct scrub_area area[SCRUB_AREAS];
	/* Of the map's settings and checksums: */
	size_t placed;    /* hold something, entries of variables too */
	size_t absent;    /* have no place in this image */
	size_t guessed;   /* are erased without knowing what a base has */
	uint8_t *mask;    /* what is known of each byte; owned */
	size_t records;   /* found: live, deleted, torn and old ones */
	size_t setups;    /* Setup.bin files, likewise */
	size_t variables; /* entries that were removed */
	/* Records and files that are broken: what lay behind the damage may not
	 * have been learned, and then is not searched. The ledger knows. */
	size_t damaged;
	size_t packed;  /* sections that cannot be searched */
	size_t unsound; /* volumes that are broken */
};

/* img is of the very bytes p; map may be NULL. scrub_free() in any case. */
enum err_code scrub_begin(struct scrub *, const struct image *,
    const struct imgmap *, uint8_t *p, struct err *);
/* What the ledger knows of the unit is searched too: it finds secrets whose
 * record is destroyed. Before scrub_run(). */
void scrub_know(struct scrub *, const struct record *);
enum err_code scrub_run(struct scrub *, struct err *);
/* The next record at or behind *at, before end: torn and old ones too. *len:
 * what it claims, cut to what can be. */
bool scrub_next_record(const uint8_t *, size_t end, size_t *at, size_t *len);
bool scrub_has_name(const struct varstore_var *, const struct varstore_name *);
/* The proof alone, of any bytes: nothing is found in them. */
enum err_code scrub_prove(
    const struct scrub *, const uint8_t *, size_t n, struct err *);
void scrub_free(struct scrub *); /* wipes */

#endif
