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

static bool
same_write(const struct plan *p, const struct plan_write *w,
    const struct delta_range *r, size_t at)
{
	return w->off == r->off + at && w->len <= r->len - at &&
	    w->secret == r->secret &&
	    memcmp(p->bytes.buf + w->at, r->p + at, w->len) == 0;
}

/* Ranges may join writes, but never end within one. */
bool
plandelta_same(const struct plan *p, const struct delta *d)
{
	size_t i = 0;

	for (size_t k = 0; k < d->n; k++) {
		const struct delta_range *r = &d->r[k];

		for (size_t at = 0; at < r->len; at += p->w[i++].len)
			if (i == p->n || p->w[i].len == 0 ||
			    !same_write(p, &p->w[i], r, at))
				return false;
	}
	return i == p->n && d->n > 0;
}
