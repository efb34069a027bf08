/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdint.h>
#include <string.h>

#include "base/near.h"

static void
distance_counts_what_fingers_do(void **state)
{
	char a[65], b[65];

	(void)state;
	assert_int_equal(near_distance("", ""), 0);
	assert_int_equal(near_distance("", "abc"), 3);
	assert_int_equal(near_distance("abc", ""), 3);
	assert_int_equal(near_distance("kitten", "sitting"), 3);
	assert_int_equal(near_distance("od", "do"), 1);
	assert_int_equal(near_distance("--cuont", "--count"), 1);
	assert_int_equal(near_distance("ca", "abc"), 3); /* no swap across */
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[63] = b[63] = '\0';
	b[62] = 'b';
	assert_int_equal(near_distance(a, b), 1);
	b[63] = 'b';
	b[64] = '\0';
	assert_int_equal(near_distance(a, b), SIZE_MAX);
	assert_int_equal(near_distance(b, a), SIZE_MAX);
	assert_false(near_word(b, b));
}

static void
only_a_third_of_a_word_may_differ(void **state)
{
	(void)state;
	assert_true(near_word("od", "do"));
	assert_true(near_word("majorversion", "majorVersion"));
	assert_true(near_word("recordChunks", "recordChunk"));
	assert_false(near_word("--profile", "--key-file"));
	assert_false(near_word("format", "read"));
	assert_false(near_word("--out", "--amt"));
	assert_false(near_word("-f", "-g"));
	assert_false(near_word("", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_what_fingers_do),
		cmocka_unit_test(only_a_third_of_a_word_may_differ),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
