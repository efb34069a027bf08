/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/me.h"

static bool
is_fpt(const uint8_t *img, size_t at, size_t end)
{
	return at < end && end - at >= FPT_HEADER &&
	    memcmp(img + at, "$FPT", 4) == 0;
}

static bool
erased(const uint8_t *img, size_t from, size_t end)
{
	while (end > from && img[end - 1] == 0xFF)
		end--;
	return end == from;
}

static void
read_ifwi(struct me *m)
{
	const struct ifwi_part *d = &m->ifwi.part[IFWI_DATA];

	m->layout = ME_IFWI;
	m->has_fpt = d->len > 0 &&
	    fpt_read(m->img, d->from, d->from, d->from + d->len, &m->fpt);
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
		m->has_fpt = fpt_read(img, base + 0x10, base, end, &m->fpt);
	} else if (is_fpt(img, base, end)) {
		m->layout = ME_FPT;
		m->has_fpt = fpt_read(img, base, base, end, &m->fpt);
	} else if (ifwi_read(img, base, end, &m->ifwi))
		read_ifwi(m);
	else
		m->layout = erased(img, base, end) ? ME_ERASED : ME_UNKNOWN;
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

/* ---- is it sound? ---- */

const char *
me_fault(const struct me *m, size_t *at)
{
	struct fpt_entry e;

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
	if (!m->has_fpt)
		return NULL;
	*at = m->fpt.at;
	if (m->fpt.why != NULL)
		return m->fpt.why;
	for (size_t i = 0; i < m->fpt.n; i++) {
		fpt_entry(&m->fpt, i, &e);
		*at = e.at;
		if (e.why != NULL && !e.invalid)
			return "$FPT: a partition is not where it can be";
	}
	return NULL;
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
		if (!erased(m->img, *from, *end))
			return true;
	}
	*at = m->end;
	return false;
}

bool
me_manufacturing(const struct me *m, size_t *at, uint8_t *value)
{
	struct fpt_entry e;

	if (!m->has_fpt || !fpt_find(&m->fpt, "FOVD", &e))
		return false;
	*at = e.from;
	*value = m->img[e.from];
	return true;
}

/* ---- signatures ---- */

static void
count(struct mecode_man *man, struct me_signatures *s)
{
	mecode_man_verify(man);
	if (man->verdict == MECODE_VERIFIED)
		s->verified++;
	else if (man->verdict == MECODE_UNKNOWN)
		s->unknown++;
	else if (s->wrong++ == 0)
		s->at = man->off;
}

static void
verify_code(
    const uint8_t *img, size_t from, size_t len, struct me_signatures *s)
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
    const struct me *m, const struct ifwi_part *part, struct me_signatures *s)
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
	struct fpt_entry e;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; m->has_fpt && i < m->fpt.n; i++) {
		fpt_entry(&m->fpt, i, &e);
		if (e.space && !e.invalid)
			verify_code(m->img, e.from, e.len, s);
	}
	for (size_t i = 0; m->layout == ME_IFWI && i < m->ifwi.n; i++)
		if (ifwi_is_boot(i) && m->ifwi.part[i].len > 0)
			verify_boot(m, &m->ifwi.part[i], s);
}

/* ---- guards ---- */

static void
guard_part(const struct me *m, size_t i, struct guard *g)
{
	struct me_part p;
	bool is_signed;

	me_part(m, i, &p);
	is_signed = p.kind == ME_CODE || p.kind == ME_TOKEN;
	if (!p.e.space)
		return;
	if (!p.e.invalid &&
	    (p.kind == ME_OEM || p.kind == ME_FITC || p.kind == ME_OURS))
		return;
	guard_add(g, is_signed ? GUARD_SIGNED : GUARD_UNKNOWN, p.e.from,
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
	if ((fault = me_fault(m, &at)) != NULL) {
		guard_add(g, GUARD_UNKNOWN, m->base, m->end - m->base,
		    "ME region, not understood: %s", fault);
		return;
	}
	for (at = 0; me_gap(m, &at, &from, &end);)
		guard_add(g, GUARD_UNKNOWN, from, end - from,
		    "ME region, bytes of no partition");
}
