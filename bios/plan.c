/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/edkvar.h"
#include "bios/encode.h"
#include "bios/fixup.h"
#include "bios/fitness.h"
#include "bios/plan.h"
#include "formats/reason.h"

/* A plan that is being made. */
struct maker {
	const struct planner *p;
	const struct record *rec;
	struct plan *out;
	uint32_t mask[PLAN_WRITES]; /* of a word whose bits are set; else 0 */
	size_t free[IMAGE_STORES];  /* where the next variable goes */
};

static enum err_code add_write(struct maker *, size_t off, size_t at,
    bool secret, struct err *, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

enum err_code
plan_begin(struct planner *p, const struct image *img, const struct imgmap *map,
    struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->img = img;
	p->map = map;
	return fitness_base(p, e);
}

/* ---- writes ---- */

/* The bytes from `at` to the end of the plan's buffer go to off. */
static enum err_code
add_write(struct maker *m, size_t off, size_t at, bool secret, struct err *e,
    const char *fmt, ...)
{
	struct plan *out = m->out;
	struct plan_write *w;
	va_list ap;

	if (out->bytes.failed)
		return err_mem(e);
	if (out->n == PLAN_WRITES)
		return err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
		    "its settings are more than %d writes", PLAN_WRITES);
	w = &out->w[out->n++];
	w->off = off;
	w->at = at;
	w->len = out->bytes.len - at;
	w->secret = secret;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	if (off > m->p->img->n || w->len > m->p->img->n - off)
		return err_set(e, ERR_BUG, "a write outside the image");
	return ERR_OK;
}

static uint32_t
get_word(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void
put_word(uint8_t *p, size_t n, uint32_t v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* ---- settings with a place of their own ---- */

/* The write of the same word, or NULL. */
static struct plan_write *
same_word(struct maker *m, const struct place *at)
{
	for (size_t i = 0; i < m->out->n; i++)
		if (m->mask[i] != 0 && m->out->w[i].off == at->off &&
		    m->out->w[i].len == at->len)
			return &m->out->w[i];
	return NULL;
}

/* Bits go into a word that is in the plan already, or into the base's. */
static enum err_code
add_bits(struct maker *m, const struct map_setting *s, const struct place *at,
    struct err *e)
{
	uint32_t mask = encode_mask(s), word, bits;
	struct plan_write *w = same_word(m, at);
	struct wr *buf = &m->out->bytes;
	uint8_t value[4] = { 0 };
	struct wr v;
	size_t n;

	wr_fixed(&v, value, sizeof(value));
	if (encode_value(s, m->rec, &v, e) != ERR_OK)
		return e->code;
	bits = get_word(value, v.len);
	if (w == NULL) {
		n = buf->len;
		word = get_word(m->p->img->p + at->off, at->len);
		put_word(value, at->len, (word & ~mask) | bits);
		wr_bytes(buf, value, at->len);
		m->mask[m->out->n] = mask;
		return add_write(m, at->off, n, map_is_secret(s), e,
		    "%s: bits 0x%x", s->label, mask);
	}
	if ((m->mask[w - m->out->w] & mask) != 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
		    "setting %s: its bits at 0x%zx are those of \"%s\" too",
		    s->label, at->off, w->why);
	m->mask[w - m->out->w] |= mask;
	word = get_word(buf->buf + w->at, w->len);
	put_word(buf->buf + w->at, w->len, (word & ~mask) | bits);
	w->secret |= map_is_secret(s);
	n = strlen(w->why);
	snprintf(
	    w->why + n, sizeof(w->why) - n, ", %s: bits 0x%x", s->label, mask);
	return ERR_OK;
}

/* A value that the unit has not tells nothing. */
static bool
is_secret(const struct maker *m, const struct map_setting *s)
{
	return map_is_secret(s) && encode_has(s, m->rec);
}

/* Neither the map's name nor the encoding's is said twice. */
static void
say_value(const struct map_setting *s, char out[static PLAN_WHY])
{
	const char *value = map_value_names[s->value];
	const char *how = map_encoding_names[s->encoding];

	if (strcmp(s->label, value) == 0 && strcmp(value, how) == 0)
		snprintf(out, PLAN_WHY, "%s", value);
	else if (strcmp(s->label, value) == 0)
		snprintf(out, PLAN_WHY, "%s as %s", value, how);
	else
		snprintf(out, PLAN_WHY, "%s: %s as %s", s->label, value, how);
}

static enum err_code
add_value(struct maker *m, const struct map_setting *s, const struct place *at,
    struct err *e)
{
	size_t from = m->out->bytes.len;
	char why[PLAN_WHY];

	if (s->encoding == MAP_BITS)
		return add_bits(m, s, at, e);
	if (encode_value(s, m->rec, &m->out->bytes, e) != ERR_OK)
		return e->code;
	say_value(s, why);
	return add_write(m, at->off, from, is_secret(m, s), e, "%s", why);
}

/* The table's entry, count and checksum, then the content. */
static enum err_code
add_partition(struct maker *m, size_t i, struct err *e)
{
	const struct map_setting *s = &m->p->map->setting[i];
	const struct fpt_add *add = &m->p->add;

	for (size_t k = 0; k < add->n; k++) {
		size_t from = m->out->bytes.len;

		wr_bytes(&m->out->bytes, add->p[k].bytes, add->p[k].len);
		if (add_write(m, add->p[k].off, from, false, e, "%s: $FPT: %s",
			s->label, add->p[k].why) != ERR_OK)
			return e->code;
	}
	return add_value(m, s, &m->p->at[i], e);
}

/* ---- variables ---- */

static enum err_code
refuse_large(const struct map_setting *s, const struct varstore *store,
    size_t len, struct err *e)
{
	size_t need = varstore_need(store, &s->var, len);

	if (s->max == 0 || need <= s->max)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_STORE_FULL),
	    "%s needs %zu bytes, but the firmware takes %zu at most",
	    s->var.name, need, s->max);
}

/* Those of the same name that the firmware reads now: deleted, as it does
 * itself, by clearing bits of their state. What AMI's does with an entry that
 * is replaced was never tried. */
static enum err_code
delete_old(struct maker *m, const struct map_setting *s,
    const struct varstore *store, struct err *e)
{
	struct varstore_var v;
	size_t walk = 0, at;

	while (varstore_find(store, &s->var, &walk, &v)) {
		const struct place state = { v.off + EDKVAR_STATE_AT, 1 };

		if (store->format == VARSTORE_NVAR) {
			err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
			    "setting %s: offset 0x%zx: %s is there already, "
			    "and an NVAR is only added, not replaced",
			    s->label, v.off, s->var.name);
			return err_at(e, v.off);
		}
		if (fitness_write(m->p, &state, false, e) != ERR_OK)
			return err_in(e, "setting %s", s->label);
		at = m->out->bytes.len;
		wr_u8(&m->out->bytes, v.state & EDKVAR_DELETED);
		if (add_write(m, v.off + EDKVAR_STATE_AT, at, false, e,
			"%s: the variable before it is deleted",
			s->label) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* Where an entry behind that byte may begin. */
static size_t
next_place(const struct varstore *s, size_t at)
{
	size_t align = s->align == 0 ? 1 : s->align;

	at = (at + align - 1) / align * align;
	return at > s->room ? s->room : at;
}

static enum err_code
add_entry(struct maker *m, size_t i, const struct wr *data, struct err *e)
{
	const struct map_setting *s = &m->p->map->setting[i];
	size_t k = m->p->store[i], from = m->out->bytes.len, head;
	struct varstore store = m->p->img->store[k];
	struct varstore_add add = { .name = s->var,
		.attrs = s->attrs,
		.data = data->buf,
		.len = data->len };
	char why[PLAN_WHY];

	store.free = m->free[k];
	if (refuse_large(s, &store, data->len, e) != ERR_OK ||
	    varstore_entry(&store, &add, &m->out->bytes, e) != ERR_OK)
		return e->code;
	head = m->out->bytes.len - from - data->len;
	m->free[k] = next_place(&store, store.free + head + data->len);
	/* Header and data apart: only the data is secret. */
	add_write(m, store.free, from, false, e, "%s: header of variable %s",
	    s->label, s->var.name);
	if (e->code == ERR_OK) {
		m->out->w[m->out->n - 1].len = head;
		say_value(s, why);
		add_write(m, store.free + head, from + head, map_is_secret(s),
		    e, "%s", why);
	}
	return e->code;
}

static enum err_code
add_variable(struct maker *m, size_t i, struct err *e)
{
	const struct map_setting *s = &m->p->map->setting[i];
	const struct varstore *store = &m->p->img->store[m->p->store[i]];
	struct wr data;

	/* A value that the unit has not leaves no variable. */
	if (!encode_has(s, m->rec))
		return ERR_OK;
	wr_grow(&data, IMAGE_MAX);
	if (encode_value(s, m->rec, &data, e) == ERR_OK &&
	    add_entry(m, i, &data, e) == ERR_OK)
		delete_old(m, s, store, e);
	wr_free(&data);
	return e->code;
}

/* ---- fix-ups ---- */

/* The planned bytes of that range over its copy; is one of them secret? */
static bool
overlay(const struct plan *p, const struct place *over, uint8_t *copy)
{
	bool secret = false;

	for (size_t i = 0; i < p->n; i++) {
		const struct plan_write *w = &p->w[i];
		size_t from = w->off > over->off ? w->off : over->off;
		size_t end = over->off + over->len;

		if (w->off + w->len < end)
			end = w->off + w->len;
		if (from >= end)
			continue;
		memcpy(copy + (from - over->off),
		    p->bytes.buf + w->at + (from - w->off), end - from);
		secret |= w->secret;
	}
	return secret;
}

/* What is over a secret tells of it, so it is one. */
static enum err_code
add_fixup(struct maker *m, const struct plan_fix *f, struct err *e)
{
	const struct place *over = &f->over;
	size_t n = map_fix_len(f->fix), from = m->out->bytes.len;
	uint8_t *copy = malloc(over->len), sum[FIXUP_MAX];
	bool secret;

	if (copy == NULL)
		return err_mem(e);
	memcpy(copy, m->p->img->p + over->off, over->len);
	secret = overlay(m->out, over, copy);
	if (f->at >= over->off && f->at < over->off + over->len)
		memset(copy + (f->at - over->off), 0, n);
	fixup_sum(f->fix, copy, over->len, sum);
	wr_bytes(&m->out->bytes, sum, n);
	secret_wipe(sum, sizeof(sum));
	secret_wipe(copy, over->len);
	free(copy);
	return add_write(m, f->at, from, secret, e, "%s", f->why);
}

/* ---- the whole ---- */

static int
by_offset(const void *a, const void *b)
{
	const struct plan_write *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static enum err_code
sort(struct plan *p, struct err *e)
{
	qsort(p->w, p->n, sizeof(p->w[0]), by_offset);
	for (size_t i = 1; i < p->n; i++) {
		const struct plan_write *a = &p->w[i - 1], *b = &p->w[i];

		if (b->off >= a->off + a->len)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
		    "offset 0x%zx: \"%s\" and \"%s\" overlap", b->off, a->why,
		    b->why);
		return err_at(e, b->off);
	}
	return ERR_OK;
}

/* Less than this tells how long a password is, or is not worth a word. */
#define TAIL 0x100

/* Bytes of the write that are not as they were, up to a multiple of TAIL. */
static size_t
changed(const struct plan *p, const struct plan_write *w, const uint8_t *img)
{
	const uint8_t *now = p->bytes.buf + w->at, *was = img + w->off;
	size_t n = w->len;

	while (n > 0 && now[n - 1] == was[n - 1])
		n--;
	n = (n + TAIL - 1) / TAIL * TAIL;
	return n < w->len ? n : w->len;
}

/* What is there already is not written: neither a whole range nor the rest of
 * a large one that is only padding. One is left, so that a plan has a write. */
static void
leave_out_same(struct plan *p, const uint8_t *img)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct plan_write *w = &p->w[i];
		size_t len = changed(p, w, img);

		if (len == 0 && (n > 0 || i + 1 < p->n))
			continue;
		if (len != 0)
			w->len = len;
		p->w[n++] = *w;
	}
	p->n = n;
}

static bool
clears_only(const struct plan *p, const struct image *img)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->w[i].len; k++)
			if (p->bytes.buf[p->w[i].at + k] &
			    ~img->p[p->w[i].off + k])
				return false;
	return true;
}

static enum err_code
make_all(struct maker *m, struct err *e)
{
	const struct imgmap *map = m->p->map;

	for (size_t i = 0; i < m->p->img->nstores; i++)
		m->free[i] = m->p->img->store[i].free;
	for (size_t i = 0; i < map->nsetting; i++) {
		if (map_is_variable(&map->setting[i]))
			add_variable(m, i, e);
		else if (map->setting[i].add)
			add_partition(m, i, e);
		else
			add_value(m, &map->setting[i], &m->p->at[i], e);
		if (e->code != ERR_OK)
			return map_at(map, map->setting[i].line, e);
	}
	for (size_t i = 0; i < m->p->nfix; i++)
		if (add_fixup(m, &m->p->fix[i], e) != ERR_OK)
			return err_in(e, "map %s", map->name);
	return sort(m->out, e) == ERR_OK ? ERR_OK
					 : err_in(e, "map %s", map->name);
}

/* Variables go where there is room, which only the plan tells; the other
 * places were judged with the base. */
static enum err_code
guard_writes(const struct maker *m, struct err *e)
{
	for (size_t i = 0; i < m->p->img->nstores; i++) {
		size_t from = m->p->img->store[i].free;
		const struct place at = { from, m->free[i] - from };

		if (fitness_write(m->p, &at, false, e) != ERR_OK)
			return err_in(e, "map %s", m->p->map->name);
	}
	/* All of it once more: what is signed, protected or forbidden no map
	 * may write, by whatever way. */
	for (size_t i = 0; i < m->out->n; i++) {
		const struct plan_write *w = &m->out->w[i];
		const struct place at = { w->off, w->len };

		if (fitness_write(m->p, &at, true, e) != ERR_OK)
			return err_in(
			    e, "map %s: \"%s\"", m->p->map->name, w->why);
	}
	return ERR_OK;
}

enum err_code
plan_make(const struct planner *p, const struct record *rec, struct plan *out,
    struct err *e)
{
	struct maker m = { .p = p, .rec = rec, .out = out };

	memset(out, 0, sizeof(*out));
	wr_grow(&out->bytes, IMAGE_MAX);
	if (make_all(&m, e) != ERR_OK || guard_writes(&m, e) != ERR_OK)
		return e->code;
	leave_out_same(out, p->img->p);
	out->clears_only = clears_only(out, p->img);
	return ERR_OK;
}

enum err_code
plan_apply(const struct plan *p, uint8_t *copy, size_t n, struct err *e)
{
	struct span all = { copy, n }, at;

	for (size_t i = 0; i < p->n; i++) {
		if (!span_cut(all, p->w[i].off, p->w[i].len, &at))
			return err_set(e, ERR_BUG, "a write outside the image");
		memcpy(at.p, p->bytes.buf + p->w[i].at, at.n);
	}
	return ERR_OK;
}

enum err_code
plan_revert(const struct plan *p, const struct image *base, uint8_t *copy,
    size_t n, struct err *e)
{
	struct span all = { copy, n }, at;

	for (size_t i = 0; i < p->n; i++) {
		if (n != base->n ||
		    !span_cut(all, p->w[i].off, p->w[i].len, &at))
			return err_set(e, ERR_BUG, "a write outside the image");
		memcpy(at.p, base->p + p->w[i].off, at.n);
	}
	return ERR_OK;
}

void
plan_free(struct plan *p)
{
	wr_free(&p->bytes);
	memset(p->w, 0, sizeof(p->w));
	p->n = 0;
}
