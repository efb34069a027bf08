/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ffs.h"
#include "bios/fit.h"
#include "bios/protect.h"
#include "bios/stray.h"

#define AMI_GUID "cbc91f44-a4bc-4a5b-8696-703451d0b053"
#define PHOENIX_GUID "389cc6f2-1ea8-467b-ab8a-78e769ae2a15"

#define ALG_SHA256 0x000B
#define ALG_SHA384 0x000C

#define SEGMENTS 32 /* of one initial boot block */
#define NOT_HASHED 1

/* A search, and what it fills. */
struct job {
	const struct image *img;
	struct fit fit;
	struct protect *p;
};

struct hash {
	uint16_t alg, len;
	const uint8_t *v;
};

/* An element of a boot policy. */
struct ibb {
	struct hash after, oem; /* what lies behind the block, the OEM's */
	size_t nhash;
	struct hash hash[8];
	size_t n;
	struct {
		uint16_t flags;
		uint32_t address, size;
	} seg[SEGMENTS];
};

const char *
protect_kind_name(enum protect_kind kind)
{
	switch (kind) {
	case PROTECT_KEY:
		return "Boot Guard key manifest";
	case PROTECT_POLICY:
		return "Boot Guard policy";
	case PROTECT_AMI:
		return "AMI hash file";
	case PROTECT_PHOENIX:
		return "Phoenix hash file";
	default:
		return "broken FIT";
	}
}

const char *
protect_verdict_name(enum protect_verdict verdict)
{
	switch (verdict) {
	case PROTECT_MATCHES:
		return "matches";
	case PROTECT_DIFFERS:
		return "differs";
	default:
		return "not checked";
	}
}

static struct protect_found *
found(struct job *j, enum protect_kind kind, size_t off, size_t end)
{
	static const char *const rest =
	    "which ranges it covers is not understood";
	struct protect *p = j->p;
	struct protect_found *f;

	if (p->nfound == PROTECT_FOUND) {
		p->more = true;
		return &p->found[PROTECT_FOUND - 1];
	}
	f = &p->found[p->nfound++];
	f->kind = kind;
	f->off = f->at = off;
	f->end = end;
	f->why = rest;
	return f;
}

/* A range by its address; false if it is not in the region. */
static struct protect_range *
range(struct job *j, uint32_t address, uint32_t size, const char *what)
{
	struct protect *p = j->p;
	struct protect_range *r;
	size_t off;

	if (size == 0 || !fit_place(&j->fit, address, size, &off))
		return NULL;
	if (p->nrange == PROTECT_RANGES) {
		p->more = true;
		return NULL;
	}
	r = &p->range[p->nrange++];
	r->off = off;
	r->end = off + size;
	r->what = what;
	r->hashed = true;
	return r;
}

/* ---- hashes ---- */

static void
read_hash(struct rd *r, struct hash *h)
{
	h->alg = rd_u16le(r);
	h->len = rd_u16le(r);
	h->v = rd_bytes(r, h->len);
}

/* Of one range. */
static enum protect_verdict
judge(const uint8_t *p, size_t n, const struct hash *h)
{
	uint8_t got[DIGEST_MAX];

	if (h->alg == ALG_SHA256 && h->len == SHA256_LEN)
		digest_sha256(p, n, got);
	else if (h->alg == ALG_SHA384 && h->len == SHA384_LEN)
		digest_sha384(p, n, got);
	else
		return PROTECT_UNCHECKED;
	return memcmp(got, h->v, h->len) == 0 ? PROTECT_MATCHES
					      : PROTECT_DIFFERS;
}

/* ---- the initial boot block ---- */

static void
read_segments(struct rd *r, struct ibb *b)
{
	b->n = rd_count(r, rd_u8(r), 12);
	if (b->n > SEGMENTS)
		rd_fail(r, "more segments than are taken");
	for (size_t i = 0; r->why == NULL && i < b->n; i++) {
		rd_skip(r, 2);
		b->seg[i].flags = rd_u16le(r);
		b->seg[i].address = rd_u32le(r);
		b->seg[i].size = rd_u32le(r);
	}
}

/* Behind the element's header. */
static void
read_ibb(struct rd *r, bool old, struct ibb *b)
{
	memset(b, 0, sizeof(*b));
	rd_skip(r, old ? 3 : 4);
	rd_skip(r, 4 + 40); /* flags, addresses for the chipset */
	read_hash(r, &b->after);
	rd_skip(r, 4); /* entry point */
	if (old) {
		b->nhash = 1;
		read_hash(r, &b->hash[0]);
	} else {
		rd_skip(r, 2);
		b->nhash = rd_count(r, rd_u16le(r), 4);
		if (b->nhash > sizeof(b->hash) / sizeof(b->hash[0]))
			rd_fail(r, "more digests than are taken");
		for (size_t i = 0; r->why == NULL && i < b->nhash; i++)
			read_hash(r, &b->hash[i]);
		read_hash(r, &b->oem);
		rd_skip(r, 3);
	}
	read_segments(r, b);
}

/* The hash runs over the segments one behind the other. */
static enum protect_verdict
judge_ibb(const struct job *j, const struct ibb *b)
{
	enum protect_verdict verdict = PROTECT_UNCHECKED;
	uint8_t s256[SHA256_LEN], s384[SHA384_LEN];
	struct digest_sha256 d256;
	struct digest_sha384 d384;
	size_t off;

	digest_sha256_init(&d256);
	digest_sha384_init(&d384);
	for (size_t i = 0; i < b->n; i++) {
		if ((b->seg[i].flags & NOT_HASHED) != 0)
			continue;
		if (!fit_place(
			&j->fit, b->seg[i].address, b->seg[i].size, &off))
			return PROTECT_UNCHECKED;
		digest_sha256_add(&d256, j->img->p + off, b->seg[i].size);
		digest_sha384_add(&d384, j->img->p + off, b->seg[i].size);
	}
	digest_sha256_end(&d256, s256);
	digest_sha384_end(&d384, s384);
	for (size_t i = 0; i < b->nhash; i++) {
		const struct hash *h = &b->hash[i];
		bool large = h->alg == ALG_SHA384;

		if (h->len != (large ? SHA384_LEN : SHA256_LEN) ||
		    (!large && h->alg != ALG_SHA256))
			continue;
		if (memcmp(h->v, large ? s384 : s256, h->len) != 0)
			return PROTECT_DIFFERS;
		verdict = PROTECT_MATCHES;
	}
	return verdict;
}

static bool
is_set(const struct hash *h)
{
	for (size_t i = 0; i < h->len; i++)
		if (h->v[i] != 0 && h->v[i] != 0xFF)
			return true;
	return false;
}

static void
take_ibb(struct job *j, const struct ibb *b, struct protect_found *f)
{
	enum protect_verdict verdict = judge_ibb(j, b);

	for (size_t i = 0; i < b->n; i++) {
		struct protect_range *r = range(
		    j, b->seg[i].address, b->seg[i].size, "initial boot block");

		if (r == NULL) {
			f->why = "a segment lies outside the BIOS region";
			continue;
		}
		r->hashed = (b->seg[i].flags & NOT_HASHED) == 0;
		r->verdict = r->hashed ? verdict : PROTECT_UNCHECKED;
	}
	if (is_set(&b->after) || is_set(&b->oem))
		f->why = "a hash covers more than the initial boot block; "
			 "which ranges is not public";
}

/* ---- Microsoft's list ---- */

static void
read_pmda_entry(struct rd *r, struct job *j, uint32_t version)
{
	struct hash h = { .alg = ALG_SHA256, .len = SHA256_LEN };
	struct protect_range *got;
	uint32_t address, size;

	if (version == 3)
		rd_skip(r, 4);
	address = rd_u32le(r);
	size = rd_u32le(r);
	if (version == 3)
		rd_skip(r, 4);
	if (version == 1)
		h.v = rd_bytes(r, SHA256_LEN);
	else
		read_hash(r, &h);
	if (r->why != NULL)
		return;
	got = range(j, address, size, "platform manufacturer's data");
	if (got != NULL)
		got->verdict =
		    judge(j->img->p + got->off, got->end - got->off, &h);
}

static void
read_pmda(struct rd *r, struct job *j, bool old)
{
	uint32_t version, n;

	rd_skip(r, old ? 2 : 4);
	version = rd_u32le(r);
	n = rd_u32le(r);
	if (old ? version != 1 && version != 2 : version != 3)
		rd_fail(r, "a PMDA of a version that is not known");
	n = (uint32_t)rd_count(r, n, 12);
	for (uint32_t i = 0; r->why == NULL && i < n; i++)
		read_pmda_entry(r, j, version);
}

/* ---- the boot policy ---- */

static void
read_element(struct rd *r, const uint8_t *name, bool old, struct job *j,
    struct protect_found *f)
{
	struct ibb b;

	if (memcmp(name, "__IBBS__", 8) == 0) {
		read_ibb(r, old, &b);
		if (r->why == NULL)
			take_ibb(j, &b, f);
	} else if (memcmp(name, "__PMDA__", 8) == 0)
		read_pmda(r, j, old);
	else if (old)
		rd_fail(r, "an element of the boot policy is not known");
}

/* Elements with a size can be passed over; old ones have none. */
static bool
next_element(struct rd *r, bool old, struct job *j, struct protect_found *f)
{
	const uint8_t *name = rd_bytes(r, 8);
	uint16_t size;
	struct rd body;

	if (name == NULL || memcmp(name, "__PMSG__", 8) == 0)
		return false;
	rd_skip(r, 1);
	if (old) {
		read_element(r, name, old, j, f);
		return r->why == NULL;
	}
	rd_skip(r, 1);
	size = rd_u16le(r);
	if (size < 12)
		rd_fail(r, "an element of the boot policy has no size");
	body = rd_sub(r, size < 12 ? 0 : size - 12U);
	if (r->why == NULL)
		read_element(&body, name, old, j, f);
	return r->why == NULL;
}

static void
read_policy(struct job *j, struct protect_found *f)
{
	bool old = f->version < 0x20;
	struct rd r;

	rd_init(&r, j->img->p, f->end);
	rd_skip(&r, f->off + 8 + 1);
	if (old)
		rd_skip(&r, 7);
	else {
		rd_skip(&r, 1);
		if (rd_u16le(&r) != 20)
			rd_fail(&r, "the boot policy's header is not known");
		rd_skip(&r, 8);
	}
	while (r.why == NULL && next_element(&r, old, j, f))
		continue;
	if (r.why == NULL)
		return;
	f->why = r.why;
	f->at = r.at;
}

/* ---- what the FIT points to ---- */

static bool
is_erased(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0xFF && p[i] != 0)
			return false;
	return true;
}

static void
take_manifest(struct job *j, const struct fit_row *row, const char *magic)
{
	enum protect_kind kind =
	    row->type == FIT_BOOT_POLICY ? PROTECT_POLICY : PROTECT_KEY;
	struct protect_found *f;
	size_t off = row->off;

	if (!row->mapped || j->fit.top - off < 16) {
		f = found(j, kind, row->at, row->at + 16);
		f->why = "FIT's row points outside the BIOS region";
		return;
	}
	if (is_erased(j->img->p + off, 16)) /* room for one, not used */
		return;
	f = found(j, kind, off,
	    row->size <= j->fit.top - off ? off + row->size : j->fit.top);
	if (memcmp(j->img->p + off, magic, 8) != 0) {
		f->why = "it is no manifest of a kind that is known";
		return;
	}
	f->version = j->img->p[off + 8];
	if (kind == PROTECT_POLICY)
		read_policy(j, f);
}

/* A manifest of a version that there is, which no FIT names: the FIT is what
 * is damaged. */
static bool
find_manifest(const struct job *j, size_t *at)
{
	const uint8_t *p = j->img->p;

	for (size_t i = j->fit.base; j->fit.top - i >= 16; i++) {
		const uint8_t *next = memchr(p + i, '_', j->fit.top - i - 15);

		if (next == NULL)
			return false;
		i = (size_t)(next - p);
		if ((memcmp(next, "__ACBP__", 8) == 0 ||
			memcmp(next, "__KEYM__", 8) == 0) &&
		    next[8] >= 0x10 && next[8] < 0x30) {
			*at = i;
			return true;
		}
	}
	return false;
}

static void
search_fit(struct job *j)
{
	struct protect_found *f;
	struct fit_row row;
	size_t i = 0, at = j->fit.present ? j->fit.off : j->fit.at;

	if (j->fit.why != NULL) {
		f = found(j, PROTECT_TABLE, at, at + 16);
		f->why = j->fit.why;
		f->at = j->fit.at;
	} else if (!j->fit.present && j->fit.top > 0 && find_manifest(j, &at))
		found(j, PROTECT_TABLE, at, at + 16)->why =
		    "a Boot Guard manifest that no FIT names";
	while (fit_next(&j->fit, &i, &row)) {
		if (row.type == FIT_KEY_MANIFEST)
			take_manifest(j, &row, "__KEYM__");
		if (row.type == FIT_BOOT_POLICY)
			take_manifest(j, &row, "__ACBP__");
	}
}

/* ---- hash files ---- */

/* Two ranges; the file of 36 bytes has a hash and a size only, and what it
 * covers follows from where a volume lies. */
static void
take_ami(struct job *j, const struct ffs_section *s)
{
	struct protect_found *f = found(j, PROTECT_AMI, s->off, s->end);
	const uint8_t *p = j->img->p + s->body;

	if (s->end - s->body != 80)
		return;
	f->why = NULL;
	for (size_t i = 0; i < 2; i++, p += 40) {
		struct hash h = { .alg = ALG_SHA256, .len = 32, .v = p };
		struct protect_range *r = range(j, get_u32le(p + 32),
		    get_u32le(p + 36), "AMI hash file's range");

		if (r != NULL)
			r->verdict =
			    judge(j->img->p + r->off, r->end - r->off, &h);
		else if (!is_erased(p, 40))
			f->why = "a range lies outside the BIOS region";
	}
}

static void
search_files(struct job *j, const struct volume *v)
{
	struct uuid ami, phoenix;
	bool in_ami = false;
	size_t depth = 0;
	struct ffs_walk w;
	struct ffs_item it;

	uuid_parse(&ami, AMI_GUID);
	uuid_parse(&phoenix, PHOENIX_GUID);
	for (ffs_begin(&w, j->img->p, v); ffs_next(&w, &it);) {
		if (in_ami && it.depth <= depth)
			in_ami = false;
		if (in_ami && it.kind == FFS_SECTION && it.s.type == 0x19)
			take_ami(j, &it.s);
		if (it.kind != FFS_FILE || it.f.state > FFS_UPDATE ||
		    it.f.state < FFS_VALID)
			continue;
		if (uuid_equal(&it.f.guid, &phoenix))
			found(j, PROTECT_PHOENIX, it.off, it.end);
		in_ami = in_ami || uuid_equal(&it.f.guid, &ami);
		depth = in_ami ? it.depth : depth;
	}
}

void
protect_read(const struct image *img, struct protect *p)
{
	struct job j = { .img = img, .p = p };

	memset(p, 0, sizeof(*p));
	fit_read(img, &j.fit);
	search_fit(&j);
	for (size_t i = 0; i < img->nvolumes; i++)
		search_files(&j, &img->volume[i]);
}

/* ---- guards ---- */

/* The end of a variable volume or store that holds at, or at. */
static size_t
past_variables(const struct image *img, size_t at)
{
	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		if (volume_is_nv(v) && v->why == NULL && at >= v->off &&
		    at < v->off + v->len)
			return v->off + v->len;
	}
	for (size_t i = 0; i < img->nstores; i++)
		if (at >= img->store[i].off && at < img->store[i].end)
			return img->store[i].end;
	return at;
}

/* The first variable volume or store at or behind at, or end. */
static size_t
next_variables(const struct image *img, size_t at, size_t end)
{
	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		if (volume_is_nv(v) && v->why == NULL && v->off >= at &&
		    v->off < end)
			end = v->off;
	}
	for (size_t i = 0; i < img->nstores; i++)
		if (img->store[i].off >= at && img->store[i].off < end &&
		    img->store[i].end > img->store[i].off)
			end = img->store[i].off;
	return end;
}

static void
guard_rest(
    const struct image *img, const struct protect_found *f, struct guard *g)
{
	const struct descriptor_region *r = &img->desc.region[REGION_BIOS];
	size_t at = r->base, end;

	while (at <= r->limit) {
		end = past_variables(img, at);
		if (end > at) {
			at = end;
			continue;
		}
		end = next_variables(img, at, r->limit + 1);
		guard_add(g, GUARD_PROTECTED, at, end - at,
		    "%s at 0x%zx: covers more than is known",
		    protect_kind_name(f->kind), f->off);
		at = end;
	}
}

void
protect_guards(const struct image *img, struct guard *g)
{
	struct protect p;

	stray_guards(img, g);
	protect_read(img, &p);
	for (size_t i = 0; i < p.nrange; i++)
		guard_add(g, GUARD_PROTECTED, p.range[i].off,
		    p.range[i].end - p.range[i].off, "%s", p.range[i].what);
	for (size_t i = 0; i < p.nfound; i++)
		if (p.found[i].why != NULL || p.more) {
			guard_rest(img, &p.found[i], g);
			return;
		}
}
