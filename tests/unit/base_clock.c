/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <time.h>

#include "base/clock.h"

static void
all_clocks_count_the_same_nap(void **state)
{
	const struct timespec nap = { 0, 20000000 };
	uint64_t ms = clock_ms(), boot = clock_boot_ms();
	double seconds = clock_seconds();

	(void)state;
	assert_int_equal(nanosleep(&nap, NULL), 0);
	assert_true(clock_ms() - ms >= 20);
	assert_true(clock_boot_ms() - boot >= 20);
	assert_true(clock_seconds() - seconds >= 0.02);
	/* One start of both: no unit is mistaken. What is read first is the
	 * less, however long this program rests between. */
	seconds = clock_seconds();
	assert_true(seconds * 1e3 - (double)clock_ms() < 1000);
	ms = clock_ms();
	assert_true(clock_boot_ms() + 1000 >= ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_clocks_count_the_same_nap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
