/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PDF is read as its reader will: pdftoppm draws the band of each page in
 * which the label lies and zbarimg decodes it; pdftotext reads the text of the
 * page. What they find must be what was meant, on every page.
 *
 * The programs get the PDF by a descriptor. zbarimg, whose image library
 * puts pixels into files of its own, sees the label alone, which holds no
 * secret; the other two keep what they read in memory.
 */
#ifndef EXPORT_READBACK_H
#define EXPORT_READBACK_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/child.h"
#include "base/err.h"

#define READBACK_PAGES 16 /* checked in one call at most */

struct readback {
	char pdftoppm[CHILD_PATH], pdftotext[CHILD_PATH], zbarimg[CHILD_PATH];
	int fd;                         /* of the PDF; borrowed */
	double label_top, label_height; /* mm */
	double width;
};

/* What a page must hold. */
struct readback_want {
	char unit[64]; /* for messages: its serial */
	char bar[64];  /* both codes; "": none are on this page */
	char qr[256];
	struct wr texts; /* each ended by a line feed, without blanks */
};

/* Finds the programs. ERR_PEER that names the packages. */
enum err_code readback_init(struct readback *, struct err *);
/* Pages first, first + 1, ... (from 1), n of them. Refused:
 * REASON_WORKSHEET_UNREAD. */
enum err_code readback_check(const struct readback *, size_t first,
    const struct readback_want *, size_t n, struct err *);

#endif
