/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "bios/mecfg.h"

static uint8_t list[4096];

static void
put_path(
    size_t i, const char *name, uint16_t access, uint16_t size, uint32_t offset)
{
	uint8_t *p = list + 4 + 0x1C * i;

	memset(p, 0, 0x1C);
	for (size_t k = 0; k < 12 && name[k] != '\0'; k++)
		p[k] = (uint8_t)name[k];
	put_u16le(p + 0x0E, access);
	put_u16le(p + 0x10, 3);
	put_u16le(p + 0x12, size);
	put_u16le(p + 0x14, 55);
	put_u16le(p + 0x16, 66);
	put_u32le(p + 0x18, offset);
}

/* /tree/mca/eom, /tree/mca/twelve_chars, /tree/bup, /policy */
static size_t
put_tree(void)
{
	size_t data = 4 + 0x1C * 8;

	put_u32le(list, 8);
	put_path(0, "tree", MECFG_DIRECTORY | 0x1FF, 0, 0);
	put_path(1, "mca", MECFG_DIRECTORY, 0, 0);
	put_path(2, "eom", MECFG_HMAC, 1, (uint32_t)data);
	put_path(3, "twelve_chars", 0, 4, (uint32_t)data + 1);
	put_path(4, "..", MECFG_DIRECTORY, 0, 0);
	put_path(5, "bup", 0, 0, 0);
	put_path(6, "..", 0, 9, 1);
	put_path(7, "policy", 0x1A4, 5, (uint32_t)data);
	memset(list + data, 0xDA, 5);
	return data + 5;
}

static void
paths_follow_their_directories(void **state)
{
	static const char *const paths[] = { "/tree", "/tree/mca",
		"/tree/mca/eom", "/tree/mca/twelve_chars", "/tree/mca",
		"/tree/bup", "/tree", "/policy" };
	struct mecfg_walk w = { 0 };
	struct mecfg_rec rec;
	struct mecfg c;
	size_t n = put_tree();

	(void)state;
	assert_true(mecfg_read(list, n, 0, &c));
	assert_int_equal(c.each, MECFG_PATHS);
	assert_int_equal(c.count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_true(mecfg_next(&c, &w, &rec));
		assert_string_equal(rec.path, paths[i]);
		assert_int_equal(rec.up, i == 4 || i == 6);
		assert_int_equal(rec.off, 4 + 0x1C * i);
		assert_int_equal(rec.uid, 55);
		assert_int_equal(rec.gid, 66);
		assert_int_equal(
		    rec.deploy, MECFG_DEPLOY_OEM | MECFG_DEPLOY_MCA);
	}
	assert_int_equal(rec.size, 5);
	assert_int_equal(rec.access, 0x1A4);
	assert_false(mecfg_next(&c, &w, &rec));
}

static void
short_records_have_numbers(void **state)
{
	struct mecfg_walk w = { 0 };
	struct mecfg_rec rec;
	struct mecfg c;

	(void)state;
	put_u32le(list, 2);
	put_u32le(list + 4, 0x10203040);
	put_u32le(list + 8, 28);
	put_u16le(list + 12, 2);
	put_u16le(list + 14, 1);
	put_u32le(list + 16, 5);
	put_u32le(list + 20, 30);
	put_u16le(list + 24, 1);
	put_u16le(list + 26, 0);
	for (size_t each = 0; each <= MECFG_IDS; each += MECFG_IDS) {
		memset(&w, 0, sizeof(w));
		assert_true(mecfg_read(list, 31, each, &c));
		assert_int_equal(c.each, MECFG_IDS);
		assert_true(mecfg_next(&c, &w, &rec));
		assert_int_equal(rec.id, 0x10203040);
		assert_int_equal(rec.flags, 1);
		assert_int_equal(rec.size, 2);
		assert_true(mecfg_next(&c, &w, &rec));
		assert_int_equal(rec.offset, 30);
		assert_false(mecfg_next(&c, &w, &rec));
	}
	assert_false(mecfg_read(list, 30, 0, &c));
	assert_string_equal(c.why, "data outside the list's");
	assert_false(mecfg_read(list, 31, MECFG_PATHS, &c));
}

static void
every_broken_list_is_told_with_its_offset(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t said;
		const char *why;
	} rows[] = {
		{ 1, 0x20, 4, "more records than any list has" }, /* 8200 */
		{ 0, 100, 4, "count larger than what follows" },
		{ 4, 0, 16, "bytes behind the end of a name" },
		{ 4, ' ', 16, "a name that is none" },
		{ 4, '/', 16, "a name that is none" },
		{ 4, 0x80, 16, "a name that is none" },
		{ 12, 'x', 16, "bytes behind the end of a name" },
		{ 17, 1, 17, "padding is not blank" },
		/* eom's data: before the list's, and behind its end */
		{ 4 + 0x1C * 2 + 0x18, 1, 88, "data outside the list's" },
		{ 4 + 0x1C * 2 + 0x1B, 1, 88, "data outside the list's" },
		{ 4 + 0x1C * 2 + 0x13, 1, 88, "data outside the list's" },
		/* tree is no directory any more: one ".." too many */
		{ 4 + 0x0F, 0, 172, "a directory ends that did not begin" },
	};
	struct mecfg c;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = put_tree();
		list[rows[i].at] = rows[i].value;
		assert_false(mecfg_read(list, n, MECFG_PATHS, &c));
		if (c.why == NULL || strstr(c.why, rows[i].why) == NULL ||
		    c.at != rows[i].said)
			fail_msg("row %zu: %s at %zu", i, c.why, c.at);
		assert_int_equal(c.count > 0, i > 1);
	}
}

static void
directories_have_an_end_of_depth(void **state)
{
	struct mecfg c;

	(void)state;
	put_u32le(list, 30);
	for (size_t i = 0; i < 30; i++)
		put_path(i, "abcdefghijkl", MECFG_DIRECTORY, 0, 0);
	assert_false(mecfg_read(list, sizeof(list), MECFG_PATHS, &c));
	assert_string_equal(c.why, "directories too deep");
	assert_int_equal(c.at, 4 + 0x1C * 19);
	put_u32le(list, 19);
	assert_true(mecfg_read(list, sizeof(list), MECFG_PATHS, &c));
}

static void
what_ends_early_is_no_list(void **state)
{
	struct mecfg c;
	size_t n = put_tree();

	(void)state;
	for (size_t cut = 0; cut < n; cut++)
		assert_false(mecfg_read(list, cut, MECFG_PATHS, &c));
	assert_true(mecfg_read(list, n, MECFG_PATHS, &c));
	assert_false(mecfg_read(NULL, 0, 0, &c));
}

static void
an_empty_list_is_one(void **state)
{
	struct mecfg_walk w = { 0 };
	struct mecfg_rec rec;
	struct mecfg c;

	(void)state;
	put_u32le(list, 0);
	assert_true(mecfg_read(list, 4, 0, &c));
	assert_int_equal(c.count, 0);
	assert_false(mecfg_next(&c, &w, &rec));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_follow_their_directories),
		cmocka_unit_test(short_records_have_numbers),
		cmocka_unit_test(every_broken_list_is_told_with_its_offset),
		cmocka_unit_test(directories_have_an_end_of_depth),
		cmocka_unit_test(what_ends_early_is_no_list),
		cmocka_unit_test(an_empty_list_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
