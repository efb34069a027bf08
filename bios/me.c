/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/fitc.h"
#include "bios/me.h"
#include "bios/stray.h"

#define BACKUP 0x1000 /* of a $FPT 2.1, behind it or the region's start */

static bool
is_fpt(const uint8_t *img, size_t at, size_t end)
{
	return at < end && end - at >= FPT_HEADER &&
	    memcmp(img + at, "$FPT", 4) == 0;
}

/* Where the table at off is damaged, its backup tells more than it does; that
 * it is damaged stays said. */
static void
read_table(struct me *m, size_t off, size_t base, size_t end)
{
	const size_t at[2] = { off + BACKUP, base + BACKUP };
	struct fpt f;

	m->has_fpt = fpt_read(m->img, off, base, end, &m->fpt);
	for (size_t i = 0; i < 2 && (!m->has_fpt || !m->fpt.sum_ok); i++) {
		if (!fpt_read(m->img, at[i], base, end, &f) ||
		    f.version != 0x21 || !f.sum_ok)
			continue;
		m->fpt = f;
		m->has_fpt = true;
		m->fpt.backup = 0;
		m->fpt.why = "$FPT is damaged: its backup was read";
		m->fpt.at = off;
	}
}

static void
read_ifwi(struct me *m)
{
	const struct ifwi_part *d = &m->ifwi.part[IFWI_DATA];

	m->layout = ME_IFWI;
	if (d->len > 0)
		read_table(m, d->from, d->from, d->from + d->len);
}

/* No table is where one begins: is there a backup of one? */
static void
read_backup(struct me *m)
{
	static const size_t off[2] = { 0x10, 0 };

	m->layout =
	    bytes_are(m->img, m->base, m->end, 0xFF) ? ME_ERASED : ME_UNKNOWN;
	for (size_t i = 0; i < 2 && !m->has_fpt; i++) {
		read_table(m, m->base + off[i], m->base, m->end);
		if (m->has_fpt)
			m->layout = off[i] == 0 ? ME_FPT : ME_VECTOR;
	}
}

void
me_read(const uint8_t *img, size_t base, size_t end, struct me *m)
{
	memset(m, 0, sizeof(*m));
	m->img = img;
	m->base = base;
	m->end = end;
	m->present = base < end;
	if (!m->present)
		return;
	if (is_fpt(img, base + 0x10, end)) {
		m->layout = ME_VECTOR;
		read_table(m, base + 0x10, base, end);
	} else if (is_fpt(img, base, end)) {
		m->layout = ME_FPT;
		read_table(m, base, base, end);
	} else if (ifwi_read(img, base, end, &m->ifwi))
		read_ifwi(m);
	else
		read_backup(m);
}

bool
me_known(const struct me *m)
{
	return m->layout >= ME_VECTOR;
}

const char *
me_layout_name(enum me_layout l)
{
	static const char *const names[] = { "absent", "erased", "unknown",
		"rom bypass and $FPT", "$FPT", "IFWI" };

	return names[l];
}

/* ---- whose is it? ---- */

const char *
me_kind_name(enum me_kind k)
{
	static const char *const names[] = { "code", "token", "me-data",
		"oem-data", "effs", "mfs", "fitc", "fuses", "amtforge",
		"unknown" };

	return names[k];
}

/* '?' is any character. */
static bool
like(const char *name, const char *pattern)
{
	for (; *pattern != '\0' && *name != '\0'; name++, pattern++)
		if (*pattern != '?' && *pattern != *name)
			return false;
	return *name == *pattern;
}

static enum me_kind
kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum me_kind kind;
	} table[] = { { "FTPR", ME_CODE }, { "CODE", ME_CODE },
		{ "NFTP", ME_CODE }, { "FTUP", ME_CODE }, { "MDMV", ME_CODE },
		{ "RBEP", ME_CODE }, { "PMCP", ME_CODE }, { "PCHC", ME_CODE },
		{ "?PHY", ME_CODE }, { "DLMP", ME_CODE }, { "LOCL", ME_CODE },
		{ "WCOD", ME_CODE }, { "ISHC", ME_CODE }, { "IUNP", ME_CODE },
		{ "ROMB", ME_CODE }, { "OEMP", ME_TOKEN }, { "UTOK", ME_TOKEN },
		{ "STKN", ME_TOKEN }, { "PSVN", ME_DATA }, { "IVBP", ME_DATA },
		{ "FLOG", ME_DATA }, { "ELOG", ME_DATA }, { "HVMP", ME_DATA },
		{ "IMDP", ME_DATA }, { "RSTR", ME_DATA }, { "CDMD", ME_DATA },
		{ "FOVD", ME_OEM }, { "EFFS", ME_EFFS }, { "FCRS", ME_EFFS },
		{ "MDES", ME_EFFS }, { "GLUT", ME_EFFS }, { "MFS", ME_MFS },
		{ "MFSB", ME_MFS }, { "AFSP", ME_MFS }, { "EFS", ME_MFS },
		{ "FITC", ME_FITC }, { "UEP", ME_FUSES }, { "UEPB", ME_FUSES },
		{ ME_OWN, ME_OURS } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (like(name, table[i].name))
			return table[i].kind;
	return ME_NAMELESS;
}

void
me_code(const uint8_t *img, size_t from, size_t end, struct me_part *p)
{
	p->has_dir = mecode_dir_read(img, from, end, &p->dir);
	p->has_man = p->has_dir ? mecode_dir_man(&p->dir, &p->man)
				: mecode_man_read(img, from, end, &p->man);
}

void
me_part(const struct me *m, size_t i, struct me_part *p)
{
	memset(p, 0, sizeof(*p));
	fpt_entry(&m->fpt, i, &p->e);
	p->kind = kind_of(p->e.name);
	/* Quotas in EFFS; but ME 2 had a partition NVKR where later ones have
	 * FOVD. */
	if (memcmp(p->e.name, "NV", 2) == 0 && p->e.type == FPT_GLUT)
		p->kind = ME_EFFS;
	else if (strcmp(p->e.name, "NVKR") == 0 && m->fpt.version == 0x10)
		p->kind = ME_OEM;
	if (!p->e.space)
		return;
	me_code(m->img, p->e.from, p->e.from + p->e.len, p);
	if (p->has_man && p->kind != ME_TOKEN)
		p->kind = ME_CODE;
}

/* ---- who holds a byte? ---- */

#define OWNERS (FPT_ENTRIES + IFWI_PARTS)

/* Partitions that have bytes. */
struct owners {
	size_t n;
	struct owner {
		size_t from, end, at;
		bool is_signed, holds; /* holds: it may have others in it */
	} o[OWNERS];
};

static bool
is_code(enum me_kind k)
{
	return k == ME_CODE || k == ME_TOKEN;
}

static void
find_owners(const struct me *m, struct owners *all)
{
	struct me_part p;

	all->n = 0;
	for (size_t i = 0; m->has_fpt && i < m->fpt.n; i++) {
		me_part(m, i, &p);
		if (p.e.space && (!p.e.invalid || is_code(p.kind)))
			all->o[all->n++] = (struct owner){ p.e.from,
				p.e.from + p.e.len, p.e.at, is_code(p.kind),
				strcmp(p.e.name, "FTUP") == 0 };
	}
	for (size_t i = 1; m->layout == ME_IFWI && i < m->ifwi.n; i++)
		if (m->ifwi.part[i].len > 0)
			all->o[all->n++] = (struct owner){ m->ifwi.part[i].from,
				m->ifwi.part[i].from + m->ifwi.part[i].len,
				m->ifwi.off, ifwi_is_boot(i), false };
}

/* One that is signed, if any is; NULL if nobody holds it. */
static const struct owner *
owner_of(const struct owners *all, size_t at)
{
	const struct owner *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (all->o[i].from <= at && at < all->o[i].end &&
		    (found == NULL || all->o[i].is_signed))
			found = &all->o[i];
	return found;
}

static bool
within(const struct owner *a, const struct owner *b)
{
	return b->from <= a->from && a->end <= b->end;
}

/* Code shares no bytes with code, but for FTUP, which holds NFTP as a whole. */
static bool
clash(const struct owner *a, const struct owner *b)
{
	if (!a->is_signed || !b->is_signed || a->from >= b->end ||
	    b->from >= a->end)
		return false;
	if (within(a, b) && within(b, a))
		return !a->holds && !b->holds;
	return !within(a, b) && !within(b, a);
}

/* ---- is it sound? ---- */

static const char *
table_fault(const struct me *m, size_t *at)
{
	*at = m->base;
	if (!me_known(m))
		return m->layout == ME_ERASED
		    ? "erased"
		    : "neither $FPT nor a layout table";
	if (m->layout == ME_IFWI) {
		*at = m->ifwi.at;
		if (m->ifwi.why != NULL)
			return m->ifwi.why;
		*at = m->ifwi.part[IFWI_DATA].from;
		if (m->ifwi.part[IFWI_DATA].len > 0 && !m->has_fpt)
			return "data partition: no $FPT";
	}
	*at = m->fpt.at;
	return m->has_fpt ? m->fpt.why : NULL;
}

/* Of a boot partition's tables. */
static const char *
boot_fault(const struct me *m, const struct ifwi_part *part, size_t *at)
{
	size_t end = part->from + part->len, second;
	struct ifwi_bpdt b;
	struct ifwi_entry e;

	*at = part->from;
	if (bytes_are(m->img, part->from, end, 0xFF))
		return NULL;
	for (int depth = 0; depth < 2; depth++, *at = second) {
		if (!ifwi_bpdt_read(m->img, *at, part->from, end, &b))
			return "boot partition: no BPDT";
		if (b.why != NULL) {
			*at = b.at;
			return b.why;
		}
		for (size_t i = 0; i < b.n; i++) {
			ifwi_bpdt_entry(&b, i, &e);
			if (e.why != NULL)
				return "BPDT: a part ends behind its boot "
				       "partition";
		}
		if ((second = ifwi_bpdt_second(&b)) == 0)
			break;
	}
	return NULL;
}

static const char *
part_fault(const struct me *m, size_t i, size_t *at)
{
	struct me_part p;

	me_part(m, i, &p);
	*at = p.e.at;
	if (p.e.invalid)
		return NULL;
	if (p.e.why != NULL)
		return "$FPT: a partition is not where it can be";
	return p.kind == ME_CODE && !p.e.space
	    ? "$FPT: a partition of code has no bytes"
	    : NULL;
}

static const char *
code_fault(const struct me *m, size_t *at)
{
	size_t pos = m->base;
	struct owners all;
	struct stray s;

	find_owners(m, &all);
	for (size_t i = 0; i < all.n; i++)
		for (size_t j = 0; j < i; j++)
			if (clash(&all.o[i], &all.o[j])) {
				*at = all.o[i].at;
				return "partitions of code share bytes";
			}
	while (stray_next(m->img, &pos, m->end, &s))
		if (s.kind != STRAY_FPT && s.off >= m->base &&
		    owner_of(&all, s.off) == NULL) {
			*at = s.off;
			return "signed code that no partition holds";
		}
	return NULL;
}

const char *
me_fault(const struct me *m, size_t *at)
{
	const char *why = table_fault(m, at);

	for (size_t i = 1; why == NULL && m->layout == ME_IFWI && i < m->ifwi.n;
	     i++)
		if (ifwi_is_boot(i) && m->ifwi.part[i].len > 0)
			why = boot_fault(m, &m->ifwi.part[i], at);
	for (size_t i = 0; why == NULL && m->has_fpt && i < m->fpt.n; i++)
		why = part_fault(m, i, at);
	return why != NULL ? why : code_fault(m, at);
}

/* ---- bytes that nothing claims ---- */

/* The k-th range that a table or a partition claims; false behind the last.
 * The data partition is only what holds $FPT's. */
static bool
claim(const struct me *m, size_t k, size_t *from, size_t *end)
{
	struct fpt_entry e;

	*from = *end = m->base;
	if (m->layout == ME_IFWI) {
		if (k == 0) {
			*end = m->base + m->ifwi.len;
			return true;
		}
		if (k < IFWI_PARTS) {
			*from = m->ifwi.part[k].from;
			*end = *from + m->ifwi.part[k].len;
			return true;
		}
		k -= IFWI_PARTS;
	}
	if (!m->has_fpt || k >= m->fpt.n + 2)
		return false;
	if (k == 0) {
		/* With the vector in front of it. */
		*from = m->fpt.base;
		*end = fpt_table_end(&m->fpt);
	} else if (k == 1 && m->fpt.backup != 0) {
		*from = m->fpt.backup;
		*end = *from + fpt_table_end(&m->fpt) - m->fpt.off;
	} else if (k >= 2) {
		fpt_entry(&m->fpt, k - 2, &e);
		*from = e.from;
		*end = e.from + e.len;
		if (!e.space || e.invalid)
			*end = *from;
	}
	return true;
}

/* The end of a claim that holds at, or at; *next: where the next one begins. */
static size_t
claimed(const struct me *m, size_t at, size_t *next)
{
	size_t from, end, to = at;

	*next = m->end;
	for (size_t k = 0; claim(m, k, &from, &end); k++) {
		if (from <= at && end > to)
			to = end;
		if (from > at && end > from && from < *next)
			*next = from;
	}
	return to;
}

bool
me_gap(const struct me *m, size_t *at, size_t *from, size_t *end)
{
	size_t pos = *at > m->base ? *at : m->base, next;

	while (me_known(m) && pos < m->end) {
		size_t to = claimed(m, pos, &next);

		if (to > pos) {
			pos = to;
			continue;
		}
		*from = pos;
		*end = *at = pos = next;
		if (!bytes_are(m->img, *from, *end, 0xFF))
			return true;
	}
	*at = m->end;
	return false;
}

/* ---- signatures ---- */

void
me_checks_init(struct me_checks *c, const struct me *m)
{
	memset(c, 0, sizeof(*c));
	c->left = 4 * (m->end - m->base);
}

/* The same bytes were checked: what was found. */
static bool
was_checked(const struct me_checks *c, struct mecode_man *man)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct me_check *d = &c->done[i];

		if (d->off != man->off || d->size != man->size)
			continue;
		man->verdict = d->verdict;
		man->scheme = d->scheme;
		man->why = d->why;
		man->at = d->at;
		return true;
	}
	return false;
}

void
me_check(struct me_checks *c, struct mecode_man *man)
{
	/* Of the larger keys either digest is tried. */
	size_t cost = man->why != NULL ? 0 : 2 * man->size;

	if (man->why == NULL && was_checked(c, man))
		return;
	if (cost > c->left || (cost > 0 && c->n == ME_MANIFESTS)) {
		man->verdict = MECODE_UNKNOWN;
		man->why = "manifest: not verified: manifests claim more bytes "
			   "than the region has";
		man->at = man->off + 0x18;
		return;
	}
	c->left -= cost;
	mecode_man_verify(man);
	if (cost > 0)
		c->done[c->n++] = (struct me_check){ man->off, man->size,
			man->verdict, man->scheme, man->why, man->at };
}

/* What counts manifests. */
struct counting {
	struct me_signatures *s;
	struct me_checks c;
};

static void
count(struct mecode_man *man, struct counting *to)
{
	struct me_signatures *s = to->s;

	me_check(&to->c, man);
	if (man->verdict == MECODE_VERIFIED)
		s->verified++;
	else if (man->verdict == MECODE_UNKNOWN)
		s->unknown++;
	else if (s->wrong++ == 0)
		s->at = man->off;
}

static void
verify_code(const uint8_t *img, size_t from, size_t len, struct counting *s)
{
	struct me_part p;

	if (len == 0)
		return;
	memset(&p, 0, sizeof(p));
	me_code(img, from, from + len, &p);
	if (p.has_man)
		count(&p.man, s);
}

/* A boot partition's table, and the second one that it may name. */
static void
verify_boot(
    const struct me *m, const struct ifwi_part *part, struct counting *s)
{
	size_t end = part->from + part->len, at = part->from, second;
	struct ifwi_bpdt b;
	struct ifwi_entry e;

	for (int depth = 0; depth < 2; depth++, at = second) {
		if (!ifwi_bpdt_read(m->img, at, part->from, end, &b))
			return;
		for (size_t i = 0; i < b.n; i++) {
			ifwi_bpdt_entry(&b, i, &e);
			if (e.type != IFWI_SECOND)
				verify_code(m->img, e.from, e.len, s);
		}
		if ((second = ifwi_bpdt_second(&b)) == 0)
			return;
	}
}

void
me_verify(const struct me *m, struct me_signatures *s)
{
	struct counting to = { .s = s };
	struct fpt_entry e;

	memset(s, 0, sizeof(*s));
	me_checks_init(&to.c, m);
	for (size_t i = 0; m->has_fpt && i < m->fpt.n; i++) {
		fpt_entry(&m->fpt, i, &e);
		if (e.space && !e.invalid)
			verify_code(m->img, e.from, e.len, &to);
	}
	for (size_t i = 0; m->layout == ME_IFWI && i < m->ifwi.n; i++)
		if (ifwi_is_boot(i) && m->ifwi.part[i].len > 0)
			verify_boot(m, &m->ifwi.part[i], &to);
}

/* ---- guards ---- */

/* The OEM may change it, as far as the table says. */
static bool
is_oem(const struct me *m, const struct me_part *p)
{
	struct fitc f;

	if (p->e.invalid)
		return false;
	if (p->kind == ME_FITC)
		return fitc_read(m->img + p->e.from, p->e.len, &f) && f.head_ok;
	return p->kind == ME_OEM || p->kind == ME_OURS;
}

static void
guard_part(const struct me *m, size_t i, struct guard *g)
{
	struct me_part p;

	me_part(m, i, &p);
	if (!p.e.space || is_oem(m, &p))
		return;
	guard_add(g, is_code(p.kind) ? GUARD_SIGNED : GUARD_UNKNOWN, p.e.from,
	    p.e.len, "ME partition %s (%s)", p.e.name, me_kind_name(p.kind));
}

static void
guard_ifwi(const struct me *m, struct guard *g)
{
	guard_add(g, GUARD_UNKNOWN, m->base, m->ifwi.len, "CSE layout table");
	for (size_t i = 1; i < m->ifwi.n; i++)
		if (m->ifwi.part[i].len > 0)
			guard_add(g,
			    ifwi_is_boot(i) ? GUARD_SIGNED : GUARD_UNKNOWN,
			    m->ifwi.part[i].from, m->ifwi.part[i].len,
			    "IFWI partition %s", ifwi_part_name(i));
}

static void
guard_table(const struct fpt *f, struct guard *g)
{
	size_t end = fpt_table_end(f);

	guard_add(g, GUARD_UNKNOWN, f->base, end - f->base,
	    "partition table $FPT of the ME");
	if (f->backup != 0)
		guard_add(g, GUARD_UNKNOWN, f->backup, end - f->off,
		    "backup of the partition table $FPT");
}

/* Manifests in partitions that are not code by name or by their start: what
 * lies behind one is signed too. */
static void
guard_strays(const struct me *m, struct guard *g)
{
	const struct owner *o;
	size_t at = m->base, end, done = 0;
	struct owners all;
	struct stray s;

	find_owners(m, &all);
	while (!g->full && stray_next(m->img, &at, m->end, &s)) {
		o = s.off < m->base ? NULL : owner_of(&all, s.off);
		if (s.kind == STRAY_FPT || o == NULL || o->is_signed)
			continue;
		end = s.end > o->end ? s.end : o->end;
		if (end > done)
			guard_add(g, GUARD_SIGNED, s.off, end - s.off,
			    "signed code: %s at 0x%zx", stray_name(s.kind),
			    s.off);
		done = end > done ? end : done;
	}
}

void
me_guards(const struct me *m, struct guard *g)
{
	size_t at = 0, from, end;
	const char *fault;

	if (!m->present)
		return;
	if (m->layout == ME_IFWI)
		guard_ifwi(m, g);
	for (size_t i = 0; m->has_fpt && i < m->fpt.n; i++)
		guard_part(m, i, g);
	if (m->has_fpt)
		guard_table(&m->fpt, g);
	/* Behind what is known of it, since the first match names the range. */
	if (m->layout == ME_ERASED) {
		guard_add(g, GUARD_UNKNOWN, m->base, m->end - m->base,
		    "ME region, erased");
		return;
	}
	if ((fault = me_fault(m, &at)) != NULL) {
		guard_add(g, GUARD_SIGNED, m->base, m->end - m->base,
		    "the partition table of the ME region is damaged: which of "
		    "it is signed is not known (%s)",
		    fault);
		return;
	}
	guard_strays(m, g);
	for (at = 0; me_gap(m, &at, &from, &end);)
		guard_add(g, GUARD_UNKNOWN, from, end - from,
		    "ME region, bytes of no partition");
}
