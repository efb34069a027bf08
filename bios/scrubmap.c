/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "bios/encode.h"
#include "bios/fixup.h"
#include "bios/place.h"
#include "bios/scrubmap.h"

#define SUM_AT 0x0B /* in $FPT 1.0 and 2.0 */
#define CRC_AT 0x14 /* in $FPT 2.1 */
#define FIXED_AT 4  /* count of entries */
#define TEXT_ROOM 0x200

/* A record and a Setup.bin hold secrets as a rule, but are learned where they
 * lie. */
static bool
is_secret(const struct map_setting *m)
{
	return (m->secret || map_is_secret(m)) && m->encoding != MAP_OPR1 &&
	    m->encoding != MAP_SETUPFILE;
}

static bool
is_part(const struct map_setting *m)
{
	return m->target == MAP_AT_FPT && m->add;
}

/* Where it is, in an image that may lack it: a partition that a unit's image
 * has and this one has not. */
static bool
find_place(const struct scrub *s, const struct map_setting *m, struct place *at)
{
	struct err none;

	err_clear(&none);
	if (map_is_variable(m))
		return false;
	if (is_part(m))
		return place_part(s->img, m->part, at, &none) == ERR_OK;
	return place_setting(s->img, m, at, &none) == ERR_OK;
}

/* Which bits of its i-th byte are the setting's: several share a word. */
static uint8_t
mask(const struct map_setting *m, size_t i)
{
	if (m->encoding != MAP_BITS)
		return 0xFF;
	return (uint8_t)(i < 4 ? encode_mask(m) >> 8 * i : 0);
}

static uint8_t
expected(const struct map_setting *m, size_t i)
{
	if (m->nexpect == 0)
		return 0xFF;
	return m->expect[m->nexpect == 1 ? 0 : i % m->nexpect];
}

static bool
is_base(
    const struct scrub *s, const struct map_setting *m, const struct place *at)
{
	for (size_t i = 0; i < at->len; i++)
		if (((s->p[at->off + i] ^ expected(m, i)) & mask(m, i)) != 0)
			return false;
	return true;
}

/* ---- what to look for ---- */

/* A text in all forms that one has; the record knows which. */
static void
learn_text(struct scrub *s, const struct map_setting *m, const char *text)
{
	struct record *rec;
	size_t n = strlen(text);

	if (m->value != MAP_PPS || n >= sizeof(rec->psk.pps)) {
		if (strcmp(text, "admin") != 0)
			needle_text(s->needles, text, n);
		return;
	}
	if ((rec = calloc(1, sizeof(*rec))) == NULL) {
		s->needles->pool.failed = true;
		return;
	}
	memcpy(rec->psk.pps, text, n);
	needle_record(s->needles, rec);
	record_wipe(rec);
	free(rec);
}

/* The text in a field, to its end, its fill or its NUL; false if it is none,
 * or too long for one. */
static bool
text_of(const struct map_setting *m, const uint8_t *p, size_t n,
    char out[static TEXT_ROOM])
{
	size_t unit = m->encoding == MAP_UTF16 ? 2 : 1, len = 0;

	for (size_t i = 0; i + unit <= n; i += unit) {
		if (p[i] == 0 || (m->size > 0 && p[i] == m->fill))
			break;
		if (p[i] < 0x20 || p[i] > 0x7E || len + 1 == TEXT_ROOM ||
		    (unit == 2 && p[i + 1] != 0))
			return false;
		out[len++] = (char)p[i];
	}
	out[len] = '\0';
	return true;
}

static void
learn(struct scrub *s, const struct map_setting *m, const uint8_t *p, size_t n)
{
	char text[TEXT_ROOM];

	if ((m->encoding == MAP_ASCII || m->encoding == MAP_UTF16 ||
		m->encoding == MAP_RAW) &&
	    text_of(m, p, n, text)) {
		learn_text(s, m, text);
		secret_wipe(text, sizeof(text));
		return;
	}
	secret_wipe(text, sizeof(text));
	while (n > 0 && p[n - 1] == m->fill)
		n--;
	needle_bytes(s->needles, p, n);
}

/* The values of one variable, old ones too; NVAR keeps the newer ones in
 * entries without a name. */
static void
learn_variable(
    struct scrub *s, const struct map_setting *m, const struct varstore *store)
{
	struct varstore_var v;
	size_t next = 0;

	for (size_t at = 0; varstore_next(store, &at, &v);) {
		if (!scrub_has_name(&v, &m->var) &&
		    (next == 0 || v.off != next || v.name_len > 0))
			continue;
		next = v.next;
		s->placed++;
		if (is_secret(m) && v.data != NULL)
			learn(s, m, v.data, v.len);
	}
}

static void
learn_setting(struct scrub *s, const struct map_setting *m)
{
	struct place at;

	for (size_t i = 0; map_is_variable(m) && i < s->img->nstores; i++)
		learn_variable(s, m, &s->img->store[i]);
	if (!find_place(s, m, &at)) {
		s->absent += !map_is_variable(m) && !is_part(m);
		return;
	}
	if (is_base(s, m, &at))
		return;
	s->placed++;
	s->guessed += m->nexpect == 0 && !is_part(m);
	if (is_secret(m))
		learn(s, m, s->p + at.off, at.len);
}

void
scrubmap_learn(struct scrub *s)
{
	for (size_t i = 0; s->map != NULL && i < s->map->nsetting; i++)
		learn_setting(s, &s->map->setting[i]);
}

/* A deleted one whose name a cut or a worn cell has changed may be the
 * secret's: nobody reads it, so nobody misses it. */
static bool
is_remains(const struct map_setting *m, const struct varstore_var *v)
{
	size_t len = strlen(m->var.name) + 1;

	return is_secret(m) && !v->live && uuid_equal(&v->guid, &m->var.guid) &&
	    v->name_len == (v->ascii ? len : 2 * len);
}

bool
scrubmap_names(const struct scrub *s, const struct varstore_var *v)
{
	for (size_t i = 0; s->map != NULL && i < s->map->nsetting; i++) {
		const struct map_setting *m = &s->map->setting[i];

		if (map_is_variable(m) &&
		    (scrub_has_name(v, &m->var) || is_remains(m, v)))
			return true;
	}
	return false;
}

/* ---- a partition that the map adds ---- */

/* The table at off without its last entry, which is erased. */
static void
shorten(struct scrub *s, const struct fpt *f, size_t off)
{
	uint8_t *head = s->p + off, copy[FPT_HEADER], was[4], now[4];
	uint32_t n = (uint32_t)f->n - 1;

	memset(head + FPT_HEADER + n * FPT_ENTRY, 0xFF, FPT_ENTRY);
	put_u32le(was, n + 1);
	put_u32le(now, n);
	put_u32le(head + FIXED_AT, n);
	if (f->sum == FPT_CRC32) {
		memcpy(copy, head, sizeof(copy));
		put_u32le(copy + CRC_AT, 0);
		put_u32le(head + CRC_AT,
		    digest_crc32_more(digest_crc32(copy, sizeof(copy)),
			head + FPT_HEADER, n * FPT_ENTRY));
	} else
		head[SUM_AT] = (uint8_t)(head[SUM_AT] + digest_sum8(was, 4) -
		    digest_sum8(now, 4));
}

/* With its entry, if that is the last: then the table is as it was before. */
static void
drop_part(struct scrub *s, const struct map_setting *m, const struct place *at)
{
	struct fpt_entry last;
	struct me me;

	memset(s->p + at->off, 0xFF, at->len);
	if (!place_me(s->img, &me) || !me.has_fpt || me.fpt.why != NULL ||
	    me.fpt.sum == FPT_SUM_NONE || me.fpt.n == 0)
		return;
	fpt_entry(&me.fpt, me.fpt.n - 1, &last);
	if (strcmp(last.name, m->part) != 0 || last.from != at->off)
		return;
	shorten(s, &me.fpt, me.fpt.off);
	if (me.fpt.backup != 0)
		shorten(s, &me.fpt, me.fpt.backup);
}

/* ---- back to the base ---- */

static void
put_base(struct scrub *s, const struct map_setting *m, const struct place *at)
{
	for (size_t i = 0; i < at->len; i++) {
		uint8_t *p = s->p + at->off + i;

		*p = (uint8_t)((*p & ~mask(m, i)) |
		    (expected(m, i) & mask(m, i)));
	}
}

/* What the map could write, by the planner's own rule. */
static enum err_code
may_write(const struct scrub *s, const struct place *at, bool named,
    const char *what, struct err *e)
{
	if (named)
		guard_check_named(&s->guard, at->off, at->len, e);
	else
		guard_check(&s->guard, at->off, at->len, e);
	return e->code == ERR_OK ? ERR_OK : err_in(e, "%s", what);
}

static enum err_code
restore(struct scrub *s, const struct map_setting *m, struct err *e)
{
	struct place at;

	/* An added partition goes with its entry, also where it is erased. */
	if (!find_place(s, m, &at) || (!is_part(m) && is_base(s, m, &at)))
		return ERR_OK;
	if (may_write(s, &at, m->nexpect > 0, m->label, e) != ERR_OK)
		return e->code;
	if (is_part(m))
		drop_part(s, m, &at);
	else
		put_base(s, m, &at);
	return ERR_OK;
}

static bool
fixup_places(const struct scrub *s, const struct map_fixup *f,
    struct place *over, struct place *sum)
{
	const struct place range = { f->from, f->len };
	const struct place at = { f->at, map_fix_len(f->fix) };
	struct err none;

	err_clear(&none);
	return place_range(s->img, f->region, f->part, &range, over, &none) ==
	    ERR_OK &&
	    place_range(s->img, f->region, f->part, &at, sum, &none) == ERR_OK;
}

/* A checksum tells of what it was made over. It is the base's own again where
 * the map says that the base has one; what else lay there nobody knows. */
static enum err_code
restore_sum(struct scrub *s, const struct map_fixup *f, struct err *e)
{
	uint8_t want[FIXUP_MAX];
	struct place at, over;

	if (!fixup_places(s, f, &over, &at))
		return ERR_OK;
	memset(want, 0xFF, sizeof(want));
	if (f->holds &&
	    fixup_of(s->p, &over, at.off, f->fix, want, e) != ERR_OK)
		return e->code;
	if (memcmp(s->p + at.off, want, at.len) == 0)
		return ERR_OK;
	if (may_write(s, &at, f->holds, "a checksum of the map", e) != ERR_OK)
		return e->code;
	memcpy(s->p + at.off, want, at.len);
	s->guessed += !f->holds;
	return ERR_OK;
}

/* Those that are erased come first: another may be over them. */
enum err_code
scrubmap_restore(struct scrub *s, struct err *e)
{
	const struct imgmap *map = s->map;

	for (size_t i = 0; map != NULL && i < map->nsetting; i++)
		if (restore(s, &map->setting[i], e) != ERR_OK)
			return e->code;
	for (int holds = 0; holds < 2; holds++)
		for (size_t i = 0; map != NULL && i < map->nfixup; i++)
			if (map->fixup[i].holds == (holds == 1) &&
			    restore_sum(s, &map->fixup[i], e) != ERR_OK)
				return e->code;
	return ERR_OK;
}
