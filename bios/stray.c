/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "bios/fpt.h"
#include "bios/image.h"
#include "bios/mecode.h"
#include "bios/stray.h"

#define TAG 0x1C /* of a manifest, behind its start */
#define MAN_MIN 0x80
#define MAN_MAX 0x4000 /* a header with the largest of keys is far smaller */
#define DIR_MIN 0x14
#define SIGNATURE "\x5A\xA5\xF0\x0F"

const char *
stray_name(enum stray_kind k)
{
	static const char *const names[] = { "a manifest", "a $CPD", "a $FPT" };

	return names[k];
}

/* ---- headers ---- */

/* Two of three: one of them may be what is damaged. */
static bool
is_manifest(const uint8_t *img, size_t tag, size_t end, struct stray *s)
{
	struct mecode_man m;
	bool known;

	if (tag < TAG || !mecode_man_read(img, tag - TAG, end, &m))
		return false;
	known = m.header >= MAN_MIN && m.header <= MAN_MAX;
	if ((get_u32le(img + m.off) == 4) + (m.vendor == 0x8086) + known < 2)
		return false;
	s->kind = STRAY_MANIFEST;
	s->off = m.off;
	s->open = !known || m.size < m.header || m.size > end - m.off;
	s->end = m.off + (s->open ? MAN_MIN : m.size);
	return true;
}

static bool
is_dir(const uint8_t *img, size_t off, size_t end, struct stray *s)
{
	struct mecode_dir d;
	struct mecode_entry e;
	uint32_t count;

	if (end - off < DIR_MIN || !mecode_dir_read(img, off, end, &d))
		return false;
	count = get_u32le(img + off + 4);
	if ((d.version == 1 || d.version == 2) + (d.entry_version == 1) +
		(d.header_len == 0x10 || d.header_len == 0x14) +
		(count > 0 && count <= MECODE_ENTRIES) <
	    3)
		return false;
	s->kind = STRAY_DIR;
	s->off = off;
	s->end = off + DIR_MIN;
	s->open = d.n == 0;
	for (size_t i = 0; i < d.n; i++) {
		mecode_dir_entry(&d, i, &e);
		if (e.at + MECODE_ENTRY > s->end)
			s->end = e.at + MECODE_ENTRY;
		s->open = s->open || e.why != NULL;
		/* Packed it is no longer than unpacked. */
		if (e.space && e.len > end - e.from)
			s->end = end;
		else if (e.space && e.from + e.len > s->end)
			s->end = e.from + e.len;
	}
	return true;
}

static bool
is_fpt(const uint8_t *img, size_t off, size_t end, struct stray *s)
{
	size_t base = off >= 0x10 ? off - 0x10 : off;
	struct fpt_entry e;
	uint32_t count;
	struct fpt f;

	if (end - off < FPT_HEADER || !fpt_read(img, off, base, end, &f))
		return false;
	count = get_u32le(img + off + 4);
	if ((f.version == 0x10 || f.version == 0x20 || f.version == 0x21) +
		(f.entry_version == 0x10) +
		(f.header_len == 0x20 || f.header_len == 0x30) +
		(count > 0 && count <= FPT_ENTRIES) <
	    3)
		return false;
	s->kind = STRAY_FPT;
	s->off = base;
	s->end = fpt_table_end(&f);
	s->open = f.why != NULL;
	for (size_t i = 0; i < f.n; i++) {
		fpt_entry(&f, i, &e);
		s->open = s->open || (e.why != NULL && !e.invalid);
		/* Offsets count from the table, or from 0x10 before it. */
		if (e.space && e.from + e.len + 0x10 > s->end)
			s->end = e.from + e.len + 0x10;
	}
	if (s->end > end)
		s->end = end;
	return true;
}

bool
stray_next(const uint8_t *img, size_t *at, size_t end, struct stray *s)
{
	while (*at < end && end - *at >= 4) {
		const uint8_t *p = memchr(img + *at, '$', end - *at - 3);
		size_t off;

		if (p == NULL)
			break;
		off = (size_t)(p - img);
		*at = off + 1;
		if (memcmp(p, "$MN2", 4) == 0 || memcmp(p, "$MAN", 4) == 0) {
			if (is_manifest(img, off, end, s))
				return true;
		} else if (memcmp(p, "$CPD", 4) == 0) {
			if (is_dir(img, off, end, s))
				return true;
		} else if (memcmp(p, "$FPT", 4) == 0 &&
		    is_fpt(img, off, end, s))
			return true;
	}
	*at = end;
	return false;
}

/* ---- descriptors ---- */

/* One that can be read, lies in its own region 0, and names what it is for. */
static bool
is_descriptor(const uint8_t *p, size_t n)
{
	struct descriptor d;
	struct err e;

	err_clear(&e);
	return descriptor_present(p, n) &&
	    descriptor_read(p, n, &d, &e) == ERR_OK && d.region[0].used &&
	    d.region[0].base == 0 && d.region[0].limit < 0x10000 &&
	    (d.region[REGION_BIOS].used || d.region[REGION_ME].used);
}

size_t
stray_descriptor(const uint8_t *img, size_t at, size_t n)
{
	while (at < n && n - at >= 4) {
		const uint8_t *p = memchr(img + at, SIGNATURE[0], n - at - 3);
		size_t off;

		if (p == NULL)
			break;
		off = (size_t)(p - img);
		if (memcmp(p, SIGNATURE, 4) == 0) {
			if (off >= at + 0x10 &&
			    is_descriptor(p - 0x10, n - off + 0x10))
				return off - 0x10;
			if (is_descriptor(p, n - off))
				return off;
		}
		at = off + 1;
	}
	return n;
}

/* ---- guards ---- */

struct area {
	size_t from, end;
};

/* The smallest region that holds a byte, or what is between regions. */
static struct area
area_of(const struct image *img, size_t at)
{
	struct area gap = { 0, img->n }, in = { 0, 0 };

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &img->desc.region[i];

		if (!r->used || r->limit >= img->n)
			continue;
		if (r->base <= at && at <= r->limit) {
			if (in.end == 0 ||
			    r->limit - r->base < in.end - in.from)
				in = (struct area){ r->base, r->limit + 1 };
		} else if (r->limit < at && r->limit + 1 > gap.from)
			gap.from = r->limit + 1;
		else if (r->base > at && r->base < gap.end)
			gap.end = r->base;
	}
	return in.end > 0 ? in : gap;
}

/* Modules lie behind a manifest: up to the end of the volume that holds it, or
 * to the next one. */
static size_t
rest(const struct image *img, size_t at, size_t end)
{
	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		if (v->why != NULL)
			continue;
		if (v->off > at && v->off < end)
			end = v->off;
		if (v->off <= at && at < v->off + v->len &&
		    v->off + v->len < end)
			end = v->off + v->len;
	}
	return end;
}

static bool
is_guarded(const struct guard *g, size_t from, size_t end)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->r[i].kind == GUARD_SIGNED && g->r[i].off <= from &&
		    end <= g->r[i].off + g->r[i].len)
			return true;
	return false;
}

static void
guard_stray(const struct image *img, const struct stray *s, struct guard *g)
{
	struct area all = area_of(img, s->off), a = { s->off, s->end };

	if (is_guarded(g, a.from, a.end))
		return;
	if (s->open)
		a = all;
	else if (s->kind == STRAY_MANIFEST)
		a.end = rest(img, a.from, all.end);
	if (a.end < s->end)
		a.end = s->end;
	guard_add(g, GUARD_SIGNED, a.from, a.end - a.from,
	    "signed code outside the ME region: %s at 0x%zx",
	    stray_name(s->kind), s->off);
}

static void
guard_descriptor(const struct image *img, size_t at, struct guard *g)
{
	size_t end = at + DESCRIPTOR_SIZE;
	struct descriptor d;
	struct err e;

	err_clear(&e);
	if (descriptor_read(img->p + at, img->n - at, &d, &e) == ERR_OK)
		for (size_t i = 0; i < d.slots; i++)
			if (d.region[i].used && d.region[i].limit >= end - at)
				end = at + d.region[i].limit + 1;
	if (end > img->n)
		end = img->n;
	guard_add(g, GUARD_SIGNED, at, end - at,
	    "a second flash descriptor at 0x%zx, and what it lays out", at);
}

void
stray_guards(const struct image *img, struct guard *g)
{
	size_t at = img->desc.chips != 0 ? DESCRIPTOR_SIZE : 0;
	struct stray s;

	while (
	    !g->full && (at = stray_descriptor(img->p, at, img->n)) < img->n) {
		guard_descriptor(img, at, g);
		at += 0x14; /* behind its signature */
	}
	/* It stands behind its tag: a $FPT counts from 0x10 before that, which
	 * is in front of the region where the tag is its first word. */
	for (at = 0; !g->full && stray_next(img->p, &at, img->n, &s);)
		if (!img->me.present || at <= img->me.base || at > img->me.end)
			guard_stray(img, &s, g);
}
