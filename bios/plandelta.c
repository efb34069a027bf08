/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/plandelta.h"

_Static_assert(PLAN_WRITES <= DELTA_RANGES, "a plan fits a delta");

enum err_code
plandelta_make(
    const struct plan *p, const uint8_t *base, struct delta *d, struct err *e)
{
	d->n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct plan_write *w = &p->w[i];
		struct delta_range r = { .off = w->off,
			.len = (uint32_t)w->len,
			.secret = w->secret,
			.p = p->bytes.buf + w->at };

		if (w->len > DELTA_MAX || !delta_add(d, &r, base))
			return err_set(e, ERR_BUG,
			    "a write of 0x%zx bytes at 0x%zx is out of place",
			    w->len, w->off);
	}
	return ERR_OK;
}

/* Ranges may join writes, but never end within one. */
bool
plandelta_same(const struct plan *p, const struct delta *d)
{
	size_t at = 0, i = 0;

	for (size_t k = 0; k < d->n; k++, at = 0)
		for (; at < d->r[k].len && i < p->n; at += p->w[i++].len)
			if (p->w[i].off != d->r[k].off + at ||
			    p->w[i].len > d->r[k].len - at ||
			    p->w[i].secret != d->r[k].secret ||
			    memcmp(p->bytes.buf + p->w[i].at, d->r[k].p + at,
				p->w[i].len) != 0)
				return false;
	return i == p->n && d->n > 0;
}
