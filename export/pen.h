/* SPDX-License-Identifier: Apache-2.0 */
/* What a page is put together of, from the top down: a place on a sheet that
 * moves, styles of text, and the pieces that stand more than once. Sizes are
 * mm; dx counts from the left edge of what is written. */
#ifndef EXPORT_PEN_H
#define EXPORT_PEN_H

#include <stdbool.h>

#include "export/sheet.h"

#define PEN_BOTTOM 12.0 /* margin */
#define PEN_INDENT 9.0  /* of what stands under a step's title */

extern const struct sheet_style pen_body, pen_strong, pen_small, pen_caption,
    pen_title, pen_value, pen_typed;

/* Where the next thing goes. */
struct pen {
	struct sheet *s; /* borrowed */
	double x, y, w;  /* content: left edge, top of what is free, width */
	double gap;      /* above a step */
	unsigned step;
};

struct pen pen_new(struct sheet *);
/* A caption and its value beneath. */
void pen_field(struct pen *, double dx, double w, const char *name,
    const char *text, const struct sheet_style *);
void pen_tick(struct pen *, double x, double y, double size);
/* A box to tick, a number and a title; what follows stands under it. */
void pen_step(struct pen *, const char *);
/* A line. */
void pen_say(struct pen *, double dx, const struct sheet_style *, const char *);
/* Two, with a bar beside what must not be missed. */
void pen_warn(struct pen *, const char *, const char *);
/* Of two, the first or the second is to be chosen. */
void pen_choice(struct pen *, bool first, const char *, const char *);
/* Returns its right edge. */
double pen_key_cap(struct pen *, double x, double y, double w, const char *);
/* A value of up to 255 characters, broken wherever a line ends. */
void pen_long_value(
    struct pen *, double dx, const char *name, const char *text);

#endif
