/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "formats/setupvar.h"

static enum setupvar_fault
judged(uint16_t module, uint16_t id, const void *value, size_t n)
{
	const struct setupvar *var = setupvar_find(module, id);

	assert_non_null(var);
	return setupvar_judge(var, value, n);
}

static void
the_table_ascends_and_finds_each_row(void **state)
{
	const struct setupvar *var, *last = NULL;
	size_t i;

	(void)state;
	for (i = 0; (var = setupvar_nth(i)) != NULL; last = var, i++) {
		assert_ptr_equal(setupvar_find(var->module, var->id), var);
		assert_true(var->min_len <= var->max_len);
		assert_true(last == NULL || last->module < var->module ||
		    (last->module == var->module && last->id < var->id));
		assert_int_equal(
		    var->repeats, var->module == 2 && var->id == 8);
	}
	assert_int_equal(i, 6 + 34);
	assert_null(setupvar_find(2, 9));
	assert_null(setupvar_find(2, 36));
	assert_null(setupvar_find(3, 1));
	assert_null(setupvar_find(1, 0));
}

static void
numbers_have_exactly_their_width_and_range(void **state)
{
	static const struct {
		uint16_t module, id;
		size_t width;
		uint32_t ok[4], bad[4];
	} t[] = {
		{ 1, 3, 1, { 0, 1, 1, 1 }, { 2, 255, 2, 2 } },
		{ 1, 4, 1, { 0, 1, 2, 2 }, { 3, 255, 3, 3 } },
		{ 2, 10, 1, { 0, 1, 7, 7 }, { 8, 9, 255, 8 } },
		{ 2, 13, 1, { 1, 2, 1, 2 }, { 0, 3, 255, 0 } },
		{ 2, 18, 2, { 1, 9971, 65535, 1 }, { 0, 0, 0, 0 } },
		{ 2, 26, 1, { 0, 1, 255, 0 }, { 2, 31, 32, 254 } },
		{ 2, 30, 4, { 1, 65535, 2, 3 }, { 0, 65536, 1u << 31, 0 } },
		{ 2, 34, 4, { 1, 2, 4, 1 }, { 0, 3, 5, 6 } },
	};
	uint8_t v[8] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (size_t j = 0; j < 4; j++) {
			memcpy(v, &t[i].ok[j], 4);
			assert_int_equal(
			    judged(t[i].module, t[i].id, v, t[i].width),
			    SETUPVAR_OK);
			assert_int_equal(
			    judged(t[i].module, t[i].id, v, t[i].width + 1),
			    SETUPVAR_LENGTH);
			assert_int_equal(
			    judged(t[i].module, t[i].id, v, t[i].width - 1),
			    SETUPVAR_LENGTH);
			memcpy(v, &t[i].bad[j], 4);
			assert_int_equal(
			    judged(t[i].module, t[i].id, v, t[i].width),
			    SETUPVAR_RANGE);
		}
}

static void
texts_are_bounded_and_printable(void **state)
{
	char text[256];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(judged(1, 1, text, 32), SETUPVAR_OK);
	assert_int_equal(judged(1, 1, text, 33), SETUPVAR_LENGTH);
	assert_int_equal(judged(1, 1, text, 0), SETUPVAR_LENGTH);
	assert_int_equal(judged(1, 2, text, 7), SETUPVAR_LENGTH);
	assert_int_equal(judged(2, 3, text, 255), SETUPVAR_OK);
	assert_int_equal(judged(2, 3, text, 256), SETUPVAR_LENGTH);
	assert_int_equal(judged(2, 11, text, 64), SETUPVAR_LENGTH);
	for (int c = 0; c < 256; c++) {
		text[3] = (char)c;
		assert_int_equal(judged(2, 4, text, 4),
		    c >= 0x20 && c <= 0x7e ? SETUPVAR_OK : SETUPVAR_CHARS);
	}
}

static void
a_pid_and_a_pps_have_capitals_and_digits_only(void **state)
{
	char pid[] = "0000037M";

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');

		pid[4] = (char)c;
		assert_int_equal(
		    judged(2, 1, pid, 8), ok ? SETUPVAR_OK : SETUPVAR_CHARS);
	}
	assert_int_equal(judged(2, 1, pid, 7), SETUPVAR_LENGTH);
	assert_int_equal(judged(2, 2, pid, 8), SETUPVAR_LENGTH);
}

static void
the_lengths_of_a_hash_entry_add_up(void **state)
{
	uint8_t v[96] = { 2 };

	(void)state;
	v[33] = 4;
	memcpy(v + 34, "Root", 4);
	assert_int_equal(judged(2, 8, v, 38), SETUPVAR_OK);
	assert_int_equal(judged(2, 8, v, 37), SETUPVAR_HASH_LENGTH);
	assert_int_equal(judged(2, 8, v, 39), SETUPVAR_HASH_LENGTH);
	assert_int_equal(judged(2, 8, v, 22), SETUPVAR_HASH_LENGTH);
	assert_int_equal(judged(2, 8, v, 21), SETUPVAR_LENGTH);
	v[35] = '\n';
	assert_int_equal(judged(2, 8, v, 38), SETUPVAR_CHARS);
	memset(v + 34, 'a', 33);
	v[33] = 32;
	assert_int_equal(judged(2, 8, v, 66), SETUPVAR_OK);
	v[33] = 33;
	assert_int_equal(judged(2, 8, v, 67), SETUPVAR_HASH_LENGTH);
	v[0] = 4;
	assert_int_equal(judged(2, 8, v, 67), SETUPVAR_HASH_TYPE);
	v[0] = 0;
	assert_int_equal(judged(2, 8, v, 67), SETUPVAR_HASH_TYPE);
}

static void
what_no_source_lays_out_is_taken_as_it_is(void **state)
{
	uint8_t v[300] = { 0xff };

	(void)state;
	assert_int_equal(judged(2, 15, v, 0), SETUPVAR_OK);
	assert_int_equal(judged(2, 19, v, 300), SETUPVAR_OK);
	assert_int_equal(judged(2, 22, v, 84), SETUPVAR_OK);
	assert_int_equal(judged(2, 22, v, 205), SETUPVAR_LENGTH);
	assert_int_equal(judged(2, 35, v, 16), SETUPVAR_OK);
	assert_int_equal(judged(2, 17, v, 4), SETUPVAR_OK);
	assert_int_equal(judged(2, 17, v, 16), SETUPVAR_LENGTH);
}

static void
what_is_wrong_is_said_without_the_value(void **state)
{
	const char *why = "";

	(void)state;
	assert_true(setupvar_check(setupvar_find(1, 1), "admin", 5, &why));
	assert_null(why);
	assert_false(setupvar_check(setupvar_find(1, 2), "admin", 5, &why));
	assert_string_equal(why, "wrong length");
}

static void
secrets_are_marked(void **state)
{
	static const uint16_t secret[][2] = { { 1, 1 }, { 1, 2 }, { 2, 2 },
		{ 2, 33 } };
	const struct setupvar *var;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(setupvar_find(secret[i][0], secret[i][1])->secret);
	for (size_t i = 0; (var = setupvar_nth(i)) != NULL; i++)
		n += var->secret;
	assert_int_equal(n, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_ascends_and_finds_each_row),
		cmocka_unit_test(numbers_have_exactly_their_width_and_range),
		cmocka_unit_test(texts_are_bounded_and_printable),
		cmocka_unit_test(a_pid_and_a_pps_have_capitals_and_digits_only),
		cmocka_unit_test(the_lengths_of_a_hash_entry_add_up),
		cmocka_unit_test(what_no_source_lays_out_is_taken_as_it_is),
		cmocka_unit_test(what_is_wrong_is_said_without_the_value),
		cmocka_unit_test(secrets_are_marked),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
