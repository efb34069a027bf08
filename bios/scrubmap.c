/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "bios/fixup.h"
#include "bios/place.h"
#include "bios/scrubmap.h"

#define SUM_AT 0x0B /* in $FPT 1.0 and 2.0 */
#define CRC_AT 0x14 /* in $FPT 2.1 */
#define FIXED_AT 4  /* count of entries */

/* A record and a Setup.bin hold secrets as a rule, and a unit's data in any
 * case. */
static bool
is_secret(const struct map_setting *m)
{
	return m->secret || map_is_secret(m) || m->encoding == MAP_OPR1 ||
	    m->encoding == MAP_SETUPFILE;
}

/* What goes back to what was there: secrets, what names the unit, and all of
 * which the map says what a base has. */
static bool
is_ours(const struct map_setting *m)
{
	return is_secret(m) || m->nexpect > 0 || m->value == MAP_PID ||
	    m->value == MAP_UUID || m->value == MAP_SERIAL ||
	    m->value == MAP_ORDER;
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
	if (!is_ours(m) || map_is_variable(m))
		return false;
	if (is_part(m))
		return place_part(s->img, m->part, at, &none) == ERR_OK;
	return place_setting(s->img, m, at, &none) == ERR_OK;
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
		if (s->p[at->off + i] != expected(m, i))
			return false;
	return true;
}

/* Records and files are learned where they lie. */
static void
learn(struct scrub *s, const struct map_setting *m, const struct place *at)
{
	const uint8_t *p = s->p + at->off;
	size_t n = at->len;

	if (!is_secret(m) || m->encoding == MAP_OPR1 ||
	    m->encoding == MAP_SETUPFILE || is_base(s, m, at))
		return;
	while (n > 0 && p[n - 1] == m->fill)
		n--;
	needle_bytes(s->needles, p, n);
}

/* Does the checksum hold now? One that never did is left alone. */
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

enum err_code
scrubmap_learn(struct scrub *s, struct err *e)
{
	uint8_t want[FIXUP_MAX];
	struct place at, over;

	for (size_t i = 0; s->map != NULL && i < s->map->nsetting; i++)
		if (find_place(s, &s->map->setting[i], &at))
			learn(s, &s->map->setting[i], &at);
	s->fixups = 0;
	for (size_t i = 0; s->map != NULL && i < s->map->nfixup; i++) {
		const struct map_fixup *f = &s->map->fixup[i];

		if (!fixup_places(s, f, &over, &at))
			continue;
		if (fixup_of(s->p, &over, at.off, f->fix, want, e) != ERR_OK)
			return e->code;
		if (memcmp(want, s->p + at.off, at.len) == 0)
			s->fixups |= 1u << i;
	}
	return ERR_OK;
}

bool
scrubmap_names(const struct scrub *s, const struct varstore_var *v)
{
	for (size_t i = 0; s->map != NULL && i < s->map->nsetting; i++) {
		const struct map_setting *m = &s->map->setting[i];

		if (is_ours(m) && map_is_variable(m) &&
		    scrub_has_name(v, &m->var))
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

enum err_code
scrubmap_restore(struct scrub *s, struct err *e)
{
	uint8_t want[FIXUP_MAX];
	struct place at, over;

	for (size_t i = 0; s->map != NULL && i < s->map->nsetting; i++) {
		const struct map_setting *m = &s->map->setting[i];

		if (!find_place(s, m, &at))
			continue;
		if (guard_check(&s->guard, at.off, at.len, e) != ERR_OK)
			return err_in(e, "setting %s", m->label);
		if (is_part(m))
			drop_part(s, m, &at);
		for (size_t k = 0; !is_part(m) && k < at.len; k++)
			s->p[at.off + k] = expected(m, k);
	}
	for (size_t i = 0; s->map != NULL && i < s->map->nfixup; i++) {
		const struct map_fixup *f = &s->map->fixup[i];

		if (!(s->fixups >> i & 1) || !fixup_places(s, f, &over, &at))
			continue;
		if (fixup_of(s->p, &over, at.off, f->fix, want, e) != ERR_OK)
			return e->code;
		memcpy(s->p + at.off, want, at.len);
	}
	return ERR_OK;
}
