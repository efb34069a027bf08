/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include "device/window.h"

#define HOUR 3600000u

static void
a_window_ends_when_its_up_time_is_spent(void **state)
{
	struct window w = { .phase = WINDOW_NEW };

	(void)state;
	assert_int_equal(window_left(&w), 0);
	assert_false(window_spend(&w, HOUR));
	window_open(&w, 24 * HOUR);
	assert_false(window_spend(&w, 23 * HOUR));
	assert_int_equal(window_left(&w), HOUR);
	assert_false(window_spend(&w, HOUR - 1));
	assert_true(window_spend(&w, UINT64_MAX));
	assert_int_equal(w.phase, WINDOW_OVER);
	assert_int_equal(w.spent_ms, 24 * HOUR);
	assert_false(window_spend(&w, HOUR));
}

static void
a_server_extends_it_to_255_hours_in_all(void **state)
{
	struct window w = { .phase = WINDOW_NEW };

	(void)state;
	window_open(&w, 6 * HOUR);
	assert_false(window_spend(&w, HOUR));
	for (int i = 0; i < 10; i++)
		assert_true(window_extend(&w, 24));
	assert_true(window_extend(&w, 9));
	assert_int_equal(w.granted_ms, 255ull * HOUR);
	assert_false(window_extend(&w, 1));
	assert_int_equal(window_left(&w), 254ull * HOUR);
	assert_true(window_extend(&w, 0));
}

static void
one_without_an_end_stays_so(void **state)
{
	struct window w = { .phase = WINDOW_NEW };

	(void)state;
	window_open(&w, WINDOW_FOR_EVER);
	assert_false(window_spend(&w, UINT64_MAX));
	assert_true(window_extend(&w, 24));
	assert_true(window_left(&w) == WINDOW_FOR_EVER);
	window_end(&w);
	assert_int_equal(window_left(&w), 0);
}

static void
a_key_renews_only_what_was_used_up(void **state)
{
	struct window w = { .phase = WINDOW_NEW };

	(void)state;
	window_renew(&w);
	assert_int_equal(w.phase, WINDOW_NEW);
	window_open(&w, HOUR);
	window_renew(&w);
	assert_int_equal(w.phase, WINDOW_OPEN);
	window_end(&w);
	window_renew(&w);
	assert_int_equal(w.phase, WINDOW_AGAIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_ends_when_its_up_time_is_spent),
		cmocka_unit_test(a_server_extends_it_to_255_hours_in_all),
		cmocka_unit_test(one_without_an_end_stays_so),
		cmocka_unit_test(a_key_renews_only_what_was_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
