/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "formats/reason.h"

static void
every_reason_has_a_code_a_rule_and_a_mend(void **state)
{
	(void)state;
	for (int i = REASON_NONE; i < REASON_LAST; i++) {
		const struct reason *r = reason_get((enum reason_id)i);
		const char *bad = NULL;

		if (r->code == NULL || r->rule == NULL || r->mend == NULL)
			bad = "a part";
		else if (r->code[strspn(
			     r->code, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
			bad = "a code of lower-case words";
		else if (r->rule[strlen(r->rule) - 1] != '.' ||
		    r->mend[strlen(r->mend) - 1] != '.')
			bad = "sentences";
		if (bad != NULL)
			fail_msg("reason %d lacks %s", i, bad);
	}
}

static void
a_code_finds_its_reason_and_no_two_are_the_same(void **state)
{
	(void)state;
	for (int i = REASON_NONE + 1; i < REASON_LAST; i++) {
		const struct reason *r = reason_get((enum reason_id)i);

		assert_ptr_equal(reason_find(r->code), r);
	}
	assert_null(reason_find("none"));
	assert_null(reason_find("pid"));
	assert_null(reason_find(""));
}

static void
codes_are_the_names_of_the_enum(void **state)
{
	(void)state;
#define IS(id, text) assert_string_equal(reason_get(REASON_##id)->code, text)
	IS(HELLO_MALFORMED, "hello-malformed");
	IS(UUID_PLACEHOLDER, "uuid-placeholder");
	IS(IMAGE_FTW_PENDING, "image-ftw-pending");
	IS(MANIFEST_RECIPIENT, "manifest-recipient");
	IS(PID_UNKNOWN, "pid-unknown");
	IS(DEVICE_REFUSED, "device-refused");
	IS(NO_AMT_MARK, "no-amt-mark");
	IS(DEVICE_DISABLED, "device-disabled");
#undef IS
}

static void
a_number_outside_the_list_is_none(void **state)
{
	(void)state;
	assert_string_equal(reason_get(REASON_LAST)->code, "none");
	assert_string_equal(reason_get((enum reason_id) - 1)->code, "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_code_a_rule_and_a_mend),
		cmocka_unit_test(
		    a_code_finds_its_reason_and_no_two_are_the_same),
		cmocka_unit_test(codes_are_the_names_of_the_enum),
		cmocka_unit_test(a_number_outside_the_list_is_none),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
