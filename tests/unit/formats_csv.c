/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "formats/csv.h"
#include "formats/reason.h"

static struct csv c;
static struct csv_row row;
static struct err e;

static void
begin(const char *text)
{
	err_clear(&e);
	csv_init(&c, "u.csv", text, strlen(text));
}

static enum err_code
next(void)
{
	bool more = false;

	err_clear(&e);
	csv_next(&c, &row, &more, &e);
	return e.code == ERR_OK && !more ? ERR_NOINPUT : e.code;
}

static void
fields_may_be_quoted(void **state)
{
	(void)state;
	begin("a,\"b,\"\"c\"\"\",,\"\"\n");
	assert_int_equal(next(), ERR_OK);
	assert_int_equal(row.n, 4);
	assert_string_equal(row.field[0], "a");
	assert_string_equal(row.field[1], "b,\"c\"");
	assert_string_equal(row.field[2], "");
	assert_string_equal(row.field[3], "");
	assert_int_equal(next(), ERR_NOINPUT);
}

static void
lines_are_counted_with_any_end(void **state)
{
	(void)state;
	begin("\xef\xbb\xbf"
	      "a\r\n\n\r\nb\nc");
	assert_int_equal(next(), ERR_OK);
	assert_string_equal(row.field[0], "a");
	assert_int_equal(row.line, 1);
	assert_int_equal(next(), ERR_OK);
	assert_int_equal(row.line, 4);
	assert_int_equal(next(), ERR_OK);
	assert_string_equal(row.field[0], "c");
	assert_int_equal(row.line, 5);
	assert_int_equal(next(), ERR_NOINPUT);
	begin("");
	assert_int_equal(next(), ERR_NOINPUT);
}

static void
bad(const char *line, const char *why)
{
	char text[600];

	snprintf(text, sizeof(text), "x\n%s\ny\n", line);
	begin(text);
	assert_int_equal(next(), ERR_OK);
	assert_int_equal(next(), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_CSV_MALFORMED));
	assert_non_null(strstr(e.msg, "u.csv:2: "));
	assert_non_null(strstr(e.msg, why));
	/* The row behind it is read all the same. */
	assert_int_equal(next(), ERR_OK);
	assert_string_equal(row.field[0], "y");
	assert_int_equal(row.line, 3);
}

static void
a_bad_row_is_named_and_passed_over(void **state)
{
	char longest[300];

	(void)state;
	bad("a\"b", "a quote within a field");
	bad("\"a\"b", "text behind a closing quote");
	bad("\"a", "a control character");
	bad("a\tb", "a control character");
	bad("a\rb", "a control character");
	bad("1,2,3,4,5,6,7,8,9", "more than 8 fields");
	memset(longest, 'a', 256);
	longest[256] = '\0';
	bad(longest, "longer than 255");
	begin("\"a");
	assert_int_equal(next(), ERR_DATA);
	assert_non_null(strstr(e.msg, "a quote is not closed"));
	assert_int_equal(next(), ERR_NOINPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_may_be_quoted),
		cmocka_unit_test(lines_are_counted_with_any_end),
		cmocka_unit_test(a_bad_row_is_named_and_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
