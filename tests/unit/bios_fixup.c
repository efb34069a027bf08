/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/digest.h"
#include "bios/fixup.h"

static void
each_kind_has_its_published_check_value(void **state)
{
	static const uint8_t text[] = "123456789";
	uint8_t out[FIXUP_MAX], want[SHA256_LEN];

	(void)state;
	fixup_sum(MAP_SUM8, text, 9, out);
	assert_int_equal((uint8_t)(out[0] + 0xDD), 0); /* 0x1DD in all */
	fixup_sum(MAP_SUM16, text, 8, out);
	/* 0x3231 + 0x3433 + 0x3635 + 0x3837 = 0xD4D0 */
	assert_memory_equal(out, "\x30\x2b", 2);
	fixup_sum(MAP_CRC16, text, 9, out);
	assert_memory_equal(out, "\xb1\x29", 2); /* 0x29B1, CCITT-FALSE */
	fixup_sum(MAP_CRC32, text, 9, out);
	assert_memory_equal(out, "\x26\x39\xf4\xcb", 4); /* 0xCBF43926 */
	fixup_sum(MAP_SHA256_OF, text, 9, out);
	digest_sha256(text, 9, want);
	assert_memory_equal(out, want, SHA256_LEN);
	for (unsigned f = 0; f <= MAP_SHA256_OF; f++)
		assert_true(map_fix_len((enum map_fix)f) <= FIXUP_MAX);
}

static void
its_own_bytes_count_as_zero(void **state)
{
	uint8_t img[32], zero[16], a[FIXUP_MAX], b[FIXUP_MAX];
	const struct place over = { 8, 16 };
	struct err e;

	(void)state;
	for (unsigned f = 0; f <= MAP_CRC32; f++) {
		enum map_fix fix = (enum map_fix)f;

		for (size_t i = 0; i < sizeof(img); i++)
			img[i] = (uint8_t)(i * 7);
		memcpy(zero, img + 8, 16);
		memset(zero + 4, 0, map_fix_len(fix));
		err_clear(&e);
		fixup_sum(fix, zero, 16, a);
		assert_int_equal(fixup_of(img, &over, 12, fix, b, &e), ERR_OK);
		assert_memory_equal(a, b, FIXUP_MAX);
		/* outside nothing is left out */
		fixup_sum(fix, img + 8, 16, a);
		assert_int_equal(fixup_of(img, &over, 0, fix, b, &e), ERR_OK);
		assert_memory_equal(a, b, FIXUP_MAX);
		assert_int_equal(fixup_of(img, &over, 24, fix, b, &e), ERR_OK);
		assert_memory_equal(a, b, FIXUP_MAX);
	}
}

static void
a_sum_makes_its_range_zero(void **state)
{
	uint8_t img[16], out[FIXUP_MAX];
	const struct place over = { 0, 16 };
	struct err e;

	(void)state;
	err_clear(&e);
	memset(img, 0x91, sizeof(img));
	fixup_of(img, &over, 5, MAP_SUM8, out, &e);
	img[5] = out[0];
	assert_int_equal(digest_sum8(img, 16), 0);
	fixup_of(img, &over, 6, MAP_SUM16, out, &e);
	memcpy(img + 6, out, 2);
	assert_int_equal(digest_sum16(img, 16), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_published_check_value),
		cmocka_unit_test(its_own_bytes_count_as_zero),
		cmocka_unit_test(a_sum_makes_its_range_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
