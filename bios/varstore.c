/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/edkvar.h"
#include "bios/evsa.h"
#include "bios/ffs.h"
#include "bios/ftw.h"
#include "bios/nvar.h"
#include "bios/varstore.h"

#define STORE_LEAST 32

void
varstore_forbid(
    struct varstore *s, enum reason_id reason, const char *why, size_t at)
{
	if (s->why != NULL)
		return;
	s->reason = reason;
	s->why = why;
	s->at = at;
}

/* ---- finding stores ---- */

/* The list that is being made; n counts on where it is full. */
struct list {
	const uint8_t *img;
	const struct volume *vol;
	struct varstore *s;
	size_t n, max;
};

static struct varstore
fresh(const struct list *l, size_t off)
{
	struct varstore s;

	memset(&s, 0, sizeof(s));
	s.img = l->img;
	s.align = 1;
	s.off = s.first = s.free = s.room = s.end = off;
	s.vol = l->vol->off;
	s.vol_end = l->vol->off + l->vol->len;
	return s;
}

static void
push(struct list *l, const struct varstore *s)
{
	if (l->n < l->max)
		l->s[l->n] = *s;
	l->n++;
}

/* A volume's header in a volume is a copy of its own, in the spare area. */
static bool
is_copy(const uint8_t *p, size_t room)
{
	return room >= 0x2C && memcmp(p + 0x28, "_FVH", 4) == 0;
}

/* Apple's stores have $VSS's header and variables of another layout (UEFITool
 * nvram.h). */
static bool
is_apple(const uint8_t *p)
{
	return memcmp(p, "$SVS", 4) == 0 || memcmp(p, "$NSS", 4) == 0;
}

static void
read_apple(struct varstore *s, size_t room)
{
	uint32_t size = get_u32le(s->img + s->off + 4);

	varstore_forbid(s, REASON_IMAGE_NO_STORE,
	    "Apple's form of a store is not understood", s->off);
	if (size >= STORE_LEAST && size <= room)
		s->end = s->off + size;
}

/* The store at off, if there is one. */
static bool
read_at(const struct list *l, size_t off, size_t end, struct varstore *s)
{
	const uint8_t *p = l->img + off;
	size_t room = end - off;
	bool edk = edkvar_is(p, room), evsa = !edk && evsa_is(p, room);

	/* Asked at every fourth byte of a volume. */
	if (!edk && !evsa && !is_apple(p))
		return false;
	*s = fresh(l, off);
	if (edk)
		edkvar_read(s, room);
	else if (evsa)
		evsa_read(s, room);
	else
		read_apple(s, room);
	return true;
}

/* The stores of a variable volume. Behind the first working block of the
 * fault tolerant write, or a copy of the volume's header, lies the spare area
 * with what may be old copies of them. */
static size_t
scan(struct list *l, size_t at, size_t end)
{
	struct varstore s;
	struct ftw f;

	while (end - at >= STORE_LEAST) {
		if (read_at(l, at, end, &s)) {
			push(l, &s);
			at = s.end > at ? s.end : at + STORE_LEAST;
		} else if (is_copy(l->img + at, end - at) ||
		    (ftw_next(l->img, at, at + STORE_LEAST, &f) && f.off == at))
			return at;
		else
			at += 4;
		at = (at + 3) & ~(size_t)3;
		if (at > end)
			at = end;
	}
	return at;
}

/* Any of the volume's working blocks that has work left. */
static void
judge_ftw(struct list *l, size_t at, size_t end)
{
	struct ftw f;

	for (; ftw_next(l->img, at, end, &f); at = f.end)
		for (size_t i = 0; f.why != NULL && i < l->n && i < l->max; i++)
			if (l->s[i].format != VARSTORE_NONE)
				varstore_forbid(
				    &l->s[i], f.reason, f.why, f.at);
}

static void
push_none(struct list *l, size_t off, enum reason_id reason, const char *why)
{
	struct varstore s = fresh(l, off);

	varstore_forbid(&s, reason, why, off);
	push(l, &s);
}

static void
read_variables(struct list *l)
{
	const struct volume *v = l->vol;
	size_t at = v->off + v->header, end = v->off + v->len;
	bool erased = true;

	if (v->why != NULL) {
		push_none(l, v->off, REASON_IMAGE_STORE_BROKEN, v->why);
		return;
	}
	for (size_t i = at; i < end && i < at + STORE_LEAST; i++)
		erased = erased && l->img[i] == v->erased;
	judge_ftw(l, scan(l, at, end), end);
	if (l->n == 0)
		push_none(l, at < end ? at : v->off, REASON_IMAGE_NO_STORE,
		    end - at < STORE_LEAST ? "no room for a store"
			: erased ? "the store is erased, not formatted"
				 : "the store's format is not known");
}

static void
read_files(struct list *l)
{
	struct ffs_walk w;
	struct ffs_item it;

	ffs_begin(&w, l->img, l->vol);
	while (ffs_next(&w, &it)) {
		struct varstore s = fresh(l, it.off);

		if (it.kind != FFS_FILE || it.depth != 0 || !nvar_is(&it.f) ||
		    it.f.state == FFS_BEGUN || it.f.state == FFS_TORN)
			continue;
		nvar_read(&s, &it.f);
		push(l, &s);
	}
}

/* The second volume of variables that some firmware has (UEFITool nvram.h). */
static bool
is_additional(const struct volume *v)
{
	struct uuid guid;

	return uuid_parse(&guid, "00504624-8a59-4eeb-bd0f-6b36e96128e0") &&
	    uuid_equal(&guid, &v->guid);
}

size_t
varstore_read(const uint8_t *img, const struct volume *vol,
    struct varstore *out, size_t max)
{
	struct list l = { .img = img, .vol = vol, .s = out, .max = max };

	if (volume_is_nv(vol) || (vol->why == NULL && is_additional(vol)))
		read_variables(&l);
	else if (vol->why == NULL)
		read_files(&l);
	for (size_t i = 0; i < l.n && i < max; i++)
		if (vol->why == NULL && vol->erased != 0xFF)
			varstore_forbid(&out[i], REASON_IMAGE_STORE_BROKEN,
			    "erased flash of the volume is 00, not FF",
			    vol->off + 0x2C);
	return l.n;
}

const char *
varstore_format_name(const struct varstore *s)
{
	switch (s->format) {
	case VARSTORE_EDK2:
		return s->auth ? "edk2 authenticated" : "edk2 plain";
	case VARSTORE_VSS:
		return s->auth ? "$VSS authenticated" : "$VSS plain";
	case VARSTORE_NVAR:
		return "nvar";
	case VARSTORE_EVSA:
		return "evsa";
	default:
		return "unknown";
	}
}

enum err_code
varstore_refuse(const struct varstore *s, struct err *e)
{
	if (s->why == NULL)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(s->reason),
	    "variable store at 0x%zx: offset 0x%zx: %s", s->off, s->at, s->why);
	return err_at(e, s->at);
}

size_t
varstore_room(const struct varstore *s)
{
	return s->room - s->free;
}

/* ---- variables ---- */

bool
varstore_next(const struct varstore *s, size_t *at, struct varstore_var *v)
{
	switch (s->format) {
	case VARSTORE_EDK2:
	case VARSTORE_VSS:
		return edkvar_next(s, at, v);
	case VARSTORE_NVAR:
		return nvar_next(s, at, v);
	case VARSTORE_EVSA:
		return evsa_next(s, at, v);
	default:
		return false;
	}
}

static uint16_t
character(const struct varstore_var *v, size_t i)
{
	return v->ascii ? v->name[i] : get_u16le(v->name + 2 * i);
}

static bool
is_named(const struct varstore_var *v, const struct varstore_name *want)
{
	size_t n = strlen(want->name) + 1;

	if (v->name_len != (v->ascii ? n : 2 * n) ||
	    !uuid_equal(&v->guid, &want->guid))
		return false;
	for (size_t i = 0; i < n; i++)
		if (character(v, i) != (uint8_t)want->name[i])
			return false;
	return true;
}

bool
varstore_find(const struct varstore *s, const struct varstore_name *want,
    size_t *at, struct varstore_var *v)
{
	while (varstore_next(s, at, v))
		if (v->live && is_named(v, want)) {
			varstore_value(s, v);
			return true;
		}
	return false;
}

bool
varstore_value(const struct varstore *s, struct varstore_var *v)
{
	return s->format != VARSTORE_NVAR || nvar_value(s, v);
}

bool
varstore_inner(const struct varstore *s, const struct varstore_var *v,
    struct varstore *out)
{
	return s->format == VARSTORE_NVAR && nvar_inner(s, v, out);
}

void
varstore_text(const struct varstore_var *v, char out[static VARSTORE_NAME])
{
	size_t n = v->ascii ? v->name_len : v->name_len / 2;

	if (n >= VARSTORE_NAME)
		n = VARSTORE_NAME - 1;
	for (size_t i = 0; i < n; i++) {
		uint16_t c = character(v, i);

		out[i] = c == 0 || (c >= 0x20 && c < 0x7F) ? (char)c : '?';
	}
	out[n] = '\0';
}

/* ---- adding ---- */

size_t
varstore_need(
    const struct varstore *s, const struct varstore_name *name, size_t len)
{
	return s->format == VARSTORE_NVAR ? nvar_need(name, len)
					  : edkvar_need(s, name, len);
}

enum err_code
varstore_entry(const struct varstore *s, const struct varstore_add *add,
    struct wr *out, struct err *e)
{
	size_t need = varstore_need(s, &add->name, add->len);

	if (varstore_refuse(s, e) != ERR_OK ||
	    (s->format == VARSTORE_NVAR ? nvar_check(s, add, e)
					: edkvar_check(s, e)) != ERR_OK)
		return e->code;
	if (need > varstore_room(s)) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_STORE_FULL),
		    "variable store at 0x%zx: %s needs %zu bytes, but %zu are "
		    "free at offset 0x%zx",
		    s->off, add->name.name, need, varstore_room(s), s->free);
		return err_at(e, s->free);
	}
	if (s->format == VARSTORE_NVAR)
		nvar_write(add, out);
	else
		edkvar_write(s, add, out);
	return out->failed ? err_mem(e) : ERR_OK;
}
