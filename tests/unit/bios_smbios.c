/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "bios/smbios.h"

/* As QEMU makes it for -uuid 11223344-5566-7788-99aa-bbccddeeff00 and -smbios
 * type=1,serial=SN-1, a BIOS structure (type 0) before it. */
static const uint8_t table[] = { 0, 24, 0, 0, 1, 2, 0, 0xe8, 3, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0x1c, 0, 0, 0xff, 0xff, 0xff, 'E', 'D', 'K', ' ', 'I', 'I',
	0, '0', '.', '0', 0, 0,
	/* */
	1, 27, 0, 1, 1, 2, 3, 4, 0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77,
	0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0, 6, 0, 0, 'Q', 'E', 'M',
	'U', 0, 'P', 'C', 0, 'q', '3', '5', 0, 'S', 'N', '-', '1', ' ', ' ', 0,
	0,
	/* */
	127, 4, 0, 0x7f, 0, 0 };

#define TYPE1 36 /* where it begins */

static bool
reads(const uint8_t *p, size_t n, struct smbios_system *s)
{
	struct rd r;

	rd_init(&r, p, n);
	return smbios_system(&r, s);
}

static void
a_board_has_its_uuid_in_smbios_order_and_its_serial(void **state)
{
	struct smbios_system s;
	char text[UUID_TEXT];

	(void)state;
	assert_true(reads(table, sizeof(table), &s));
	assert_true(s.has_uuid);
	uuid_text(&s.uuid, text);
	assert_string_equal(text, "11223344-5566-7788-99aa-bbccddeeff00");
	assert_string_equal(s.serial, "SN-1"); /* blanks behind it are none */
	/* 3.x tells the most bytes that a table may have */
	assert_true(reads(table, sizeof(table) - 6, &s));
}

static void
a_uuid_that_is_not_set_is_none(void **state)
{
	uint8_t t[sizeof(table)];
	struct smbios_system s;

	(void)state;
	for (int fill = 0; fill <= 0xff; fill += 0xff) {
		memcpy(t, table, sizeof(t));
		memset(t + TYPE1 + 8, fill, UUID_LEN);
		assert_true(reads(t, sizeof(t), &s));
		assert_false(s.has_uuid);
		assert_string_equal(s.serial, "SN-1");
	}
}

static void
a_serial_that_does_not_print_or_is_not_there_is_none(void **state)
{
	uint8_t t[sizeof(table)];
	struct smbios_system s;

	(void)state;
	memcpy(t, table, sizeof(t));
	t[TYPE1 + 7] = 9;
	assert_true(reads(t, sizeof(t), &s));
	assert_string_equal(s.serial, "");
	t[TYPE1 + 7] = 4;
	t[sizeof(table) - 6 - 5] = 0x80;
	assert_true(reads(t, sizeof(t), &s));
	assert_string_equal(s.serial, "");
}

static void
a_table_without_a_system_or_cut_off_is_refused(void **state)
{
	struct smbios_system s;
	uint8_t t[sizeof(table)];

	(void)state;
	for (size_t n = 0; n < sizeof(table) - 6; n++)
		assert_false(reads(table, n, &s));
	memcpy(t, table, sizeof(t));
	t[TYPE1] = 2;
	assert_false(reads(t, sizeof(t), &s));
	t[1] = 3;
	assert_false(reads(t, sizeof(t), &s));
}

/* No text at all is two NULs. */
static void
a_structure_without_texts_is_stepped_over(void **state)
{
	uint8_t t[6 + sizeof(table)] = { 16, 4, 0, 0, 0, 0 };
	struct smbios_system s;

	(void)state;
	memcpy(t + 6, table, sizeof(table));
	assert_true(reads(t, sizeof(t), &s));
	assert_string_equal(s.serial, "SN-1");
}

static void
set_sum(uint8_t *p, size_t n, size_t at)
{
	uint8_t sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)(0 - sum);
}

static bool
enters(const uint8_t *p, size_t n, struct smbios_table *t)
{
	struct rd r;

	rd_init(&r, p, n);
	return smbios_entry(&r, t);
}

static void
entry_points_of_both_kinds_are_read(void **state)
{
	uint8_t v2[SMBIOS_ENTRY] = { '_', 'S', 'M', '_', 0, 0x1f };
	uint8_t v3[24] = { '_', 'S', 'M', '3', '_', 0, 24, 3 };
	struct smbios_table t;

	(void)state;
	memcpy(v2 + 16, "_DMI_", 5);
	put_u16le(v2 + 22, 0x1234);
	put_u32le(v2 + 24, 0x7fea0000);
	set_sum(v2, sizeof(v2), 4);
	assert_true(enters(v2, sizeof(v2), &t));
	assert_true(t.address == 0x7fea0000 && t.len == 0x1234);
	put_u32le(v3 + 12, 0x2345);
	put_u64le(v3 + 16, 0x17fea0000);
	set_sum(v3, sizeof(v3), 5);
	assert_true(enters(v3, sizeof(v3), &t));
	assert_true(t.address == 0x17fea0000 && t.len == 0x2345);
	for (size_t i = 0; i < sizeof(v3); i++) {
		assert_false(enters(v3, i, &t));
		v3[i] ^= 0x40;
		assert_false(enters(v3, sizeof(v3), &t));
		v3[i] ^= 0x40;
	}
	for (size_t i = 0; i < sizeof(v2); i++) {
		assert_false(enters(v2, i, &t));
		v2[i] ^= 0x40;
		assert_false(enters(v2, sizeof(v2), &t));
		v2[i] ^= 0x40;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_board_has_its_uuid_in_smbios_order_and_its_serial),
		cmocka_unit_test(a_uuid_that_is_not_set_is_none),
		cmocka_unit_test(
		    a_serial_that_does_not_print_or_is_not_there_is_none),
		cmocka_unit_test(
		    a_table_without_a_system_or_cut_off_is_refused),
		cmocka_unit_test(a_structure_without_texts_is_stepped_over),
		cmocka_unit_test(entry_points_of_both_kinds_are_read),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
