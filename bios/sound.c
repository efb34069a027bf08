/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/fitc.h"
#include "bios/gbe.h"
#include "bios/sound.h"
#include "formats/reason.h"

/* What broke, or NULL. */
static const char *
volumes(const struct image *base, const struct image *made)
{
	if (made->kind != base->kind || made->nvolumes != base->nvolumes ||
	    made->nstores != base->nstores)
		return "it has other volumes or stores";
	for (size_t i = 0; i < base->nvolumes; i++) {
		const struct volume *a = &base->volume[i];
		const struct volume *b = &made->volume[i];

		if (a->why == NULL && b->why != NULL)
			return b->why;
		if (a->odd == NULL && b->odd != NULL)
			return b->odd;
		if (a->off != b->off || a->len != b->len)
			return "a firmware volume lies elsewhere";
	}
	for (size_t i = 0; i < base->nstores; i++)
		if (base->store[i].why == NULL && made->store[i].why != NULL)
			return made->store[i].why;
	return NULL;
}

static bool
fitc_ok(const struct image *img, const struct me_part *p)
{
	struct fitc f;

	return p->kind == ME_FITC && p->e.space &&
	    fitc_read(img->p + p->e.from, p->e.len, &f) && f.why == NULL &&
	    f.head_ok && f.data_ok;
}

static const char *
engine(const struct image *base, const struct image *made)
{
	struct me_part a, b;
	size_t at;

	if (!base->me.present)
		return NULL;
	if (me_fault(&base->me, &at) == NULL) {
		const char *fault = me_fault(&made->me, &at);

		if (fault != NULL)
			return fault;
		if (!made->me.present || made->me.layout != base->me.layout ||
		    made->me.has_fpt != base->me.has_fpt)
			return "its ME region has another layout";
	}
	/* A plan may add a partition, behind those that are there. */
	for (size_t i = 0; base->me.has_fpt && i < base->me.fpt.n; i++) {
		me_part(&base->me, i, &a);
		if (!fitc_ok(base, &a))
			continue;
		if (!made->me.has_fpt || i >= made->me.fpt.n)
			return "a partition of the ME is gone";
		me_part(&made->me, i, &b);
		if (!fitc_ok(made, &b))
			return "a checksum of the ME's configuration (FITC) "
			       "is wrong";
	}
	return NULL;
}

static const char *
ethernet(const struct image *base, const struct image *made)
{
	const struct descriptor_region *r = &base->desc.region[REGION_GBE];
	struct gbe_bank a[GBE_BANKS], b[GBE_BANKS];
	size_t n;

	if (!r->used || r->limit >= base->n || r->base > r->limit)
		return NULL;
	n = gbe_read(base->p + r->base, r->limit + 1 - r->base, a);
	gbe_read(made->p + r->base, r->limit + 1 - r->base, b);
	for (size_t i = 0; i < n; i++)
		if (!a[i].erased && a[i].sum == GBE_SUM && b[i].sum != GBE_SUM)
			return "the checksum of an Ethernet bank is wrong";
	return NULL;
}

enum err_code
sound_still(const struct image *base, const struct image *made, struct err *e)
{
	const char *why = volumes(base, made);

	if (why == NULL)
		why = engine(base, made);
	if (why == NULL)
		why = ethernet(base, made);
	if (why == NULL)
		return descriptor_need_me(made, e);
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "the image that was made, read again: %s", why);
}
