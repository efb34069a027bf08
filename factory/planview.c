/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "factory/planview.h"

#define CELL 20
#define SHOWN 8 /* bytes of a range; what is longer is cut */

static void
cell(char out[static CELL], const uint8_t *p, size_t n)
{
	size_t shown = n > SHOWN ? SHOWN - 1 : n;

	text_hex(out, p, shown);
	if (shown < n)
		strcat(out, "..");
}

static void
old_cell(char out[static CELL], const struct plandoc *d,
    const struct plandoc_write *w)
{
	if (w->fill && w->len > 1)
		snprintf(out, CELL, "all %02x", w->byte);
	else if (w->fill)
		snprintf(out, CELL, "%02x", w->byte);
	else
		cell(out, d->bytes.buf + w->old, w->len);
}

static void
line(struct wr *out, const struct plandoc *d, const struct plandoc_write *w)
{
	char old[CELL], new[CELL] = "(secret)";

	old_cell(old, d, w);
	if (!w->secret)
		cell(new, d->bytes.buf + w->new, w->len);
	wr_fmt(out, "  0x%08zx..0x%08zx %7zu  %-16s  %-16s  %s\n", w->off,
	    w->off + w->len - 1, w->len, old, new, w->why);
}

void
planview_write(struct wr *out, const struct plandoc *d)
{
	char uuid[UUID_TEXT], hex[TEXT_HEX_SIZE(SHA256_LEN)];
	size_t sum = 0;

	uuid_text(&d->uuid, uuid);
	text_hex(hex, d->sha256, SHA256_LEN);
	wr_fmt(out, "unit   %s of order %s, record %u\n", uuid, d->order,
	    d->sequence);
	wr_fmt(out, "base   %zu bytes, SHA-256 %s\n", d->size, hex);
	text_hex(hex, d->map_sha256, SHA256_LEN);
	wr_fmt(out, "map    %s, SHA-256 %s\n\n", d->map_name, hex);
	wr_fmt(out, "  %-22s %7s  %-16s  %-16s  %s\n", "range", "bytes", "old",
	    "new", "why");
	for (size_t i = 0; i < d->n; i++) {
		line(out, d, &d->w[i]);
		sum += d->w[i].len;
	}
	wr_fmt(out, "\n%zu ranges, %zu bytes; %s\n", d->n, sum,
	    d->clears_only
		? "bits are only cleared: no erase is needed"
		: "bits are set too: their blocks have to be erased");
}
