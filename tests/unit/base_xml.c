/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/xml.h"

static struct xml *
read_text(const char *text)
{
	struct xml *x = NULL;
	struct err e;

	err_clear(&e);
	assert_int_equal(xml_read(text, strlen(text), &x, &e), ERR_OK);
	return x;
}

static void
assert_refused(const char *text, size_t n, const char *words)
{
	struct xml *x = NULL;
	struct err e;

	err_clear(&e);
	assert_int_equal(xml_read(text, n, &x, &e), ERR_DATA);
	assert_null(x);
	assert_non_null(strstr(e.msg, words));
}

static void
names_namespaces_text_and_the_name_attribute_are_kept(void **state)
{
	struct xml *x = read_text("<?xml version='1.0'?><a:r xmlns:a='u:1' "
				  "xmlns:b='u:2'>\n <b:c Name='k&gt;' id='7'>"
				  " x &amp; y </b:c><d/> tail </a:r>");
	const struct node *r = xml_root(x), *c = node_child(r, "c");

	(void)state;
	assert_string_equal(r->name, "r");
	assert_string_equal(r->ns, "u:1");
	assert_string_equal(r->text, "tail");
	assert_null(r->attr_name);
	assert_string_equal(c->ns, "u:2");
	assert_string_equal(c->text, "x & y");
	assert_string_equal(c->attr_name, "k>");
	assert_string_equal(node_child(r, "d")->ns, "");
	assert_string_equal(node_child(r, "d")->text, "");
	xml_free(x);
}

static void
white_space_around_a_text_is_there_for_who_wants_it(void **state)
{
	struct xml *x = read_text("<r>\n <a> x y\t</a><b>&#10;</b><c>z</c>"
				  "<d> 1 <e/> 2 </d><f/>\n</r>");
	const struct node *r = xml_root(x);

	(void)state;
	assert_string_equal(node_text(r, "a"), "x y");
	assert_string_equal(node_raw(r, "a"), " x y\t");
	assert_string_equal(node_text(r, "b"), "");
	assert_string_equal(node_raw(r, "b"), "\n");
	assert_string_equal(node_raw(r, "c"), "z");
	assert_string_equal(node_raw(r, "d"), "1  2");
	assert_string_equal(node_raw(r, "f"), "");
	assert_string_equal(r->raw, "");
	assert_null(node_raw(r, "g"));
	xml_free(x);
}

static void
a_path_leads_to_the_first_child_of_each_name(void **state)
{
	struct xml *x =
	    read_text("<r><a/><a><b>no</b></a><ab><b>1</b><b>2</b></ab></r>");

	(void)state;
	assert_string_equal(node_text(xml_root(x), "ab/b"), "1");
	assert_null(node_text(xml_root(x), "a/b"));
	assert_null(node_text(xml_root(x), "a/b/c"));
	assert_null(node_path(NULL, "a"));
	assert_ptr_equal(node_path(xml_root(x), ""), xml_root(x));
	xml_free(x);
}

static void
what_is_escaped_reads_back_the_same(void **state)
{
	const char *text = "a<b>&\"c\" 'd'";
	struct wr w;
	struct xml *x;

	(void)state;
	wr_grow(&w, 1000);
	wr_str(&w, "<r>");
	node_escape(&w, text);
	wr_str(&w, "</r>");
	wr_u8(&w, 0);
	x = read_text((const char *)w.buf);
	assert_string_equal(xml_root(x)->text, text);
	xml_free(x);
	wr_free(&w);
}

static void
what_is_not_well_formed_is_refused_with_its_line(void **state)
{
	(void)state;
	assert_refused("<a>\n<b></a>", 11, "line 2: mismatched tag");
	assert_refused("<a/>x", 5, "line 1");
	assert_refused("", 0, "no element found");
	assert_refused("<a><b>", 6, "line 1");
}

static void
a_doctype_is_refused(void **state)
{
	const char *bomb = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";

	(void)state;
	assert_refused(bomb, strlen(bomb), "DOCTYPE");
}

static void
depth_count_and_text_are_bounded(void **state)
{
	size_t n = 600000;
	char *p = malloc(n);
	size_t at;

	(void)state;
	assert_non_null(p);
	at = 0;
	for (int i = 0; i < 33; i++, at += 3)
		memcpy(p + at, "<a>", 3);
	assert_refused(p, at, "too deep");
	memcpy(p, "<r>", 3);
	for (at = 3; at < 3 + 4 * 4096; at += 4)
		memcpy(p + at, "<a/>", 4);
	memcpy(p + at, "</r>", 4);
	assert_refused(p, at + 4, "too many elements");
	memset(p, 'x', n);
	memcpy(p, "<r>", 3);
	memcpy(p + n - 4, "</r>", 4);
	assert_refused(p, n, "too much text");
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    names_namespaces_text_and_the_name_attribute_are_kept),
		cmocka_unit_test(
		    white_space_around_a_text_is_there_for_who_wants_it),
		cmocka_unit_test(a_path_leads_to_the_first_child_of_each_name),
		cmocka_unit_test(what_is_escaped_reads_back_the_same),
		cmocka_unit_test(
		    what_is_not_well_formed_is_refused_with_its_line),
		cmocka_unit_test(a_doctype_is_refused),
		cmocka_unit_test(depth_count_and_text_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
