/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static void
first_failure_sticks_and_knows_its_offset(void **state)
{
	const uint8_t b[] = { 1, 2, 3 };
	struct rd r;

	(void)state;
	rd_init(&r, b, sizeof(b));
	assert_int_equal(rd_u16le(&r), 0x0201);
	assert_int_equal(rd_u32le(&r), 0);
	assert_int_equal(rd_u8(&r), 0); /* there, but the reader has failed */
	assert_string_equal(r.why, "truncated");
	assert_int_equal(r.at, 2);
	assert_false(rd_end(&r));
}

static void
a_failed_child_fails_its_parent_with_offsets_from_the_root(void **state)
{
	const uint8_t b[] = { 9, 9, 1, 2, 3, 4 };
	struct rd r, sub;

	(void)state;
	rd_init(&r, b, sizeof(b));
	rd_skip(&r, 2);
	sub = rd_sub(&r, 2);
	rd_u8(&sub);
	rd_u16be(&sub);
	assert_int_equal(sub.at, 3);
	assert_int_equal(r.at, 3);
	assert_false(rd_end(&r));
}

static void
trailing_bytes_are_an_error(void **state)
{
	const uint8_t b[] = { 1, 2 };
	struct rd r;

	(void)state;
	rd_init(&r, b, sizeof(b));
	rd_u8(&r);
	assert_false(rd_end(&r));
	assert_string_equal(r.why, "trailing bytes");
}

static void
a_count_larger_than_the_rest_reads_as_zero(void **state)
{
	const uint8_t b[8] = { 0 };
	struct rd r;

	(void)state;
	rd_init(&r, b, sizeof(b));
	assert_int_equal(rd_count(&r, 2, 4), 2);
	assert_int_equal(rd_count(&r, (size_t)1 << 62, 8), 0);
	assert_false(rd_end(&r));
}

static void
a_bounded_writer_fails_whole_and_stays_failed(void **state)
{
	uint8_t b[4];
	struct wr w;

	(void)state;
	wr_fixed(&w, b, sizeof(b));
	wr_u16be(&w, 0x0102);
	wr_u32le(&w, 7);
	assert_true(w.failed);
	wr_u8(&w, 1);
	assert_int_equal(w.len, 2);
}

static void
a_grown_writer_is_handed_over_whole(void **state)
{
	uint8_t *p = NULL;
	size_t n = 0;
	struct wr w;

	(void)state;
	wr_grow(&w, 100000);
	for (uint32_t i = 0; i < 20000; i++)
		wr_u32le(&w, i);
	assert_true(wr_take(&w, &p, &n));
	assert_int_equal(n, 80000);
	assert_int_equal(get_u32le(p + 4 * 19999), 19999);
	free(p);
	wr_grow(&w, 10);
	wr_fill(&w, 0, 11);
	assert_false(wr_take(&w, &p, &n));
}

static void
a_span_is_cut_only_inside(void **state)
{
	uint8_t b[16];
	struct span s = { b, sizeof(b) }, cut;

	(void)state;
	assert_true(span_cut(s, 4, 12, &cut));
	assert_ptr_equal(cut.p, b + 4);
	assert_false(span_cut(s, 4, 13, &cut));
	assert_false(span_cut(s, (size_t)-1, 2, &cut));
}

static void
bytes_are_all_of_a_value_or_not(void **state)
{
	const uint8_t p[] = { 1, 7, 7, 7, 2 };

	(void)state;
	assert_true(bytes_are(p, 1, 4, 7));
	assert_false(bytes_are(p, 1, 4, 1));
	assert_false(bytes_are(p, 0, 4, 7));
	assert_false(bytes_are(p, 1, 5, 7));
	assert_true(bytes_are(p, 4, 5, 2));
	assert_true(bytes_are(p, 2, 2, 9));
	assert_true(bytes_are(p, 3, 2, 9));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_failure_sticks_and_knows_its_offset),
		cmocka_unit_test(
		    a_failed_child_fails_its_parent_with_offsets_from_the_root),
		cmocka_unit_test(trailing_bytes_are_an_error),
		cmocka_unit_test(a_count_larger_than_the_rest_reads_as_zero),
		cmocka_unit_test(a_bounded_writer_fails_whole_and_stays_failed),
		cmocka_unit_test(a_grown_writer_is_handed_over_whole),
		cmocka_unit_test(a_span_is_cut_only_inside),
		cmocka_unit_test(bytes_are_all_of_a_value_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
