/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <zint.h>

#include "base/text.h"
#include "export/label.h"

#define QR_LEVEL_M 2 /* zint's option_1: 1 L, 2 M, 3 Q, 4 H */

/* zint's rows are bytes with the first module in the lowest bit. */
static bool
zint_dark(const struct zint_symbol *z, size_t row, size_t col)
{
	return z->encoded_data[row][col / 8] >> col % 8 & 1;
}

static enum err_code
copy_grid(struct label *l, const struct zint_symbol *z, struct err *e)
{
	size_t rows = z->rows > 0 ? (size_t)z->rows : 0;
	size_t cols = z->width > 0 ? (size_t)z->width : 0;

	if (rows == 0 || rows > 200 || cols == 0 ||
	    cols > 8 * sizeof(z->encoded_data[0]) ||
	    rows * cols > LABEL_MODULES)
		return err_set(
		    e, ERR_BUG, "a bar code of %zu x %zu modules", cols, rows);
	l->rows = rows;
	l->cols = cols;
	for (size_t i = 0; i < rows * cols; i++)
		if (zint_dark(z, i / cols, i % cols))
			l->bits[i / 8] |= (uint8_t)(1U << i % 8);
	return ERR_OK;
}

enum err_code
label_make(
    struct label *l, enum label_kind kind, const char *text, struct err *e)
{
	struct zint_symbol *z;
	size_t n = strlen(text);
	size_t most = kind == LABEL_QR ? LABEL_TEXT : LABEL_TEXT_CODE128;
	int rc;

	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->quiet = kind == LABEL_QR ? 4 : 10;
	if (n == 0 || n > most || !text_printable(text, n))
		return err_set(e, ERR_DATA,
		    "a bar code of this kind holds 1 to %zu printable ASCII "
		    "characters",
		    most);
	if ((z = ZBarcode_Create()) == NULL)
		return err_mem(e);
	z->symbology = kind == LABEL_QR ? BARCODE_QRCODE : BARCODE_CODE128;
	z->show_hrt = 0;
	if (kind == LABEL_QR)
		z->option_1 = QR_LEVEL_M;
	rc = ZBarcode_Encode(z, (const unsigned char *)text, (int)n);
	/* A code that is not quite what was asked for is none. */
	if (rc != 0)
		err_set(e, ERR_DATA, "no bar code of %zu characters: %s", n,
		    z->errtxt);
	else
		copy_grid(l, z, e);
	ZBarcode_Delete(z);
	return e->code;
}

bool
label_dark(const struct label *l, size_t row, size_t col)
{
	size_t i = row * l->cols + col;

	return row < l->rows && col < l->cols &&
	    (l->bits[i / 8] >> i % 8 & 1) != 0;
}
