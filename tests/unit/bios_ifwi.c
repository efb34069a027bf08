/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "bios/ifwi.h"
#include "tests/region.h"

static uint8_t p[REGION_SIZE];

static void
both_layouts_name_their_parts(void **state)
{
	struct ifwi l;

	(void)state;
	for (int f = REGION_I16; f <= REGION_I17; f++) {
		region_make(p, (enum region_form)f);
		assert_true(ifwi_read(p, 0, REGION_SIZE, &l));
		assert_int_equal(l.minor, f == REGION_I17 ? 7 : 6);
		assert_int_equal(l.sum_known, f == REGION_I17);
		assert_int_equal(l.sum_ok, f == REGION_I17);
		assert_null(l.why);
		assert_int_equal(l.n, f == REGION_I17 ? 8 : 6);
		assert_int_equal(l.part[IFWI_DATA].from, REGION_DATA);
		assert_int_equal(l.part[1].from, REGION_BOOT);
		assert_int_equal(l.part[1].len, 0x8000);
		assert_int_equal(l.part[2].len, 0);
		assert_true(ifwi_is_boot(1) && ifwi_is_boot(5));
		assert_false(ifwi_is_boot(IFWI_DATA) || ifwi_is_boot(6));
	}
	assert_string_equal(ifwi_part_name(IFWI_DATA), "data");
	assert_string_equal(ifwi_part_name(IFWI_PARTS), "");
}

static void
a_short_table_of_17_names_no_log(void **state)
{
	struct ifwi l;

	(void)state;
	region_make(p, REGION_I17);
	put_u16le(p + 0x10, 0x40);
	put_u32le(p + 0x14, 0);
	put_u32le(p + 0x14, digest_crc32(p + 0x10, 0x40));
	assert_true(ifwi_read(p, 0, REGION_SIZE, &l));
	assert_true(l.sum_ok);
	assert_int_equal(l.n, 7);
	assert_int_equal(l.len, 0x50);
}

static void
each_byte_of_layout_17_counts(void **state)
{
	struct ifwi l;

	(void)state;
	region_make(p, REGION_I17);
	for (size_t at = 0x12; at < 0x58; at++) {
		p[at] ^= 0x80;
		/* Unless it now names nothing that is there, it is a table of
		 * which something is wrong. */
		if (ifwi_read(p, 0, REGION_SIZE, &l)) {
			assert_non_null(l.why);
			assert_int_equal(l.minor, 7);
			assert_false(l.sum_ok);
		}
		p[at] ^= 0x80;
	}
	p[0x58] ^= 0x80;
	assert_true(ifwi_read(p, 0, REGION_SIZE, &l));
	assert_null(l.why);
}

static void
what_names_nothing_is_no_layout(void **state)
{
	struct ifwi l;

	(void)state;
	memset(p, 0, sizeof(p));
	assert_false(ifwi_read(p, 0, REGION_SIZE, &l));
	memset(p, 0xFF, sizeof(p));
	assert_false(ifwi_read(p, 0, REGION_SIZE, &l));
	region_make(p, REGION_20);
	assert_false(ifwi_read(p, 0, REGION_SIZE, &l));
	region_make(p, REGION_I16);
	assert_false(ifwi_read(p, 0, 0x47, &l));
	memset(p + REGION_DATA, 0, 4);
	assert_true(ifwi_read(p, 0, REGION_SIZE, &l)); /* by its BPDT */
	memset(p + REGION_BOOT, 0, 4);
	assert_false(ifwi_read(p, 0, REGION_SIZE, &l));
}

static void
parts_behind_the_region_are_told(void **state)
{
	struct ifwi l;

	(void)state;
	region_make(p, REGION_I16);
	put_u32le(p + 0x1C, REGION_SIZE);
	assert_true(ifwi_read(p, 0, REGION_SIZE, &l));
	/* What of it is there stays its own. */
	assert_int_equal(l.part[1].len, REGION_SIZE - l.part[1].from);
	assert_int_equal(l.at, 0x18);
	assert_non_null(l.why);
	put_u32le(p + 0x18, 0);
	memset(p + REGION_DATA, 0, 4);
	memcpy(p + REGION_DATA, "$FPT", 4);
	assert_true(ifwi_read(p, 0, REGION_SIZE, &l));
	assert_non_null(l.why);
}

static void
a_boot_partition_lists_its_parts(void **state)
{
	static const struct {
		uint16_t type;
		size_t from;
		const char *name;
	} want[] = { { 1, 0x1000, "RBEP" }, { 2, 0x2000, "FTPR" },
		{ 13, 0, "UFS_GPP" }, { IFWI_SECOND, 0x3000, "S-BPDT" } };
	struct ifwi_bpdt b;
	struct ifwi_entry e;

	(void)state;
	for (uint8_t version = 1; version <= 2; version++) {
		memset(p, 0xFF, 0x8000);
		region_boot(p, version);
		assert_true(ifwi_bpdt_read(p, 0, 0, 0x8000, &b));
		assert_null(b.why);
		assert_int_equal(b.version, version);
		assert_int_equal(b.sum_ok, version == 2);
		assert_int_equal(b.n, 4);
		for (size_t i = 0; i < 4; i++) {
			ifwi_bpdt_entry(&b, i, &e);
			assert_int_equal(e.type, want[i].type);
			assert_int_equal(e.from, want[i].from);
			assert_int_equal(e.len != 0, want[i].from != 0);
			assert_string_equal(
			    ifwi_type_name(e.type), want[i].name);
		}
		/* The second table's offsets count from the same start. */
		assert_true(ifwi_bpdt_read(p, 0x3000, 0, 0x8000, &b));
		ifwi_bpdt_entry(&b, 0, &e);
		assert_int_equal(e.from, 0x3800);
	}
	assert_string_equal(ifwi_type_name(19), "");
}

static void
each_byte_of_a_bpdt_counts(void **state)
{
	struct ifwi_bpdt b;

	(void)state;
	memset(p, 0xFF, 0x8000);
	region_boot(p, 2);
	for (size_t at = 4; at < 0x18 + 4 * 12; at++) {
		p[at] ^= 4;
		assert_true(ifwi_bpdt_read(p, 0, 0, 0x8000, &b));
		assert_non_null(b.why);
		p[at] ^= 4;
	}
}

static void
boot_tables_that_lie_are_told(void **state)
{
	struct ifwi_bpdt b;
	struct ifwi_entry e;

	(void)state;
	memset(p, 0xFF, 0x8000);
	region_boot(p, 1);
	p[2] = 0xAA;
	assert_true(ifwi_bpdt_read(p, 0, 0, 0x8000, &b));
	assert_true(b.recovery);
	p[2] = 0;
	put_u16le(p + 4, 65);
	assert_true(ifwi_bpdt_read(p, 0, 0, 0x8000, &b));
	assert_int_equal(b.n, 0);
	assert_non_null(b.why);
	put_u16le(p + 4, 4);
	assert_true(ifwi_bpdt_read(p, 0, 0, 0x40, &b));
	assert_int_equal(b.n, 0);
	assert_false(ifwi_bpdt_read(p, 0, 0, 0x17, &b));
	region_bpdt_entry(p, 0, 1, 0x7FFF, 2);
	assert_true(ifwi_bpdt_read(p, 0, 0, 0x8000, &b));
	ifwi_bpdt_entry(&b, 0, &e);
	assert_non_null(e.why);
	assert_int_equal(e.len, 0);
}

static void
bytes_that_no_table_has_are_found(void **state)
{
	struct ifwi_part boot = { 0x100, 0x8000 }, gap;
	size_t at = 0;

	(void)state;
	memset(p, 0xFF, sizeof(p));
	region_boot(p + 0x100, 2);
	assert_false(ifwi_gap(p, &boot, &at, &gap));
	p[0x100 + 0x800] = 0;
	p[0x100 + 0x3200] = 0; /* in the second table's own range */
	p[0x100 + 0x7FFF] = 0;
	at = 0;
	assert_true(ifwi_gap(p, &boot, &at, &gap));
	assert_int_equal(gap.from, 0x100 + 0x18 + 4 * 12);
	assert_int_equal(gap.from + gap.len, 0x1100);
	assert_true(ifwi_gap(p, &boot, &at, &gap));
	assert_int_equal(gap.from, 0x3100 + 0x18 + 12);
	assert_int_equal(gap.from + gap.len, 0x3900);
	assert_true(ifwi_gap(p, &boot, &at, &gap));
	assert_int_equal(gap.from, 0x3F00);
	assert_int_equal(gap.from + gap.len, 0x8100);
	assert_false(ifwi_gap(p, &boot, &at, &gap));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_layouts_name_their_parts),
		cmocka_unit_test(a_short_table_of_17_names_no_log),
		cmocka_unit_test(each_byte_of_layout_17_counts),
		cmocka_unit_test(what_names_nothing_is_no_layout),
		cmocka_unit_test(parts_behind_the_region_are_told),
		cmocka_unit_test(a_boot_partition_lists_its_parts),
		cmocka_unit_test(each_byte_of_a_bpdt_counts),
		cmocka_unit_test(boot_tables_that_lie_are_told),
		cmocka_unit_test(bytes_that_no_table_has_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
