/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "factory/command.h"

static struct command c;
static struct command_argv out;
static struct err e;
static const char *value[COMMAND_PLACES] = {
	[COMMAND_IMAGE] = "/w/image", [COMMAND_SERIAL] = "-f"
};

static enum err_code
parse(const char *text)
{
	err_clear(&e);
	return command_parse(&c, text, &e);
}

/* The words with "|" behind each. */
static void
assert_words(const char *text, const char *want)
{
	char all[1024] = "";

	if (parse(text) != ERR_OK ||
	    command_fill(&c, value, &out, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.msg);
	for (size_t i = 0; out.argv[i] != NULL; i++) {
		strcat(all, out.argv[i]);
		strcat(all, "|");
	}
	assert_string_equal(all, want);
}

static void
assert_bad(const char *text, const char *why)
{
	if (parse(text) == ERR_OK)
		fail_msg("%s: taken", text);
	assert_int_equal(e.code, ERR_USAGE);
	if (strstr(e.msg, why) == NULL)
		fail_msg("%s: %s, not %s", text, e.msg, why);
}

static void
blanks_part_words(void **state)
{
	(void)state;
	assert_words("a", "a|");
	assert_words(" a\tb\n c ", "a|b|c|");
	assert_words("a $HOME `x` * ~ #", "a|$HOME|`x`|*|~|#|");
}

static void
quotes_keep_them(void **state)
{
	(void)state;
	assert_words("a 'b c' \"d e\" f\\ g", "a|b c|d e|f g|");
	assert_words("a x'b c'y\"z\"", "a|xb cyz|");
	assert_words("a '' \"\"", "a|||");
	assert_words(
	    "a 'b\\c' \"d\\\"e\\\\f\\g\" \\\\ \\'", "a|b\\c|d\"e\\f\\g|\\|'|");
	assert_bad("a 'b", "character 5: a quotation without an end");
	assert_bad("a \"b\\\"", "a quotation without an end");
	assert_bad("a \\", "a backslash at the end");
}

static void
values_are_put_in_wherever_they_stand(void **state)
{
	(void)state;
	assert_words("a {image}", "a|/w/image|");
	assert_words("a x={image},y '{image}'\"{image}\"",
	    "a|x=/w/image,y|"
	    "/w/image/w/image|");
	assert_words("a {{image}} {{}}", "a|{image}|{}|");
	assert_words("a -s{serial}", "a|-s-f|");
	assert_true(c.uses[COMMAND_SERIAL]);
	assert_false(c.uses[COMMAND_IMAGE]);
	assert_bad("a {nothing}", "character 3: {nothing}: behind a { one of");
	assert_bad("a {image} x'{imag}'y", "character 13: {imag}: behind a {");
	assert_bad("a {image", "behind a { one of image");
	assert_bad("a image}", "a } without its {");
	assert_bad("{image}", "braces in the program's name");
}

static void
a_value_is_no_option(void **state)
{
	(void)state;
	assert_int_equal(parse("a {serial}"), ERR_OK);
	assert_int_equal(command_fill(&c, value, &out, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "{serial} begins with a dash"));
	assert_int_equal(parse("a {uuid}"), ERR_OK);
	assert_int_equal(command_fill(&c, value, &out, &e), ERR_USAGE);
}

static void
what_only_a_shell_understands_is_told(void **state)
{
	(void)state;
	assert_bad("a {image} | b", "no shell reads this");
	assert_bad("a > b", "no shell reads this");
	assert_bad("a && b", "no shell reads this");
	assert_words("a '|' \\> x|y", "a|||>|x|y|");
}

static void
all_is_bounded(void **state)
{
	char text[COMMAND_TEXT + 1];

	(void)state;
	assert_bad("", "no command");
	assert_bad(" \t", "no command");
	assert_bad("a\001", "a control character");
	memset(text, 'x', sizeof(text));
	text[COMMAND_TEXT] = '\0';
	assert_bad(text, "more than 4095 characters");
	text[COMMAND_TEXT - 1] = '\0';
	assert_int_equal(parse(text), ERR_OK);
	for (size_t i = 0; i < 2 * COMMAND_WORDS; i += 2)
		memcpy(text + i, "x ", 2);
	text[2 * COMMAND_WORDS] = '\0';
	assert_int_equal(parse(text), ERR_OK);
	assert_int_equal(c.n, COMMAND_WORDS);
	strcpy(text + 2 * COMMAND_WORDS, "x");
	assert_bad(text, "more than 64 words");
	/* Values make it longer than a buffer can hold. */
	for (size_t i = 0; i + 7 < COMMAND_TEXT; i += 7)
		memcpy(text + i, "{image}", 8);
	memcpy(text, "a ", 2);
	memcpy(text + 2, "xxxxx", 5);
	value[COMMAND_IMAGE] = "/a/path/that/is/quite/long/and/goes/on/and/on"
			       "/and/on/and/on";
	assert_int_equal(parse(text), ERR_OK);
	assert_int_equal(command_fill(&c, value, &out, &e), ERR_USAGE);
	value[COMMAND_IMAGE] = "/w/image";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_part_words),
		cmocka_unit_test(quotes_keep_them),
		cmocka_unit_test(values_are_put_in_wherever_they_stand),
		cmocka_unit_test(a_value_is_no_option),
		cmocka_unit_test(what_only_a_shell_understands_is_told),
		cmocka_unit_test(all_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
