/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"

static void
every_byte_survives_hex_in_either_case(void **state)
{
	char hex[TEXT_HEX_SIZE(256)], upper[TEXT_HEX_SIZE(256)];
	uint8_t in[256], out[256];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	text_hex(hex, in, 256);
	assert_int_equal(strlen(hex), 512);
	assert_memory_equal(hex + 2 * 0xa9, "a9aaabacadaeafb0", 16);
	assert_true(text_unhex(out, 256, hex, 512));
	assert_memory_equal(in, out, 256);
	for (size_t i = 0; i <= 512; i++)
		upper[i] = hex[i] >= 'a' ? (char)(hex[i] - 32) : hex[i];
	assert_true(text_unhex(out, 256, upper, 512));
	assert_memory_equal(in, out, 256);
}

static void
what_is_no_digit_is_no_hex(void **state)
{
	uint8_t out[2];

	(void)state;
	for (int c = 0; c < 256; c++) {
		char hex[5] = { '0', '1', '2', (char)c, 0 };
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
		    (c >= 'A' && c <= 'F');

		assert_int_equal(text_unhex(out, 2, hex, 4), digit);
	}
	assert_false(text_unhex(out, 2, "012", 3));
	assert_false(text_unhex(out, 2, "01234", 5));
}

static void
every_length_survives_base64_as_openssl_writes_it(void **state)
{
	char ours[TEXT_B64_SIZE(100)];
	uint8_t theirs[200], in[100], out[100];
	uint32_t x = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++) {
		x = x * 1664525 + 1013904223;
		in[i] = (uint8_t)(x >> 24);
	}
	for (size_t n = 0; n <= sizeof(in); n++) {
		size_t got = sizeof(out);

		text_b64(ours, in, n);
		EVP_EncodeBlock(theirs, in, (int)n);
		assert_string_equal(ours, (const char *)theirs);
		assert_true(text_unb64(out, &got, ours, strlen(ours)));
		assert_int_equal(got, n);
		assert_memory_equal(in, out, n);
	}
}

static void
base64_that_is_not_canonical_is_refused(void **state)
{
	const char *bad[] = { "A", "AA", "AAA",
		"AA=", "A===", "AAAA=", "====", "AB==", "AAB=", "AA==AAAA",
		"AA A", "AAA\n", "AA-_", "=AAA" };
	uint8_t out[8];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = sizeof(out);
		if (text_unb64(out, &n, bad[i], strlen(bad[i])))
			fail_msg("accepted %s", bad[i]);
	}
	n = 2; /* no room */
	assert_false(text_unb64(out, &n, "AAAA", 4));
}

static void
base64_in_lines_is_read_as_if_it_were_in_one(void **state)
{
	const struct {
		const char *in, *out;
	} good[] = { { "YWJj\r\nZGVm\n", "abcdef" },
		{ " Y W\tJ j Z A = =\n", "abcd" }, { "YWJjZA==", "abcd" },
		{ " \n", "" }, { "", "" } };
	const char *bad[] = { "YWJ", "YWJj Z",
		"YQ== YQ==", "Y=Q=", "YR==", "YWJj\vYWJj", "YWJj-", "====" };
	uint8_t out[6];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		n = sizeof(out);
		assert_true(
		    text_unb64_lines(out, &n, good[i].in, strlen(good[i].in)));
		assert_int_equal(n, strlen(good[i].out));
		assert_memory_equal(out, good[i].out, n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		n = sizeof(out);
		if (text_unb64_lines(out, &n, bad[i], strlen(bad[i])))
			fail_msg("accepted %s", bad[i]);
	}
	n = 5; /* no room */
	assert_false(text_unb64_lines(out, &n, "YWJj\nZGVm", 9));
}

static void
printable_is_ascii_from_space_to_tilde(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char s[3] = { 'a', (char)c, 'b' };

		assert_int_equal(text_printable(s, 3), c >= 0x20 && c <= 0x7e);
	}
	assert_true(text_printable("", 0));
}

static void
a_version_has_one_or_two_numbers_of_up_to_two_digits(void **unused)
{
	static const char *const bad[] = { "", ".", "11.", ".8", "111",
		"11.888", "11.8.1", "11 ", " 11", "-1", "+1", "1a" };
	uint8_t major = 0, minor = 9;

	(void)unused;
	assert_true(text_version("11", &major, &minor));
	assert_int_equal(major, 11);
	assert_int_equal(minor, 0);
	assert_true(text_version("3.12", &major, &minor));
	assert_int_equal(major, 3);
	assert_int_equal(minor, 12);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (text_version(bad[i], &major, &minor))
			fail_msg("%s is a version", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_survives_hex_in_either_case),
		cmocka_unit_test(what_is_no_digit_is_no_hex),
		cmocka_unit_test(
		    every_length_survives_base64_as_openssl_writes_it),
		cmocka_unit_test(base64_that_is_not_canonical_is_refused),
		cmocka_unit_test(base64_in_lines_is_read_as_if_it_were_in_one),
		cmocka_unit_test(printable_is_ascii_from_space_to_tilde),
		cmocka_unit_test(
		    a_version_has_one_or_two_numbers_of_up_to_two_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
