/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/uuid.h"

/* A published hello example: SMBIOS order swaps the first three groups. */
static const char text[] = "939b524b-13d4-1d18-e487-1c697a6b7a2b";
static const uint8_t smbios[] = { 0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13, 0x18,
	0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b };

static void
text_and_smbios_bytes_are_the_same_uuid(void **state)
{
	char back[UUID_TEXT];
	struct uuid u;

	(void)state;
	assert_true(uuid_parse(&u, text));
	assert_memory_equal(u.b, smbios, UUID_LEN);
	uuid_text(&u, back);
	assert_string_equal(back, text);
}

static void
either_case_is_read_and_lower_case_written(void **state)
{
	char back[UUID_TEXT];
	struct uuid u;

	(void)state;
	assert_true(uuid_parse(&u, "939B524B-13D4-1d18-E487-1C697A6B7A2B"));
	uuid_text(&u, back);
	assert_string_equal(back, text);
}

static void
raw_text_is_smbios_bytes_with_dashes_or_without(void **state)
{
	struct uuid u, v;

	(void)state;
	assert_true(uuid_parse_raw(&u, "4b529b93d413181de4871c697a6b7a2b"));
	assert_memory_equal(u.b, smbios, UUID_LEN);
	assert_true(uuid_parse_raw(&v, "4B529B93-D413-181D-E487-1C697A6B7A2B"));
	assert_true(uuid_equal(&u, &v));
	v.b[15] ^= 1;
	assert_false(uuid_equal(&u, &v));
}

static void
other_forms_are_refused_and_change_nothing(void **state)
{
	static const char *const bad[] = { "", "939b524b",
		"939b524b13d41d18e4871c697a6b7a2b",
		"{939b524b-13d4-1d18-e487-1c697a6b7a2b}",
		"939b524b-13d4-1d18-e487-1c697a6b7a2",
		"939b524b-13d4-1d18-e487-1c697a6b7a2bb",
		"939b524b-13d4-1d18-e4871-c697a6b7a2b",
		"939b524b-13d4-1d18-e487-1c697a6b7a2g",
		" 39b524b-13d4-1d18-e487-1c697a6b7a2b",
		"939b524b 13d4-1d18-e487-1c697a6b7a2b" };
	struct uuid u, was;

	(void)state;
	memset(&u, 0x5a, sizeof(u));
	was = u;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(uuid_parse(&u, bad[i]));
		assert_false(i != 2 && uuid_parse_raw(&u, bad[i]));
		assert_memory_equal(&u, &was, sizeof(u));
	}
}

static void
a_random_one_says_version_4(void **state)
{
	uint8_t ones[UUID_LEN], none[UUID_LEN] = { 0 };
	char out[UUID_TEXT];
	struct uuid u;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	uuid_random(&u, ones);
	uuid_text(&u, out);
	assert_string_equal(out, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	uuid_random(&u, none);
	uuid_text(&u, out);
	assert_string_equal(out, "00000000-0000-4000-8000-000000000000");
	assert_false(uuid_is_placeholder(&u));
}

static void
known_placeholders_are_found_in_both_byte_orders(void **state)
{
	static const char *const shared[] = {
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"fefefefe-fefe-fefe-fefe-fefefefefefe",
		"03000200-0400-0500-0006-000700080009",
		"00020003-0004-0005-0006-000700080009",
		"07090201-0103-0301-0807-060504030201",
		"01020907-0301-0103-0807-060504030201",
		"12345678-ffff-ffff-ffff-ffffffffffff",
		"00000000-ffff-ffff-ffff-ffffffffffff",
	};
	struct uuid u;

	(void)state;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		assert_true(uuid_parse(&u, shared[i]));
		assert_true(uuid_is_placeholder(&u));
		assert_true(uuid_parse_raw(&u, shared[i]));
		assert_true(uuid_is_placeholder(&u));
		u.b[15] ^= 1;
		assert_false(uuid_is_placeholder(&u));
		u.b[15] ^= 1;
		u.b[4] ^= 1; /* the second group belongs to each of them */
		assert_false(uuid_is_placeholder(&u));
	}
	assert_true(uuid_parse(&u, text));
	assert_false(uuid_is_placeholder(&u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_smbios_bytes_are_the_same_uuid),
		cmocka_unit_test(either_case_is_read_and_lower_case_written),
		cmocka_unit_test(
		    raw_text_is_smbios_bytes_with_dashes_or_without),
		cmocka_unit_test(other_forms_are_refused_and_change_nothing),
		cmocka_unit_test(a_random_one_says_version_4),
		cmocka_unit_test(
		    known_placeholders_are_found_in_both_byte_orders),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
