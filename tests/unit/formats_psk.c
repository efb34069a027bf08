/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/psk.h"

/* Intel's public example pair (SDK, PID and PPS checksum). */
static const char pid[] = "0000-037M";
static const char pps[] = "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ";

static void
the_published_pair_is_read_with_dashes_and_without(void **state)
{
	char p[PSK_PID_LEN + 1], s[PSK_PPS_LEN + 1];
	char pt[PSK_PID_TEXT], st[PSK_PPS_TEXT];
	const char *why;

	(void)state;
	assert_true(psk_pid_parse(p, pid, &why));
	assert_null(why);
	assert_string_equal(p, "0000037M");
	assert_true(psk_pid_parse(p, "0000037m", &why));
	assert_string_equal(p, "0000037M");
	psk_pid_text(pt, p);
	assert_string_equal(pt, pid);
	assert_true(psk_pps_parse(s, pps, &why));
	assert_string_equal(s, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	assert_true(psk_pps_parse(s, "nkldg5dcrrnqe9yzzijl7lflvjed69xj", &why));
	psk_pps_text(st, s);
	assert_string_equal(st, pps);
}

static void
published_checksums_verify_and_no_other_does(void **state)
{
	static const char *const good[] = { "0000000C", "12345674", "ABCDEFG8",
		"ZZZZZZZI", "A1B2C3DK", "99999993", "0000037M" };
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char text[PSK_PID_LEN + 1], out[PSK_PID_LEN + 1];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (const char *d = digits; *d != '\0'; d++) {
			strcpy(text, good[i]);
			text[7] = *d;
			assert_int_equal(
			    psk_pid_parse(out, text, &why), *d == good[i][7]);
		}
	assert_string_equal(why, "the checksum is wrong");
}

static void
the_wrong_group_of_a_pps_is_named(void **state)
{
	char text[PSK_PPS_TEXT], out[PSK_PPS_LEN + 1];
	const char *why;

	(void)state;
	for (size_t g = 0; g < 8; g++) {
		char want[] = "the checksum of group 1 is wrong";

		memcpy(text, pps, sizeof(text));
		text[5 * g] = text[5 * g] == 'A' ? 'B' : 'A';
		want[22] = (char)('1' + g);
		assert_false(psk_pps_parse(out, text, &why));
		assert_string_equal(why, want);
	}
}

static void
other_forms_are_refused(void **state)
{
	static const char *const bad[] = { "", "0000037", "0000037MM",
		"00000-37M", "0000037M-", "-0000037M", "0000 037M", "0000--37M",
		"0000_37M", "000003\xc3M", "0000-037-", "0000/37M" };
	char out[PSK_PPS_LEN + 1] = "kept", text[PSK_PPS_TEXT];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(psk_pid_parse(out, bad[i], &why));
		assert_non_null(why);
		assert_false(psk_pps_parse(out, bad[i], &why));
	}
	for (size_t i = 4; i < sizeof(text) - 1; i += 5) {
		memcpy(text, pps, sizeof(text));
		text[i] = '+';
		assert_false(psk_pps_parse(out, text, &why));
		assert_string_equal(why, "a dash is missing");
	}
	assert_string_equal(out, "kept");
}

static void
no_random_byte_counts_more_than_another(void **state)
{
	unsigned seen[256] = { 0 };
	char out[PSK_PID_LEN + 1];
	uint8_t random[7];

	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		memset(random, (int)b, sizeof(random));
		if (psk_pid_make(out, random, sizeof(random)) != 0)
			seen[(uint8_t)out[0]]++;
		else
			assert_in_range(b, 252, 255);
	}
	for (unsigned c = 0; c < 256; c++)
		assert_int_equal(seen[c],
		    (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ? 7 : 0);
}

static void
a_made_pair_parses_and_uses_what_it_says(void **state)
{
	uint8_t random[256];
	char p[PSK_PID_LEN + 1], s[PSK_PPS_LEN + 1], back[PSK_PPS_LEN + 1];
	const char *why;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		random[i] = (uint8_t)(i * 37 % 252);
	assert_int_equal(psk_pid_make(p, random, sizeof(random)), 7);
	assert_true(psk_pid_parse(back, p, &why));
	assert_string_equal(back, p);
	random[3] = 252;
	assert_int_equal(psk_pps_make(s, random, sizeof(random)), 25);
	assert_true(psk_pps_parse(back, s, &why));
	assert_string_equal(back, s);
}

static void
too_few_random_bytes_make_nothing(void **state)
{
	const uint8_t random[24] = { 255 };
	char none[PSK_PPS_LEN + 1] = { 0 }, out[PSK_PPS_LEN + 1];

	(void)state;
	assert_int_equal(psk_pps_make(out, random, sizeof(random)), 0);
	assert_memory_equal(out, none, sizeof(out));
	assert_int_equal(psk_pid_make(out, random, 0), 0);
	assert_int_equal(psk_pid_make(out, random, 7), 0);
	assert_int_equal(psk_pid_make(out, random, 8), 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_published_pair_is_read_with_dashes_and_without),
		cmocka_unit_test(published_checksums_verify_and_no_other_does),
		cmocka_unit_test(the_wrong_group_of_a_pps_is_named),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(no_random_byte_counts_more_than_another),
		cmocka_unit_test(a_made_pair_parses_and_uses_what_it_says),
		cmocka_unit_test(too_few_random_bytes_make_nothing),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
