/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ifwi.h"

#define VECTOR 0x10
#define PAIRS_17 0x18
#define PAIRS_16 6
#define LEN_16 0x48 /* six pairs, u64 checksum */
#define BPDT_HEADER 0x18
#define BPDT_ENTRY 12

static bool
is(const uint8_t *img, size_t at, size_t end, const char *magic)
{
	return at <= end && end - at >= 4 && memcmp(img + at, magic, 4) == 0;
}

const char *
ifwi_part_name(size_t part)
{
	static const char *const names[IFWI_PARTS] = { "data", "boot 1",
		"boot 2", "boot 3", "boot 4", "boot 5", "temp", "log" };

	return part < IFWI_PARTS ? names[part] : "";
}

bool
ifwi_is_boot(size_t part)
{
	return part >= 1 && part <= 5;
}

static bool
is_bpdt(const uint8_t *img, size_t off, size_t end)
{
	return is(img, off, end, "\xAA\x55\x00\x00") ||
	    is(img, off, end, "\xAA\x55\xAA\x00");
}

/* ---- the layout table ---- */

static void
broken(struct ifwi *l, size_t at, const char *why)
{
	if (l->why != NULL)
		return;
	l->why = why;
	l->at = at;
}

static void
read_pairs(
    const uint8_t *img, size_t base, size_t end, size_t at, struct ifwi *l)
{
	for (size_t i = 0; i < l->n; i++, at += 8) {
		size_t off = get_u32le(img + at), len = get_u32le(img + at + 4);

		if (len == 0 || off == 0xFFFFFFFF || (off == 0 && i == 0))
			continue;
		if (off == 0) {
			broken(l, at, "layout: a part lies over the table");
			continue;
		}
		if (off >= end - base || len > end - base - off) {
			broken(l, at, "layout: a part ends behind the region");
			/* What of it is there stays its own. */
			if (off >= end - base)
				continue;
			len = end - base - off;
		}
		l->part[i].from = base + off;
		l->part[i].len = len;
	}
}

/* Something that the table names must be what it says. */
static bool
names_anything(const uint8_t *img, const struct ifwi *l)
{
	const struct ifwi_part *d = &l->part[IFWI_DATA];
	bool found = d->len > 0 && is(img, d->from, d->from + d->len, "$FPT");

	for (size_t i = 1; i < l->n && !found; i++)
		found = ifwi_is_boot(i) && l->part[i].len > 0 &&
		    is_bpdt(
			img, l->part[i].from, l->part[i].from + l->part[i].len);
	return found;
}

static bool
read_17(const uint8_t *img, size_t base, size_t end, struct ifwi *l)
{
	uint8_t copy[0x80];
	size_t size = get_u16le(img + base + VECTOR);

	/* At least the data pair, at most what a table may have grown to. */
	if (size < 0x10 || size > sizeof(copy) || size % 8 != 0 ||
	    size > end - base - VECTOR)
		return false;
	l->minor = 7;
	l->len = VECTOR + size;
	l->flags = get_u16le(img + base + VECTOR + 2);
	l->n = (size - 8) / 8 < IFWI_PARTS ? (size - 8) / 8 : IFWI_PARTS;
	memcpy(copy, img + base + VECTOR, size);
	put_u32le(copy + 4, 0);
	l->sum_known = true;
	l->sum_ok =
	    digest_crc32(copy, size) == get_u32le(img + base + VECTOR + 4);
	read_pairs(img, base, end, base + PAIRS_17, l);
	if (!l->sum_ok && !names_anything(img, l))
		return false;
	if (!l->sum_ok)
		broken(l, base + VECTOR + 4, "layout: CRC-32 is wrong");
	return true;
}

static bool
read_16(const uint8_t *img, size_t base, size_t end, struct ifwi *l)
{
	l->minor = 6;
	l->len = LEN_16;
	l->n = PAIRS_16;
	read_pairs(img, base, end, base + VECTOR, l);
	return names_anything(img, l);
}

bool
ifwi_read(const uint8_t *img, size_t base, size_t end, struct ifwi *l)
{
	memset(l, 0, sizeof(*l));
	l->off = base;
	if (base > end || end - base < LEN_16 ||
	    is(img, base + VECTOR, end, "$FPT"))
		return false;
	if (read_17(img, base, end, l))
		return true;
	memset(l, 0, sizeof(*l));
	l->off = base;
	return read_16(img, base, end, l);
}

/* ---- a boot partition ---- */

static void
check_bpdt(struct ifwi_bpdt *b)
{
	uint8_t head[BPDT_HEADER - 4];
	uint32_t crc;

	if (b->version != 2)
		return;
	memcpy(head, b->img + b->off + 4, sizeof(head));
	put_u32le(head + 4, 0);
	crc = digest_crc32_more(digest_crc32(head, sizeof(head)),
	    b->img + b->off + BPDT_HEADER, b->n * BPDT_ENTRY);
	b->sum_known = true;
	b->sum_ok = crc == get_u32le(b->img + b->off + 8);
	if (b->sum_ok || b->why != NULL)
		return;
	b->why = "BPDT: CRC-32 is wrong";
	b->at = b->off + 8;
}

bool
ifwi_bpdt_read(const uint8_t *img, size_t off, size_t base, size_t end,
    struct ifwi_bpdt *b)
{
	struct rd r;

	memset(b, 0, sizeof(*b));
	b->img = img;
	b->off = off;
	b->base = base;
	b->end = end;
	if (off < base || off > end || end - off < BPDT_HEADER ||
	    !is_bpdt(img, off, end))
		return false;
	rd_init(&r, img + off, BPDT_HEADER);
	b->recovery = rd_u32le(&r) == 0x00AA55AA;
	b->n = rd_u16le(&r);
	b->version = rd_u8(&r);
	b->flags = rd_u8(&r);
	rd_skip(&r, 4);
	b->ifwi_version = rd_u32le(&r);
	for (size_t i = 0; i < 4; i++)
		b->tool[i] = rd_u16le(&r);
	if (b->n > IFWI_BPDT_ENTRIES ||
	    b->n > (end - off - BPDT_HEADER) / BPDT_ENTRY) {
		b->n = 0;
		b->why = "BPDT: more entries than there is room for";
		b->at = off + 4;
		return true;
	}
	if (b->version != 1 && b->version != 2) {
		b->why = "BPDT: version is not known";
		b->at = off + 6;
	}
	check_bpdt(b);
	return true;
}

void
ifwi_bpdt_entry(const struct ifwi_bpdt *b, size_t i, struct ifwi_entry *e)
{
	const uint8_t *p = b->img + b->off + BPDT_HEADER + i * BPDT_ENTRY;
	size_t off = get_u32le(p + 4), len = get_u32le(p + 8);

	memset(e, 0, sizeof(*e));
	e->type = get_u16le(p);
	e->flags = get_u16le(p + 2);
	/* A place holder: the order of entries is fixed. */
	if (len == 0 || off == 0 || off == 0xFFFFFFFF)
		return;
	if (off > b->end - b->base || len > b->end - b->base - off) {
		e->why = "it ends behind its boot partition";
		return;
	}
	e->from = b->base + off;
	e->len = len;
}

size_t
ifwi_bpdt_second(const struct ifwi_bpdt *b)
{
	struct ifwi_entry e;

	for (size_t i = 0; i < b->n; i++) {
		ifwi_bpdt_entry(b, i, &e);
		if (e.type == IFWI_SECOND && e.len > 0)
			return e.from;
	}
	return 0;
}

/* The end of what table b has at *at, or *at; *next: where it has more. The
 * entry of a second table holds all that this one names, so it has nothing. */
static void
claimed(const struct ifwi_bpdt *b, size_t *at, size_t *next)
{
	size_t from = b->off, end = b->off + BPDT_HEADER + b->n * BPDT_ENTRY;
	struct ifwi_entry e;

	for (size_t i = 0; i <= b->n; i++) {
		if (i > 0) {
			ifwi_bpdt_entry(b, i - 1, &e);
			from = e.from;
			end = e.type == IFWI_SECOND ? from : from + e.len;
		}
		if (from <= *at && end > *at) {
			*at = end;
			*next = b->end;
		} else if (from > *at && end > from && from < *next)
			*next = from;
	}
}

bool
ifwi_gap(const uint8_t *img, const struct ifwi_part *boot, size_t *at,
    struct ifwi_part *gap)
{
	size_t end = boot->from + boot->len;
	size_t pos = *at > boot->from ? *at : boot->from;
	struct ifwi_bpdt one, two;
	size_t second = 0;

	if (ifwi_bpdt_read(img, boot->from, boot->from, end, &one))
		second = ifwi_bpdt_second(&one);
	else
		pos = end; /* all of it is unknown: the reader says so */
	if (second == 0 || !ifwi_bpdt_read(img, second, boot->from, end, &two))
		two = one;
	while (pos < end) {
		size_t was = pos, next = end;

		claimed(&one, &pos, &next);
		claimed(&two, &pos, &next);
		/* Until neither moves it, next may lie in what was passed. */
		if (pos != was)
			continue;
		gap->from = pos;
		gap->len = next - pos;
		*at = pos = next;
		if (!bytes_are(img, gap->from, next, 0xFF))
			return true;
	}
	*at = end;
	return false;
}

const char *
ifwi_type_name(uint16_t type)
{
	static const char *const names[] = { "SMIP", "RBEP", "FTPR", "UCOD",
		"IBBP", "S-BPDT", "OBBP", "NFTP", "ISHP", "DLMP",
		"IFP_OVERRIDE", "DEBUG_TOKENS", "UFS_PHY", "UFS_GPP", "PMCP",
		"IUNP", "NVM_CONFIG", "UEP", "UFS_RATE_B" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "";
}
