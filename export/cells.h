/* SPDX-License-Identifier: Apache-2.0 */
/* What a technician copies character by character: cells of one each, with
 * what tells like-looking ones apart. What is drawn is secret. */
#ifndef EXPORT_CELLS_H
#define EXPORT_CELLS_H

#include <stdbool.h>

#include "export/pen.h"

/* Beneath each character, of what kind it is. */
void cells_password(struct pen *, const char *name, const char *text);
/* The row of digits of a US keyboard: where its signs are. */
void cells_keyboard(struct pen *);
/* Groups of four characters, four a line, with their dashes; over each its
 * number and a box to tick. A PPS checks each group, a PID only its whole
 * (Intel AMT SDK, PID and PPS). */
void cells_groups(struct pen *, const char *name, const char *chars, bool each);
/* Beside the PID at y, which leaves half of its line free. */
void cells_legend(struct pen *, double y);

#endif
