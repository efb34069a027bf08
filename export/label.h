/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bar codes as grids of modules: Code 128 (ISO/IEC 15417), one row, and QR
 * (ISO/IEC 18004) with error correction M. The door to libzint, which only
 * encodes: drawing is export/sheet.h's, quiet zones included. Nothing secret
 * belongs into a code: any camera reads it.
 */
#ifndef EXPORT_LABEL_H
#define EXPORT_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum label_kind {
	LABEL_CODE128,
	LABEL_QR
};

#define LABEL_TEXT 255        /* characters in a QR code at most */
#define LABEL_TEXT_CODE128 60 /* zint 2.11 sets no wider row */
#define LABEL_MODULES 32768   /* above a QR code of 177 x 177 */

struct label {
	enum label_kind kind;
	size_t rows, cols; /* without the quiet zone */
	size_t quiet;      /* modules to keep white around: 10 left and right
			    * of Code 128, 4 all around QR */
	uint8_t bits[LABEL_MODULES / 8];
};

/* text is printable ASCII, not empty and not longer than its code holds: else
 * ERR_DATA. The same text gives the same grid. */
enum err_code label_make(
    struct label *, enum label_kind, const char *text, struct err *);
/* Is the module dark? False outside. */
bool label_dark(const struct label *, size_t row, size_t col);

#endif
