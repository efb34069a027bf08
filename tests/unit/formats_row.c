/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "formats/row.h"

static const char revealed[] =
    "{\"uuid\":\"939b524b-13d4-1d18-e487-1c697a6b7a2b\",\"serial\":\"S-1\","
    "\"order\":\"A\",\"state\":\"issued\",\"mode\":\"enterprise\","
    "\"amt\":\"3.0\",\"macs\":\"02:00:00:00:00:01\",\"pid\":\"0000037M\","
    "\"key_storage\":\"host-readable\",\"key_shared\":false,"
    "\"issued\":\"2026-01-31T12:00:00Z\","
    "\"pps\":\"NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ\","
    "\"mebx_password\":\"a\\\"b\\\\c\"}";

static bool
read_text(const char *text, struct row *row)
{
	struct rd r;

	rd_init(&r, text, strlen(text));
	return row_read(&r, row);
}

static void
write_text(const struct row *row, bool reveal, char *out, size_t room)
{
	struct wr w;

	wr_fixed(&w, out, room - 1);
	row_write(&w, row, reveal);
	assert_false(w.failed);
	out[w.len] = '\0';
}

static void
what_is_read_is_written_again_to_the_same_bytes(void **state)
{
	char out[ROW_MAX];
	struct row row;

	(void)state;
	assert_true(read_text(revealed, &row));
	assert_string_equal(row.serial, "S-1");
	assert_string_equal(row.mebx_password, "a\"b\\c");
	assert_int_equal(row.uuid.b[0], 0x4b); /* SMBIOS order */
	write_text(&row, true, out, sizeof(out));
	assert_string_equal(out, revealed);
}

static void
secrets_stay_in_unless_revealed(void **state)
{
	char out[ROW_MAX];
	struct row row;

	(void)state;
	assert_true(read_text(revealed, &row));
	write_text(&row, false, out, sizeof(out));
	assert_null(strstr(out, "pps"));
	assert_null(strstr(out, "NKLD"));
	assert_null(strstr(out, "password"));
	assert_non_null(strstr(out, "\"pid\":\"0000037M\""));
}

static void
the_first_column_that_differs_is_named(void **state)
{
	static const struct {
		const char *from, *to, *key;
	} bends[] = {
		{ "939b", "939c", "uuid" },
		{ "S-1", "S-2", "serial" },
		{ "0000037M", "12345674", "pid" },
		{ "false", "true", "key_shared" },
		{ "a\\\"b", "a\\\"c", "mebx_password" },
	};
	char key[ROW_KEY], bent[ROW_MAX];
	struct row a, b;

	(void)state;
	assert_true(read_text(revealed, &a));
	assert_false(row_differs(&a, &a, key));
	for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
		const char *at = strstr(revealed, bends[i].from);

		snprintf(bent, sizeof(bent), "%.*s%s%s", (int)(at - revealed),
		    revealed, bends[i].to, at + strlen(bends[i].from));
		assert_true(read_text(bent, &b));
		assert_true(row_differs(&a, &b, key));
		assert_string_equal(key, bends[i].key);
	}
}

static void
any_other_form_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} bends[] = {
		{ "\"serial\"", " \"serial\"" },
		{ "939b524b", "939B524B" },
		{ "939b524b", "939b524" },
		{ "2026-", "26-" },
		{ "00Z", "00+" },
		{ "\"key_storage\"", "\"cert_sha256\":\"ab\",\"key_storage\"" },
		{ "0000037M", "0000037N" },
		{ "69XJ", "69XK" },
		{ "\"key_shared\":false,", "" },
		{ "\"state\":\"issued\",", "\"state\":\"\"," },
		{ "\"order\":\"A\",\"state\":\"issued\"",
		    "\"state\":\"issued\",\"order\":\"A\"" },
		{ "\"amt\"", "\"atm\"" },
		{ "}", "}}" },
		{ "}", "" },
		{ "S-1", "S-\x01" },
		{ "S-1", "S-\\u0041" },
		{ "S-1", "S-\\u001F" },
		{ "S-1", "S-\xc3" },
		{ "S-1", "S-\xed\xa0\x80" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
		const char *at = strstr(revealed, bends[i].from);
		char text[ROW_MAX];
		struct row row, none = { 0 };

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - revealed),
		    revealed, bends[i].to, at + strlen(bends[i].from));
		assert_false(read_text(text, &row));
		assert_memory_equal(&row, &none, sizeof(row));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_read_is_written_again_to_the_same_bytes),
		cmocka_unit_test(secrets_stay_in_unless_revealed),
		cmocka_unit_test(the_first_column_that_differs_is_named),
		cmocka_unit_test(any_other_form_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
