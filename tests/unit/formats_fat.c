/* SPDX-License-Identifier: Apache-2.0 */
/* The reader on disks made by hand; formats_fatplan.c has those we make, and
 * tests/cli/keyimage.sh those of mkfs.fat and mtools. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"

#define NAME "SETUP   BIN"
#define START 63

/* A small volume of each kind, one sector a cluster, with its disk. */
struct vol {
	uint8_t *d;
	size_t reads;
	uint64_t bad; /* a sector that cannot be read */
	enum fat_kind kind;
	uint32_t start, reserved, fat_sectors, root_entries, total;
	struct fat_disk disk;
	struct fat fat;
	struct fat_file file;
	const char *why;
};

static bool
read_sector(void *arg, uint64_t lba, void *sector)
{
	struct vol *v = arg;

	assert_true(lba < v->disk.sectors);
	v->reads++;
	if (lba == v->bad)
		return false;
	memcpy(sector, v->d + lba * FAT_SECTOR, FAT_SECTOR);
	return true;
}

static uint8_t *
at(const struct vol *v, uint32_t sector)
{
	return v->d + (size_t)(v->start + sector) * FAT_SECTOR;
}

static uint32_t
root(const struct vol *v)
{
	return v->reserved + 2 * v->fat_sectors;
}

static uint32_t
data(const struct vol *v)
{
	return root(v) + v->root_entries / 16;
}

static void
set(const struct vol *v, uint32_t cluster, uint32_t value)
{
	uint8_t *fat = at(v, v->reserved), *p = fat + cluster * 3 / 2;
	uint16_t old = get_u16le(p);

	if (v->kind == FAT_32)
		put_u32le(fat + (size_t)cluster * 4, value);
	else if (v->kind == FAT_16)
		put_u16le(fat + (size_t)cluster * 2, (uint16_t)value);
	else if (cluster % 2 == 0)
		put_u16le(p, (uint16_t)((old & 0xF000) | (value & 0xFFF)));
	else
		put_u16le(p, (uint16_t)((old & 0xF) | (value & 0xFFF) << 4));
}

/* An end mark is any of the last eight values. */
static void
end(const struct vol *v, uint32_t cluster)
{
	set(v, cluster, 0x0FFFFFF8 + cluster % 8);
}

static uint8_t *
slot(const struct vol *v, uint32_t i)
{
	return at(v, v->kind == FAT_32 ? data(v) : root(v)) + i * 32;
}

static void
put(const struct vol *v, uint32_t i, const char *name, uint8_t attributes,
    uint32_t cluster, uint32_t size)
{
	uint8_t *p = slot(v, i);

	memcpy(p, name, 11);
	p[11] = attributes;
	put_u16le(p + 20, (uint16_t)(cluster >> 16));
	put_u16le(p + 26, (uint16_t)cluster);
	put_u32le(p + 28, size);
}

static void
boot(const struct vol *v)
{
	uint8_t *b = at(v, 0);

	memcpy(b, "\xEB\x3C\x90MSWIN4.1\0\2\1", 14);
	put_u16le(b + 14, (uint16_t)v->reserved);
	b[16] = 2;
	put_u16le(b + 17, (uint16_t)v->root_entries);
	b[21] = 0xF8;
	if (v->kind == FAT_32) {
		put_u32le(b + 32, v->total);
		put_u32le(b + 36, v->fat_sectors);
		put_u32le(b + 44, 2);
	} else {
		put_u16le(b + 19, (uint16_t)v->total);
		put_u16le(b + 22, (uint16_t)v->fat_sectors);
	}
	b[510] = 0x55;
	b[511] = 0xAA;
}

static void
partition(const struct vol *v, int i, uint8_t type, uint32_t start, uint32_t n)
{
	uint8_t *p = v->d + 446 + i * 16;

	p[4] = type;
	put_u32le(p + 8, start);
	put_u32le(p + 12, n);
}

/* A volume that holds nothing, in the second partition or on the disk. */
static struct vol *
make(enum fat_kind kind, bool partitioned)
{
	struct vol *v = test_calloc(1, sizeof(*v));

	v->kind = kind;
	v->start = partitioned ? START : 0;
	v->reserved = kind == FAT_32 ? 32 : 1;
	v->fat_sectors = kind == FAT_12 ? 6 : kind == FAT_16 ? 20 : 9;
	v->root_entries = kind == FAT_32 ? 0 : 64;
	v->total = kind == FAT_16 ? 5000 : 1100;
	v->disk.sectors = v->start + v->total;
	v->disk.read = read_sector;
	v->disk.arg = v;
	v->bad = UINT64_MAX;
	v->d = test_calloc(v->disk.sectors, FAT_SECTOR);
	if (partitioned) {
		partition(v, 0, 0x83, 1, 5);
		partition(v, 1, 0x0E, START, v->total);
		v->d[510] = 0x55;
		v->d[511] = 0xAA;
	}
	boot(v);
	if (kind == FAT_32)
		end(v, 2);
	return v;
}

static void
drop(struct vol *v)
{
	test_free(v->d);
	test_free(v);
}

static bool
opens(struct vol *v)
{
	return fat_open(&v->fat, &v->disk, &v->why);
}

static bool
finds(struct vol *v)
{
	return fat_find(&v->fat, NAME, &v->file, &v->why);
}

static void
refused(struct vol *v, const char *why)
{
	assert_false(opens(v));
	assert_string_equal(v->why, why);
	drop(v);
}

/* Opened, and then the file is refused. */
static void
not_found(struct vol *v, const char *why)
{
	assert_true(opens(v));
	assert_false(finds(v));
	assert_string_equal(v->why, why);
	drop(v);
}

static const enum fat_kind kinds[] = { FAT_12, FAT_16, FAT_32 };

static void
each_kind_is_told_in_a_partition_and_without_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct vol *v = make(kinds[i / 2], i % 2 == 0);

		assert_true(opens(v));
		assert_int_equal(v->fat.kind, v->kind);
		assert_int_equal(v->fat.partitioned, i % 2 == 0);
		/* its partition has another before it */
		assert_int_equal(v->fat.alone, i % 2 != 0);
		assert_int_equal(v->fat.start, v->start);
		assert_int_equal(v->fat.fat, v->start + v->reserved);
		assert_int_equal(v->fat.data, v->start + data(v));
		assert_int_equal(v->fat.clusters, v->total - data(v));
		assert_false(finds(v));
		assert_string_equal(v->why, "no such file in the root folder");
		drop(v);
	}
}

static void
a_fragmented_chain_is_followed_in_each_kind(void **state)
{
	/* over FAT sectors and, in FAT12, over their edge (341 is both) */
	static const uint32_t chain[] = { 340, 341, 342, 7, 1000, 3, 900 };
	uint64_t lba;
	bool yes;

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct vol *v = make(kinds[k], true);

		for (size_t i = 0; i + 1 < 7; i++)
			set(v, chain[i], chain[i + 1]);
		end(v, chain[6]);
		put(v, 0, NAME, 0x20, chain[0], 6 * 512 + 1);
		assert_true(opens(v) && finds(v));
		assert_int_equal(v->file.size, 6 * 512 + 1);
		for (uint32_t i = 0; i < 7; i++) {
			assert_true(
			    fat_lba(&v->fat, &v->file, i, &lba, &v->why));
			assert_int_equal(
			    lba, v->start + data(v) + chain[i] - 2);
		}
		assert_true(fat_lba(&v->fat, &v->file, 1, &lba, &v->why));
		assert_int_equal(lba, v->start + data(v) + 341 - 2);
		assert_false(fat_lba(&v->fat, &v->file, 7, &lba, &v->why));
		assert_string_equal(v->why, "behind the end of the file");
		assert_true(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
		assert_false(yes);
		assert_true(fat_used(&v->fat, &lba, &v->why));
		assert_int_equal(lba, v->start + data(v) + 1000 - 1);
		drop(v);
	}
}

static void
consecutive_clusters_are_told(void **state)
{
	bool yes = false;

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct vol *v = make(kinds[k], false);

		for (uint32_t c = 300; c < 800; c++)
			set(v, c, c + 1);
		end(v, 800);
		put(v, 0, NAME, 0x20, 300, 501 * 512);
		assert_true(opens(v) && finds(v));
		assert_true(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
		assert_true(yes);
		drop(v);
	}
}

static void
a_walk_reads_each_fat_sector_about_once(void **state)
{
	struct vol *v = make(FAT_16, false);
	uint64_t lba;

	(void)state;
	for (uint32_t c = 2; c < 4900; c++)
		set(v, c, c + 1);
	end(v, 4900);
	put(v, 0, NAME, 0x20, 2, 4899 * 512);
	assert_true(opens(v) && finds(v));
	v->reads = 0;
	for (uint32_t i = 0; i < 4899; i++)
		assert_true(fat_lba(&v->fat, &v->file, i, &lba, &v->why));
	assert_int_equal(v->reads, 20);
	drop(v);
}

static void
an_empty_file_has_no_sector(void **state)
{
	struct vol *v = make(FAT_16, false);
	uint64_t lba;
	bool yes;

	(void)state;
	put(v, 0, NAME, 0x20, 77, 0);
	assert_true(opens(v) && finds(v));
	assert_int_equal(v->file.cluster, 0);
	assert_false(fat_lba(&v->fat, &v->file, 0, &lba, &v->why));
	assert_true(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
	assert_true(yes);
	assert_true(fat_used(&v->fat, &lba, &v->why));
	assert_int_equal(lba, v->fat.data);
	drop(v);
}

static void
what_stands_around_the_file_is_told(void **state)
{
	static const struct {
		const char *before, *after; /* a letter an entry */
		uint32_t slot;
		bool first, only, long_name;
	} t[] = { { "", "", 0, true, true, false },
		{ "V", "", 1, false, false, false },
		{ "N", "", 1, false, true, true },
		{ "D", "", 1, true, true, false },
		{ "ND", "", 2, false, true, false },
		{ "VNN", "F", 3, false, false, true },
		{ "NF", "", 2, false, false, false },
		{ "", "D", 0, true, true, false },
		{ "", "S", 0, true, false, false },
		{ "", "V", 0, true, false, false },
		{ "", "NF", 0, true, false, false },
		{ "DDDDDDDDDDDDDDDDD", "", 17, true, true, false } };
	static const char letters[] = "VNDFS";
	static const char *names[] = { "AMT        ", "As.e.t.u.p.", "\345",
		"OTHER   BIN", "SYSTEM~1   " };
	static const uint8_t attributes[] = { 8, 15, 15, 32, 22 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct vol *v = make(FAT_16, false);
		char all[24];
		uint32_t n = 0;

		strcpy(all, t[i].before);
		strcat(all, "*");
		strcat(all, t[i].after);
		for (const char *p = all; *p != '\0'; p++, n++) {
			const char *l = strchr(letters, *p);
			char name[12] = "\345eleted    ";

			if (l == NULL) {
				put(v, n, NAME, 0x20, 2, 5);
				continue;
			}
			if (*l != 'D')
				memcpy(name, names[l - letters], 11);
			put(v, n, name, attributes[l - letters], 0, 0);
		}
		assert_true(opens(v) && finds(v));
		assert_int_equal(v->file.slot, t[i].slot);
		assert_int_equal(v->file.first, t[i].first);
		assert_int_equal(v->file.only, t[i].only);
		assert_int_equal(v->file.long_name, t[i].long_name);
		drop(v);
	}
}

static void
a_folder_or_a_label_of_that_name_is_not_the_file(void **state)
{
	struct vol *v = make(FAT_12, false);

	(void)state;
	put(v, 0, NAME, 0x10, 2, 0);
	put(v, 1, NAME, 0x08, 0, 0);
	not_found(v, "no such file in the root folder");
}

static void
nothing_behind_the_end_mark_of_the_folder_counts(void **state)
{
	struct vol *v = make(FAT_12, false);

	(void)state;
	put(v, 1, NAME, 0x20, 2, 5);
	not_found(v, "no such file in the root folder");
}

static void
a_full_root_folder_needs_no_end_mark(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct vol *v = make(kinds[k], true);
		uint32_t n = kinds[k] == FAT_32 ? 16 : 64;

		for (uint32_t i = 0; i < n; i++)
			put(v, i, "OTHER   BIN", 0x20, 0, 0);
		assert_true(opens(v));
		assert_false(finds(v));
		assert_string_equal(v->why, "no such file in the root folder");
		put(v, n - 1, NAME, 0x20, 9, 5);
		assert_true(opens(v) && finds(v));
		assert_int_equal(v->file.slot, n - 1);
		drop(v);
	}
}

static void
a_root_folder_of_fat32_is_a_chain(void **state)
{
	struct vol *v = make(FAT_32, true);

	(void)state;
	set(v, 2, 500);
	end(v, 500);
	for (uint32_t i = 0; i < 16; i++)
		put(v, i, "OTHER   BIN", 0x20, 0, 0);
	put(v, 498 * 16 + 1, NAME, 0x20, 9, 5); /* in cluster 500 */
	put(v, 498 * 16, "OTHER   BIN", 0x20, 0, 0);
	assert_true(opens(v) && finds(v));
	assert_int_equal(v->file.slot, 17);
	set(v, 2, 1099);
	assert_true(opens(v));
	assert_false(finds(v));
	assert_string_equal(v->why, "a cluster chain is broken");
	drop(v);
}

static void
a_root_folder_that_bites_its_tail_ends(void **state)
{
	struct vol *v = make(FAT_32, true);

	(void)state;
	set(v, 2, 2);
	for (uint32_t i = 0; i < 16; i++)
		put(v, i, "OTHER   BIN", 0x20, 0, 0);
	not_found(v, "no such file in the root folder");
}

static void
the_upper_bits_of_fat32_entries_are_not_theirs(void **state)
{
	struct vol *v = make(FAT_32, false);
	uint64_t lba;

	(void)state;
	set(v, 3, 0xF0000004);
	set(v, 4, 0xAFFFFFFF);
	set(v, 90, 0xF0000000);
	put(v, 0, NAME, 0x20, 3, 1024);
	assert_true(opens(v) && finds(v));
	assert_true(fat_lba(&v->fat, &v->file, 1, &lba, &v->why));
	assert_int_equal(lba, data(v) + 2);
	assert_true(fat_used(&v->fat, &lba, &v->why));
	assert_int_equal(lba, data(v) + 3);
	drop(v);
}

static void
the_fat_in_use_is_read(void **state)
{
	struct vol *v = make(FAT_32, false);

	(void)state;
	put_u16le(at(v, 0) + 40, 0x81); /* the second, not mirrored */
	assert_true(opens(v));
	assert_int_equal(v->fat.fat, v->reserved + v->fat_sectors);
	put_u16le(at(v, 0) + 40, 0x01); /* mirrored: the number is void */
	assert_true(opens(v));
	assert_int_equal(v->fat.fat, v->reserved);
	put_u16le(at(v, 0) + 40, 0x82);
	refused(v, "the FAT in use is not there");
}

static void
broken_chains_end_with_a_reason(void **state)
{
	static const struct {
		uint32_t v[3]; /* FAT12, 16, 32 */
		const char *why;
	} t[] = { { { 0, 0, 0 }, "a cluster chain is broken" },
		{ { 1, 1, 1 }, "a cluster chain is broken" },
		{ { 0xFEF, 0xFFEF, 0xFFFFFEF }, "a cluster chain is broken" },
		{ { 0xFF7, 0xFFF7, 0xFFFFFF7 }, "a cluster chain is broken" },
		{ { 0xFF8, 0xFFF8, 0xFFFFFF8 },
		    "the file's cluster chain is too short" } };
	uint64_t lba;
	bool yes;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(t) / sizeof(t[0]); i++) {
		struct vol *v = make(kinds[i % 3], true);

		set(v, 5, 6);
		set(v, 6, t[i / 3].v[i % 3]);
		put(v, 0, NAME, 0x20, 5, 3 * 512);
		assert_true(opens(v) && finds(v));
		assert_true(fat_lba(&v->fat, &v->file, 1, &lba, &v->why));
		assert_false(fat_lba(&v->fat, &v->file, 2, &lba, &v->why));
		assert_string_equal(v->why, t[i / 3].why);
		assert_false(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
		assert_string_equal(v->why, t[i / 3].why);
		drop(v);
	}
}

static void
a_chain_that_bites_its_tail_ends(void **state)
{
	struct vol *v = make(FAT_16, false);
	uint64_t lba;
	bool yes;

	(void)state;
	set(v, 2, 3);
	set(v, 3, 2);
	put(v, 0, NAME, 0x20, 2, 4000 * 512);
	assert_true(opens(v) && finds(v));
	assert_true(fat_lba(&v->fat, &v->file, 3999, &lba, &v->why));
	assert_true(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
	assert_false(yes);
	drop(v);
}

static void
entries_that_cannot_be_are_refused(void **state)
{
	static const struct {
		uint32_t cluster, size;
		const char *why;
	} t[] = { { 0, 5, "the file's first cluster is not in the volume" },
		{ 1, 5, "the file's first cluster is not in the volume" },
		{ 60000, 5, "the file's first cluster is not in the volume" },
		{ 2, 5000 * 512, "the file is larger than its volume" },
		{ 2, UINT32_MAX, "the file is larger than its volume" } };

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(t) / sizeof(t[0]); i++) {
		struct vol *v = make(kinds[i % 3], true);

		put(v, 0, NAME, 0x20, t[i / 3].cluster, t[i / 3].size);
		not_found(v, t[i / 3].why);
	}
}

/* One field of a sound boot sector is changed. */
static void
parameters_that_cannot_be_are_refused(void **state)
{
	static const struct {
		enum fat_kind kind;
		size_t at, n;
		uint32_t v;
		const char *why;
	} t[] = { { FAT_16, 11, 2, 1024,
		      "the volume's sectors are not of 512 bytes" },
		{ FAT_16, 13, 1, 0,
		    "sectors in a cluster are no power of two" },
		{ FAT_16, 13, 1, 3,
		    "sectors in a cluster are no power of two" },
		{ FAT_16, 13, 1, 255,
		    "sectors in a cluster are no power of two" },
		{ FAT_16, 14, 2, 65535, "the volume has no room for data" },
		{ FAT_16, 16, 1, 255, "the volume has no room for data" },
		{ FAT_16, 17, 2, 0, "the volume's root folder has no room" },
		{ FAT_16, 19, 2, 0, "the volume has no room for data" },
		{ FAT_16, 19, 2, 46, "the volume has no clusters" },
		{ FAT_16, 19, 2, 5001, "the volume is larger than the disk" },
		{ FAT_16, 22, 2, 65535, "the volume has no room for data" },
		{ FAT_16, 22, 2, 0, "the volume has no room for data" },
		{ FAT_32, 32, 4, UINT32_MAX,
		    "the volume is larger than the disk" },
		{ FAT_32, 36, 4, UINT32_MAX,
		    "the volume has no room for data" },
		{ FAT_32, 36, 4, 0, "the volume has no room for data" },
		{ FAT_32, 17, 2, 16,
		    "a FAT32 volume with a FAT16 root folder" },
		{ FAT_32, 44, 4, 0, "the root folder lies outside the volume" },
		{ FAT_32, 44, 4, 1052,
		    "the root folder lies outside the volume" },
		{ FAT_16, 0, 1, 0,
		    "no FAT volume: no boot sector in its "
		    "partition" },
		{ FAT_16, 21, 1, 0,
		    "no FAT volume: no boot sector in its "
		    "partition" },
		{ FAT_16, 510, 1, 0,
		    "no FAT volume: no boot sector in its "
		    "partition" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct vol *v = make(t[i].kind, true);

		for (size_t b = 0; b < t[i].n; b++)
			at(v, 0)[t[i].at + b] = (uint8_t)(t[i].v >> 8 * b);
		if (t[i].at == 19 && t[i].v == 46)
			at(v, 0)[13] = 2;
		refused(v, t[i].why);
	}
}

static void
too_many_clusters_for_fat16_are_refused(void **state)
{
	struct vol *v = make(FAT_16, true);

	(void)state;
	put_u16le(at(v, 0) + 19, 0);
	put_u32le(at(v, 0) + 32, 45 + 65525);
	v->disk.sectors = START + 45 + 65525; /* never read there */
	refused(v, "too many clusters for a FAT16 volume");
}

static void
no_more_clusters_count_than_the_fat_has_entries(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct vol *v = make(kinds[k], false);

		v->total += 2500;
		v->disk.sectors += 2500; /* never read there */
		if (v->kind == FAT_16)   /* or all of them have theirs */
			v->fat_sectors = 18;
		boot(v);
		assert_true(opens(v));
		assert_int_equal(v->fat.clusters,
		    v->fat_sectors * 512 * 8 / (uint32_t)v->kind - 2);
		drop(v);
	}
}

static void
partition_tables_that_do_not_fit_are_refused(void **state)
{
	struct vol *v = make(FAT_16, true);

	(void)state;
	partition(v, 1, 0x83, START, 5000);
	refused(v, "no FAT volume: no partition is of a FAT type");
	v = make(FAT_16, true);
	partition(v, 1, 0xEE, 1, 5000);
	refused(v, "no FAT volume: partitioned by GPT, not by MBR");
	v = make(FAT_16, true);
	partition(v, 1, 0x06, 0, 5000);
	refused(v, "the FAT partition is empty");
	v = make(FAT_16, true);
	partition(v, 1, 0x06, 63, 0);
	refused(v, "the FAT partition is empty");
	v = make(FAT_16, true);
	partition(v, 1, 0x06, 5063, 1);
	refused(v, "the FAT partition lies beyond the disk");
	v = make(FAT_16, true);
	partition(v, 0, 0x06, UINT32_MAX, UINT32_MAX);
	refused(v, "the FAT partition lies beyond the disk");
	v = make(FAT_16, true);
	v->d[446] = 'T';
	refused(v, "no FAT volume: no partition table");
	v = make(FAT_16, true);
	v->d[510] = 0;
	refused(v, "no FAT volume: no boot sector, no MBR");
}

static void
each_fat_type_is_taken_and_no_other(void **state)
{
	static const uint8_t fat[] = { 0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E };

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		struct vol *v = make(FAT_16, true);

		partition(v, 1, (uint8_t)type, START, 5000);
		assert_int_equal(
		    opens(v), memchr(fat, (int)type, sizeof(fat)) != NULL);
		drop(v);
	}
}

static void
an_unsound_boot_sector_may_still_be_an_mbr(void **state)
{
	struct vol *v = make(FAT_16, true);

	(void)state;
	memcpy(v->d, at(v, 0), 62);
	put_u16le(v->d + 11, 4096);
	assert_true(opens(v));
	assert_true(v->fat.partitioned);
	assert_false(v->fat.alone);
	partition(v, 0, 0, 0, 0);
	assert_true(opens(v));
	assert_true(v->fat.alone);
	/* and where it is none, what is wrong with it is told */
	partition(v, 1, 0, 0, 0);
	refused(v, "the volume's sectors are not of 512 bytes");
}

static void
a_disk_without_sectors_is_refused(void **state)
{
	struct vol *v = make(FAT_16, true);

	(void)state;
	v->disk.sectors = 0;
	refused(v, "a sector lies beyond the end of the disk");
}

static void
a_sector_that_cannot_be_read_is_told(void **state)
{
	struct vol *v = make(FAT_16, true);
	uint64_t lba;
	bool yes;

	(void)state;
	put(v, 0, NAME, 0x20, 2, 3 * 512);
	v->bad = v->start;
	assert_false(opens(v));
	assert_string_equal(v->why, "a sector cannot be read");
	v->bad = v->start + root(v);
	assert_true(opens(v));
	assert_false(finds(v));
	assert_string_equal(v->why, "a sector cannot be read");
	v->bad = v->start + v->reserved;
	assert_true(opens(v) && finds(v));
	assert_false(fat_lba(&v->fat, &v->file, 1, &lba, &v->why));
	assert_false(fat_contiguous(&v->fat, &v->file, &yes, &v->why));
	assert_false(fat_used(&v->fat, &lba, &v->why));
	assert_string_equal(v->why, "a sector cannot be read");
	drop(v);
}

static void
bad_clusters_are_not_in_use(void **state)
{
	uint64_t lba;

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct vol *v = make(kinds[k], true);

		end(v, 400);
		set(v, 900, 0x0FFFFFF7);
		assert_true(opens(v));
		assert_true(fat_used(&v->fat, &lba, &v->why));
		assert_int_equal(lba, v->start + data(v) + 399);
		drop(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_kind_is_told_in_a_partition_and_without_one),
		cmocka_unit_test(a_fragmented_chain_is_followed_in_each_kind),
		cmocka_unit_test(consecutive_clusters_are_told),
		cmocka_unit_test(a_walk_reads_each_fat_sector_about_once),
		cmocka_unit_test(an_empty_file_has_no_sector),
		cmocka_unit_test(what_stands_around_the_file_is_told),
		cmocka_unit_test(
		    a_folder_or_a_label_of_that_name_is_not_the_file),
		cmocka_unit_test(
		    nothing_behind_the_end_mark_of_the_folder_counts),
		cmocka_unit_test(a_full_root_folder_needs_no_end_mark),
		cmocka_unit_test(a_root_folder_of_fat32_is_a_chain),
		cmocka_unit_test(a_root_folder_that_bites_its_tail_ends),
		cmocka_unit_test(
		    the_upper_bits_of_fat32_entries_are_not_theirs),
		cmocka_unit_test(the_fat_in_use_is_read),
		cmocka_unit_test(broken_chains_end_with_a_reason),
		cmocka_unit_test(a_chain_that_bites_its_tail_ends),
		cmocka_unit_test(entries_that_cannot_be_are_refused),
		cmocka_unit_test(parameters_that_cannot_be_are_refused),
		cmocka_unit_test(too_many_clusters_for_fat16_are_refused),
		cmocka_unit_test(
		    no_more_clusters_count_than_the_fat_has_entries),
		cmocka_unit_test(partition_tables_that_do_not_fit_are_refused),
		cmocka_unit_test(each_fat_type_is_taken_and_no_other),
		cmocka_unit_test(an_unsound_boot_sector_may_still_be_an_mbr),
		cmocka_unit_test(a_disk_without_sectors_is_refused),
		cmocka_unit_test(a_sector_that_cannot_be_read_is_told),
		cmocka_unit_test(bad_clusters_are_not_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
