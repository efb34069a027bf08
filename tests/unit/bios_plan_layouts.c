/* SPDX-License-Identifier: Apache-2.0 */
/* Plans over many random layouts. LAYOUTS=N in the environment runs so many,
 * SEED=N begins elsewhere. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/carry.h"
#include "tests/layouts.h"

#define SEED 20261126
#ifdef __SANITIZE_ADDRESS__
#define LAYOUTS 10000 /* ten times slower; the same run, but shorter */
#else
#define LAYOUTS 100000
#endif

static struct {
	uint64_t seed;
	struct layout l;
	struct image img, again;
	struct planner at;
	struct plan plan;
	uint8_t out[LAYOUT_MAX];
	unsigned long made, refused_base, refused_plan, clears, carried;
} t;

static unsigned long
from_env(const char *name, unsigned long fallback)
{
	const char *s = getenv(name);

	return s != NULL ? strtoul(s, NULL, 10) : fallback;
}

/* Ascending, without overlap, in the image. */
static void
writes_are_sorted(void)
{
	size_t end = 0;

	for (size_t i = 0; i < t.plan.n; i++) {
		const struct plan_write *w = &t.plan.w[i];

		assert_true(w->len > 0 && w->off >= end);
		end = w->off + w->len;
		assert_true(end <= t.l.n);
		assert_true(w->at + w->len <= t.plan.bytes.len);
		assert_true(w->why[0] != '\0');
	}
}

static void
nothing_else_changes(void)
{
	bool sets = false;
	size_t w = 0;

	for (size_t i = 0; i < t.l.n; i++) {
		if (t.out[i] == t.l.p[i])
			continue;
		while (w < t.plan.n && i >= t.plan.w[w].off + t.plan.w[w].len)
			w++;
		assert_true(w < t.plan.n && i >= t.plan.w[w].off);
		sets |= (t.out[i] & ~t.l.p[i]) != 0;
	}
	assert_int_equal(t.plan.clears_only, !sets);
	t.clears += !sets;
}

/* A setting whose bytes a later checksum covers may not be compared; else what
 * was written is what is found. */
static void
what_was_written_is_found(void)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(image_read(t.out, t.l.n, &t.again, &e), ERR_OK);
	if (carry_check(&t.again, &t.l.map, &t.l.rec, &e) != ERR_OK)
		fail_msg("seed %lu: %s", (unsigned long)t.seed, e.msg);
	t.carried++;
}

static void
one(uint64_t seed)
{
	struct err e;

	err_clear(&e);
	t.seed = seed;
	layout_make(&t.l, seed);
	assert_int_equal(image_read(t.l.p, t.l.n, &t.img, &e), ERR_OK);
	if (plan_begin(&t.at, &t.img, &t.l.map, &e) != ERR_OK) {
		assert_non_null(e.reason);
		t.refused_base++;
		return;
	}
	if (plan_make(&t.at, &t.l.rec, &t.plan, &e) != ERR_OK) {
		if (e.reason == NULL)
			fail_msg("seed %lu: %s", (unsigned long)t.seed, e.msg);
		t.refused_plan++;
		plan_free(&t.plan);
		return;
	}
	t.made++;
	writes_are_sorted();
	memcpy(t.out, t.l.p, t.l.n);
	assert_int_equal(plan_apply(&t.plan, t.out, t.l.n, &e), ERR_OK);
	nothing_else_changes();
	what_was_written_is_found();
	assert_int_equal(
	    plan_revert(&t.plan, &t.img, t.out, t.l.n, &e), ERR_OK);
	assert_memory_equal(t.out, t.l.p, t.l.n);
	plan_free(&t.plan);
}

static void
over_random_layouts_only_planned_ranges_change_and_come_back(void **state)
{
	unsigned long n = from_env("LAYOUTS", LAYOUTS);
	unsigned long seed = from_env("SEED", SEED);

	(void)state;
	for (unsigned long i = 0; i < n; i++)
		one(seed + i);
	print_message("%lu layouts from seed %lu: %lu plans (%lu only clear "
		      "bits), %lu bases and %lu units refused\n",
	    n, seed, t.made, t.clears, t.refused_base, t.refused_plan);
	/* The generator is of use only where much of both happens. */
	assert_true(t.made > n / 10 && t.made < n);
	assert_true(t.clears > t.made / 20 && t.clears < t.made);
	assert_true(t.carried == t.made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    over_random_layouts_only_planned_ranges_change_and_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
