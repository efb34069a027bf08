/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/carry.h"
#include "bios/container.h"
#include "bios/encode.h"
#include "bios/fixup.h"
#include "bios/place.h"
#include "bios/sound.h"
#include "formats/reason.h"

struct carry {
	const struct image *img;
	const struct imgmap *map;
	const struct record *rec;
};

static enum err_code
differs(const char *label, size_t at, const char *what, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "setting %s: offset 0x%zx: %s", label, at, what);
	return err_at(e, at);
}

static enum err_code
compare(const struct map_setting *s, const struct wr *want, const uint8_t *have,
    size_t at, struct err *e)
{
	uint32_t mask = s->encoding == MAP_BITS ? encode_mask(s) : 0xFFFFFFFF;

	for (size_t i = 0; i < want->len; i++) {
		/* A word of bits has at most 4 bytes; others count whole. */
		uint8_t part = (uint8_t)(mask >> 8 * (i % 4));

		if (((have[i] ^ want->buf[i]) & part) != 0)
			return differs(s->label, at + i,
			    "another value than the ledger's", e);
	}
	return ERR_OK;
}

/* The same name may live in stores that the setting does not mean. */
static enum err_code
check_entry(const struct carry *c, const struct map_setting *s,
    const struct wr *want, const struct varstore_var *v, struct err *e)
{
	if (!encode_has(s, c->rec))
		return differs(s->label, v->off,
		    "the variable is there, but the ledger has no such value",
		    e);
	if (v->len != want->len)
		return differs(
		    s->label, v->off, "the variable has another length", e);
	return compare(s, want, v->data, (size_t)(v->data - c->img->p), e);
}

static enum err_code
check_variable(const struct carry *c, const struct map_setting *s,
    const struct wr *want, struct err *e)
{
	struct varstore_var v;
	int nth = 0;
	bool found = false;

	for (size_t i = 0; i < c->img->nstores; i++) {
		const struct varstore *store = &c->img->store[i];
		size_t walk = 0;

		if (!place_is_store(store, s->target) ||
		    (s->store != nth++ && s->store >= 0) ||
		    !varstore_find(store, &s->var, &walk, &v))
			continue;
		found = true;
		if (check_entry(c, s, want, &v, e) != ERR_OK)
			return e->code;
	}
	if (found || !encode_has(s, c->rec))
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "setting %s: no live variable %s in %zu variable stores", s->label,
	    s->var.name, c->img->nstores);
}

static enum err_code
check_setting(const struct carry *c, const struct map_setting *s, struct err *e)
{
	struct place at;
	struct wr want;

	wr_grow(&want, IMAGE_MAX);
	if (encode_value(s, c->rec, &want, e) != ERR_OK)
		goto out;
	if (map_is_variable(s))
		check_variable(c, s, &want, e);
	else if (place_setting(c->img, s, &at, e) != ERR_OK)
		err_in(e, "setting %s", s->label);
	else
		compare(s, &want, c->img->p + at.off, at.off, e);
out:
	wr_free(&want);
	return e->code;
}

static enum err_code
check_fixup(const struct carry *c, const struct map_fixup *f, struct err *e)
{
	const struct place range = { f->from, f->len };
	const struct place sum = { f->at, map_fix_len(f->fix) };
	uint8_t want[FIXUP_MAX];
	struct place over, at;

	if (place_range(c->img, f->region, f->part, &range, &over, e) !=
		ERR_OK ||
	    place_range(c->img, f->region, f->part, &sum, &at, e) != ERR_OK ||
	    fixup_of(c->img->p, &over, at.off, f->fix, want, e) != ERR_OK)
		return e->code;
	if (secret_equal(want, c->img->p + at.off, at.len))
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "offset 0x%zx: the %s does not hold", at.off,
	    map_fix_names[f->fix]);
	return err_at(e, at.off);
}

static enum err_code
same_record(
    const struct record *a, const struct record *b, size_t at, struct err *e)
{
	struct wr x, y;

	wr_grow(&x, RECORD_MAX);
	wr_grow(&y, RECORD_MAX);
	record_write(&x, a);
	record_write(&y, b);
	if (x.failed || y.failed)
		err_set(e, ERR_BUG, "a record that cannot be written");
	else if (x.len != y.len || !secret_equal(x.buf, y.buf, x.len)) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
		    "offset 0x%zx: the record is not the ledger's", at);
		err_at(e, at);
	}
	wr_free(&x);
	wr_free(&y);
	return e->code;
}

enum err_code
carry_record(const struct image *img, const struct record *rec, struct err *e)
{
	struct record *have = calloc(1, sizeof(*have));
	struct container_hit hit;

	if (have == NULL)
		return err_mem(e);
	if (container_record(img, have, &hit, e) == ERR_OK)
		same_record(have, rec, hit.off, e);
	record_wipe(have);
	free(have);
	return e->code;
}

/* Has the map a setting that puts the record where a device looks? Only then
 * one must be there. */
static bool
has_record(const struct carry *c)
{
	struct container_hit hit;

	for (size_t i = 0; i < c->map->nsetting; i++)
		if (c->map->setting[i].value == MAP_OEM_RECORD)
			return container_live(c->img, &hit) &&
			    hit.kind != CONTAINER_SETUP;
	return false;
}

/* A device takes the record that is there, whatever the map says. */
static enum err_code
check_whose(const struct carry *c, struct err *e)
{
	struct record *have = calloc(1, sizeof(*have));
	struct container_hit hit;
	char uuid[UUID_TEXT];
	struct err none;

	err_clear(&none);
	if (have == NULL)
		return err_mem(e);
	if (container_record(c->img, have, &hit, &none) == ERR_OK &&
	    !uuid_equal(&have->uuid, &c->rec->uuid)) {
		uuid_text(&have->uuid, uuid);
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
		    "offset 0x%zx: the record is that of unit %s", hit.off,
		    uuid);
		err_at(e, hit.off);
	}
	record_wipe(have);
	free(have);
	return e->code;
}

static enum err_code
check_all(const struct carry *c, struct err *e)
{
	for (size_t i = 0; i < c->map->nsetting; i++)
		if (check_setting(c, &c->map->setting[i], e) != ERR_OK)
			return e->code;
	for (size_t i = 0; i < c->map->nfixup; i++)
		if (check_fixup(c, &c->map->fixup[i], e) != ERR_OK)
			return err_in(e, "fixup %zu", i + 1);
	return has_record(c) ? carry_record(c->img, c->rec, e) : ERR_OK;
}

enum err_code
carry_check(const struct image *img, const struct imgmap *map,
    const struct record *rec, struct err *e)
{
	const struct carry c = { img, map, rec };

	if (check_whose(&c, e) != ERR_OK)
		return e->code;
	return check_all(&c, e);
}

enum err_code
carry_made(const struct planner *p, const uint8_t *made,
    const struct record *rec, struct image *again, struct err *e)
{
	if (image_read(made, p->img->n, again, e) != ERR_OK)
		return err_in(e, "the image that was made, read again");
	if (sound_still(p->img, again, e) == ERR_OK)
		carry_check(again, p->map, rec, e);
	return e->code;
}
