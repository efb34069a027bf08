/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/container.h"
#include "bios/ffs.h"
#include "bios/fixup.h"
#include "bios/encode.h"
#include "bios/fitness.h"
#include "bios/owner.h"
#include "bios/protect.h"
#include "formats/reason.h"

/* ---- guards ---- */

enum err_code
fitness_write(
    const struct planner *p, const struct place *at, bool named, struct err *e)
{
	return named ? guard_check_named(&p->guard, at->off, at->len, e)
		     : guard_check(&p->guard, at->off, at->len, e);
}

static enum err_code
add_forbidden(struct planner *p, struct err *e)
{
	for (size_t i = 0; i < p->map->nforbid; i++) {
		const struct map_forbid *f = &p->map->forbid[i];
		const struct place range = { f->from, f->len };
		struct place at;

		if (place_range(p->img, f->region, f->part, &range, &at, e) !=
		    ERR_OK)
			return err_in(
			    e, "map %s: forbid %zu", p->map->name, i + 1);
		guard_add(&p->guard, GUARD_FORBIDDEN, at.off, at.len,
		    "the map forbids it (forbid %zu)", i + 1);
	}
	return ERR_OK;
}

/* ---- records ---- */

static enum err_code
refuse_live(
    const struct image *img, const struct varstore_name *name, struct err *e)
{
	struct varstore_var v;

	for (size_t i = 0; i < img->nstores; i++) {
		size_t at = 0;

		if (!varstore_find(&img->store[i], name, &at, &v))
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_LIVE_RECORD),
		    "variable store at 0x%zx: offset 0x%zx: %s is there "
		    "already",
		    img->store[i].off, v.off, name->name);
		return err_at(e, v.off);
	}
	return ERR_OK;
}

/* A record that no device finds is another unit's all the same, and would be
 * in every image that is made from the base. The magic alone is in code too. */
static enum err_code
refuse_hidden(const struct image *img, struct err *e)
{
	size_t at = 0;

	while (at < img->n) {
		const uint8_t *hit =
		    memmem(img->p + at, img->n - at, "AMTFORG1", 8);

		if (hit == NULL)
			return ERR_OK;
		at = (size_t)(hit - img->p);
		if (img->n - at >= RECORD_HEADER && get_u16le(hit + 8) == 1 &&
		    get_u16le(hit + 10) == RECORD_HEADER) {
			err_refuse(e, ERR_DATA,
			    reason_get(REASON_IMAGE_LIVE_RECORD),
			    "offset 0x%zx: a record lies here, where no "
			    "device looks for one",
			    at);
			return err_at(e, at);
		}
		at++;
	}
	return ERR_OK;
}

/* A device takes what lies in a container whatever a map says; another secret
 * variable would be another unit's. */
static enum err_code
refuse_records(const struct planner *p, struct err *e)
{
	struct container_hit hit;

	if (container_live(p->img, &hit)) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_LIVE_RECORD),
		    "offset 0x%zx: a record is there already (%s)%s%s", hit.off,
		    container_name(hit.kind),
		    hit.why != NULL ? ", broken: " : "",
		    hit.why != NULL ? hit.why : "");
		return err_at(e, hit.off);
	}
	for (size_t i = 0; i < p->map->nsetting; i++) {
		const struct map_setting *s = &p->map->setting[i];

		if (map_is_variable(s) && map_is_secret(s) &&
		    refuse_live(p->img, &s->var, e) != ERR_OK)
			return e->code;
	}
	return refuse_hidden(p->img, e);
}

/* ---- settings ---- */

static bool
has_variable(const struct imgmap *map)
{
	for (size_t i = 0; i < map->nsetting; i++)
		if (map_is_variable(&map->setting[i]))
			return true;
	return false;
}

static enum err_code
no_store(const struct planner *p, const struct map_setting *s, size_t n,
    struct err *e)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_STORE),
	    "map %s: setting %s: of %zu variable stores in the image %zu are "
	    "of a kind that target %s can add to, counted from 0",
	    p->map->name, s->label, p->img->nstores, n,
	    map_target_names[s->target]);
}

static enum err_code
choose_store(struct planner *p, size_t i, struct err *e)
{
	const struct map_setting *s = &p->map->setting[i];
	const struct image *img = p->img;
	size_t n = 0, want = s->store < 0 ? 0 : (size_t)s->store, first = 0;

	for (size_t k = 0; k < img->nstores; k++) {
		if (!place_is_store(&img->store[k], s->target))
			continue;
		if (s->store < 0 && n == 1)
			return err_refuse(e, ERR_DATA,
			    reason_get(REASON_IMAGE_NO_MATCH),
			    "map %s: it means one variable store, but the "
			    "image has them at 0x%zx and 0x%zx",
			    p->map->name, img->store[first].off,
			    img->store[k].off);
		if (n++ == want)
			first = k;
	}
	if (n <= want)
		return no_store(p, s, n, e);
	p->store[i] = first;
	return varstore_refuse(&img->store[first], e);
}

/* What is there may be another unit's secret: then it is not told. */
static enum err_code
differs(const struct planner *p, const struct map_setting *s, size_t at,
    uint8_t want, struct err *e)
{
	char have[8] = "another";

	if (!map_is_secret(s))
		snprintf(have, sizeof(have), "%02x", p->img->p[at]);
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_EXPECT),
	    "map %s: setting %s: offset 0x%zx: the map expects %02x, the "
	    "image has %s",
	    p->map->name, s->label, at, want, have);
	return err_at(e, at);
}

/* A plan tells old bytes, so they may be nobody's secret: all are one, erased
 * as a rule, or the map knows them. */
static enum err_code
judge_blank(const struct planner *p, const struct map_setting *s,
    const struct place *at, struct err *e)
{
	const uint8_t *old = p->img->p + at->off;

	/* Other bits of a word stay, and are needed. */
	if (s->encoding == MAP_BITS || s->nexpect > 0 || at->len == 0 ||
	    memcmp(old, old + 1, at->len - 1) == 0)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_LIVE_RECORD),
	    "map %s: setting %s: 0x%zx..0x%zx is not erased: it may hold "
	    "another unit's secret (expect says what else may be there)",
	    p->map->name, s->label, at->off, at->off + at->len - 1);
	return err_at(e, at->off);
}

/* A volume of variables has its own order, and a firmware moves them: only
 * what adds variables may write there. */
static enum err_code
outside_stores(const struct planner *p, const struct place *at, struct err *e)
{
	for (size_t i = 0; i < p->img->nstores; i++) {
		const struct varstore *s = &p->img->store[i];
		bool file = s->format == VARSTORE_NVAR;
		size_t from = file ? s->off : s->vol;
		size_t end = file ? s->end : s->vol_end;

		if (at->off >= end || at->off + at->len <= from)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_FORBIDDEN),
		    "0x%zx..0x%zx is in the variable store or its volume at "
		    "0x%zx..0x%zx, where only variables are added",
		    at->off, at->off + at->len - 1, from, end - 1);
		return err_at(e, at->off);
	}
	return ERR_OK;
}

static enum err_code
judge_place(struct planner *p, size_t i, struct err *e)
{
	const struct map_setting *s = &p->map->setting[i];
	struct place *at = &p->at[i];

	if (place_setting(p->img, s, at, e) != ERR_OK ||
	    outside_stores(p, at, e) != ERR_OK ||
	    fitness_write(p, at, s->nexpect > 0, e) != ERR_OK ||
	    (s->target != MAP_AT_FFS && /* which has rules of its own */
		owner_judge(p->img, at, s->nexpect > 0, s->consent, e) !=
		    ERR_OK))
		return err_in(e, "map %s: setting %s", p->map->name, s->label);
	for (size_t k = 0; s->nexpect > 0 && k < at->len; k++) {
		uint8_t want = s->expect[s->nexpect == 1 ? 0 : k];

		if (p->img->p[at->off + k] != want)
			return differs(p, s, at->off + k, want, e);
	}
	return judge_blank(p, s, at, e);
}

/* A new partition: its table is not to be written but for this, which only
 * the software device understands; amtforge-map(5) says so. */
static enum err_code
judge_addition(struct planner *p, size_t i, struct err *e)
{
	const struct map_setting *s = &p->map->setting[i];
	struct me me;

	if (!place_me(p->img, &me) || !me.has_fpt)
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "the image has no $FPT");
	else if (fpt_add(&me.fpt, s->part, s->size, &p->add, e) == ERR_OK) {
		p->at[i].off = p->add.from;
		p->at[i].len = p->add.len;
		if (outside_stores(p, &p->at[i], e) == ERR_OK)
			fitness_write(p, &p->at[i], true, e);
	}
	for (size_t k = 0; e->code == ERR_OK && k < p->add.n; k++) {
		const struct place at = { p->add.p[k].off, p->add.p[k].len };

		if (outside_stores(p, &at, e) == ERR_OK)
			fitness_write(p, &at, true, e);
	}
	return e->code == ERR_OK
	    ? ERR_OK
	    : err_in(e, "map %s: setting %s", p->map->name, s->label);
}

/* Of one name in one store only one would live. */
static enum err_code
judge_names(const struct planner *p, size_t i, struct err *e)
{
	const struct map_setting *b = &p->map->setting[i];

	for (size_t k = 0; k < i; k++) {
		const struct map_setting *a = &p->map->setting[k];

		if (!map_is_variable(a) || p->store[k] != p->store[i] ||
		    !uuid_equal(&a->var.guid, &b->var.guid) ||
		    strcmp(a->var.name, b->var.name) != 0)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
		    "settings %s and %s are one variable in the store at "
		    "0x%zx",
		    a->label, b->label, p->img->store[p->store[i]].off);
		return map_at(p->map, b->line, e);
	}
	return ERR_OK;
}

static enum err_code
judge_settings(struct planner *p, struct err *e)
{
	for (size_t i = 0; i < p->map->nsetting; i++) {
		const struct map_setting *s = &p->map->setting[i];

		if (map_is_variable(s)) {
			if (choose_store(p, i, e) == ERR_OK)
				judge_names(p, i, e);
		} else if (s->add)
			judge_addition(p, i, e);
		else
			judge_place(p, i, e);
		if (e->code != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* ---- fix-ups ---- */

/* The checksum of the body of a file that a setting is in, if it has one. */
static enum err_code
add_body_sum(struct planner *p, const struct map_setting *s, struct err *e)
{
	struct plan_fix *fix = &p->fix[p->nfix];
	struct ffs_file f;

	if (ffs_find(p->img, &s->var.guid, &f, e) != ERR_OK || !f.summed)
		return e->code;
	for (size_t i = 0; i < p->nfix; i++)
		if (p->fix[i].at == f.off + FFS_BODY_SUM)
			return ERR_OK;
	fix->fix = MAP_SUM8;
	fix->over.off = f.body;
	fix->over.len = f.body_end - f.body;
	fix->at = f.off + FFS_BODY_SUM;
	snprintf(fix->why, sizeof(fix->why),
	    "%s: checksum of the file at 0x%zx", s->label, f.off);
	p->nfix++;
	return ERR_OK;
}

static enum err_code
judge_holds(const struct planner *p, const struct plan_fix *fix, struct err *e)
{
	uint8_t sum[FIXUP_MAX];

	if (fixup_of(p->img->p, &fix->over, fix->at, fix->fix, sum, e) !=
	    ERR_OK)
		return e->code;
	if (memcmp(sum, p->img->p + fix->at, map_fix_len(fix->fix)) == 0)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_EXPECT),
	    "the %s at offset 0x%zx does not hold in the base",
	    map_fix_names[fix->fix], fix->at);
	return err_at(e, fix->at);
}

static enum err_code
add_fixup(struct planner *p, size_t i, struct err *e)
{
	const struct map_fixup *f = &p->map->fixup[i];
	const struct place from = { f->from, f->len };
	const struct place sum = { f->at, map_fix_len(f->fix) };
	struct plan_fix *fix = &p->fix[p->nfix++];
	struct place at;

	fix->fix = f->fix;
	if (place_range(p->img, f->region, f->part, &from, &fix->over, e) !=
		ERR_OK ||
	    place_range(p->img, f->region, f->part, &sum, &at, e) != ERR_OK ||
	    outside_stores(p, &at, e) != ERR_OK ||
	    fitness_write(p, &at, f->holds, e) != ERR_OK ||
	    owner_judge(p->img, &at, f->holds, f->consent, e) != ERR_OK)
		return e->code;
	fix->at = at.off;
	if (!f->holds && at.len > 4 &&
	    memcmp(p->img->p + at.off, p->img->p + at.off + 1, at.len - 1) != 0)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_IMAGE_LIVE_RECORD),
		    "0x%zx..0x%zx is not erased: it may hold another unit's "
		    "secret (holds says that it is the checksum)",
		    at.off, at.off + at.len - 1);
	snprintf(fix->why, sizeof(fix->why), "fixup %zu: %s over 0x%zx..0x%zx",
	    i + 1, map_fix_names[f->fix], fix->over.off,
	    fix->over.off + fix->over.len - 1);
	return f->holds ? judge_holds(p, fix, e) : ERR_OK;
}

/* Each is put right once, in order. */
static enum err_code
judge_order(const struct planner *p, struct err *e)
{
	for (size_t i = 0; i < p->nfix; i++)
		for (size_t k = i + 1; k < p->nfix; k++) {
			const struct plan_fix *a = &p->fix[i];
			const struct plan_fix *b = &p->fix[k];

			if (b->at + map_fix_len(b->fix) <= a->over.off ||
			    b->at >= a->over.off + a->over.len)
				continue;
			return err_refuse(e, ERR_DATA,
			    reason_get(REASON_MAP_UNSOUND),
			    "map %s: \"%s\" writes into what \"%s\" is "
			    "over, so it has to come before it",
			    p->map->name, b->why, a->why);
		}
	return ERR_OK;
}

static enum err_code
judge_fixups(struct planner *p, struct err *e)
{
	for (size_t i = 0; i < p->map->nsetting; i++)
		if (p->map->setting[i].target == MAP_AT_FFS &&
		    add_body_sum(p, &p->map->setting[i], e) != ERR_OK)
			return e->code;
	for (size_t i = 0; i < p->map->nfixup; i++)
		if (add_fixup(p, i, e) != ERR_OK)
			return err_in(
			    e, "map %s: fixup %zu", p->map->name, i + 1);
	return judge_order(p, e);
}

/* ---- all together ---- */

/* What writes where, by the map. */
struct claim {
	struct place at;
	uint32_t bits; /* of a word; else 0 */
	unsigned line;
	char who[MAP_LABEL + 16];
};

struct claims {
	size_t n;
	struct claim c[MAP_SETTINGS + FPT_PATCHES * MAP_SETTINGS + PLAN_FIXUPS];
};

static struct claim *
add_claim(struct claims *all, size_t off, size_t len, unsigned line)
{
	struct claim *c = &all->c[all->n++];

	c->at.off = off;
	c->at.len = len;
	c->line = line;
	return c;
}

static void
claim_setting(const struct planner *p, size_t i, struct claims *all)
{
	const struct map_setting *s = &p->map->setting[i];
	struct claim *c = add_claim(all, p->at[i].off, p->at[i].len, s->line);

	snprintf(c->who, sizeof(c->who), "setting %s", s->label);
	c->bits = s->encoding == MAP_BITS ? encode_mask(s) : 0;
	for (size_t k = 0; s->add && k < p->add.n; k++) {
		c = add_claim(all, p->add.p[k].off, p->add.p[k].len, s->line);
		snprintf(c->who, sizeof(c->who), "setting %s", s->label);
	}
}

/* Those of the map are the last; before them are those of files, which belong
 * to no line. */
static void
claim_fixup(const struct planner *p, size_t i, struct claims *all)
{
	const struct plan_fix *f = &p->fix[i];
	size_t files = p->nfix - p->map->nfixup;
	struct claim *c = add_claim(all, f->at, map_fix_len(f->fix), 0);

	if (i < files) {
		snprintf(c->who, sizeof(c->who), "the checksum of a file");
		return;
	}
	c->line = p->map->fixup[i - files].line;
	snprintf(c->who, sizeof(c->who), "fixup %zu", i - files + 1);
}

/* Bits of one word go together as long as they are others. */
static bool
clash(const struct claim *a, const struct claim *b)
{
	if (a->at.off >= b->at.off + b->at.len ||
	    b->at.off >= a->at.off + a->at.len)
		return false;
	return a->bits == 0 || b->bits == 0 || a->at.off != b->at.off ||
	    a->at.len != b->at.len || (a->bits & b->bits) != 0;
}

static enum err_code
judge_claims(const struct planner *p, const struct claims *all, struct err *e)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct claim *a = &all->c[k], *b = &all->c[i];
			size_t at =
			    a->at.off > b->at.off ? a->at.off : b->at.off;

			if (!clash(a, b))
				continue;
			err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
			    "%s and %s (line %u) both write %s 0x%zx", b->who,
			    a->who, a->line,
			    a->bits != 0 && b->bits != 0 ? "bits at" : "offset",
			    at);
			err_at(e, at);
			return map_at(p->map, b->line, e);
		}
	return ERR_OK;
}

/* What does not hang on a unit is said here, once. */
static enum err_code
judge_apart(const struct planner *p, struct err *e)
{
	struct claims *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return err_mem(e);
	for (size_t i = 0; i < p->map->nsetting; i++)
		if (!map_is_variable(&p->map->setting[i]))
			claim_setting(p, i, all);
	for (size_t i = 0; i < p->nfix; i++)
		claim_fixup(p, i, all);
	judge_claims(p, all, e);
	free(all);
	return e->code;
}

enum err_code
fitness_base(struct planner *p, struct err *e)
{
	struct me me;

	if (has_variable(p->map) && image_need_store(p->img, e) != ERR_OK)
		return e->code;
	if (map_matches(p->map, p->img, e) != ERR_OK ||
	    descriptor_need_me(p->img, e) != ERR_OK ||
	    refuse_records(p, e) != ERR_OK)
		return e->code;
	descriptor_guards(p->img, &p->guard);
	protect_guards(p->img, &p->guard);
	if (place_me(p->img, &me))
		me_guards(&me, &p->guard);
	if (add_forbidden(p, e) != ERR_OK || judge_settings(p, e) != ERR_OK)
		return e->code;
	if (judge_fixups(p, e) != ERR_OK)
		return e->code;
	return judge_apart(p, e);
}
