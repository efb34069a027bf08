/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/passwd.h"

static void
intels_rule_holds(void **state)
{
	static const struct {
		const char *password;
		bool good;
	} cases[] = {
		{ "P@ssw0rd", true },
		{ "P@ssw0r", false },                           /* 7 */
		{ "Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!", true },   /* 32 */
		{ "Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!Aa1!x", false }, /* 33 */
		{ "Location_1", false }, /* _ is no special character */
		{ "Loca tion1", false }, /* nor is the blank */
		{ "passw0rd!", false },
		{ "PASSW0RD!", false },
		{ "Password!", false },
		{ "P@ssw0rd:", false },
		{ "P@ssw0rd,", false },
		{ "P@ssw0rd\"", false },
		{ "P@ssw0rd\x01", false },
		{ "admin", false },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    passwd_check(cases[i].password, &why), cases[i].good);
		assert_int_equal(why == NULL, cases[i].good);
	}
}

static void
a_password_that_some_maker_refuses_is_risky(void **state)
{
	static const struct {
		const char *password;
		enum passwd_level level;
	} cases[] = {
		{ "P@ssw0rd", PASSWD_GOOD },
		{ "P@ssw0rdP@ssw0rd", PASSWD_GOOD },   /* 16 */
		{ "P@ssw0rdP@ssw0rd1", PASSWD_RISKY }, /* 17 */
		{ "P@ss w0rd", PASSWD_RISKY },
		{ "P'ssw0rd", PASSWD_RISKY },
		{ "P<ssw0rd", PASSWD_RISKY },
		{ "P>ssw0rd", PASSWD_RISKY },
		{ "P&ssw0rd", PASSWD_RISKY },
		{ "P,ssw0rd", PASSWD_BAD },
		{ "passw0rd<", PASSWD_BAD },
		{ "", PASSWD_BAD },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    passwd_judge(cases[i].password, &why), cases[i].level);
		assert_int_equal(why == NULL, cases[i].level == PASSWD_GOOD);
	}
}

static void
made_ones_obey_the_rule_and_use_every_character(void **state)
{
	char out[PASSWD_LEN + 1];
	bool seen[128] = { false };
	uint32_t x = 12345; /* the seed of a fixed sequence */
	int different = 0;
	const char *why;

	(void)state;
	for (int k = 0; k < 2000; k++) {
		uint8_t random[256];

		for (size_t i = 0; i < sizeof(random); i++) {
			x = x * 1664525 + 1013904223;
			random[i] = (uint8_t)(x >> 24);
		}
		assert_int_not_equal(passwd_make(out, random, 256), 0);
		assert_int_equal(passwd_judge(out, &why), PASSWD_GOOD);
		for (size_t i = 0; i < PASSWD_LEN; i++)
			seen[(int)out[i]] = true;
	}
	for (int c = 0; c < 128; c++)
		different += seen[c];
	assert_int_equal(different, 64);
	assert_false(seen['0'] || seen['O'] || seen['l'] || seen['I']);
}

static void
too_few_random_bytes_make_nothing(void **state)
{
	char out[PASSWD_LEN + 1];
	uint8_t random[16] = { 0 };

	(void)state;
	assert_int_equal(passwd_make(out, random, sizeof(random)), 0);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intels_rule_holds),
		cmocka_unit_test(a_password_that_some_maker_refuses_is_risky),
		cmocka_unit_test(
		    made_ones_obey_the_rule_and_use_every_character),
		cmocka_unit_test(too_few_random_bytes_make_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
