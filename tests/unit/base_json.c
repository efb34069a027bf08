/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static struct json_doc *
parsed(const char *text)
{
	struct json_doc *d = NULL;
	struct err e = { 0 };

	if (json_doc_parse(text, strlen(text), &d, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.msg);
	return d;
}

static void
values_are_found_by_key_and_place(void **state)
{
	struct json_doc *d =
	    parsed("{\"a\":[1,\"two\",true],\"b\":{\"c\":-1}}");
	const struct json_doc *a = json_doc_get(d, "a");
	bool yes = false;
	uint64_t v = 0;
	size_t n;

	(void)state;
	assert_int_equal(json_doc_kind(d), JSON_KIND_OBJECT);
	assert_int_equal(json_doc_kind(a), JSON_KIND_ARRAY);
	assert_int_equal(json_doc_count(a), 3);
	assert_true(json_doc_uint(json_doc_at(a, 0), 1, &v));
	assert_int_equal(v, 1);
	assert_false(json_doc_uint(json_doc_at(a, 0), 0, &v));
	assert_string_equal(json_doc_text(json_doc_at(a, 1), &n), "two");
	assert_int_equal(n, 3);
	assert_true(json_doc_bool(json_doc_at(a, 2), &yes) && yes);
	assert_false(json_doc_uint(
	    json_doc_get(json_doc_get(d, "b"), "c"), UINT64_MAX, &v));
	json_doc_free(d);
}

static void
what_is_not_there_is_null_all_the_way(void **state)
{
	struct json_doc *d = parsed("{\"a\":1.5}");
	const struct json_doc *none = json_doc_get(d, "b");
	bool b;
	uint64_t v;
	size_t n;

	(void)state;
	assert_null(none);
	assert_null(json_doc_get(none, "c"));
	assert_null(json_doc_at(none, 0));
	assert_null(json_doc_at(d, 0));
	assert_int_equal(json_doc_count(d), 0);
	assert_null(json_doc_text(none, &n));
	assert_false(json_doc_uint(none, 1, &v));
	assert_false(json_doc_bool(none, &b));
	assert_int_equal(json_doc_kind(none), JSON_KIND_OTHER);
	assert_int_equal(json_doc_kind(json_doc_get(d, "a")), JSON_KIND_REAL);
	assert_false(json_doc_uint(json_doc_get(d, "a"), 9, &v));
	json_doc_free(d);
	json_doc_free(NULL);
}

static void
keys_come_as_they_were_written(void **state)
{
	static const char text[] = "{\"z\":1,\"a\":{\"q\":2},\"m\":[]}";
	struct json_doc *d = NULL;
	const char *key = NULL;
	struct err e = { 0 };
	char got[8] = "";

	(void)state;
	assert_int_equal(json_doc_parse(text, strlen(text), &d, &e), ERR_OK);
	while ((key = json_doc_key(d, key)) != NULL)
		strcat(got, key);
	assert_string_equal(got, "zam");
	assert_null(json_doc_key(json_doc_get(d, "m"), NULL));
	assert_null(json_doc_key(json_doc_get(d, "none"), NULL));
	json_doc_free(d);
}

static void
errors_say_where_and_never_quote(void **state)
{
	static const struct {
		const char *text, *msg;
	} t[] = {
		{ "{\"p\":\n \"hunter2}", "line 2, column " },
		{ "", "line 1, column 0: ends too early" },
		{ "{\"a\":1,\"a\":2}", "a key twice" },
		{ "{} hunter2", "something follows" },
		{ "[\"hunter2\\u0000\"]", "a NUL" },
		{ "[\"hunter2\xff\"]", "not UTF-8" },
		{ "[99999999999999999999]", "too large" },
		{ "[hunter2]", "not JSON" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct json_doc *d = NULL;
		struct err e = { 0 };

		assert_int_equal(
		    json_doc_parse(t[i].text, strlen(t[i].text), &d, &e),
		    ERR_DATA);
		assert_null(d);
		if (strstr(e.msg, t[i].msg) == NULL)
			fail_msg("%s: %s", t[i].text, e.msg);
		assert_null(strstr(e.msg, "hunter2"));
	}
}

static void
a_deep_document_is_refused_and_not_followed(void **state)
{
	char *deep = malloc(100000);
	struct json_doc *d;
	struct err e = { 0 };

	(void)state;
	assert_non_null(deep);
	memset(deep, '[', 100000);
	assert_int_equal(json_doc_parse(deep, 100000, &d, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "too deep"));
	free(deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_key_and_place),
		cmocka_unit_test(what_is_not_there_is_null_all_the_way),
		cmocka_unit_test(keys_come_as_they_were_written),
		cmocka_unit_test(errors_say_where_and_never_quote),
		cmocka_unit_test(a_deep_document_is_refused_and_not_followed),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
