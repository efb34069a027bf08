/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/password.h"

static void
a_made_password_keeps_intels_rule(void **state)
{
	uint8_t random[512];
	char out[PASSWORD_LEN + 1];
	uint32_t x = 1;

	(void)state;
	for (int k = 0; k < 1000; k++) {
		for (size_t i = 0; i < sizeof(random); i++) {
			x = x * 1664525 + 1013904223;
			random[i] = (uint8_t)(x >> 24);
		}
		assert_true(password_make(out, random, sizeof(random)) > 0);
		assert_int_equal(strlen(out), PASSWORD_LEN);
		assert_null(password_check(out));
		assert_null(strpbrk(out, "0O1lI"));
	}
}

static void
too_few_random_bytes_make_nothing(void **state)
{
	const uint8_t zeroes[64] = { 0 };
	char out[PASSWORD_LEN + 1] = "x";

	(void)state;
	/* Sixteen "A" have one class only. */
	assert_int_equal(password_make(out, zeroes, sizeof(zeroes)), 0);
	assert_string_equal(out, "");
}

static void
weak_passwords_are_told(void **state)
{
	(void)state;
	assert_null(password_check("P@ssw0rd"));
	assert_non_null(password_check("admin"));
	assert_non_null(password_check("Location_1"));
	assert_non_null(password_check("Location 1"));
	assert_non_null(password_check("P@ss:w0rd"));
	assert_non_null(password_check("P@ssw0rd\x80"));
	assert_non_null(password_check("P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_made_password_keeps_intels_rule),
		cmocka_unit_test(too_few_random_bytes_make_nothing),
		cmocka_unit_test(weak_passwords_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
