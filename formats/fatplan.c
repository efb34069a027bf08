/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"
#include "formats/fatplan.h"

#define START 2048
#define FATS 2
#define ENTRY 32
#define MEDIA 0xF8 /* a disk that is not changed */
/* BIOSes guess this geometry for disks of 16 MiB to 8 GiB. */
#define HEADS 255
#define TRACK 63

#define INFO 1   /* FAT32: sectors in the reserved ones */
#define BACKUP 6 /* of boot and info sector */

static const struct layout {
	bool fat32;
	uint8_t type; /* of the partition; 0: none */
	uint32_t total, reserved, fat_sectors, root_entries, cluster_sectors;
} layouts[] = {
	[FATPLAN_16] = { false, 0x0E, 129024, 2, 252, 512, 2 },
	[FATPLAN_32] = { true, 0x0C, 67584, 32, 520, 0, 1 },
	[FATPLAN_SUPERFLOPPY] = { false, 0, 129024, 2, 252, 512, 2 },
};

static const struct layout *
layout_of(const struct fatplan *p)
{
	return &layouts[p->make.layout];
}

static void
place(struct fatplan *p)
{
	const struct layout *l = layout_of(p);
	uint32_t system = l->reserved + FATS * l->fat_sectors +
	    l->root_entries * ENTRY / FAT_SECTOR;

	p->start = l->type != 0 ? START : 0;
	p->total = l->total;
	p->sectors = p->start + p->total;
	p->reserved = l->reserved;
	p->fat_sectors = l->fat_sectors;
	p->root_entries = l->root_entries;
	p->cluster_sectors = l->cluster_sectors;
	p->clusters = (l->total - system) / l->cluster_sectors;
	p->first = l->fat32 ? 3 : 2; /* FAT32: 2 is the root folder */
	p->file = p->start + system + (p->first - 2) * l->cluster_sectors;
}

uint32_t
fatplan_room(enum fatplan_layout layout)
{
	struct fatplan p = { .make.layout = layout };

	place(&p);
	return (p.clusters - (p.first - 2)) * p.cluster_sectors * FAT_SECTOR;
}

/* Letters are capitals: others would need bits that old BIOSes ignore. */
static bool
is_name(const char *name)
{
	for (int i = 0; i < 11; i++) {
		char c = name[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '_' || c == '-' || (c == ' ' && i != 0)))
			return false;
	}
	return name[11] == '\0';
}

bool
fatplan_of(struct fatplan *p, const struct fatplan_make *make, const char **why)
{
	uint32_t cluster;

	memset(p, 0, sizeof(*p));
	p->make = *make;
	place(p);
	*why = NULL;
	if (!is_name(make->name))
		*why = "not a name of 8.3 in capitals";
	else if (make->size > fatplan_room(make->layout))
		*why = "the file does not fit the volume";
	cluster = p->cluster_sectors * FAT_SECTOR;
	p->used = make->size / cluster + (make->size % cluster != 0);
	return *why == NULL;
}

/* ---- giving out ---- */

struct out {
	const struct fatplan *p;
	bool (*put)(void *, uint64_t, const void *, size_t);
	void *arg;
	uint8_t sector[FAT_SECTOR]; /* zero between two */
};

/* Gives out o->sector. */
static bool
give(struct out *o, uint64_t lba)
{
	bool ok = o->put(o->arg, lba * FAT_SECTOR, o->sector, FAT_SECTOR);

	memset(o->sector, 0, sizeof(o->sector));
	return ok;
}

static void
mark(uint8_t *s)
{
	s[510] = 0x55;
	s[511] = 0xAA;
}

/* What starts the key in spite of all hands back to the BIOS: INT 18h, which
 * tries the next device; then halts. */
static void
no_boot(uint8_t *at)
{
	memcpy(at, "\xCD\x18\xF4\xEB\xFD", 5);
}

static void
chs(uint8_t *at, uint32_t lba)
{
	uint32_t cylinder = lba / TRACK / HEADS;

	at[0] = (uint8_t)(lba / TRACK % HEADS);
	at[1] = (uint8_t)((lba % TRACK + 1) | (cylinder >> 8 & 3) << 6);
	at[2] = (uint8_t)cylinder;
}

static bool
give_mbr(struct out *o)
{
	const struct fatplan *p = o->p;
	uint32_t start = (uint32_t)p->start;
	uint8_t *at = o->sector + 446; /* not active: byte 0 stays 0 */

	if (start == 0)
		return true;
	no_boot(o->sector);
	put_u32le(o->sector + 440, p->make.serial);
	chs(at + 1, start);
	at[4] = layout_of(p)->type;
	chs(at + 5, start + p->total - 1);
	put_u32le(at + 8, start);
	put_u32le(at + 12, p->total);
	mark(o->sector);
	return give(o, 0);
}

/* What FAT16 and FAT32 have in common, at different places from 36 on. */
static void
extended(uint8_t *at, uint32_t serial, const char *kind)
{
	at[0] = 0x80; /* drive: a hard disk */
	at[2] = 0x29; /* what follows is there */
	put_u32le(at + 3, serial);
	memcpy(at + 7, "NO NAME    ", 11); /* and no label entry */
	memcpy(at + 18, kind, 8);
	no_boot(at + 26);
}

static bool
give_boot(struct out *o, uint32_t sector)
{
	const struct fatplan *p = o->p;
	bool fat32 = layout_of(p)->fat32;
	uint8_t *s = o->sector;

	memcpy(s, fat32 ? "\xEB\x58\x90" : "\xEB\x3C\x90", 3);
	memcpy(s + 3, "MSWIN4.1", 8); /* old drivers ask for it, says MS */
	put_u16le(s + 11, FAT_SECTOR);
	s[13] = (uint8_t)p->cluster_sectors;
	put_u16le(s + 14, (uint16_t)p->reserved);
	s[16] = FATS;
	put_u16le(s + 17, (uint16_t)p->root_entries);
	s[21] = MEDIA;
	put_u16le(s + 24, TRACK);
	put_u16le(s + 26, HEADS);
	put_u32le(s + 28, (uint32_t)p->start); /* hidden sectors */
	put_u32le(s + 32, p->total);
	if (fat32) {
		put_u32le(s + 36, p->fat_sectors);
		put_u32le(s + 44, 2); /* root folder */
		put_u16le(s + 48, INFO);
		put_u16le(s + 50, BACKUP);
		extended(s + 64, p->make.serial, "FAT32   ");
	} else {
		put_u16le(s + 22, (uint16_t)p->fat_sectors);
		extended(s + 36, p->make.serial, "FAT16   ");
	}
	mark(s);
	return give(o, p->start + sector);
}

static bool
give_info(struct out *o, uint32_t sector)
{
	const struct fatplan *p = o->p;
	uint32_t left = p->clusters - 1 - p->used;

	memcpy(o->sector, "RRaA", 4);
	memcpy(o->sector + 484, "rrAa", 4);
	put_u32le(o->sector + 488, left);
	put_u32le(o->sector + 492, left == 0 ? UINT32_MAX : p->first + p->used);
	mark(o->sector);
	return give(o, p->start + sector);
}

static bool
give_reserved(struct out *o)
{
	if (!give_boot(o, 0))
		return false;
	return !layout_of(o->p)->fat32 ||
	    (give_info(o, INFO) && give_boot(o, BACKUP) &&
		give_info(o, BACKUP + INFO));
}

/* The FAT's entry of a cluster in use, or of the two that are none. */
static uint32_t
entry(const struct fatplan *p, uint32_t cluster)
{
	if (cluster == 0)
		return 0x0FFFFF00 | MEDIA;
	if (cluster < p->first || cluster == p->first + p->used - 1)
		return 0x0FFFFFFF;
	return cluster + 1;
}

static bool
give_fat(struct out *o, uint64_t lba)
{
	const struct fatplan *p = o->p;
	uint32_t width = layout_of(p)->fat32 ? 4 : 2, each = FAT_SECTOR / width;
	uint32_t n = p->first + p->used;
	uint8_t *at;

	for (uint32_t i = 0; i < n; i++) {
		at = o->sector + i % each * width;
		if (width == 4)
			put_u32le(at, entry(p, i));
		else
			put_u16le(at, (uint16_t)entry(p, i));
		if (i % each != each - 1 && i != n - 1)
			continue;
		if (!give(o, lba + i / each))
			return false;
	}
	return true;
}

static bool
give_root(struct out *o, uint64_t lba)
{
	const struct fatplan_make *m = &o->p->make;
	uint32_t first = m->size == 0 ? 0 : o->p->first;
	uint8_t *s = o->sector;

	memcpy(s, m->name, 11);
	s[11] = 0x20;               /* archive, as every tool sets it */
	put_u16le(s + 14, m->time); /* made */
	put_u16le(s + 16, m->date);
	put_u16le(s + 18, m->date); /* read */
	put_u16le(s + 20, (uint16_t)(first >> 16));
	put_u16le(s + 22, m->time); /* written */
	put_u16le(s + 24, m->date);
	put_u16le(s + 26, (uint16_t)first);
	put_u32le(s + 28, m->size);
	return give(o, lba);
}

bool
fatplan_emit(const struct fatplan *p,
    bool (*put)(void *arg, uint64_t off, const void *, size_t), void *arg)
{
	struct out o = { p, put, arg, { 0 } };
	uint64_t fat = p->start + p->reserved;

	/* FAT32's root folder is the cluster before the file. */
	return give_mbr(&o) && give_reserved(&o) && give_fat(&o, fat) &&
	    give_fat(&o, fat + p->fat_sectors) &&
	    give_root(&o, fat + (uint64_t)FATS * p->fat_sectors);
}

/* ---- dates ---- */

static bool
number(const char *at, size_t n, unsigned *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*v = *v * 10 + (unsigned)(at[i] - '0');
	}
	return true;
}

static unsigned
days(unsigned year, unsigned month)
{
	static const uint8_t n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	if (month == 2 && year % 4 == 0 && year != 2100)
		return 29;
	return n[month - 1];
}

bool
fatplan_date(const char *text, uint16_t *out)
{
	unsigned y, m, d;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' ||
	    !number(text, 4, &y) || !number(text + 5, 2, &m) ||
	    !number(text + 8, 2, &d))
		return false;
	if (y < 1980 || y > 2107 || m < 1 || m > 12 || d < 1 || d > days(y, m))
		return false;
	*out = (uint16_t)((y - 1980) << 9 | m << 5 | d);
	return true;
}
