/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include "tests/store.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
