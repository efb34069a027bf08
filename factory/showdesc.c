/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "bios/gbe.h"
#include "factory/showdesc.h"

#define STRAP_ROW 4 /* straps in a line, for people */

/* ---- the chips ---- */

static void
chips(struct tree *t, const struct image *img)
{
	const struct descriptor *d = &img->desc;

	tree_open(t, "components", d->fcba, d->fcba + 12, "components");
	tree_raw(t, "flcomp", d->flcomp);
	tree_raw(t, "flill", get_u32le(img->p + d->fcba + 4));
	/* v1: a partition boundary; v2: more invalid instructions. */
	tree_raw(t, d->version == DESCRIPTOR_V2 ? "flill1" : "flpb",
	    get_u32le(img->p + d->fcba + 8));
	/* Clocks have other meanings with each generation: raw. */
	tree_raw(t, "read_clock", d->flcomp >> 17 & 7);
	tree_raw(t, "fast_read_clock", d->flcomp >> 21 & 7);
	tree_raw(t, "write_clock", d->flcomp >> 24 & 7);
	tree_raw(t, "read_id_clock", d->flcomp >> 27 & 7);
	tree_flag(t, "fast_read", d->flcomp >> 20 & 1);
	tree_flag(t, "dual_output", d->flcomp >> 30 & 1);
	for (size_t i = 0; i < d->chips; i++) {
		tree_entry(t, "chips", i == 0 ? "chip 1" : "chip 2");
		tree_hex(t, "size", d->chip[i]);
		tree_close(t);
	}
	tree_close(t);
}

/* ---- the masters ---- */

static const char *
access_text(const struct descriptor *d, size_t master, size_t region)
{
	static const char *const texts[] = { "--", "r-", "-w", "rw" };

	return texts[descriptor_may_read(d, master, region) +
	    2 * descriptor_may_write(d, master, region)];
}

/* A row of the matrix: what the master may do with each region. */
static void
master(struct tree *t, const struct descriptor *d, size_t i)
{
	const struct descriptor_master *m = &d->master[i];

	tree_open(t, "masters", d->fmba + 4 * i, d->fmba + 4 * i + 4,
	    descriptor_master_name(i));
	tree_raw(t, "flmstr", m->raw);
	if (d->version != DESCRIPTOR_V2)
		tree_raw(t, "requester", m->requester);
	tree_raw(t, "read_mask", m->reads);
	tree_raw(t, "write_mask", m->writes);
	for (size_t r = 0; r < d->slots; r++)
		if (d->region[r].used)
			tree_text(
			    t, descriptor_region_name(r), access_text(d, i, r));
	tree_close(t);
}

/* ---- straps ---- */

static void
strap_words(struct tree *t, const uint8_t *p, size_t off, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[24];

		snprintf(name, sizeof(name), "%zu", i);
		tree_open(t, "words", off + 4 * i, off + 4 * i + 4, name);
		tree_hex(t, "value", get_u32le(p + off + 4 * i));
		tree_close(t);
	}
}

/* A row of several; people look for the few that are not zero. */
static void
strap_rows(struct tree *t, const uint8_t *p, size_t off, size_t n)
{
	for (size_t i = 0; i < n; i += STRAP_ROW) {
		char text[STRAP_ROW * 9 + 1] = "";
		size_t len = 0;

		for (size_t k = i; k < n && k < i + STRAP_ROW; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s%08x", k == i ? "" : " ",
			    get_u32le(p + off + 4 * k));
		tree_open(t, "rows", off + 4 * i, 0, NULL);
		tree_text(t, "", text);
		tree_close(t);
	}
}

static void
straps(struct tree *t, const struct image *img, const char *name,
    const struct descriptor_straps *s)
{
	if (s->n == 0)
		return;
	tree_open(t, "straps", s->off, s->off + 4 * s->n, name);
	tree_uint(t, "count", s->n);
	if (t->json)
		strap_words(t, img->p, s->off, s->n);
	else
		strap_rows(t, img->p, s->off, s->n);
	tree_close(t);
}

static void
me_strap(struct tree *t, const struct image *img)
{
	struct descriptor_me_strap s =
	    descriptor_me_off(img->p, img->n, &img->desc);

	tree_text(t, "me", descriptor_me_name(s.me));
	tree_text(t, "me_strap", s.name);
	if (s.name != NULL)
		tree_hex(t, "me_strap_offset", s.off);
}

/* Where the generation is not known, neither is which of them is meant: only
 * those that protect anything are listed. */
static void
protected_ranges(struct tree *t, const struct image *img)
{
	struct descriptor_gpr g;

	for (size_t i = 0; i < DESCRIPTOR_GPRS; i++) {
		if (!descriptor_gpr(img->p, img->n, &img->desc, i, &g) ||
		    !(g.no_read || g.no_write) || g.base > g.limit)
			continue;
		tree_open(t, "gpr0", g.off, g.off + 4, "GPR0");
		tree_text(t, "if_the_board_is_of", g.name);
		tree_hex(t, "base", g.base);
		tree_hex(t, "limit", g.limit);
		tree_flag(t, "no_read", g.no_read);
		tree_flag(t, "no_write", g.no_write);
		tree_close(t);
	}
}

/* ---- tables for the chips' kinds, and the OEM ---- */

static void
vscc(struct tree *t, const struct image *img)
{
	const struct descriptor *d = &img->desc;

	for (size_t i = 0; i < d->nvscc; i++) {
		const uint8_t *p = img->p + d->vscc + 8 * i;
		char id[8];

		snprintf(id, sizeof(id), "%02x%02x%02x", p[0], p[1], p[2]);
		tree_open(
		    t, "vscc", d->vscc + 8 * i, d->vscc + 8 * i + 8, "VSCC");
		tree_text(t, "jedec_id", id);
		tree_hex(t, "value", get_u32le(p + 4));
		tree_close(t);
	}
}

/* Runs of printable characters, of four or more. */
static void
printable(const uint8_t *p, size_t n, char *out)
{
	size_t len = 0;

	for (size_t i = 0, end; i < n; i = end + 1) {
		for (end = i; end < n && p[end] >= ' ' && p[end] <= '~';)
			end++;
		if (end - i < 4)
			continue;
		if (len > 0)
			out[len++] = ' ';
		memcpy(out + len, p + i, end - i);
		len += end - i;
	}
	out[len] = '\0';
}

static void
oem(struct tree *t, const uint8_t *p)
{
	char text[DESCRIPTOR_OEM_SIZE + 1];

	tree_open(t, "oem", DESCRIPTOR_OEM,
	    DESCRIPTOR_OEM + DESCRIPTOR_OEM_SIZE, "OEM section");
	if (descriptor_oem_used(p, DESCRIPTOR_SIZE)) {
		printable(p + DESCRIPTOR_OEM, DESCRIPTOR_OEM_SIZE, text);
		tree_text(t, "state", "used");
		tree_text(t, "text", text);
	} else
		tree_text(t, "state", "empty");
	tree_close(t);
}

/* ---- what no table names ---- */

struct known {
	size_t n;
	struct {
		size_t from, end;
	} r[16];
};

static void
know(struct known *k, size_t from, size_t len)
{
	if (len == 0)
		return;
	k->r[k->n].from = from;
	k->r[k->n++].end = from + len;
}

/* The end of what is known at that byte, or the byte itself. */
static size_t
past_known(const struct known *k, size_t at)
{
	for (size_t i = 0; i < k->n; i++)
		if (at >= k->r[i].from && at < k->r[i].end)
			return past_known(k, k->r[i].end);
	return at;
}

static size_t
next_known(const struct known *k, size_t at, size_t end)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->r[i].from >= at && k->r[i].from < end)
			end = k->r[i].from;
	return end;
}

static void
gap(struct tree *t, const uint8_t *p, size_t from, size_t end)
{
	while (from < end && p[from] == 0xFF)
		from++;
	while (end > from && p[end - 1] == 0xFF)
		end--;
	if (from < end)
		tree_unknown(t, from, end,
		    "bytes of the descriptor that none of its tables names");
}

static void
gaps(struct tree *t, const struct image *img)
{
	const struct descriptor *d = &img->desc;
	size_t end = d->region[REGION_DESCRIPTOR].limit + 1;
	struct known k = { 0 };

	know(&k, 0, d->sig + 0x14); /* FLMAP3 too */
	know(&k, d->fcba, 12);
	know(&k, d->frba, 4 * d->slots);
	know(&k, d->fmba, 4 * (d->version == DESCRIPTOR_V2 ? 6 : 3));
	know(&k, d->pch.off, 4 * d->pch.n);
	know(&k, d->cpu.off, 4 * d->cpu.n);
	know(&k, d->vscc, 8 * d->nvscc);
	know(&k, DESCRIPTOR_OEM - 4, 4 + DESCRIPTOR_OEM_SIZE);
	if (end > img->n)
		end = img->n;
	for (size_t at = past_known(&k, 0); at < end;) {
		size_t stop = next_known(&k, at, end);

		gap(t, img->p, at, stop);
		at = past_known(&k, stop);
	}
}

/* ---- the tree ---- */

static void
maps(struct tree *t, const struct descriptor *d)
{
	static const char *const names[] = { "flmap0", "flmap1", "flmap2",
		"flmap3" };
	uint32_t revision = d->flmap[3];
	char text[16];

	tree_raw(t, "signature_offset", d->sig);
	for (size_t i = 0; i < 4; i++)
		tree_raw(t, names[i], d->flmap[i]);
	/* Before Cannon Lake the word holds something else, and on some parts
	 * later nothing. */
	if (d->version != DESCRIPTOR_V2 || revision == 0 ||
	    revision == 0xFFFFFFFF)
		return;
	snprintf(
	    text, sizeof(text), "%u.%u", revision >> 21, revision >> 14 & 0x7F);
	tree_text(t, "revision", text);
}

void
showdesc_tree(struct tree *t, const struct image *img)
{
	const struct descriptor *d = &img->desc;

	maps(t, d);
	me_strap(t, img);
	tree_flag(t, "host_writes_descriptor",
	    descriptor_may_write(d, MASTER_HOST, REGION_DESCRIPTOR));
	tree_flag(
	    t, "host_reads_me", descriptor_may_read(d, MASTER_HOST, REGION_ME));
	tree_flag(t, "host_writes_me",
	    descriptor_may_write(d, MASTER_HOST, REGION_ME));
	chips(t, img);
	for (size_t i = 0; i < DESCRIPTOR_MASTERS; i++)
		if (d->master[i].used)
			master(t, d, i);
	straps(t, img, d->sig == 0 ? "ICHSTRP" : "PCHSTRP", &d->pch);
	straps(t, img, d->sig == 0 ? "MCHSTRP" : "PROCSTRP", &d->cpu);
	protected_ranges(t, img);
	vscc(t, img);
	oem(t, img->p);
	gaps(t, img);
}

/* ---- other regions ---- */

static void
gbe(struct tree *t, const struct image *img, const struct descriptor_region *r)
{
	struct gbe_bank bank[GBE_BANKS];
	size_t n = gbe_read(img->p + r->base, r->limit - r->base + 1, bank);
	size_t end = r->base + n * GBE_BANK;

	for (size_t i = 0; i < n; i++) {
		size_t off = r->base + bank[i].off;
		const uint8_t *m = bank[i].mac;
		char mac[18];

		tree_open(t, "banks", off, off + GBE_BANK,
		    i == 0 ? "bank 1" : "bank 2");
		if (bank[i].erased)
			tree_text(t, "state", "empty");
		else {
			snprintf(mac, sizeof(mac),
			    "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			    m[3], m[4], m[5]);
			tree_text(t, "state",
			    bank[i].sum == GBE_SUM ? "sound" : "broken");
			tree_text(t, "mac", mac);
			tree_hex(t, "sum", bank[i].sum);
		}
		tree_close(t);
	}
	if (!bytes_are(img->p, end, r->limit + 1, 0xFF))
		tree_unknown(t, end, r->limit + 1,
		    "bytes behind the two banks of the GbE region");
}

static void
rest(struct tree *t, const struct image *img, size_t from, size_t end)
{
	while (from < end && img->p[from] == 0xFF)
		from++;
	while (end > from && img->p[end - 1] == 0xFF)
		end--;
	if (from < end)
		tree_unknown(
		    t, from, end, "platform data, which is not parsed");
}

/* Platform data is the OEM's own: what is told of it is where records lie. */
static void
platform_data(struct tree *t, const struct image *img,
    const struct descriptor_region *r, const struct container_list *l)
{
	size_t at = r->base;

	for (size_t i = 0; i < l->n; i++)
		if (l->hit[i].kind == CONTAINER_PDR && l->hit[i].at >= at) {
			if (!t->json) /* which has "containers" */
				tree_hex(t, "record at", l->hit[i].at);
			rest(t, img, at, l->hit[i].at);
			at = l->hit[i].at + l->hit[i].len;
		}
	rest(t, img, at, r->limit + 1);
}

void
showdesc_other(struct tree *t, const struct image *img, size_t region,
    const struct container_list *l)
{
	const struct descriptor_region *r = &img->desc.region[region];

	if (region == REGION_GBE)
		gbe(t, img, r);
	else if (region == REGION_PDR)
		platform_data(t, img, r, l);
	else if (!bytes_are(img->p, r->base, r->limit + 1, 0xFF))
		tree_unknown(t, r->base, r->limit + 1,
		    "a region that is not looked into");
}

void
showdesc_unused(
    struct tree *t, const struct image *img, size_t from, size_t end)
{
	bool erased = end <= img->n && bytes_are(img->p, from, end, 0xFF);

	tree_open(t, "unused", from, end, t->json ? NULL : "in no region");
	tree_text(t, "state",
	    end > img->n ? "not in this file"
		: erased ? "empty"
			 : "used");
	tree_close(t);
	if (end <= img->n && !erased)
		tree_unknown(t, from, end, "bytes that are in no region");
}
