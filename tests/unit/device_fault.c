/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "device/chance.h"
#include "device/fault.h"

static struct fault_plan plan;

static enum err_code
rule(const char *text)
{
	struct err e = { 0 };

	return fault_rule(&plan, text, &e);
}

static int
start(void **unused)
{
	(void)unused;
	memset(&plan, 0, sizeof(plan));
	plan.seed = 42;
	return 0;
}

static void
deal(uint64_t n, struct fault *f)
{
	struct uuid u;

	chance_uuid(1, n, &u);
	fault_deal(&plan, &u, f);
}

static void
a_rule_for_all_is_dealt_to_all(void **unused)
{
	char text[FAULT_TEXT];
	struct fault f;

	(void)unused;
	assert_int_equal(rule("drop=3"), ERR_OK);
	assert_int_equal(rule("late=2:100%"), ERR_OK);
	assert_int_equal(rule("slow:1"), ERR_OK);
	for (uint64_t i = 0; i < 100; i++) {
		deal(i, &f);
		fault_text(&f, text);
		assert_string_equal(text, "drop=3 late=2 slow=2000");
		assert_int_equal(f.start_ms, 2000);
	}
}

static void
a_share_is_dealt_to_about_that_many_and_to_the_same(void **unused)
{
	struct fault f, again;
	int n = 0;

	(void)unused;
	assert_int_equal(rule("silent:20%"), ERR_OK);
	assert_int_equal(rule("duplicate:0.5"), ERR_OK);
	plan.spread_ms = 1000;
	for (uint64_t i = 0; i < 1000; i++) {
		deal(i, &f);
		deal(i, &again);
		assert_memory_equal(&f, &again, sizeof(f));
		assert_true(f.start_ms < 1000);
		n += fault_has(&f, FAULT_SILENT);
	}
	assert_in_range(n, 150, 250);
}

static void
a_machines_part_hangs_on_its_seed(void **unused)
{
	struct fault f, other;
	int differ = 0;

	(void)unused;
	plan.spread_ms = 100000;
	for (uint64_t i = 0; i < 20; i++) {
		plan.seed = 42;
		deal(i, &f);
		plan.seed = 43;
		deal(i, &other);
		differ += f.start_ms != other.start_ms;
	}
	assert_true(differ > 15);
}

static void
what_is_no_rule_is_refused(void **unused)
{
	static const char *const bad[] = { "", "=", ":", "dro", "dropp=1",
		"drop", "drop=", "drop=0", "drop=1001", "drop=1 ", "drop=-1",
		"drop=1:", "drop=1:0", "drop=1:1.1", "drop=1:101%", "drop=1:x",
		"drop=1:-1", "drop=1: 1", "drop=1:nan", "drop=9999999999",
		"otp=1", "late", "slow=0", "silent=" };

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rule(bad[i]) != ERR_USAGE)
			fail_msg("'%s' is taken", bad[i]);
	assert_int_equal(plan.n, 0);
	for (int i = 0; i < FAULT_RULES; i++)
		assert_int_equal(rule("otp"), ERR_OK);
	assert_int_equal(rule("otp"), ERR_USAGE);
}

static void
a_connection_ends_once(void **unused)
{
	struct fault f;
	bool answered;

	(void)unused;
	assert_int_equal(rule("drop=2"), ERR_OK);
	assert_int_equal(rule("cut=3"), ERR_OK);
	deal(0, &f);
	assert_false(fault_ends(&f, &answered));
	assert_true(answered);
	assert_true(fault_ends(&f, &answered));
	assert_true(answered);
	assert_true(fault_ends(&f, &answered));
	assert_false(answered);
	for (int i = 0; i < 70000; i++)
		assert_false(fault_ends(&f, &answered));
}

static void
a_spoilt_secret_is_another_of_the_same_length(void **unused)
{
	static struct record rec;
	struct fault f;

	(void)unused;
	strcpy(rec.otp, "Abcdefg1");
	rec.key_len = rec.cert_len = 9;
	strcpy(rec.psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	deal(0, &f);
	fault_alter(&f, &rec);
	assert_string_equal(rec.otp, "Abcdefg1");
	assert_int_equal(rec.cert_len, 9);
	assert_int_equal(rule("otp"), ERR_OK);
	assert_int_equal(rule("cert"), ERR_OK);
	deal(0, &f);
	fault_alter(&f, &rec);
	assert_string_equal(rec.otp, "Bbcdefg1");
	assert_string_equal(rec.psk.pps, "AKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	assert_int_equal(rec.key_len + rec.cert_len, 0);
}

static void
a_seed_makes_uuids_that_all_differ(void **unused)
{
	struct uuid u[200], again;

	(void)unused;
	for (uint64_t i = 0; i < 200; i++) {
		chance_uuid(7, i, &u[i]);
		chance_uuid(7, i, &again);
		assert_true(uuid_equal(&u[i], &again));
		assert_false(uuid_is_placeholder(&u[i]));
		for (uint64_t k = 0; k < i; k++)
			assert_false(uuid_equal(&u[i], &u[k]));
	}
	chance_uuid(8, 0, &again);
	assert_false(uuid_equal(&u[0], &again));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_rule_for_all_is_dealt_to_all, start),
		cmocka_unit_test_setup(
		    a_share_is_dealt_to_about_that_many_and_to_the_same, start),
		cmocka_unit_test_setup(
		    a_machines_part_hangs_on_its_seed, start),
		cmocka_unit_test_setup(what_is_no_rule_is_refused, start),
		cmocka_unit_test_setup(a_connection_ends_once, start),
		cmocka_unit_test_setup(
		    a_spoilt_secret_is_another_of_the_same_length, start),
		cmocka_unit_test_setup(
		    a_seed_makes_uuids_that_all_differ, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
