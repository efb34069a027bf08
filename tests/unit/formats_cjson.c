/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/cjson.h"

static const char *
put(const char *s)
{
	static char out[256];
	struct wr w;

	wr_fixed(&w, out, sizeof(out) - 1);
	cjson_put_string(&w, s);
	if (w.failed)
		return NULL;
	out[w.len] = '\0';
	return out;
}

/* The string that the text holds, or why it is refused. */
static const char *
get(const char *text, size_t room)
{
	static char out[256];
	struct rd r;

	rd_init(&r, text, strlen(text));
	cjson_get_string(&r, out, room);
	if (rd_end(&r))
		return out;
	assert_string_equal(out, "");
	return r.why;
}

static void
strings_are_written_in_their_one_form(void **state)
{
	(void)state;
	assert_string_equal(put(""), "\"\"");
	assert_string_equal(put("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
	assert_string_equal(
	    put("\x01\n\x1f\x7f"), "\"\\u0001\\u000a\\u001f\x7f\"");
	assert_string_equal(put("Z\xc3\xbcrich \xf0\x9f\x94\x91"),
	    "\"Z\xc3\xbcrich \xf0\x9f\x94\x91\"");
}

static void
each_string_comes_back(void **state)
{
	static const char *const text[] = { "", "plain", "q\"b\\s/", "\x01\x1f",
		"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf" };

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_string_equal(get(put(text[i]), 64), text[i]);
}

static void
what_is_not_utf8_is_neither_read_nor_written(void **state)
{
	static const char *const text[] = { "\"\x80\"", "\"\xbf\"",
		"\"\xc0\x80\"", "\"\xc1\xbf\"", "\"\xc3\"", "\"\xe0\x9f\xbf\"",
		"\"\xed\xa0\x80\"", "\"\xe2\x82\"", "\"\xf0\x8f\xbf\xbf\"",
		"\"\xf4\x90\x80\x80\"", "\"\xf5\x80\x80\x80\"", "\"\xff\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		assert_string_equal(get(text[i], 64),
		    "string holds a byte that is not UTF-8 text");
		assert_null(put(text[i]));
	}
	assert_null(put("cut \xe2\x82"));
}

static void
other_forms_of_a_string_are_refused(void **state)
{
	static const char *const text[] = { "", "a", "\"", "\"a", "'a'",
		"\"\\\"", "\"\\u0041\"", "\"\\u001F\"", "\"\\u0000\"",
		"\"\\u00\"", "\"\\n\"", "\"\\/\"", "\"\n\"", "\"\x1f\"",
		"\"\\u0020\"", "\"a\" ", " \"a\"", "\"\\u1f\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		char out[64];
		struct rd r;

		rd_init(&r, text[i], strlen(text[i]));
		cjson_get_string(&r, out, sizeof(out));
		if (rd_end(&r))
			fail_msg("read %s", text[i]);
	}
}

static void
a_string_fits_its_room_with_the_nul(void **state)
{
	(void)state;
	assert_string_equal(get("\"1234567\"", 8), "1234567");
	assert_string_equal(get("\"12345678\"", 8), "string too long");
	assert_string_equal(get("\"123456\xc3\xbc\"", 8), "string too long");
	assert_string_equal(get("\"\"", 1), "");
	assert_string_equal(get("\"a\"", 1), "string too long");
}

static uint64_t
number(const char *text, const char **why)
{
	struct rd r;
	uint64_t v;

	rd_init(&r, text, strlen(text));
	v = cjson_get_uint(&r);
	rd_end(&r);
	*why = r.why;
	return v;
}

static void
numbers_have_one_form(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", "01", "00", "1.0",
		"1e3", " 1", "0x1", "18446744073709551616",
		"99999999999999999999" };
	const char *why;

	(void)state;
	assert_int_equal(number("0", &why), 0);
	assert_null(why);
	assert_true(number("18446744073709551615", &why) == UINT64_MAX);
	assert_null(why);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		number(bad[i], &why);
		assert_non_null(why);
	}
}

static void
numbers_and_switches_are_written(void **state)
{
	char out[64] = { 0 };
	struct wr w;

	(void)state;
	wr_fixed(&w, out, sizeof(out));
	cjson_put_uint(&w, UINT64_MAX);
	cjson_put_bool(&w, true);
	cjson_put_uint(&w, 0);
	cjson_put_bool(&w, false);
	assert_string_equal(out, "18446744073709551615true0false");
}

static void
literals_are_wanted_or_looked_for(void **state)
{
	struct rd r;

	(void)state;
	rd_init(&r, "{\"a\":true,", 10);
	assert_false(cjson_have(&r, "{\"b\":"));
	assert_int_equal(rd_off(&r), 0);
	assert_true(cjson_have(&r, "{\"a\":"));
	assert_true(cjson_get_bool(&r));
	cjson_want(&r, "}");
	assert_non_null(r.why);
	assert_int_equal(r.at, 9);
	assert_false(cjson_have(&r, ",")); /* failed readers hold nothing */
	rd_init(&r, "TRUE", 4);
	assert_false(cjson_get_bool(&r));
	assert_string_equal(r.why, "true or false is missing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_written_in_their_one_form),
		cmocka_unit_test(each_string_comes_back),
		cmocka_unit_test(what_is_not_utf8_is_neither_read_nor_written),
		cmocka_unit_test(other_forms_of_a_string_are_refused),
		cmocka_unit_test(a_string_fits_its_room_with_the_nul),
		cmocka_unit_test(numbers_have_one_form),
		cmocka_unit_test(numbers_and_switches_are_written),
		cmocka_unit_test(literals_are_wanted_or_looked_for),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
