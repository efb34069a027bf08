/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "factory/showme.h"
#include "factory/showmefs.h"

/* Broken at an offset; nothing where why is NULL. */
static void
fault(struct tree *t, size_t at, const char *why)
{
	if (why != NULL)
		tree_unknown(t, at, at, why);
}

static void
version(struct tree *t, const char *key, const uint16_t v[static 4])
{
	char text[32];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
	tree_text(t, key, text);
}

/* Of whoever built the image; 0 and FFFF say that nobody did. */
static void
tool(struct tree *t, const uint16_t v[static 4])
{
	if ((v[0] | v[1] | v[2] | v[3]) != 0 && v[0] != 0xFFFF)
		version(t, "built_by", v);
}

/* ---- code ---- */

static void
manifest(struct tree *t, struct mecode_man *m, const struct me_part *p,
    struct me_checks *c)
{
	size_t signed_end = m->off + (m->why == NULL ? m->size : 0x80);
	char date[16];

	me_check(c, m);
	tree_open(t, "manifests", m->off, signed_end, m->tag);
	version(t, "version", m->version);
	snprintf(date, sizeof(date), "%04x-%02x-%02x",
	    (unsigned)(m->date >> 16), (unsigned)(m->date >> 8 & 0xFF),
	    (unsigned)(m->date & 0xFF));
	tree_text(t, "date", date);
	tree_hex(t, "vendor", m->vendor);
	tree_uint(t, "modules", m->modules);
	if (p->has_dir)
		tree_uint(t, "svn", m->svn);
	tree_hex(t, "flags", m->flags);
	tree_uint(t, "key_bits", m->key);
	tree_text(t, "signature", mecode_verdict_name(m->verdict));
	tree_text(t, "scheme", m->scheme);
	fault(t, m->at, m->why);
	tree_close(t);
}

static void
module(struct tree *t, const struct mecode_dir *d, size_t i)
{
	struct mecode_entry e;
	char why[96];

	mecode_dir_entry(d, i, &e);
	if (!e.space)
		tree_entry(t, "modules", e.name);
	else
		tree_open(t, "modules", e.from,
		    e.from + (e.huffman ? 0 : e.len), e.name);
	if (e.huffman) {
		tree_flag(t, "huffman", true);
		tree_hex(t, "length", e.len);
	}
	if (e.why != NULL) {
		snprintf(why, sizeof(why), "$CPD entry %s: %s", e.name, e.why);
		fault(t, e.at, why);
	}
	tree_close(t);
}

static void
directory(struct tree *t, const struct mecode_dir *d)
{
	size_t len = d->header_len + d->n * MECODE_ENTRY;

	tree_open(t, "directories", d->off, d->off + len, "$CPD");
	tree_text(t, "partition", d->name);
	tree_uint(t, "version", d->version);
	tree_uint(t, "entries", d->n);
	if (d->sum_known) {
		tree_text(
		    t, "check", d->version == 1 ? "checksum-8" : "crc-32");
		tree_flag(t, "check_ok", d->sum_ok);
	}
	fault(t, d->at, d->why);
	for (size_t i = 0; i < d->n; i++)
		module(t, d, i);
	tree_close(t);
}

/* Modules are packed, and what a manifest holds are digests of them unpacked
 * (measured: ME 8, LZMA) or of their metadata: the signature covers the
 * manifest only. */
static void
modules(struct tree *t, const uint8_t *img, const struct me_part *p)
{
	size_t end = p->e.from + p->e.len;
	size_t from = p->has_dir
	    ? p->dir.off + p->dir.header_len + p->dir.n * MECODE_ENTRY
	    : p->man.off + p->man.size;

	if (p->man.why == NULL && !bytes_are(img, from, end, 0xFF))
		tree_unknown(t, from, end,
		    "modules: that they are those of the manifest");
}

static void
code(struct tree *t, const uint8_t *img, struct me_part *p, struct me_checks *c)
{
	if (p->has_dir)
		directory(t, &p->dir);
	if (!p->has_man)
		return;
	manifest(t, &p->man, p, c);
	modules(t, img, p);
}

/* ---- $FPT ---- */

static void
table(struct tree *t, const struct fpt *f)
{
	char text[16];

	tree_open(t, "tables", f->off, fpt_table_end(f), "$FPT");
	snprintf(text, sizeof(text), "%u.%u", f->version >> 4, f->version & 15);
	tree_text(t, "version", text);
	tree_uint(t, "entries", f->n);
	if (f->sum != FPT_SUM_NONE) {
		tree_text(t, "check", fpt_sum_name(f->sum));
		tree_flag(t, "check_ok", f->sum_ok);
	}
	tree_hex(t, "flags", f->version == 0x21 ? f->flags8 : f->flags);
	tree_uint(t, "cycle_life", f->cycle_life);
	tree_uint(t, "cycle_limit", f->cycle_limit);
	tree_hex(t, "uma", f->uma);
	tool(t, f->tool);
	fault(t, f->at, f->why);
	tree_close(t);
	if (f->backup == 0)
		return;
	tree_open(t, "tables", f->backup, f->backup + fpt_table_end(f) - f->off,
	    "$FPT backup");
	tree_flag(t, "same", f->backup_ok);
	tree_close(t);
}

/* Of whose contents nothing is public. */
static void
closed(struct tree *t, const struct me *m, const struct me_part *p)
{
	char what[96];

	if (p->has_dir || p->has_man ||
	    bytes_are(m->img, p->e.from, p->e.from + p->e.len, 0xFF))
		return;
	snprintf(what, sizeof(what),
	    p->kind == ME_CODE ? "partition %s: code without a manifest"
		: p->kind == ME_NAMELESS ? "partition %s: of no known name"
					 : "partition %s: its contents",
	    p->e.name);
	tree_unknown(t, p->e.from, p->e.from + p->e.len, what);
}

/* Nobody but the OEM says what is in it. The first byte was observed: FF, and
 * 01 on boards that have left manufacturing. */
static void
oem_data(struct tree *t, const struct me *m, const struct me_part *p)
{
	size_t at = p->e.from, end = at + p->e.len;
	uint8_t first = m->img[at];

	tree_hex(t, "first_byte", first);
	if (first == 0xFF || first == 0x01)
		tree_text(t, "manufacturing", first == 0xFF ? "open" : "ended");
	if ((first != 0xFF && first != 0x01) ||
	    !bytes_are(m->img, at + 1, end, 0xFF))
		tree_unknown(t, at, end, "OEM data of the ME: its contents");
}

static void
contents(
    struct tree *t, const struct me *m, struct me_part *p, struct me_checks *c)
{
	switch (p->kind) {
	case ME_OEM:
		oem_data(t, m, p);
		break;
	case ME_OURS:
		break;
	case ME_MFS:
	case ME_FITC:
		if (!showmefs_tree(t, m->img, p->e.from, p->e.len, p->e.name))
			closed(t, m, p);
		break;
	default:
		closed(t, m, p);
		break;
	}
	code(t, m->img, p, c);
}

static void
shared_bytes(struct tree *t, const struct fpt *f, size_t i)
{
	size_t j = fpt_overlap(f, i);
	struct fpt_entry a, b;
	char what[96];

	if (j == f->n)
		return;
	fpt_entry(f, i, &a);
	fpt_entry(f, j, &b);
	/* One may hold the other as a whole: FTUP holds NFTP. */
	if ((a.from <= b.from && b.from + b.len <= a.from + a.len) ||
	    (b.from <= a.from && a.from + a.len <= b.from + b.len))
		return;
	snprintf(what, sizeof(what), "partitions %s and %s share bytes", a.name,
	    b.name);
	fault(t, a.from > b.from ? a.from : b.from, what);
}

static void
partition(struct tree *t, const struct me *m, size_t i, struct me_checks *c)
{
	struct me_part p;
	char why[96];

	me_part(m, i, &p);
	if (p.e.space)
		tree_open(
		    t, "partitions", p.e.from, p.e.from + p.e.len, p.e.name);
	else {
		tree_entry(t, "partitions", p.e.name);
		tree_hex(t, "length", p.e.size);
	}
	tree_text(t, "kind", me_kind_name(p.kind));
	tree_text(t, "type", fpt_type_name(p.e.type));
	tree_text(t, "owner", p.e.owner);
	tree_hex(t, "flags", p.e.flags);
	tree_flag(t, "invalid", p.e.invalid);
	if (p.e.space)
		tree_sha256(t, m->img + p.e.from, p.e.len);
	if (p.e.why != NULL) {
		snprintf(
		    why, sizeof(why), "partition %s: %s", p.e.name, p.e.why);
		fault(t, p.e.at, why);
	}
	if (p.e.space && !p.e.invalid)
		contents(t, m, &p, c);
	tree_close(t);
	shared_bytes(t, &m->fpt, i);
}

static void
fpt_tree(struct tree *t, const struct me *m, struct me_checks *c)
{
	if (!m->has_fpt)
		return;
	table(t, &m->fpt);
	for (size_t i = 0; i < m->fpt.n; i++)
		partition(t, m, i, c);
}

/* ---- IFWI ---- */

static void
layout(struct tree *t, const struct ifwi *l)
{
	tree_open(t, "tables", l->off, l->off + l->len, "CSE layout");
	tree_text(t, "version", l->minor == 7 ? "1.7" : "1.6");
	if (l->sum_known) {
		tree_text(t, "check", "crc-32");
		tree_flag(t, "check_ok", l->sum_ok);
		tree_flag(t, "redundancy", (l->flags & 1) != 0);
	} else
		tree_unknown(t, l->off + 0x40, l->off + l->len,
		    "layout 1.6: how its checksum is made");
	fault(t, l->at, l->why);
	tree_close(t);
}

static void
boot_entry(
    struct tree *t, const struct ifwi_bpdt *b, size_t i, struct me_checks *c)
{
	const char *name;
	struct ifwi_entry e;
	struct me_part p;
	char why[96];

	ifwi_bpdt_entry(b, i, &e);
	name = ifwi_type_name(e.type);
	memset(&p, 0, sizeof(p));
	if (e.len == 0)
		tree_entry(t, "partitions", name[0] == '\0' ? NULL : name);
	else
		tree_open(t, "partitions", e.from, e.from + e.len,
		    name[0] == '\0' ? NULL : name);
	tree_uint(t, "type", e.type);
	tree_hex(t, "flags", e.flags);
	if (e.why != NULL) {
		snprintf(why, sizeof(why), "BPDT entry %zu: %s", i, e.why);
		fault(t, b->off, why);
	}
	if (e.len > 0 && e.type != IFWI_SECOND) {
		p.e.from = e.from;
		p.e.len = e.len;
		me_code(b->img, e.from, e.from + e.len, &p);
		if (!p.has_dir && !p.has_man &&
		    !bytes_are(b->img, e.from, e.from + e.len, 0xFF)) {
			snprintf(why, sizeof(why),
			    "boot partition %s: its "
			    "contents",
			    name[0] == '\0' ? "of no known type" : name);
			tree_unknown(t, e.from, e.from + e.len, why);
		}
		code(t, b->img, &p, c);
	}
	tree_close(t);
}

/* The table at off; returns where the second one is, or 0. */
static size_t
boot_table(struct tree *t, const struct me *m, const struct ifwi_part *part,
    size_t off, struct me_checks *c)
{
	struct ifwi_bpdt b;

	if (!ifwi_bpdt_read(
		m->img, off, part->from, part->from + part->len, &b)) {
		if (!bytes_are(m->img, off, part->from + part->len, 0xFF))
			tree_unknown(t, off, part->from + part->len,
			    "boot partition: no BPDT");
		return 0;
	}
	tree_open(t, "tables", off, off + 0x18 + b.n * 12,
	    off == part->from ? "BPDT" : "S-BPDT");
	tree_uint(t, "version", b.version);
	tree_uint(t, "entries", b.n);
	if (b.sum_known) {
		tree_text(t, "check", "crc-32");
		tree_flag(t, "check_ok", b.sum_ok);
	}
	tree_flag(t, "recovery", b.recovery);
	tree_hex(t, "ifwi_version", b.ifwi_version);
	tool(t, b.tool);
	fault(t, b.at, b.why);
	for (size_t i = 0; i < b.n; i++)
		boot_entry(t, &b, i, c);
	tree_close(t);
	return off == part->from ? ifwi_bpdt_second(&b) : 0;
}

static void
ifwi_part(struct tree *t, const struct me *m, size_t i, struct me_checks *c)
{
	const struct ifwi_part *part = &m->ifwi.part[i];
	struct ifwi_part gap;
	size_t second, at = 0;

	if (part->len == 0)
		return;
	tree_open(
	    t, "ifwi", part->from, part->from + part->len, ifwi_part_name(i));
	if (ifwi_is_boot(i)) {
		second = boot_table(t, m, part, part->from, c);
		if (second != 0)
			boot_table(t, m, part, second, c);
		while (ifwi_gap(m->img, part, &at, &gap))
			tree_unknown(t, gap.from, gap.from + gap.len,
			    "bytes of a boot partition that no table has");
	} else if (i == IFWI_DATA && m->has_fpt)
		fpt_tree(t, m, c);
	else if (!bytes_are(m->img, part->from, part->from + part->len, 0xFF))
		tree_unknown(t, part->from, part->from + part->len,
		    i == IFWI_DATA ? "data partition: no $FPT"
				   : "IFWI partition: its contents");
	tree_close(t);
}

void
showme_tree(struct tree *t, const struct image *img)
{
	const struct me *m = &img->me;
	size_t at = 0, from, end;
	struct me_checks c;
	const char *why;

	if (!m->present)
		return;
	me_checks_init(&c, m);
	tree_text(t, "layout", me_layout_name(m->layout));
	if (m->layout == ME_UNKNOWN)
		tree_unknown(t, m->base, m->end,
		    "ME region: neither $FPT nor a layout table");
	if (m->layout == ME_IFWI) {
		layout(t, &m->ifwi);
		for (size_t i = 0; i < IFWI_PARTS; i++)
			ifwi_part(t, m, i, &c);
	} else
		fpt_tree(t, m, &c);
	if (me_known(m) && (why = me_fault(m, &at)) != NULL)
		tree_unknown(t, at, at, why);
	at = 0;
	while (me_gap(m, &at, &from, &end))
		tree_unknown(t, from, end, "bytes that are in no partition");
}
