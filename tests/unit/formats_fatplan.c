/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that we lay out, as our own reader finds them. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"
#include "formats/fatplan.h"

#define NAME "SETUP   BIN"

struct disk {
	uint8_t *d;
	size_t n;
	uint64_t last;     /* end of the last piece */
	size_t puts, most; /* pieces; put fails behind so many; 0: never */
};

static const enum fatplan_layout layouts[] = { FATPLAN_16, FATPLAN_32,
	FATPLAN_SUPERFLOPPY };

static bool
put(void *arg, uint64_t off, const void *p, size_t n)
{
	struct disk *d = arg;

	assert_true(off >= d->last);
	assert_int_equal(off % FAT_SECTOR, 0);
	assert_int_equal(n % FAT_SECTOR, 0);
	assert_true(off + n <= d->n);
	memcpy(d->d + off, p, n);
	d->last = off + n;
	return d->puts++ != d->most - 1;
}

static bool
read_sector(void *arg, uint64_t lba, void *sector)
{
	const struct disk *d = arg;

	assert_true(lba < d->n / FAT_SECTOR);
	memcpy(sector, d->d + lba * FAT_SECTOR, FAT_SECTOR);
	return true;
}

static struct fatplan_make
wish(enum fatplan_layout layout, uint32_t size)
{
	struct fatplan_make m = { layout, NAME, size, 0x1234ABCD, 0x2821,
		0x6000 };

	return m;
}

static struct disk
laid_out(struct fatplan *p, enum fatplan_layout layout, uint32_t size)
{
	struct fatplan_make m = wish(layout, size);
	struct disk d = { 0 };
	const char *why;

	assert_true(fatplan_of(p, &m, &why));
	d.n = p->sectors * FAT_SECTOR;
	d.d = calloc(1, d.n);
	assert_non_null(d.d);
	assert_true(fatplan_emit(p, put, &d));
	assert_true(d.last <= p->file * FAT_SECTOR);
	return d;
}

/* The reader finds it where the plan says, whole, and nothing else. */
static void
check(enum fatplan_layout layout, uint32_t size)
{
	struct fatplan p;
	struct disk d = laid_out(&p, layout, size);
	struct fat_disk disk = { read_sector, NULL, &d, p.sectors };
	struct fat_file file;
	const char *why;
	uint64_t lba;
	struct fat f;
	bool whole;

	assert_true(fat_open(&f, &disk, &why));
	assert_int_equal(f.kind, layout == FATPLAN_32 ? FAT_32 : FAT_16);
	assert_int_equal(f.partitioned, layout != FATPLAN_SUPERFLOPPY);
	assert_int_equal(f.start, p.start);
	assert_int_equal(f.clusters, p.clusters);
	assert_true(fat_find(&f, NAME, &file, &why));
	assert_int_equal(file.size, size);
	assert_int_equal(file.slot, 0);
	assert_true(file.first && file.only && !file.long_name);
	assert_int_equal(file.attributes, 0x20);
	assert_true(fat_contiguous(&f, &file, &whole, &why) && whole);
	assert_true(fat_used(&f, &lba, &why));
	assert_int_equal(lba, p.file + p.used * p.cluster_sectors);
	for (uint32_t i = 0; i < (size + 511) / 512; i++) {
		assert_true(fat_lba(&f, &file, i, &lba, &why));
		assert_int_equal(lba, p.file + i);
	}
	free(d.d);
}

static void
files_of_every_size_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint32_t room = fatplan_room(layouts[i]);

		/* at the edges of sectors, clusters and FAT sectors */
		const uint32_t sizes[] = { 0, 1, 511, 512, 513, 1024, 1025,
			126 * 512, 126 * 512 + 1, 253 * 1024, 254 * 1024,
			254 * 1024 + 1, 255 * 1024, 20001 * 512, room - 1,
			room };

		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			check(layouts[i], sizes[k]);
	}
}

static void
the_places_are_those_of_mkfs(void **state)
{
	static const struct {
		uint64_t sectors, start, file;
		uint32_t total, clusters, room;
	} want[] = { { 131072, 2048, 2586, 129024, 64243, 65784832 },
		{ 69632, 2048, 3121, 67584, 66512, 34053632 },
		{ 129024, 0, 538, 129024, 64243, 65784832 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fatplan_make m = wish(layouts[i], 1024);
		struct fatplan p;
		const char *why;

		assert_true(fatplan_of(&p, &m, &why));
		assert_int_equal(p.sectors, want[i].sectors);
		assert_int_equal(p.start, want[i].start);
		assert_int_equal(p.file, want[i].file);
		assert_int_equal(p.total, want[i].total);
		assert_int_equal(p.clusters, want[i].clusters);
		assert_int_equal(fatplan_room(layouts[i]), want[i].room);
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	static const char *const names[] = { "setup   bin", " ETUP   BIN",
		"SETUP\345  BIN", "SETUP.  BIN", "", "SETUP" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fatplan_make m =
		    wish(layouts[i], fatplan_room(layouts[i]) + 1);
		struct fatplan p;
		const char *why;

		assert_false(fatplan_of(&p, &m, &why));
		assert_string_equal(why, "the file does not fit the volume");
		m.size = UINT32_MAX;
		assert_false(fatplan_of(&p, &m, &why));
		m.size = 5;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			memset(m.name, 0, sizeof(m.name));
			strcpy(m.name, names[k]);
			assert_false(fatplan_of(&p, &m, &why));
			assert_string_equal(
			    why, "not a name of 8.3 in capitals");
		}
	}
}

static void
a_writer_that_fails_ends_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fatplan p;
		struct disk d = laid_out(&p, layouts[i], 300 * 1024);
		size_t all = d.puts;

		assert_true(all > 4);
		for (d.most = 1; d.most <= all; d.most++) {
			d.last = d.puts = 0;
			assert_false(fatplan_emit(&p, put, &d));
			assert_int_equal(d.puts, d.most);
		}
		free(d.d);
	}
}

static void
serial_and_dates_stand_where_they_belong(void **state)
{
	struct fatplan p;
	struct disk d = laid_out(&p, FATPLAN_16, 5);
	const uint8_t *entry = d.d + (p.file - 32) * FAT_SECTOR;

	(void)state;
	assert_int_equal(get_u32le(d.d + 440), 0x1234ABCD);
	assert_int_equal(get_u32le(d.d + 2048 * 512 + 39), 0x1234ABCD);
	assert_int_equal(get_u16le(entry + 24), 0x2821);
	assert_int_equal(get_u16le(entry + 22), 0x6000);
	assert_int_equal(get_u16le(entry + 16), 0x2821);
	assert_int_equal(get_u16le(entry + 18), 0x2821);
	free(d.d);
	d = laid_out(&p, FATPLAN_32, 5);
	assert_int_equal(get_u32le(d.d + 2048 * 512 + 67), 0x1234ABCD);
	assert_memory_equal(d.d + 2048 * 512, d.d + 2054 * 512, 512);
	assert_memory_equal(d.d + 2049 * 512, d.d + 2055 * 512, 512);
	assert_int_equal(get_u32le(d.d + 2049 * 512 + 488), 66512 - 2);
	assert_int_equal(get_u32le(d.d + 2049 * 512 + 492), 4);
	free(d.d);
}

static void
a_full_fat32_volume_has_no_next_free_cluster(void **state)
{
	struct fatplan p;
	struct disk d = laid_out(&p, FATPLAN_32, fatplan_room(FATPLAN_32));

	(void)state;
	assert_int_equal(get_u32le(d.d + 2049 * 512 + 488), 0);
	assert_int_equal(get_u32le(d.d + 2049 * 512 + 492), UINT32_MAX);
	free(d.d);
}

static void
days_that_there_are_are_dates(void **state)
{
	static const struct {
		const char *text;
		uint16_t v;
	} good[] = { { "1980-01-01", 0x0021 }, { "2000-02-29", 0x285D },
		{ "2008-12-31", 0x399F }, { "2107-12-31", 0xFF9F } };
	static const char *const bad[] = { "1979-12-31", "2108-01-01",
		"2001-02-29", "2100-02-29", "2000-00-01", "2000-13-01",
		"2000-04-31", "2000-01-00", "2000-01-32", "2000-1-01",
		"2000-01-011", "2000/01/01", "20000101", "", "+200-01-01",
		"2000-01- 1" };
	uint16_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(fatplan_date(good[i].text, &v));
		assert_int_equal(v, good[i].v);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fatplan_date(bad[i], &v))
			fail_msg("%s is a date", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_every_size_come_back),
		cmocka_unit_test(the_places_are_those_of_mkfs),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(a_writer_that_fails_ends_it),
		cmocka_unit_test(serial_and_dates_stand_where_they_belong),
		cmocka_unit_test(a_full_fat32_volume_has_no_next_free_cluster),
		cmocka_unit_test(days_that_there_are_are_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
