/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/reason.h"
#include "server/naming.h"

#define A "939b524b-13d4-1d18-e487-1c697a6b7a2b"
#define B "00112233-4455-6677-8899-aabbccddeeff"

static struct row
unit(void)
{
	struct row row = { .serial = "SN0012345",
		.order = "2026-A",
		.sku = "Office",
		.macs = "02:00:00:aB:cD:01,02:00:00:00:00:02" };

	assert_true(uuid_parse(&row.uuid, A));
	return row;
}

static void
a_rule_makes_a_label_of_the_units_values(void **state)
{
	static const char *const rules[][2] = {
		{ "pc-{serial}", "pc-sn0012345" },
		{ "{uuid}", A },
		{ "{uuid:8}x", "939b524bx" },
		{ "m{mac}", "m020000abcd01" },
		{ "{mac:-6}", "abcd01" },
		{ "{order}-{sku:3}-{serial:-5}", "2026-a-off-12345" },
		{ "ONE", "one" },
	};
	char out[NAMING_LABEL];
	struct row row = unit();
	const char *why;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		err_clear(&e);
		assert_true(naming_rule_check(rules[i][0], &why));
		assert_int_equal(
		    naming_rule(rules[i][0], &row, out, &e), ERR_OK);
		assert_string_equal(out, rules[i][1]);
	}
}

static void
what_does_not_fit_is_refused_and_not_put_right(void **state)
{
	char out[NAMING_LABEL] = "untouched";
	struct row row = unit();
	struct err e;

	(void)state;
	err_clear(&e);
	strcpy(row.serial, "A_1");
	assert_int_equal(naming_rule("{serial}", &row, out, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_NAME_MISSING));
	assert_non_null(strstr(e.msg, "\"a_1\""));
	err_clear(&e);
	row.macs[0] = '\0';
	assert_int_equal(naming_rule("x{mac}", &row, out, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "mac"));
	err_clear(&e);
	assert_int_equal(naming_rule("{serial:9}", &row, out, &e), ERR_DATA);
	err_clear(&e);
	memset(row.serial, 'a', sizeof(row.serial) - 1);
	assert_int_equal(naming_rule("b{serial}", &row, out, &e), ERR_DATA);
	err_clear(&e);
	strcpy(row.serial, "x");
	assert_int_equal(naming_rule("{serial}-", &row, out, &e), ERR_DATA);
	assert_string_equal(out, "untouched");
}

static void
a_rule_that_is_not_well_formed_is_told(void **state)
{
	static const char *const bad[] = { "", "pc-{seriall}", "{serial", "a}b",
		"{serial:0}", "{serial:-0}", "{serial:64}", "{serial:x}",
		"{serial:}", "{serial:1x}", "a.b", "a b", "{{serial}}", "{}" };
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		assert_false(naming_rule_check(bad[i], &why));
		assert_non_null(why);
	}
}

static void
labels_and_domains_are_those_of_the_dns(void **state)
{
	char long_label[66];

	(void)state;
	memset(long_label, 'a', sizeof(long_label));
	long_label[64] = '\0';
	assert_false(naming_is_label(long_label));
	long_label[63] = '\0';
	assert_true(naming_is_label(long_label));
	assert_true(naming_is_label("9"));
	assert_false(naming_is_label(""));
	assert_false(naming_is_label("-a"));
	assert_false(naming_is_label("a-"));
	assert_false(naming_is_label("a_b"));
	assert_true(naming_is_domain("corp.example.com"));
	assert_true(naming_is_domain("local"));
	assert_false(naming_is_domain("corp..com"));
	assert_false(naming_is_domain(".com"));
	assert_false(naming_is_domain("com."));
}

static enum err_code
table(const char *text, struct naming_table **out, struct err *e)
{
	err_clear(e);
	return naming_table_read("names.csv", text, strlen(text), out, e);
}

static void
a_table_names_each_machine_by_its_uuid(void **state)
{
	struct naming_table *t = NULL;
	struct uuid u;
	struct err e;

	(void)state;
	assert_int_equal(table("uuid,fqdn\r\n" A ",PC1.corp.example.com\r\n"
			       "\n" B ",pc2.corp.example.com\n",
			     &t, &e),
	    ERR_OK);
	uuid_parse(&u, A);
	assert_string_equal(naming_table_find(t, &u), "pc1.corp.example.com");
	uuid_parse(&u, B);
	assert_string_equal(naming_table_find(t, &u), "pc2.corp.example.com");
	u.b[0]++;
	assert_null(naming_table_find(t, &u));
	naming_table_free(t);
}

static void
a_bad_table_is_refused_whole_with_its_line(void **state)
{
	static const struct {
		const char *text, *msg;
		enum reason_id why;
	} bad[] = {
		{ "", "names.csv:1: empty", REASON_NAME_TABLE },
		{ "fqdn,uuid\n", "names.csv:1: the first line",
		    REASON_NAME_TABLE },
		{ "uuid,fqdn\n" A ",a.b\nx,c.d\n",
		    "names.csv:3: not a UUID: \"x\" (column 1)",
		    REASON_UUID_MALFORMED },
		{ "uuid,fqdn\n" A ",a\n",
		    "names.csv:2: not a host name with its domain: \"a\" "
		    "(column 38)",
		    REASON_NAME_INVALID },
		{ "uuid,fqdn\n" A ",a_b.c\n", "names.csv:2: not a host name",
		    REASON_NAME_INVALID },
		{ "uuid,fqdn\n" A "\n", "names.csv:2: 1 fields: a row has",
		    REASON_NAME_TABLE },
		{ "uuid,fqdn\n" A ",a.b,c\n", "names.csv:2: 3 fields",
		    REASON_NAME_TABLE },
		{ "uuid,fqdn\n" A ",a.b\n" B ",c.d\n" A ",e.f\n",
		    "names.csv:4: " A " stands in line 2 already",
		    REASON_NAME_TWICE },
		{ "uuid,fqdn\n" A ",a.b\n" B ",A.b\n",
		    "names.csv:3: a.b stands in line 2 already",
		    REASON_NAME_TWICE },
		{ "uuid,fqdn\n" A ",a\"b.c\n",
		    "names.csv:2: a quote within a field (column 39)",
		    REASON_CSV_MALFORMED },
	};
	struct naming_table *t;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(table(bad[i].text, &t, &e), ERR_DATA);
		assert_null(t);
		assert_ptr_equal(e.reason, reason_get(bad[i].why));
		assert_ptr_equal(strstr(e.msg, bad[i].msg), e.msg);
	}
}

static void
put(const char *path, const char *text)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(
	    file_write(path, FILE_REPLACE, text, strlen(text), &e), ERR_OK);
}

static void
a_changed_file_is_read_again_and_a_bad_one_leaves_the_old(void **state)
{
	char dir[] = "/tmp/amtforge-naming.XXXXXX", path[64];
	struct naming_file f = { .path = NULL };
	struct uuid u;
	bool changed;
	struct err e;

	(void)state;
	err_clear(&e);
	uuid_parse(&u, A);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/names.csv", dir);
	put(path, "uuid,fqdn\n" A ",one.example.com\n");
	assert_int_equal(naming_file_open(&f, path, &e), ERR_OK);
	assert_int_equal(naming_file_refresh(&f, &changed, &e), ERR_OK);
	assert_false(changed);
	put(path, "uuid,fqdn\n" A ",two.example.com\n");
	assert_int_equal(naming_file_refresh(&f, &changed, &e), ERR_OK);
	assert_true(changed);
	assert_string_equal(naming_table_find(f.table, &u), "two.example.com");
	put(path, "uuid,fqdn\n" A ",\n");
	assert_int_equal(naming_file_refresh(&f, &changed, &e), ERR_DATA);
	assert_false(changed);
	assert_string_equal(naming_table_find(f.table, &u), "two.example.com");
	err_clear(&e); /* told once */
	assert_int_equal(naming_file_refresh(&f, &changed, &e), ERR_OK);
	unlink(path);
	assert_int_equal(naming_file_refresh(&f, &changed, &e), ERR_OK);
	naming_file_close(&f);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_makes_a_label_of_the_units_values),
		cmocka_unit_test(
		    what_does_not_fit_is_refused_and_not_put_right),
		cmocka_unit_test(a_rule_that_is_not_well_formed_is_told),
		cmocka_unit_test(labels_and_domains_are_those_of_the_dns),
		cmocka_unit_test(a_table_names_each_machine_by_its_uuid),
		cmocka_unit_test(a_bad_table_is_refused_whole_with_its_line),
		cmocka_unit_test(
		    a_changed_file_is_read_again_and_a_bad_one_leaves_the_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
