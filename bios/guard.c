/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "bios/guard.h"
#include "formats/reason.h"

void
guard_add(struct guard *g, enum guard_kind kind, size_t off, size_t len,
    const char *fmt, ...)
{
	struct guard_range *r;
	va_list ap;

	if (g->n == GUARD_RANGES) {
		g->full = true;
		return;
	}
	r = &g->r[g->n++];
	r->off = off;
	r->len = len;
	r->kind = kind;
	va_start(ap, fmt);
	vsnprintf(r->what, sizeof(r->what), fmt, ap);
	va_end(ap);
}

static const struct reason *
reason_of(enum guard_kind kind)
{
	switch (kind) {
	case GUARD_SIGNED:
		return reason_get(REASON_IMAGE_SIGNED);
	case GUARD_PROTECTED:
		return reason_get(REASON_IMAGE_PROTECTED);
	default:
		return reason_get(REASON_IMAGE_FORBIDDEN);
	}
}

static enum err_code
check(const struct guard *g, const struct guard_range *w, bool named,
    struct err *e)
{
	size_t off = w->off, len = w->len;

	for (size_t i = 0; i < g->n; i++) {
		const struct guard_range *r = &g->r[i];

		if (len == 0 || r->len == 0 || off >= r->off + r->len ||
		    r->off >= off + len || (named && r->kind == GUARD_UNKNOWN))
			continue;
		err_refuse(e, ERR_DATA, reason_of(r->kind),
		    "a write to 0x%zx..0x%zx would touch 0x%zx..0x%zx: %s", off,
		    off + len - 1, r->off, r->off + r->len - 1, r->what);
		return err_at(e, off > r->off ? off : r->off);
	}
	if (g->full)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_IMAGE_FORBIDDEN),
		    "more than %d ranges must not be written: this image is "
		    "not understood well enough",
		    GUARD_RANGES);
	return ERR_OK;
}

enum err_code
guard_check(const struct guard *g, size_t off, size_t len, struct err *e)
{
	const struct guard_range w = { .off = off, .len = len };

	return check(g, &w, false, e);
}

enum err_code
guard_check_named(const struct guard *g, size_t off, size_t len, struct err *e)
{
	const struct guard_range w = { .off = off, .len = len };

	return check(g, &w, true, e);
}
