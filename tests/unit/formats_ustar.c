/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "formats/ustar.h"

static uint8_t archive[8192];
static const char text[] = "seven.\n";

static size_t
make(void)
{
	static uint8_t big[USTAR_BLOCK];
	struct wr w;

	wr_fixed(&w, archive, sizeof(archive));
	ustar_write(&w, "manifest.json", text, 7);
	ustar_write(&w, "empty", "", 0);
	ustar_write(&w, "block", big, sizeof(big));
	ustar_finish(&w);
	assert_false(w.failed);
	return w.len;
}

/* Walks it all; how many members, or -1. */
static int
walk(const uint8_t *p, size_t n)
{
	struct ustar_member m;
	struct rd r;
	int count = 0;

	rd_init(&r, p, n);
	while (ustar_next(&r, &m))
		count++;
	return rd_end(&r) ? count : -1;
}

static void
members_come_back_in_order(void **state)
{
	size_t n = make();
	struct ustar_member m;
	struct rd r;

	(void)state;
	assert_int_equal(n, 512 + 512 + 512 + 512 + 512 + 1024);
	rd_init(&r, archive, n);
	assert_true(ustar_next(&r, &m));
	assert_string_equal(m.name, "manifest.json");
	assert_int_equal(m.n, 7);
	assert_memory_equal(m.data, text, 7);
	assert_int_equal(walk(archive, n), 3);
}

static void
any_flipped_bit_outside_the_data_is_refused(void **state)
{
	size_t n = make();

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool data = (i >= 512 && i < 519) || (i >= 2048 && i < 2560);

		if (data)
			continue;
		for (int bit = 0; bit < 8; bit++) {
			archive[i] ^= (uint8_t)(1 << bit);
			assert_int_equal(walk(archive, n), -1);
			archive[i] ^= (uint8_t)(1 << bit);
		}
	}
}

static void
every_truncation_and_a_tail_are_refused(void **state)
{
	size_t n = make();

	(void)state;
	for (size_t k = 0; k < n; k++)
		assert_int_equal(walk(archive, k), -1);
	assert_int_equal(walk(archive, n + 1), -1);
	assert_int_equal(walk(archive, n + 512), -1);
}

static void
a_name_with_a_folder_is_not_written(void **state)
{
	static const char *const names[] = { "", "a/b", "../x", ".x", "a b",
		"0123456789012345678901234567890123456789012345678901234567890"
		"12345678901234567890123456789012345678901" };
	uint8_t block[USTAR_BLOCK];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(ustar_header(block, names[i], 0));
	wr_fixed(&w, archive, sizeof(archive));
	ustar_write(&w, "a/b", text, 7);
	assert_true(w.failed);
	assert_true(ustar_header(block, "devices-00001.cms", 123));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_back_in_order),
		cmocka_unit_test(any_flipped_bit_outside_the_data_is_refused),
		cmocka_unit_test(every_truncation_and_a_tail_are_refused),
		cmocka_unit_test(a_name_with_a_folder_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
