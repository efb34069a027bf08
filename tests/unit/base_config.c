/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"

static const char text[] = "# a comment\n"
			   "customer = \"Acme\";\n"
			   "enabled = true;\n"
			   "port = 9971;\n"
			   "mode = \"smb\";\n"
			   "net = { deep = 1; };\n"
			   "hashes = ( { file = \"a\"; },\n"
			   "  { file = \"b\"; only = true; } );\n";

static struct config *
opened(const char *content, struct err *e)
{
	char path[64];
	struct config *c = NULL;

	snprintf(path, sizeof(path), "/tmp/base_config.%d.cfg", getpid());
	err_clear(e);
	assert_int_equal(
	    file_write(path, FILE_REPLACE, content, strlen(content), e),
	    ERR_OK);
	config_open(path, &c, e);
	unlink(path);
	return c;
}

static void
every_kind_of_value_is_read(void **state)
{
	const char *const modes[] = { "enterprise", "smb", NULL };
	struct config_group *root, *g;
	const char *s;
	long long n;
	size_t len;
	int word;
	bool b;
	struct err e;
	struct config *c = opened(text, &e);

	(void)state;
	assert_non_null(c);
	root = config_root(c);
	assert_int_equal(config_string(root, "customer", NULL, &s, &e), ERR_OK);
	assert_string_equal(s, "Acme");
	config_string(root, "absent", "x", &s, &e);
	assert_string_equal(s, "x");
	config_bool(root, "enabled", false, &b, &e);
	assert_true(b);
	config_int(root, "port", 1, 65535, 0, &n, &e);
	assert_int_equal(n, 9971);
	config_word(root, "mode", modes, -1, &word, &e);
	assert_int_equal(word, 1);
	config_sub(root, "net", &g, &e);
	config_int(g, "deep", 0, 1, 0, &n, &e);
	assert_int_equal(n, 1);
	config_list(root, "hashes", &len, &e);
	assert_int_equal(len, 2);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(
		    config_item(root, "hashes", i, &g, &e), ERR_OK);
		config_string(g, "file", NULL, &s, &e);
		config_bool(g, "only", false, &b, &e);
		assert_int_equal(b, i == 1);
	}
	assert_string_equal(s, "b");
	assert_int_equal(config_end(c, &e), ERR_OK);
	config_close(c);
}

static void
an_unknown_key_is_named_with_its_line(void **state)
{
	const char *s;
	struct err e;
	struct config *c = opened("a = \"1\";\n\nb = 2;\n", &e);

	(void)state;
	config_string(config_root(c), "a", NULL, &s, &e);
	assert_int_equal(config_end(c, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:3: unknown key b"));
	config_close(c);
}

static void
a_misspelt_key_is_told_what_was_meant(void **state)
{
	const char *s;
	struct err e;
	struct config *c = opened("port = \"1\";\nstat = \"s\";\n", &e);
	struct config_group *g = config_root(c);

	(void)state;
	config_string(g, "port", NULL, &s, &e);
	assert_int_equal(config_missing(g, "ports", NULL, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:1: ports is missing"));
	err_clear(&e);
	config_string(g, "state", NULL, &s, &e);
	assert_int_equal(config_missing(g, "state", NULL, &e), ERR_CONFIG);
	assert_non_null(
	    strstr(e.msg, ".cfg:2: unknown key stat (did you mean state?)"));
	err_clear(&e);
	assert_int_equal(config_end(c, &e), ERR_CONFIG);
	assert_non_null(
	    strstr(e.msg, ".cfg:2: unknown key stat (did you mean state?)"));
	config_close(c);
}

static void
a_wrong_type_is_named_with_its_line(void **state)
{
	const char *const words[] = { "x", "y", NULL };
	const char *s;
	long long n;
	int word;
	bool b;
	struct err e;
	struct config *c = opened("a = 1;\nb = 70000;\nc = \"z\";\n", &e);
	struct config_group *g = config_root(c);

	(void)state;
	assert_int_equal(config_string(g, "a", NULL, &s, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:1: a must be a text"));
	err_clear(&e);
	assert_int_equal(config_bool(g, "a", true, &b, &e), ERR_CONFIG);
	err_clear(&e);
	assert_int_equal(config_int(g, "b", 1, 65535, 0, &n, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:2: b must be a number in 1 to"));
	err_clear(&e);
	assert_int_equal(config_word(g, "c", words, 0, &word, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:3: c must be one of \"x\", \"y\""));
	err_clear(&e);
	assert_int_equal(config_word(g, "d", words, -1, &word, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "d is missing"));
	config_close(c);
}

static void
broken_syntax_is_named_with_its_line(void **state)
{
	struct err e;

	(void)state;
	assert_null(opened("a = 1;\nb = = 2;\n", &e));
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, ".cfg:2: "));
	assert_null(opened("a = 1;\na = 2;\n", &e));
	assert_int_equal(e.code, ERR_CONFIG);
}

static void
a_file_that_is_not_there_is_no_input(void **state)
{
	struct config *c;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(config_open("/nonexistent", &c, &e), ERR_NOINPUT);
	assert_null(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(an_unknown_key_is_named_with_its_line),
		cmocka_unit_test(a_misspelt_key_is_told_what_was_meant),
		cmocka_unit_test(a_wrong_type_is_named_with_its_line),
		cmocka_unit_test(broken_syntax_is_named_with_its_line),
		cmocka_unit_test(a_file_that_is_not_there_is_no_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
