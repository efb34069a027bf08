/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/descriptor.h"
#include "formats/reason.h"

#define SIGNATURE 0x0FF0A55Au

/* Slots 7 and 13 have no name in the public datasheets. */
static const char *const names[DESCRIPTOR_REGIONS] = { "descriptor", "bios",
	"me", "gbe", "pdr", "devexp1", "bios2", "region7", "ec", "devexp2",
	"ie", "10gbe0", "10gbe1", "region13", "region14", "ptt" };

/* What the map registers say; offsets from the start of the image. */
struct layout {
	uint32_t flmap0, flmap1;
	size_t sig, fcba, frba, fmba;
};

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
read_version(const struct layout *l, struct descriptor *d, struct err *e)
{
	size_t gap = l->fmba - l->frba; /* wraps where the order is wrong */

	if (gap != 0x20 && gap != 0x40)
		return unknown(e, l->sig + 8, "distance of masters and regions",
		    (unsigned long)gap);
	d->slots = gap / 4;
	d->version = gap == 0x40        ? DESCRIPTOR_V2
	    : (l->flmap1 >> 24) >= 0x13 ? DESCRIPTOR_V15
					: DESCRIPTOR_V1;
	return ERR_OK;
}

static enum err_code
read_chips(const uint8_t *p, const struct layout *l, struct descriptor *d,
    struct err *e)
{
	unsigned width = d->version == DESCRIPTOR_V1 ? 3 : 4;
	uint32_t flcomp = get_u32le(p + l->fcba);

	d->chips = ((l->flmap0 >> 8) & 3) + 1;
	if (d->chips > 2)
		return unknown(e, l->sig + 4, "number of chips", d->chips);
	for (size_t i = 0; i < d->chips; i++) {
		uint32_t code = (flcomp >> (i * width)) & ((1u << width) - 1);

		if (code > 7 && code != 0xF)
			return unknown(e, l->fcba, "chip density", code);
		d->chip[i] = code == 0xF ? 0 : (size_t)0x80000 << code;
		d->flash += d->chip[i];
	}
	return ERR_OK;
}

static void
read_regions(const uint8_t *p, const struct layout *l, struct descriptor *d)
{
	uint32_t mask = d->version == DESCRIPTOR_V2 ? 0x7FFF : 0x1FFF;

	for (size_t i = 0; i < d->slots; i++) {
		struct descriptor_region *r = &d->region[i];
		uint32_t v = get_u32le(p + l->frba + 4 * i);

		/* Slots never written, and on v2 those of value 0, are as
		 * unused as those whose base is above the limit. */
		if (v == 0xFFFFFFFF || (v == 0 && i != REGION_DESCRIPTOR))
			continue;
		r->base = (size_t)(v & mask) << 12;
		r->limit = (size_t)(v >> 16 & mask) << 12 | 0xFFF;
		r->used = r->base <= r->limit;
	}
}

enum err_code
descriptor_read(const uint8_t *p, size_t n, struct descriptor *d, struct err *e)
{
	struct layout l = { 0 };

	memset(d, 0, sizeof(*d));
	if (!descriptor_present(p, n) || n < DESCRIPTOR_SIZE) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
		    "no flash descriptor of 0x%x bytes at offset 0",
		    DESCRIPTOR_SIZE);
		return err_at(e, 0);
	}
	l.sig = signed_at(p, n, 0x10) ? 0x10 : 0;
	l.flmap0 = get_u32le(p + l.sig + 4);
	l.flmap1 = get_u32le(p + l.sig + 8);
	/* One byte << 4: always inside the 4 KiB; the tables end inside too
	 * but for a base above 0xFC0. */
	l.fcba = (l.flmap0 & 0xFF) << 4;
	l.frba = (l.flmap0 >> 16 & 0xFF) << 4;
	l.fmba = (l.flmap1 & 0xFF) << 4;
	if (read_version(&l, d, e) != ERR_OK)
		return e->code;
	if (l.frba > DESCRIPTOR_SIZE - 4 * d->slots)
		return unknown(e, l.sig + 4, "region table at", l.frba);
	if (read_chips(p, &l, d, e) != ERR_OK)
		return e->code;
	read_regions(p, &l, d);
	return ERR_OK;
}

static uint32_t
flreg(size_t base, size_t end)
{
	if (base == end)
		return 0x1FFF; /* base above limit: unused */
	return (uint32_t)(base >> 12 | ((end - 1) >> 12) << 16);
}

static void
write_tables(uint8_t *p, uint32_t density, size_t size, size_t me, size_t bios)
{
	memset(p, 0xFF, DESCRIPTOR_SIZE);
	put_u32le(p + 0x10, SIGNATURE);
	put_u32le(p + 0x14, 0x02040003); /* FCBA 0x30, FRBA 0x40, 1 chip */
	put_u32le(p + 0x18, 0x12100206); /* FMBA 0x60, straps 0x100, 0x12 */
	put_u32le(p + 0x1C, 0x00210120); /* as on 6-series boards */
	/* Two densities, read clock 20 MHz: by it ifdtool tells v1. */
	put_u32le(p + 0x30, density | density << 3);
	memset(p + 0x34, 0, 8);
	put_u32le(p + 0x40, flreg(0, DESCRIPTOR_SIZE));
	put_u32le(p + 0x44, flreg(size - bios, size));
	put_u32le(p + 0x48, flreg(DESCRIPTOR_SIZE, DESCRIPTOR_SIZE + me));
	for (size_t i = 3; i < 8; i++)
		put_u32le(p + 0x40 + 4 * i, flreg(0, 0));
	for (size_t i = 0; i < 3; i++)
		put_u32le(p + 0x60 + 4 * i, 0xFFFF0000); /* all may all */
	memset(p + 0x100, 0, 4 * 0x12);
	memset(p + 0x200, 0, 4);
	put_u32le(p + 0xEFC, 0xDF); /* VSCC table at 0xDF0, empty */
}

enum err_code
descriptor_make(uint8_t out[static DESCRIPTOR_SIZE], size_t size,
    size_t me_size, size_t bios_size, struct err *e)
{
	uint32_t density = 0;

	while (density < 5 && (size_t)0x80000 << density < size)
		density++;
	if ((size_t)0x80000 << density != size)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "a descriptor of our own is for flash of 512 KiB, or 1, "
		    "2, 4, 8 or 16 MiB, not %zu bytes",
		    size);
	if (bios_size == 0 || (bios_size | me_size) % 0x1000 != 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "regions are made of 4 KiB blocks, but ME has 0x%zx and "
		    "BIOS 0x%zx bytes",
		    me_size, bios_size);
	if (me_size > size || bios_size > size ||
	    DESCRIPTOR_SIZE + me_size + bios_size > size)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "descriptor 0x%x, ME 0x%zx and BIOS 0x%zx bytes do not "
		    "fit 0x%zx",
		    DESCRIPTOR_SIZE, me_size, bios_size, size);
	write_tables(out, density, size, me_size, bios_size);
	return ERR_OK;
}
