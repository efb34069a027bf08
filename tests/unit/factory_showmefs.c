/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>

#include <zlib.h>

#include "factory/showmefs.h"
#include "tests/mfsmake.h"

#define OFF 0x3000 /* of the partition in the image */

static struct mm mm;
static uint8_t img[OFF + MM_SIZE];
static char said[0x40000];
static bool shown;

/* What is shown of the partition, the list of the unknown included. */
static void
show(const char *partition, size_t len, bool json)
{
	struct tree t;

	tree_begin(&t, json);
	shown = showmefs_tree(&t, img, OFF, len, partition);
	assert_int_equal(t.depth, 0);
	assert_false(t.out.failed);
	assert_true(t.out.len < sizeof(said) / 2);
	memcpy(said, t.out.buf, t.out.len);
	said[t.out.len] = '\0';
	for (size_t i = 0; i < t.ngaps; i++)
		snprintf(said + strlen(said), 256, "\n%zx-%zx %s",
		    t.gap[i].from, t.gap[i].end, t.gap[i].what);
	wr_free(&t.out);
	free(t.gap);
}

static void
says(const char *words)
{
	if (strstr(said, words) == NULL)
		fail_msg("no '%s' in:\n%s", words, said);
}

static void
says_not(const char *words)
{
	if (strstr(said, words) != NULL)
		fail_msg("'%s' in:\n%s", words, said);
}

/* A list of /tree/eom, of one byte, which is its record's only data. */
static size_t
by_path(uint8_t *p)
{
	memset(p, 0, 0x40);
	put_u32le(p, 2);
	memcpy(p + 4, "tree", 4);
	put_u16le(p + 4 + 0x0E, 0x1000);
	memcpy(p + 0x20, "eom", 3);
	put_u16le(p + 0x20 + 0x0E, 0x0A00);
	put_u16le(p + 0x20 + 0x10, 1);
	put_u16le(p + 0x20 + 0x12, 1);
	put_u32le(p + 0x20 + 0x18, 0x3C);
	p[0x3C] = 0xA7;
	return 0x3D;
}

static size_t
by_id(uint8_t *p)
{
	memset(p, 0, 0x20);
	put_u32le(p, 1);
	put_u32le(p + 4, 0xBEEF);
	put_u32le(p + 8, 0x10);
	put_u16le(p + 12, 3);
	put_u16le(p + 14, 1);
	return 0x13;
}

/* The header of FITC before what is there. */
static void
seal(uint8_t *p, size_t len)
{
	put_u32le(p, 1);
	put_u32le(p + 4, 0);
	put_u32le(p + 8, (uint32_t)len);
	put_u32le(p + 4, (uint32_t)crc32(0, p, 12));
	put_u32le(p + 12, (uint32_t)crc32(0, p + 0x10, (unsigned)len));
}

static void
mfs_shows_its_files_and_settings(void **state)
{
	uint8_t cfg[0x40];
	size_t n;

	(void)state;
	mm_begin(&mm, img + OFF);
	n = by_path(cfg);
	mm_file(&mm, 6, cfg, n);
	n = by_id(cfg);
	mm_file(&mm, 7, cfg, n);
	mm_file(&mm, 99, cfg, 0);
	mm_end(&mm);
	show("MFS", MM_SIZE, true);
	assert_true(shown);
	says("\"name\":\"MFS\",\"offset\":12288,");
	says("\"state\":\"configured\"");
	says("\"good_pages\":26,\"bad_pages\":0");
	says(
	    "{\"name\":\"intel.cfg\",\"id\":6,\"state\":\"stored\",\"size\":61,"
	    "\"count\":2,\"settings\":[{\"name\":\"/tree\"");
	says("{\"name\":\"/tree/eom\",\"size\":1,\"directory\":false,"
	     "\"hmac\":true,\"encrypted\":false,\"anti_replay\":true,"
	     "\"oem_may_override\":true,\"mca_may_set\":false}");
	says("{\"name\":\"0x0000beef\",\"size\":3,\"oem\":true}");
	says("{\"id\":99,\"state\":\"empty\",\"size\":0}");
	show("AFSP", MM_SIZE, false);
	assert_true(shown);
	says("/tree/eom");
	says_not("0-"); /* nothing unknown */
}

static void
a_fault_has_its_place_in_the_image(void **state)
{
	uint8_t cfg[0x40];
	size_t n = by_path(cfg), at;

	(void)state;
	mm_begin(&mm, img + OFF);
	mm_file(&mm, 6, cfg, n);
	mm_end(&mm);
	mm_byte(&mm, 6, 0)[0] ^= 1;
	at = (size_t)(mm_byte(&mm, 6, 0) - img) + 64;
	show("MFS", MM_SIZE, true);
	snprintf((char *)cfg, sizeof(cfg), "\n%zx-%zx MFS: CRC-16", at, at);
	says((char *)cfg);
	says("MFS file 6: a chunk is missing or broken");
	says("\"state\":\"broken\"");
}

static void
settings_that_are_none_are_told(void **state)
{
	(void)state;
	mm_begin(&mm, img + OFF);
	mm_file(&mm, 6, (const uint8_t *)"not a list", 10);
	mm_end(&mm);
	show("MFS", MM_SIZE, true);
	says("\n3000-3000 list of settings: ");
}

static void
fitc_shows_both_checksums(void **state)
{
	size_t n;

	(void)state;
	memset(img, 0xFF, sizeof(img));
	n = by_id(img + OFF + 0x10);
	seal(img + OFF, n);
	show("FITC", 0x1000, true);
	assert_true(shown);
	says("\"header_crc\":\"good\",\"data_crc\":\"good\",\"count\":1");
	says("0x0000beef");
	img[OFF + 0x10 + n - 1] ^= 1;
	show("FITC", 0x1000, false);
	says("data crc bad");
	says("\n300c-300c CRC-32 of settings is wrong");
	img[OFF + 4] ^= 1;
	show("FITC", 0x1000, false);
	says("\n3004-3004 CRC-32 of a header of settings is wrong");
	show("FITC", 8, true);
	assert_false(shown);
}

static void
a_backup_shows_its_entries(void **state)
{
	uint8_t *p = img + OFF;
	size_t n;

	(void)state;
	memset(img, 0xFF, sizeof(img));
	memset(p, 0, 0x24);
	memcpy(p, "MFSB", 4);
	put_u32le(p + 4, 1);
	n = by_path(p + 0x110);
	seal(p + 0x100, n);
	put_u32le(p + 0x0C, 0x100);
	put_u32le(p + 0x10, (uint32_t)n + 0x10);
	put_u32le(p + 0x1C, 0x0FFFFFFF);
	put_u32le(p + 0x20, 1);
	put_u32le(p + 8, (uint32_t)crc32(0, p, 0x24));
	show("MFSB", 0x1000, true);
	assert_true(shown);
	says("\"header_crc\":\"good\"");
	says("\"name\":\"intel.cfg\",\"offset\":12544");
	says("/tree/eom");
	says("\n301c-301c MFSB: an entry outside the partition");
	p[8] ^= 1;
	show("MFSB", 0x1000, true);
	says("\n3008-3008 MFSB: the header's CRC-32");
}

static void
a_backup_of_the_first_revision_is_not_looked_into(void **state)
{
	uint8_t *p = img + OFF;

	(void)state;
	memset(img, 0xFF, sizeof(img));
	memcpy(p, "MFSB", 4);
	put_u32le(p + 4, 0x12345678);
	show("MFSB", 0x1000, true);
	says("\"revision\":0,\"crc_stored\":305419896");
	says("\n3020-4000 MFSB: a backup that is packed");
}

static void
other_partitions_are_not_shown(void **state)
{
	static const char *const names[] = { "FTPR", "MFSX", "", "MFS", "MFSB",
		"FITC" };

	(void)state;
	memset(img, 0xFF, sizeof(img));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		show(names[i], i % 2 == 0 ? 0x1000 : 0, true);
		assert_false(shown);
		assert_string_equal(said, "{");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mfs_shows_its_files_and_settings),
		cmocka_unit_test(a_fault_has_its_place_in_the_image),
		cmocka_unit_test(settings_that_are_none_are_told),
		cmocka_unit_test(fitc_shows_both_checksums),
		cmocka_unit_test(a_backup_shows_its_entries),
		cmocka_unit_test(
		    a_backup_of_the_first_revision_is_not_looked_into),
		cmocka_unit_test(other_partitions_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
