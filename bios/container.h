/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in an image the factory's set-up data can lie, and which of it counts.
 * The order of the search is fixed:
 *
 *   variable   AmtOemRecord of the project's GUID in any variable store
 *   pdr        records at 4 KiB-aligned places of the platform data region
 *   fpt        the same in the data partition AMTO of the ME region's $FPT,
 *              if it shares no byte with another: only the software device
 *              looks there, no Intel firmware does
 *   setup.bin  variable AmtSetupBin of the project's GUID: a Setup.bin file,
 *              for a BIOS that hands one to MEBx. It has no sequence, and
 *              counts only where there is no record that is whole.
 *
 * Of the records the one with the newest sequence counts; of equal ones the
 * first in this order, in one store the variable that is not being replaced.
 * In a region the 4 KiB blocks of a record are its own: an update goes to
 * blocks that are erased, so that the old record stays whole until the new
 * one is. Pure; the image is borrowed.
 */
#ifndef BIOS_CONTAINER_H
#define BIOS_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/image.h"
#include "formats/record.h"

#define CONTAINER_ALIGN 0x1000
#define CONTAINER_MAX 32
#define CONTAINER_PART "AMTO"
#define CONTAINER_SETUP_NAME "AmtSetupBin" /* of IMAGE_OEM_GUID */

enum container_kind {
	CONTAINER_VARIABLE,
	CONTAINER_PDR,
	CONTAINER_FPT,
	CONTAINER_SETUP
};

struct container_hit {
	enum container_kind kind;
	size_t off;        /* of the variable, or of the record */
	size_t at, len;    /* the record or file itself */
	uint32_t sequence; /* of a record that is whole */
	const char *why;   /* what is broken, or NULL */
	size_t why_at;
	bool replaced; /* the variable is being replaced by another */
	bool counts;   /* this one is taken */
	bool tie;      /* as new as the one that counts, but not taken */
};

/* All that is there, in the order of the search; never a deleted variable. */
struct container_list {
	size_t n;
	struct container_hit hit[CONTAINER_MAX];
	bool more; /* sound ones than fit; nothing then counts */
	bool cut;  /* broken ones are left out: they take no other's place */
};

void container_find(const struct image *, struct container_list *);
/* "variable", "pdr", "fpt", "setup.bin" */
const char *container_name(enum container_kind);
/* Is there anything, whole or broken? The first of it. */
bool container_live(const struct image *, struct container_hit *);
/* The record that counts; REASON_IMAGE_NO_STORE, REASON_IMAGE_NO_RECORD, and
 * REASON_RECORD_MALFORMED if all that there are are broken. */
enum err_code container_record(const struct image *, struct record *out,
    struct container_hit *, struct err *);
/* The Setup.bin file that counts; false if there is none, or a record is
 * there. Its content is not judged. */
bool container_setup(const struct image *, struct container_hit *);
void container_setup_name(struct varstore_name *);

/* The windows of an image in which records lie by themselves (kinds PDR and
 * FPT); false if the image has none. */
bool container_window(
    const struct image *, enum container_kind, size_t *from, size_t *end);

#endif
