/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/descriptor.h"
#include "bios/guard.h"
#include "bios/image.h"
#include "formats/reason.h"

#define SIGNATURE 0x0FF0A55Au
#define FLUMAP1 0xEFC

/* Slots 7 and 13 have no name in the public datasheets. */
static const char *const names[DESCRIPTOR_REGIONS] = { "descriptor", "bios",
	"me", "gbe", "pdr", "devexp1", "bios2", "region7", "ec", "devexp2",
	"ie", "10gbe0", "10gbe1", "region13", "region14", "ptt" };

/* 4 and 6 are in use on servers only; no public document names them. */
static const char *const masters[DESCRIPTOR_MASTERS] = { "host", "me", "gbe",
	"master4", "ec", "master6" };

const char *
descriptor_version_name(enum descriptor_version v)
{
	return v == DESCRIPTOR_V1 ? "1" : v == DESCRIPTOR_V15 ? "1.5" : "2";
}

const char *
descriptor_region_name(size_t region)
{
	return region < DESCRIPTOR_REGIONS ? names[region] : "?";
}

size_t
descriptor_region_find(const char *name)
{
	size_t i = 0;

	while (i < DESCRIPTOR_REGIONS && strcmp(names[i], name) != 0)
		i++;
	return i;
}

static bool
signed_at(const uint8_t *p, size_t n, size_t off)
{
	return n >= off + 4 && get_u32le(p + off) == SIGNATURE;
}

const char *
descriptor_master_name(size_t master)
{
	return master < DESCRIPTOR_MASTERS ? masters[master] : "?";
}

bool
descriptor_present(const uint8_t *p, size_t n)
{
	return signed_at(p, n, 0x10) || signed_at(p, n, 0);
}

static enum err_code
unknown(struct err *e, size_t at, const char *what, unsigned long value)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
	    "descriptor: offset 0x%zx: %s 0x%lx is not known", at, what, value);
	return err_at(e, at);
}

static enum err_code
read_version(struct descriptor *d, struct err *e)
{
	size_t gap = d->fmba - d->frba; /* wraps where the order is wrong */

	/* 0x20 or 0x40 in all that were measured; a table may have more room
	 * than its entries take. */
	if (gap < 0x20 || gap >= DESCRIPTOR_SIZE)
		return unknown(e, d->sig + 8, "distance of masters and regions",
		    (unsigned long)gap);
	d->slots = gap >= 0x40 ? 16 : 8;
	d->version = gap >= 0x40          ? DESCRIPTOR_V2
	    : (d->flmap[1] >> 24) >= 0x13 ? DESCRIPTOR_V15
					  : DESCRIPTOR_V1;
	if (d->frba > DESCRIPTOR_SIZE - 4 * d->slots)
		return unknown(e, d->sig + 4, "region table at", d->frba);
	return ERR_OK;
}

static enum err_code
read_chips(const uint8_t *p, struct descriptor *d, struct err *e)
{
	unsigned width = d->version == DESCRIPTOR_V1 ? 3 : 4;

	d->flcomp = get_u32le(p + d->fcba);
	d->chips = ((d->flmap[0] >> 8) & 3) + 1;
	if (d->chips > 2)
		return unknown(e, d->sig + 4, "number of chips", d->chips);
	for (size_t i = 0; i < d->chips; i++) {
		uint32_t code =
		    (d->flcomp >> (i * width)) & ((1u << width) - 1);

		if (code > 7 && code != 0xF)
			return unknown(e, d->fcba, "chip density", code);
		d->chip[i] = code == 0xF ? 0 : (size_t)0x80000 << code;
		d->flash += d->chip[i];
	}
	return ERR_OK;
}

static void
read_regions(const uint8_t *p, struct descriptor *d)
{
	uint32_t mask = d->version == DESCRIPTOR_V2 ? 0x7FFF : 0x1FFF;

	for (size_t i = 0; i < d->slots; i++) {
		struct descriptor_region *r = &d->region[i];
		uint32_t v = get_u32le(p + d->frba + 4 * i);

		/* Slots never written, and those of value 0 (which would be
		 * the descriptor again), are as unused as those whose base is
		 * above the limit. NR is no bound: v2 has other bits there. */
		if (v == 0xFFFFFFFF || (v == 0 && i != REGION_DESCRIPTOR))
			continue;
		r->base = (size_t)(v & mask) << 12;
		r->limit = (size_t)(v >> 16 & mask) << 12 | 0xFFF;
		r->used = r->base <= r->limit;
	}
}

/* v1 has three masters; v2 an embedded controller besides, and two more on
 * servers, whose words are 0 or never written elsewhere. */
static bool
master_is_there(const struct descriptor *d, size_t i, uint32_t raw)
{
	if (i < 3)
		return true;
	if (d->version != DESCRIPTOR_V2)
		return false;
	return i == 4 || (raw != 0 && raw != 0xFFFFFFFF);
}

static void
read_masters(const uint8_t *p, struct descriptor *d)
{
	for (size_t i = 0; i < DESCRIPTOR_MASTERS; i++) {
		struct descriptor_master *m = &d->master[i];

		if (d->fmba + 4 * i > DESCRIPTOR_SIZE - 4)
			return;
		m->raw = get_u32le(p + d->fmba + 4 * i);
		m->used = master_is_there(d, i, m->raw);
		if (d->version != DESCRIPTOR_V2) {
			m->requester = (uint16_t)m->raw;
			m->reads = m->raw >> 16 & 0xFF;
			m->writes = (uint16_t)(m->raw >> 24);
			continue;
		}
		/* Regions 12 to 15 came with later parts; before, their bits
		 * were 0, as were the regions unused. */
		m->reads =
		    (uint16_t)((m->raw >> 8 & 0xFFF) | (m->raw & 0xF) << 12);
		m->writes =
		    (uint16_t)(m->raw >> 20 | (m->raw >> 4 & 0xF) << 12);
	}
}

static struct descriptor_straps
read_straps(uint32_t at, uint32_t n)
{
	struct descriptor_straps s = { (at & 0xFF) << 4, n & 0xFF };
	size_t room = (DESCRIPTOR_SIZE - s.off) / 4;

	if (s.n > room)
		s.n = room;
	return s;
}

static void
read_vscc(const uint8_t *p, struct descriptor *d)
{
	uint32_t flumap = get_u32le(p + FLUMAP1);

	d->vscc = (flumap & 0xFF) << 4;
	d->nvscc = (flumap >> 8 & 0xFF) / 2;
	/* A table that would run into the word that names it is none. */
	if (d->vscc + 8 * d->nvscc > FLUMAP1)
		d->nvscc = 0;
}

enum err_code
descriptor_read(const uint8_t *p, size_t n, struct descriptor *d, struct err *e)
{
	memset(d, 0, sizeof(*d));
	if (!descriptor_present(p, n) || n < DESCRIPTOR_SIZE) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
		    "no flash descriptor of 0x%x bytes at offset 0",
		    DESCRIPTOR_SIZE);
		return err_at(e, 0);
	}
	d->sig = signed_at(p, n, 0x10) ? 0x10 : 0;
	for (size_t i = 0; i < 4; i++)
		d->flmap[i] = get_u32le(p + d->sig + 4 + 4 * i);
	/* One byte << 4: always inside the 4 KiB. */
	d->fcba = (d->flmap[0] & 0xFF) << 4;
	d->frba = (d->flmap[0] >> 16 & 0xFF) << 4;
	d->fmba = (d->flmap[1] & 0xFF) << 4;
	d->pch = read_straps(d->flmap[1] >> 16, d->flmap[1] >> 24);
	d->cpu = read_straps(d->flmap[2], d->flmap[2] >> 8);
	if (read_version(d, e) != ERR_OK || read_chips(p, d, e) != ERR_OK)
		return e->code;
	read_regions(p, d);
	read_masters(p, d);
	read_vscc(p, d);
	return ERR_OK;
}

bool
descriptor_may_read(const struct descriptor *d, size_t master, size_t reg)
{
	return master < DESCRIPTOR_MASTERS && reg < d->slots &&
	    d->master[master].used && (d->master[master].reads >> reg & 1);
}

bool
descriptor_may_write(const struct descriptor *d, size_t master, size_t reg)
{
	return master < DESCRIPTOR_MASTERS && reg < d->slots &&
	    d->master[master].used && (d->master[master].writes >> reg & 1);
}

bool
descriptor_oem_used(const uint8_t *p, size_t n)
{
	size_t erased = 0, zero = 0;

	if (n < DESCRIPTOR_SIZE)
		return false;
	for (size_t i = 0; i < DESCRIPTOR_OEM_SIZE; i++) {
		erased += p[DESCRIPTOR_OEM + i] == 0xFF;
		zero += p[DESCRIPTOR_OEM + i] == 0;
	}
	return erased < DESCRIPTOR_OEM_SIZE && zero < DESCRIPTOR_OEM_SIZE;
}

/* ---- the ME's straps ---- */

enum family {
	FAMILY_UNKNOWN,
	FAMILY_ICH, /* ICH8 to ICH10 */
	FAMILY_PCH, /* 5 to 9 series */
	FAMILY_SPT  /* Sunrise Point and later */
};

/* MeDisable: the ICH10 datasheet names both words; ifdtool, me_cleaner. HAP is
 * in PCHSTRP0 for Sunrise Point. ifdtool takes it to be there on all later
 * parts too; no public document says where it is on each of them. */
static const struct me_strap {
	enum family family;
	bool cpu; /* of the processor's straps */
	uint8_t word, bit;
	const char *name;
} me_straps[] = {
	{ FAMILY_ICH, false, 0, 0, "ICHSTRP0 bit 0 (MeDisable)" },
	{ FAMILY_ICH, true, 0, 0, "MCHSTRP0 bit 0 (MeDisable)" },
	{ FAMILY_ICH, true, 0, 7, "MCHSTRP0 bit 7 (AltMeDisable)" },
	{ FAMILY_PCH, false, 10, 7, "PCHSTRP10 bit 7 (AltMeDisable)" },
	{ FAMILY_SPT, false, 0, 16, "PCHSTRP0 bit 16 (HAP)" },
};

/* The generation is not stored either. It shows in the lengths and places of
 * the straps, by the guess that flashrom makes and ifdtool took over; what
 * neither knows, and the Atoms, which have other straps, are not told. */
static enum family
family_of(const struct descriptor *d)
{
	uint32_t fmsba = d->flmap[2] & 0xFF, msl = d->flmap[2] >> 8 & 0xFF,
		 iccriba = d->flmap[2] >> 16 & 0xFF, isl = d->flmap[1] >> 24;

	if (d->version == DESCRIPTOR_V2)
		/* Apollo and Gemini Lake have no processor's straps. */
		return d->flmap[2] == 0 ? FAMILY_UNKNOWN : FAMILY_SPT;
	if (d->sig == 0)
		return isl <= 10 ? FAMILY_ICH : FAMILY_UNKNOWN;
	if (iccriba == 0)
		return FAMILY_PCH; /* 5 series */
	if (iccriba >= 0x31 || fmsba >= 0x30)
		return FAMILY_UNKNOWN;
	/* Bay Trail has no processor's straps and few of its own. */
	return msl == 0 && isl <= 17 ? FAMILY_UNKNOWN : FAMILY_PCH;
}

const char *
descriptor_me_name(enum descriptor_me me)
{
	return me == DESCRIPTOR_ME_ON ? "on"
	    : me == DESCRIPTOR_ME_OFF ? "off"
				      : "unknown";
}

struct descriptor_me_strap
descriptor_me_off(const uint8_t *p, size_t n, const struct descriptor *d)
{
	struct descriptor_me_strap out = { DESCRIPTOR_ME_UNKNOWN, NULL, 0 };
	enum family family = family_of(d);

	for (size_t i = 0; i < sizeof(me_straps) / sizeof(me_straps[0]); i++) {
		const struct me_strap *s = &me_straps[i];
		const struct descriptor_straps *all =
		    s->cpu ? &d->cpu : &d->pch;
		size_t off = all->off + 4 * (size_t)s->word;
		bool set;

		if (family == FAMILY_UNKNOWN || s->family != family ||
		    s->word >= all->n || n < off + 4)
			continue;
		set = get_u32le(p + off) >> s->bit & 1;
		if (!set && out.name != NULL)
			continue; /* the first stands for all that are clear */
		out.me = set ? DESCRIPTOR_ME_OFF : DESCRIPTOR_ME_ON;
		out.name = s->name;
		out.off = off;
		if (set)
			break;
	}
	return out;
}

enum err_code
descriptor_need_me(const struct image *img, struct err *e)
{
	struct descriptor_me_strap s;

	if (img->kind != IMAGE_WHOLE)
		return ERR_OK;
	s = descriptor_me_off(img->p, img->n, &img->desc);
	if (s.me != DESCRIPTOR_ME_OFF)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_ME_OFF),
	    "descriptor: offset 0x%zx: %s is set", s.off, s.name);
	return err_at(e, s.off);
}

void
descriptor_guards(const struct image *img, struct guard *g)
{
	const struct descriptor_region *r = &img->desc.region[0];
	size_t tail = DESCRIPTOR_OEM + DESCRIPTOR_OEM_SIZE;

	if (img->desc.chips == 0) /* a bare region: no descriptor */
		return;
	guard_add(g, GUARD_UNKNOWN, 0, DESCRIPTOR_OEM, "flash descriptor");
	if (r->used && r->limit >= tail)
		guard_add(g, GUARD_UNKNOWN, tail, r->limit + 1 - tail,
		    "flash descriptor, behind its OEM section");
}

bool
descriptor_gpr(const uint8_t *p, size_t n, const struct descriptor *d, size_t i,
    struct descriptor_gpr *out)
{
	/* coreboot, Documentation and ifdtool */
	static const struct {
		const char *name;
		size_t word;
	} places[DESCRIPTOR_GPRS] = { { "Cannon Lake", 0x10 },
		{ "Jasper Lake", 0x12 }, { "Tiger Lake, Alder Lake", 0x15 },
		{ "Meteor Lake", 0x40 } };
	uint32_t v;

	if (i >= DESCRIPTOR_GPRS || family_of(d) != FAMILY_SPT ||
	    places[i].word >= d->pch.n)
		return false;
	out->name = places[i].name;
	out->off = d->pch.off + 4 * places[i].word;
	if (n < out->off + 4)
		return false;
	v = get_u32le(p + out->off);
	out->base = (size_t)(v & 0x7FFF) << 12;
	out->limit = (size_t)(v >> 16 & 0x7FFF) << 12 | 0xFFF;
	out->no_read = v >> 15 & 1;
	out->no_write = v >> 31;
	return true;
}

/* ---- a new one ---- */

static void
write_v1(uint8_t *p)
{
	/* FCBA 0x30, FRBA 0x40, 1 chip; the last region is 4 */
	put_u32le(p + 0x14, 0x04040003);
	put_u32le(p + 0x18, 0x12100206); /* FMBA 0x60, straps 0x100, 0x12 */
	put_u32le(p + 0x1C, 0x00210120); /* as on 6-series boards */
	for (size_t i = 0; i < 3; i++)
		put_u32le(p + 0x60 + 4 * i, 0xFFFF0000); /* all may all */
	memset(p + 0x100, 0, 4 * 0x12);
	memset(p + 0x200, 0, 4);
}

static void
write_v2(uint8_t *p)
{
	put_u32le(p + 0x14, 0x00040003);
	put_u32le(p + 0x18, 0x13100208); /* FMBA 0x80, straps 0x100, 0x13 */
	put_u32le(p + 0x1C, 0x00310130); /* as on 100-series boards */
	for (size_t i = 0; i < 5; i++)
		put_u32le(p + 0x80 + 4 * i, i == 3 ? 0 : 0xFFFFFF00);
	memset(p + 0x100, 0, 4 * 0x13);
	memset(p + 0x300, 0, 4);
}

/* The next region, behind the one before. */
static void
write_region(uint8_t *p, size_t region, size_t *at, size_t len)
{
	size_t end = *at + len;

	if (len != 0)
		put_u32le(p + 0x40 + 4 * region,
		    (uint32_t)(*at >> 12 | ((end - 1) >> 12) << 16));
	*at = end;
}

static void
write_tables(uint8_t *p, uint32_t density, const struct descriptor_sizes *s)
{
	bool v2 = density > 5;
	size_t at = 0;

	memset(p, 0xFF, DESCRIPTOR_SIZE);
	put_u32le(p + 0x10, SIGNATURE);
	if (v2)
		write_v2(p);
	else
		write_v1(p);
	/* Two densities, and the read clock by which others tell the version:
	 * 20 MHz v1, 17 MHz v2. */
	put_u32le(
	    p + 0x30, v2 ? density | 0xF0 | 6 << 17 : density | density << 3);
	memset(p + 0x34, 0, 8);
	for (size_t i = 0; i < (v2 ? 16 : 8); i++)
		put_u32le(p + 0x40 + 4 * i, v2 ? 0x7FFF : 0x1FFF);
	write_region(p, REGION_DESCRIPTOR, &at, DESCRIPTOR_SIZE);
	write_region(p, REGION_ME, &at, s->me);
	write_region(p, REGION_GBE, &at, s->gbe);
	write_region(p, REGION_PDR, &at, s->pdr);
	at = s->flash - s->bios;
	write_region(p, REGION_BIOS, &at, s->bios);
	put_u32le(p + FLUMAP1, 0xDF); /* VSCC table at 0xDF0, empty */
}

static enum err_code
check_sizes(const struct descriptor_sizes *s, struct err *e)
{
	const struct reason *why = reason_get(REASON_IMAGE_COMPOSE);
	size_t left = s->flash - DESCRIPTOR_SIZE;

	if (s->bios == 0 || (s->bios | s->me | s->gbe | s->pdr) % 0x1000 != 0)
		return err_refuse(e, ERR_DATA, why,
		    "regions are made of 4 KiB blocks, but ME has 0x%zx, GbE "
		    "0x%zx, PDR 0x%zx and BIOS 0x%zx bytes",
		    s->me, s->gbe, s->pdr, s->bios);
	/* One after the other, since a sum might wrap. */
	if (s->me <= left && s->gbe <= left - s->me &&
	    s->pdr <= left - s->me - s->gbe &&
	    s->bios <= left - s->me - s->gbe - s->pdr)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, why,
	    "descriptor 0x%x, ME 0x%zx, GbE 0x%zx, PDR 0x%zx and BIOS 0x%zx "
	    "bytes do not fit 0x%zx",
	    DESCRIPTOR_SIZE, s->me, s->gbe, s->pdr, s->bios, s->flash);
}

enum err_code
descriptor_make(uint8_t out[static DESCRIPTOR_SIZE],
    const struct descriptor_sizes *s, struct err *e)
{
	uint32_t density = 0;

	while (density < 7 && (size_t)0x80000 << density < s->flash)
		density++;
	if ((size_t)0x80000 << density != s->flash)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "a descriptor of our own is for flash of 512 KiB, or 1, "
		    "2, 4, 8, 16, 32 or 64 MiB, not %zu bytes",
		    s->flash);
	if (check_sizes(s, e) != ERR_OK)
		return e->code;
	write_tables(out, density, s);
	return ERR_OK;
}
