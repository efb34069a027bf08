/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include "tests/store.h"
#include "tests/volumes.h"

static void
a_volume_is_found_wherever_it_lies(void **state)
{
	static uint8_t p[3 * STORE_VOLUME];
	struct volume v;

	(void)state;
	for (size_t at = 0; at <= 2 * STORE_VOLUME; at += 0x1008) {
		memset(p, 0xFF, sizeof(p));
		store_make(p + at, true);
		assert_true(volume_next(p, 0, sizeof(p), &v));
		assert_null(v.why);
		assert_int_equal(v.off, at);
		assert_int_equal(v.len, STORE_VOLUME);
		assert_int_equal(v.header, STORE_AT);
		assert_true(volume_is_nv(&v));
		assert_false(volume_next(p, at + 8, sizeof(p), &v));
	}
}

static void
the_signature_in_code_is_not_a_volume(void **state)
{
	static uint8_t p[2 * STORE_VOLUME];
	struct volume v;

	(void)state;
	memset(p, 0x90, sizeof(p));
	memcpy(p + 0x1028, "_FVH", 4);
	memcpy(p + 0x1133, "_FVH", 4);
	assert_false(volume_next(p, 0, sizeof(p), &v));
	store_make(p + 0x2000, true);
	assert_true(volume_next(p, 0, sizeof(p), &v));
	assert_int_equal(v.off, 0x2000);
}

static void
a_volume_at_the_edge_of_the_window_is_not_overrun(void **state)
{
	static uint8_t p[STORE_VOLUME];
	struct volume v;

	(void)state;
	store_make(p, true);
	for (size_t n = 0; n < 0x48; n++)
		assert_false(volume_next(p, 0, n, &v));
	for (size_t n = 0x48; n < STORE_VOLUME; n += 0x123) {
		assert_true(volume_next(p, 0, n, &v));
		assert_non_null(v.why); /* longer than what holds it */
		assert_int_equal(v.len, n);
	}
}

static void
a_broken_volume_of_code_is_passed_over(void **state)
{
	static uint8_t p[STORE_VOLUME];
	struct volume v;

	(void)state;
	store_make(p, true);
	p[0x10]++; /* another GUID, and so a wrong checksum */
	assert_false(volume_next(p, 0, sizeof(p), &v));
	store_sum(p);
	assert_true(volume_next(p, 0, sizeof(p), &v));
	assert_false(volume_is_nv(&v));
}

static void
each_rule_of_the_header_is_held(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} rows[] = {
		{ 0x30, 0x49, "volume header length is wrong" },
		{ 0x30, 0x46, "volume header length is wrong" },
		{ 0x31, 0x50, "volume header length is wrong" },
		{ 0x21, 0x00, "volume is longer than what holds it" },
		{ 0x27, 0x01, "volume is longer than what holds it" },
		{ 0x37, 3, "volume revision is not known" },
	};
	static uint8_t p[STORE_VOLUME];
	struct volume v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		store_make(p, true);
		p[rows[i].at] = rows[i].value;
		store_sum(p);
		assert_true(volume_next(p, 0, sizeof(p), &v));
		assert_string_equal(v.why, rows[i].why);
	}
	store_make(p, true);
	p[0x2C] ^= 1;
	assert_true(volume_next(p, 0, sizeof(p), &v));
	assert_string_equal(v.why, "volume header checksum is wrong");
}

static void
file_systems_are_known_by_their_guids(void **state)
{
	static const struct {
		const char *guid;
		enum volume_fs fs;
		const char *name;
	} rows[] = {
		{ VOLUMES_FFS1, VOLUME_FFS1, "ffs1" },
		{ VOLUMES_FFS2, VOLUME_FFS2, "ffs2" },
		{ VOLUMES_FFS3, VOLUME_FFS3, "ffs3" },
		{ "04adeead-61ff-4d31-b6ba-64f8bf901f5a", VOLUME_FFS2, "ffs2" },
		{ VOLUME_NV_GUID, VOLUME_NV, "nvram" },
		{ "00504624-8a59-4eeb-bd0f-6b36e96128e0", VOLUME_NV, "nvram" },
		{ "12345678-8a59-4eeb-bd0f-6b36e96128e0", VOLUME_OTHER,
		    "unknown" },
	};
	static uint8_t p[0x1000];
	struct volume v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		volumes_make(p, sizeof(p), rows[i].guid, 0xFF);
		assert_true(volume_next(p, 0, sizeof(p), &v));
		assert_int_equal(volume_fs(&v), rows[i].fs);
		assert_string_equal(
		    volume_fs_name(volume_fs(&v)), rows[i].name);
		/* broken, it is told if its GUID is known */
		p[0x2C] ^= 1;
		assert_int_equal(volume_next(p, 0, sizeof(p), &v),
		    rows[i].fs != VOLUME_OTHER);
	}
}

static void
polarity_and_revision_are_read(void **state)
{
	static uint8_t p[0x1000];
	struct volume v;

	(void)state;
	volumes_make(p, sizeof(p), VOLUMES_FFS2, 0);
	p[0x37] = 1;
	put_u16le(p + 0x34, 0x1234); /* reserved in revision 1 */
	volumes_sum(p);
	assert_true(volume_read(p, 0, sizeof(p), &v));
	assert_null(v.why);
	assert_null(v.odd);
	assert_int_equal(v.erased, 0);
	assert_int_equal(v.revision, 1);
	assert_int_equal(v.first, 0x48);
}

static void
what_is_odd_leaves_the_volume_readable(void **state)
{
	static const struct {
		size_t at;
		uint16_t value;
		const char *says;
		size_t where;
	} rows[] = {
		{ 0x38, 0x0F,
		    "the volume's block map does not add up to its length",
		    0x38 },
		{ 0x40, 1, "the volume's block map has no end", 0x38 },
		{ 0x34, 0xFF0, "the volume's extended header leaves the volume",
		    0x34 },
		{ 0x34, 0x10, "the volume's extended header leaves the volume",
		    0x34 },
		{ 0x34, 0x60, "the volume's extended header leaves the volume",
		    0x34 },
	};
	static uint8_t p[0x2000];
	struct volume_info info;
	struct volume v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		volumes_make(p + 0x800, 0x1000, VOLUMES_FFS2, 0xFF);
		put_u16le(p + 0x800 + rows[i].at, rows[i].value);
		volumes_sum(p + 0x800);
		assert_true(volume_read(p, 0x800, sizeof(p), &v));
		assert_null(v.why);
		assert_string_equal(v.odd, rows[i].says);
		assert_int_equal(v.at, 0x800 + rows[i].where);
		assert_int_equal(v.len, 0x1000);
		assert_int_equal(v.first, 0x848);
		volume_info(p, &v, &info);
		assert_false(info.named);
	}
}

static void
a_header_is_read_only_where_it_is(void **state)
{
	static uint8_t p[0x1000];
	struct volume v;

	(void)state;
	volumes_make(p, sizeof(p), VOLUMES_FFS2, 0xFF);
	assert_false(volume_read(p, 1, sizeof(p), &v));
	assert_false(volume_read(p, 0, 0x47, &v));
	assert_false(volume_read(p, 8, 0, &v));
	assert_true(volume_read(p, 0, 0x48, &v));
	assert_int_equal(v.at, 0x20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_is_found_wherever_it_lies),
		cmocka_unit_test(the_signature_in_code_is_not_a_volume),
		cmocka_unit_test(
		    a_volume_at_the_edge_of_the_window_is_not_overrun),
		cmocka_unit_test(a_broken_volume_of_code_is_passed_over),
		cmocka_unit_test(each_rule_of_the_header_is_held),
		cmocka_unit_test(file_systems_are_known_by_their_guids),
		cmocka_unit_test(polarity_and_revision_are_read),
		cmocka_unit_test(what_is_odd_leaves_the_volume_readable),
		cmocka_unit_test(a_header_is_read_only_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
