/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed code and tables that name it, wherever they lie: a manifest, a code
 * directory, a $FPT or a flash descriptor is known by its header and not by
 * its four letters alone, since packed data has those by chance. So code stays
 * guarded where the table that should name it is damaged, or where it lies in
 * a region that holds none as a rule. Pure; the image is borrowed.
 */
#ifndef BIOS_STRAY_H
#define BIOS_STRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/guard.h"

struct image;

enum stray_kind {
	STRAY_MANIFEST, /* $MN2, $MAN */
	STRAY_DIR,      /* $CPD */
	STRAY_FPT       /* $FPT */
};

struct stray {
	enum stray_kind kind;
	size_t off, end; /* what its header says that it holds */
	bool open;       /* where it ends is not known; end is at its header */
};

const char *stray_name(enum stray_kind);
/* The next one at or behind *at, before end; moves *at behind its letters. */
bool stray_next(const uint8_t *img, size_t *at, size_t end, struct stray *);
/* The first byte of a flash descriptor at or behind at, or n. */
size_t stray_descriptor(const uint8_t *img, size_t at, size_t n);
/* Guards as signed what lies outside the ME region and the descriptor. */
void stray_guards(const struct image *, struct guard *);

#endif
