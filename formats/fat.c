/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS may embed it. It calls only get_*() of the
 * cursor and memcmp, memset. */
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"

#define NONE UINT64_MAX
#define MARK_AT 510
#define TABLE_AT 446
#define TABLE_SLOTS 4
#define TYPE_GPT 0xEE

#define ENTRY 32
#define ENTRIES (FAT_SECTOR / ENTRY)
#define SLOTS_MAX 65536u /* a folder has at most 2 MiB */
#define DELETED 0xE5
#define LABEL 0x08
#define FOLDER 0x10
#define LONG_NAME 0x0F

/* Cluster counts that divide the kinds. */
#define FAT12_MAX 4084u
#define FAT16_MAX 65524u
#define FAT32_MAX 0x0FFFFFF5u /* numbers above are marks */

const char fat_absent[] = "no such file in the root folder";

static bool
no(const char **why, const char *what)
{
	*why = what;
	return false;
}

static bool
load(struct fat *f, uint64_t lba, const char **why)
{
	if (f->cached == lba)
		return true;
	f->cached = NONE;
	if (lba >= f->disk->sectors)
		return no(why, "a sector lies beyond the end of the disk");
	if (!f->disk->read(f->disk->arg, lba, f->sector))
		return no(why, "a sector cannot be read");
	f->cached = lba;
	return true;
}

/* ---- the volume ---- */

static bool
has_mark(const uint8_t *s)
{
	return s[MARK_AT] == 0x55 && s[MARK_AT + 1] == 0xAA;
}

/* A boot sector of any FAT; an MBR ends in the same mark. */
static bool
is_boot(const uint8_t *s)
{
	return has_mark(s) &&
	    ((s[0] == 0xEB && s[2] == 0x90) || s[0] == 0xE9) &&
	    get_u16le(s + 14) != 0 && s[16] != 0 &&
	    (s[21] == 0xF0 || s[21] >= 0xF8);
}

/* As many clusters as the FAT has entries for; Linux counts so too. */
static void
clamp(struct fat *f)
{
	uint64_t bits = (uint64_t)f->fat_sectors * FAT_SECTOR * 8, n;

	n = f->kind == FAT_32   ? bits >> 5
	    : f->kind == FAT_16 ? bits >> 4
				: (uint32_t)(bits >> 2) / 3;
	n = n < 2 ? 0 : n - 2;
	if (n > FAT32_MAX)
		n = FAT32_MAX;
	if (n < f->clusters)
		f->clusters = (uint32_t)n;
}

/* FAT32 is told by its 16-bit FAT size of 0, as Linux and EDK II do, whatever
 * its cluster count: small ones by mkfs.fat -F 32 are read everywhere. */
static bool
take_kind(struct fat *f, const uint8_t *s, const char **why)
{
	uint16_t flags = get_u16le(s + 40);

	if (get_u16le(s + 22) != 0) {
		if (f->clusters > FAT16_MAX)
			return no(why, "too many clusters for a FAT16 volume");
		f->kind = f->clusters > FAT12_MAX ? FAT_16 : FAT_12;
		clamp(f);
		return f->root_entries != 0 ||
		    no(why, "the volume's root folder has no room");
	}
	f->kind = FAT_32;
	clamp(f);
	f->root_cluster = get_u32le(s + 44);
	if (f->root_entries != 0)
		return no(why, "a FAT32 volume with a FAT16 root folder");
	if (f->root_cluster < 2 || f->root_cluster - 2 >= f->clusters)
		return no(why, "the root folder lies outside the volume");
	if (flags & 0x80) { /* FATs are not mirrored: one is in use */
		if ((flags & 0x0F) >= f->fats)
			return no(why, "the FAT in use is not there");
		f->fat += (uint64_t)(flags & 0x0F) * f->fat_sectors;
	}
	return true;
}

/* The parameter block of the boot sector in f->sector. */
static bool
take_boot(struct fat *f, uint64_t start, const char **why)
{
	const uint8_t *s = f->sector;
	uint32_t total = get_u16le(s + 19), reserved = get_u16le(s + 14);
	uint64_t system;

	if (get_u16le(s + 11) != FAT_SECTOR)
		return no(why, "the volume's sectors are not of 512 bytes");
	f->cluster_sectors = s[13];
	if (s[13] == 0 || (s[13] & (s[13] - 1)) != 0)
		return no(why, "sectors in a cluster are no power of two");
	if (total == 0)
		total = get_u32le(s + 32);
	f->fat_sectors = get_u16le(s + 22);
	if (f->fat_sectors == 0)
		f->fat_sectors = get_u32le(s + 36);
	f->fats = s[16];
	f->root_entries = get_u16le(s + 17);
	system = (uint64_t)f->fats * f->fat_sectors + reserved;
	f->start = start;
	f->fat = start + reserved;
	f->root = start + system;
	system += (f->root_entries + ENTRIES - 1) / ENTRIES;
	f->data = start + system;
	if (f->fat_sectors == 0 || system >= total)
		return no(why, "the volume has no room for data");
	if (start + total > f->disk->sectors)
		return no(why, "the volume is larger than the disk");
	f->clusters = (total - (uint32_t)system) / f->cluster_sectors;
	if (!take_kind(f, s, why))
		return false;
	return f->clusters != 0 || no(why, "the volume has no clusters");
}

static bool
is_fat_type(uint8_t type)
{
	return type == 0x01 || type == 0x04 || type == 0x06 || type == 0x0B ||
	    type == 0x0C || type == 0x0E;
}

/* The start of the first FAT partition of the table in f->sector, or 0. */
static bool
find_partition(struct fat *f, uint64_t *start, const char **why)
{
	const uint8_t *at = f->sector + TABLE_AT, *found = NULL;
	unsigned used = 0;
	bool gpt = false;

	for (int i = 0; i < TABLE_SLOTS; i++, at += 16) {
		if ((at[0] & 0x7F) != 0) /* active or not, and nothing else */
			return no(why, "no FAT volume: no partition table");
		if (found == NULL && is_fat_type(at[4]))
			found = at;
		gpt = gpt || at[4] == TYPE_GPT;
		used += at[4] != 0;
	}
	if (found == NULL)
		return no(why,
		    gpt ? "no FAT volume: partitioned by GPT, not by MBR"
			: "no FAT volume: no partition is of a FAT type");
	f->alone = used == 1;
	*start = get_u32le(found + 8);
	if (*start == 0 || get_u32le(found + 12) == 0)
		return no(why, "the FAT partition is empty");
	if (*start >= f->disk->sectors)
		return no(why, "the FAT partition lies beyond the disk");
	return true;
}

bool
fat_open(struct fat *f, const struct fat_disk *disk, const char **why)
{
	const char *boot = NULL;
	uint64_t start;

	memset(f, 0, sizeof(*f));
	f->disk = disk;
	f->cached = NONE;
	*why = NULL;
	if (!load(f, 0, why))
		return false;
	if (!has_mark(f->sector))
		return no(why, "no FAT volume: no boot sector, no MBR");
	f->alone = true;
	if (is_boot(f->sector) && take_boot(f, 0, &boot))
		return true;
	if (!find_partition(f, &start, why)) {
		if (boot != NULL)
			*why = boot;
		return false;
	}
	if (!load(f, start, why))
		return false;
	if (!is_boot(f->sector))
		return no(
		    why, "no FAT volume: no boot sector in its partition");
	f->partitioned = true;
	return take_boot(f, start, why);
}

/* ---- the chain ---- */

static bool
in_range(const struct fat *f, uint32_t cluster)
{
	return cluster >= 2 && cluster - 2 < f->clusters;
}

static uint64_t
lba_of(const struct fat *f, uint32_t cluster)
{
	return f->data + (uint64_t)(cluster - 2) * f->cluster_sectors;
}

/* A byte of the FAT; an entry of FAT12 may lie in two sectors. */
static bool
fat_byte(struct fat *f, uint32_t at, uint8_t *b, const char **why)
{
	if (!load(f, f->fat + at / FAT_SECTOR, why))
		return false;
	*b = f->sector[at % FAT_SECTOR];
	return true;
}

static bool
entry12(struct fat *f, uint32_t cluster, uint32_t *v, const char **why)
{
	uint32_t at = cluster + cluster / 2;
	uint8_t low, high;

	if (!fat_byte(f, at, &low, why) || !fat_byte(f, at + 1, &high, why))
		return false;
	*v = (uint32_t)low | (uint32_t)high << 8;
	*v = cluster % 2 == 0 ? *v & 0xFFF : *v >> 4;
	return true;
}

/* What the FAT says of a cluster that is in range. */
static bool
entry(struct fat *f, uint32_t cluster, uint32_t *v, const char **why)
{
	uint32_t width = f->kind == FAT_32 ? 4 : 2, each = FAT_SECTOR / width;
	const uint8_t *at;

	if (f->kind == FAT_12)
		return entry12(f, cluster, v, why);
	if (!load(f, f->fat + cluster / each, why))
		return false;
	at = f->sector + cluster % each * width;
	/* FAT32: the upper four bits are not the entry's. */
	*v = f->kind == FAT_32 ? get_u32le(at) & 0x0FFFFFFF : get_u16le(at);
	return true;
}

static uint32_t
bad_mark(const struct fat *f)
{
	return f->kind == FAT_32 ? 0x0FFFFFF7
	    : f->kind == FAT_16  ? 0xFFF7
				 : 0xFF7;
}

/* *cluster becomes the one behind it; *end where there is none. */
static bool
follow(struct fat *f, uint32_t *cluster, bool *end, const char **why)
{
	uint32_t v;

	if (!entry(f, *cluster, &v, why))
		return false;
	*end = v > bad_mark(f);
	if (!*end && !in_range(f, v))
		return no(why, "a cluster chain is broken");
	if (!*end)
		*cluster = v;
	return true;
}

/* The same inside the file. */
static bool
advance(struct fat *f, uint32_t *cluster, const char **why)
{
	bool end;

	if (!follow(f, cluster, &end, why))
		return false;
	return !end || no(why, "the file's cluster chain is too short");
}

/* ---- the root folder ---- */

/* Where a walk through the root folder stands. */
struct walk {
	uint32_t slot;
	uint32_t cluster; /* FAT32 */
	bool end;
};

/* The sector of w->slot; the chain's end is the folder's. */
static bool
folder_sector(struct fat *f, struct walk *w, uint64_t *lba, const char **why)
{
	uint32_t sector = w->slot / ENTRIES;

	if (f->kind != FAT_32) {
		*lba = f->root + sector;
		return true;
	}
	if (w->slot != 0 && w->slot % (ENTRIES * f->cluster_sectors) == 0 &&
	    !follow(f, &w->cluster, &w->end, why))
		return false;
	*lba = lba_of(f, w->cluster) + sector % f->cluster_sectors;
	return true;
}

/* The entry at w->slot, in f->sector. NULL at the end; else *why is set. */
static const uint8_t *
look(struct fat *f, struct walk *w, const char **why)
{
	const uint8_t *at;
	uint64_t lba;

	w->end = w->slot >= (f->kind == FAT_32 ? SLOTS_MAX : f->root_entries);
	if (w->end || !folder_sector(f, w, &lba, why) || w->end)
		return NULL;
	if (!load(f, lba, why))
		return NULL;
	at = f->sector + w->slot % ENTRIES * ENTRY;
	w->end = at[0] == 0;
	return w->end ? NULL : at;
}

static void
take_entry(const struct fat *f, const uint8_t *at, struct fat_file *file)
{
	file->attributes = at[11];
	file->size = get_u32le(at + 28);
	file->cluster = get_u16le(at + 26);
	if (f->kind == FAT_32)
		file->cluster |= (uint32_t)get_u16le(at + 20) << 16;
	if (file->size == 0)
		file->cluster = 0;
	file->walk = file->cluster;
}

static uint32_t
file_clusters(const struct fat *f, const struct fat_file *file)
{
	uint32_t bytes = f->cluster_sectors * FAT_SECTOR;

	return file->size / bytes + (file->size % bytes != 0);
}

static bool
sound(const struct fat *f, const struct fat_file *file, const char **why)
{
	if (file->size == 0)
		return true;
	if (!in_range(f, file->cluster))
		return no(why, "the file's first cluster is not in the volume");
	if (file_clusters(f, file) > f->clusters)
		return no(why, "the file is larger than its volume");
	return true;
}

static bool
is_file(const uint8_t *at, const char *name)
{
	return (at[11] & (LABEL | FOLDER)) == 0 && memcmp(at, name, 11) == 0;
}

bool
fat_find(struct fat *f, const char name[static 11], struct fat_file *file,
    const char **why)
{
	struct walk w = { 0, f->root_cluster, false };
	bool found = false, before = false, other = false, long_name = false;
	const uint8_t *at;

	memset(file, 0, sizeof(*file));
	*why = NULL;
	for (; (at = look(f, &w, why)) != NULL; w.slot++) {
		if (at[0] == DELETED) {
			long_name = false;
			continue;
		}
		if ((at[11] & 0x3F) == LONG_NAME)
			long_name = true;
		else if (!found && is_file(at, name)) {
			found = true;
			file->slot = w.slot;
			file->first = !before;
			file->long_name = long_name;
			take_entry(f, at, file);
		} else {
			other = true;
			long_name = false;
		}
		before = true;
	}
	if (!w.end)
		return false;
	file->only = !other;
	if (!found)
		return no(why, fat_absent);
	return sound(f, file, why);
}

bool
fat_lba(struct fat *f, struct fat_file *file, uint32_t i, uint64_t *lba,
    const char **why)
{
	uint32_t want = i / f->cluster_sectors;

	*why = NULL;
	if (i >= file->size / FAT_SECTOR + (file->size % FAT_SECTOR != 0))
		return no(why, "behind the end of the file");
	if (want < file->at) {
		file->walk = file->cluster;
		file->at = 0;
	}
	for (; file->at < want; file->at++)
		if (!advance(f, &file->walk, why))
			return false;
	*lba = lba_of(f, file->walk) + i % f->cluster_sectors;
	return true;
}

bool
fat_contiguous(
    struct fat *f, struct fat_file *file, bool *yes, const char **why)
{
	uint32_t n = file_clusters(f, file), cluster = file->cluster, last;

	*why = NULL;
	*yes = true;
	for (uint32_t i = 1; i < n; i++) {
		last = cluster;
		if (!advance(f, &cluster, why))
			return false;
		*yes = *yes && cluster == last + 1;
	}
	return true;
}

bool
fat_used(struct fat *f, uint64_t *lba, const char **why)
{
	uint32_t v;

	*why = NULL;
	*lba = f->data;
	for (uint32_t c = f->clusters + 1; c >= 2; c--) {
		if (!entry(f, c, &v, why))
			return false;
		if (v != 0 && v != bad_mark(f)) {
			*lba = lba_of(f, c) + f->cluster_sectors;
			break;
		}
	}
	return true;
}
