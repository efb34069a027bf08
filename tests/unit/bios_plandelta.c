/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/plandelta.h"

#define N 0x1000

struct bench {
	uint8_t base[N], copy[N];
	struct plan plan;
	struct delta d;
};

static struct bench *
fresh(void)
{
	struct bench *b = test_calloc(1, sizeof(*b));

	memset(b->base, 0xFF, N);
	memcpy(b->copy, b->base, N);
	wr_grow(&b->plan.bytes, N);
	b->d.image = N;
	return b;
}

static void
done(struct bench *b)
{
	plan_free(&b->plan);
	test_free(b);
}

static void
add(struct bench *b, size_t off, const char *text, bool secret)
{
	struct plan_write *w = &b->plan.w[b->plan.n++];

	w->off = off;
	w->len = strlen(text);
	w->at = b->plan.bytes.len;
	w->secret = secret;
	wr_str(&b->plan.bytes, text);
}

static enum err_code
make(struct bench *b)
{
	struct err e = { 0 };

	return plandelta_make(&b->plan, b->base, &b->d, &e);
}

static void
a_delta_makes_what_its_plan_makes(void **state)
{
	struct bench *b = fresh();
	uint8_t *image = test_calloc(1, N);
	struct err e = { 0 };

	(void)state;
	add(b, 0x10, "head", false);
	add(b, 0x14, "secret", true);
	add(b, 0x800, "one", false);
	add(b, 0x803, "two", false);
	assert_int_equal(make(b), ERR_OK);
	assert_int_equal(b->d.n, 3); /* one and two are alike */
	assert_true(b->d.r[1].secret && !b->d.r[0].secret);
	assert_true(plandelta_same(&b->plan, &b->d));
	memcpy(image, b->base, N);
	assert_int_equal(plan_apply(&b->plan, image, N, &e), ERR_OK);
	delta_apply(&b->d, b->copy);
	assert_memory_equal(image, b->copy, N);
	test_free(image);
	done(b);
}

static void
bytes_of_writes_that_touch_may_lie_apart(void **state)
{
	struct bench *b = fresh();

	(void)state;
	add(b, 0x10, "one", false);
	wr_str(&b->plan.bytes, "gap");
	add(b, 0x13, "two", false);
	assert_int_equal(make(b), ERR_OK);
	assert_int_equal(b->d.n, 2);
	assert_true(plandelta_same(&b->plan, &b->d));
	done(b);
}

static void
another_byte_range_or_mark_is_not_the_plan(void **state)
{
	struct bench *b = fresh();

	(void)state;
	add(b, 0x10, "one", false);
	add(b, 0x20, "two", true);
	assert_int_equal(make(b), ERR_OK);
	b->d.r[1].len--;
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.r[1].len += 2;
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.r[1].len--;
	b->d.r[1].off++;
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.r[1].off--;
	b->d.r[1].secret = false;
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.r[1].secret = true;
	b->d.r[1].p = (const uint8_t *)"twO";
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.n = 1;
	assert_false(plandelta_same(&b->plan, &b->d));
	b->d.n = 0;
	assert_false(plandelta_same(&b->plan, &b->d));
	done(b);
}

static void
a_plan_that_is_out_of_order_is_a_bug(void **state)
{
	struct bench *b = fresh();

	(void)state;
	add(b, 0x20, "two", false);
	add(b, 0x10, "one", false);
	assert_int_equal(make(b), ERR_BUG);
	b->plan.n = 0;
	add(b, N - 1, "out", false);
	assert_int_equal(make(b), ERR_BUG);
	done(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delta_makes_what_its_plan_makes),
		cmocka_unit_test(bytes_of_writes_that_touch_may_lie_apart),
		cmocka_unit_test(another_byte_range_or_mark_is_not_the_plan),
		cmocka_unit_test(a_plan_that_is_out_of_order_is_a_bug),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
