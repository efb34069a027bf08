/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "factory/stationview.h"
#include "formats/reason.h"

#define UUID1 "00112233-4455-6677-8899-aabbccddeeff"

static const struct stationview_count count = { .done = 3, .left = 4 };
static struct station s;
static struct err e;
static char text[65536];

/* A board that is to be told; why: NULL where it passed. */
static void
a_board(const char *why)
{
	const struct station_how how = { .read = true };

	station_init(&s, &how);
	err_clear(&e);
	strcpy(s.scan.serial, "S\"1");
	uuid_parse(&s.scan.uuid, UUID1);
	s.compared = why == NULL;
	if (why != NULL)
		err_refuse(&s.why, ERR_DATA,
		    reason_get(REASON_STATION_READBACK), "%s", why);
}

static void
told(const struct stationview *v)
{
	struct wr w;

	wr_fixed(&w, text, sizeof(text) - 1);
	stationview_board(v, &w, &s, &count);
	assert_false(w.failed);
	text[w.len] = '\0';
}

/* Columns of a line: what is behind an escape up to its letter has none. */
static size_t
columns(const char *line)
{
	size_t n = 0;

	for (; *line != '\n' && *line != '\0'; line++) {
		if (*line == '\033')
			line += strcspn(line, "m");
		else
			n++;
	}
	return n;
}

static void
a_row_is_plain_where_there_is_no_terminal(void **state)
{
	const struct stationview v = { .order = "A", .width = 80 };

	(void)state;
	a_board(NULL);
	told(&v);
	assert_string_equal(text,
	    "PASS     S\"1                      " UUID1 "\n"
	    "order A: 3 done, 4 left\n");
	a_board("no");
	told(&v);
	assert_string_equal(text,
	    "FAIL     S\"1                      " UUID1
	    "\n         [station-readback]\norder A: 3 done, 4 left\n");
	a_board(NULL);
	s.compared = false;
	told(&v);
	assert_non_null(strstr(text, "WRITTEN  S\"1"));
	assert_non_null(strstr(text, "\n         not read back\n"));
}

static void
a_row_has_80_columns_at_most(void **state)
{
	const struct stationview v = { .order = "A", .width = 80 };

	(void)state;
	for (size_t n = 1; n < sizeof(s.scan.serial); n++) {
		a_board("no");
		memset(s.scan.serial, 'x', n);
		s.scan.serial[n] = '\0';
		told(&v);
		for (const char *line = text; *line != '\0';
		     line = strchr(line, '\n') + 1)
			assert_true(columns(line) <= 80);
		assert_non_null(strstr(text, UUID1));
		assert_non_null(strstr(text, "[station-readback]"));
	}
}

static void
a_file_that_was_left_is_named(void **state)
{
	struct stationview v = { .order = "A", .out = "dir" };

	(void)state;
	a_board(NULL);
	s.compared = false;
	told(&v);
	assert_non_null(strstr(text, "left as dir/" UUID1 ".bin\n"));
	v.delta = true;
	told(&v);
	assert_non_null(strstr(text, "left as dir/" UUID1 ".delta\n"));
}

static void
the_end_of_an_order_is_told(void **state)
{
	const struct stationview v = { .order = "A" };
	struct stationview_count n = { .done = 2, .left = 1, .written = 1 };
	struct wr w;

	(void)state;
	wr_fixed(&w, text, sizeof(text));
	stationview_ready(&v, &w, &n);
	n = (struct stationview_count){ .done = 3 };
	stationview_ready(&v, &w, &n);
	wr_u8(&w, '\0');
	assert_string_equal(text,
	    "order A: 2 done, 1 left, of which 1 are written and not "
	    "verified\norder A: 3 done, 0 left: the whole order is done\n");
}

static void
large_letters_are_as_wide_as_the_terminal(void **state)
{
	static const unsigned widths[] = { 1, 44, 50, 80, 132, 9999 };
	struct stationview v = { .order = "A", .block = true };

	(void)state;
	a_board("no");
	for (size_t i = 0; i < 2 * sizeof(widths) / sizeof(widths[0]); i++) {
		unsigned width = widths[i / 2];
		const char *line = text;

		v.width = width;
		v.colour = i % 2 != 0;
		told(&v);
		assert_int_equal(*line++, '\n');
		for (int row = 0; row < 7; row++) {
			assert_int_equal(columns(line),
			    width < 44        ? 44
				: width > 200 ? 200
					      : width);
			line = strchr(line, '\n') + 1;
		}
		assert_int_equal(strchr(text, '\033') != NULL, v.colour);
		assert_int_equal(strchr(text, '#') != NULL, !v.colour);
	}
}

static void
letters_are_those_of_the_word(void **state)
{
	const struct stationview v = {
		.order = "A", .block = true, .width = 44
	};
	const char *line;

	(void)state;
	a_board(NULL);
	told(&v);
	line = strchr(text + 1, '\n') + 1; /* behind the empty rows */
	assert_memory_equal(line, "  ####   ###   ####  ####", 25);
}

static void
an_object_has_result_and_reason(void **state)
{
	const struct stationview v = { .json = true, .order = "A" };

	(void)state;
	a_board("x");
	told(&v);
	assert_non_null(strstr(text,
	    "{\"event\":\"unit\",\"serial\":\"S\\\"1\",\"uuid\":\"" UUID1
	    "\",\"result\":\"fail\",\"done\":3,\"left\":4,\"error\":{\"code\":"
	    "\"station-readback\",\"offset\":null,\"rule\":\"What is"));
	assert_non_null(strstr(text, "\"message\":\"x\"}}\n"));
	a_board(NULL);
	told(&v);
	assert_non_null(strstr(text, "\"result\":\"pass\""));
	assert_null(strstr(text, "error"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_plain_where_there_is_no_terminal),
		cmocka_unit_test(a_row_has_80_columns_at_most),
		cmocka_unit_test(a_file_that_was_left_is_named),
		cmocka_unit_test(the_end_of_an_order_is_told),
		cmocka_unit_test(large_letters_are_as_wide_as_the_terminal),
		cmocka_unit_test(letters_are_those_of_the_word),
		cmocka_unit_test(an_object_has_result_and_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
