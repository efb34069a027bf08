/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/bytes.h"
#include "bios/gbe.h"

static uint8_t region[0x3000];

/* A bank whose last of 64 words makes the sum. */
static void
make(size_t off, uint8_t mac)
{
	unsigned sum = 0;

	for (size_t i = 0; i < 0x1000; i++)
		region[off + i] = (uint8_t)(i * 31 + off / 0x1000);
	memset(region + off, mac, 6);
	for (size_t i = 0; i < 63; i++)
		sum += get_u16le(region + off + 2 * i);
	put_u16le(region + off + 126, (uint16_t)(0xBABA - sum));
}

static void
each_bank_is_summed_for_itself(void **state)
{
	struct gbe_bank b[GBE_BANKS];

	(void)state;
	make(0, 0x12);
	make(0x1000, 0x34);
	assert_int_equal(gbe_read(region, 0x2000, b), 2);
	assert_int_equal(b[0].sum, GBE_SUM);
	assert_int_equal(b[1].sum, GBE_SUM);
	assert_int_equal(b[1].off, 0x1000);
	assert_memory_equal(b[0].mac, "\x12\x12\x12\x12\x12\x12", 6);
	assert_memory_equal(b[1].mac, "\x34\x34\x34\x34\x34\x34", 6);
	for (size_t i = 0; i < 0x1000; i += 5) {
		region[0x1000 + i] ^= 4;
		gbe_read(region, 0x2000, b);
		assert_int_equal(b[0].sum, GBE_SUM);
		assert_int_equal(b[1].sum == GBE_SUM, i >= 128);
		region[0x1000 + i] ^= 4;
	}
}

static void
an_erased_bank_is_no_broken_one(void **state)
{
	struct gbe_bank b[GBE_BANKS];

	(void)state;
	make(0, 0x12);
	memset(region + 0x1000, 0xFF, 0x1000);
	gbe_read(region, 0x2000, b);
	assert_false(b[0].erased);
	assert_true(b[1].erased);
	region[0x1FFF] = 0;
	gbe_read(region, 0x2000, b);
	assert_false(b[1].erased);
}

static void
only_whole_banks_are_there(void **state)
{
	struct gbe_bank b[GBE_BANKS];

	(void)state;
	assert_int_equal(gbe_read(region, 0, b), 0);
	assert_int_equal(gbe_read(region, 0xFFF, b), 0);
	assert_int_equal(gbe_read(region, 0x1000, b), 1);
	assert_int_equal(gbe_read(region, 0x1FFF, b), 1);
	assert_int_equal(gbe_read(region, 0x3000, b), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bank_is_summed_for_itself),
		cmocka_unit_test(an_erased_bank_is_no_broken_one),
		cmocka_unit_test(only_whole_banks_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
