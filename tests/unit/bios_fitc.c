/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include <zlib.h>

#include "base/bytes.h"
#include "bios/fitc.h"

#define LENGTH 100

static uint8_t part[0x100];

/* The judge of both CRCs is zlib. */
static void
make(void)
{
	uint8_t head[12];

	memset(part, 0xFF, sizeof(part));
	for (size_t i = 0; i < LENGTH; i++)
		part[0x10 + i] = (uint8_t)(i * 7);
	put_u32le(part, 1);
	put_u32le(part + 4, 0);
	put_u32le(part + 8, LENGTH);
	memcpy(head, part, 12);
	put_u32le(part + 4, (uint32_t)crc32(0, head, 12));
	put_u32le(part + 12, (uint32_t)crc32(0, part + 0x10, LENGTH));
}

static void
both_checksums_are_judged(void **state)
{
	struct fitc f;

	(void)state;
	make();
	assert_true(fitc_read(part, sizeof(part), &f));
	assert_true(f.head_ok && f.data_ok);
	assert_int_equal(f.length, LENGTH);
	assert_ptr_equal(f.data, part + 0x10);
	for (size_t i = 4; i < 0x10 + LENGTH; i++) {
		bool head = i < 8, data = i >= 12;

		if (i >= 8 && i < 12)
			continue; /* the length moves the end as well */
		part[i] ^= 1;
		assert_true(fitc_read(part, sizeof(part), &f));
		assert_int_equal(f.head_ok, !head);
		assert_int_equal(f.data_ok, !data);
		part[i] ^= 1;
	}
	part[0x10 + LENGTH] = 0; /* behind it */
	assert_true(fitc_read(part, sizeof(part), &f));
	assert_true(f.head_ok && f.data_ok);
}

static void
another_length_breaks_both(void **state)
{
	struct fitc f;

	(void)state;
	make();
	put_u32le(part + 8, LENGTH - 1);
	assert_true(fitc_read(part, sizeof(part), &f));
	assert_false(f.head_ok);
	assert_false(f.data_ok);
}

static void
what_is_none_is_told_with_its_offset(void **state)
{
	struct fitc f;

	(void)state;
	make();
	put_u32le(part, 2);
	assert_false(fitc_read(part, sizeof(part), &f));
	assert_string_equal(f.why, "revision is not 1");
	assert_int_equal(f.at, 0);
	make();
	assert_false(fitc_read(part, 0x10 + LENGTH - 1, &f));
	assert_string_equal(f.why, "truncated");
	assert_int_equal(f.at, 0x10);
	assert_true(fitc_read(part, 0x10 + LENGTH, &f));
	for (size_t n = 0; n < 0x10; n++)
		assert_false(fitc_read(part, n, &f));
	put_u32le(part + 8, 0xFFFFFFFF);
	assert_false(fitc_read(part, sizeof(part), &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_checksums_are_judged),
		cmocka_unit_test(another_length_breaks_both),
		cmocka_unit_test(what_is_none_is_told_with_its_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
