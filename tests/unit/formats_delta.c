/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "formats/delta.h"
#include "formats/reason.h"

#define IMAGE 0x4000

struct bench {
	uint8_t base[IMAGE], copy[IMAGE], file[0x1000];
	size_t n;
	struct delta d, back;
};

static struct bench *
fresh(void)
{
	struct bench *b = test_calloc(1, sizeof(*b));

	memset(b->base, 0xFF, IMAGE);
	memset(b->base, 0x55, 0x100);
	memcpy(b->copy, b->base, IMAGE);
	b->d.image = IMAGE;
	digest_sha256(b->base, IMAGE, b->d.base);
	assert_true(
	    uuid_parse(&b->d.uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	return b;
}

static bool
add(struct bench *b, uint64_t off, const void *p, size_t len)
{
	struct delta_range r = { .off = off, .len = (uint32_t)len, .p = p };

	return delta_add(&b->d, &r, b->base);
}

static void
write_it(struct bench *b)
{
	struct wr w;

	wr_fixed(&w, b->file, sizeof(b->file));
	delta_write(&w, &b->d);
	assert_false(w.failed);
	b->n = w.len;
}

static bool
read_it(struct bench *b, const char **why)
{
	struct rd r;
	bool ok;

	rd_init(&r, b->file, b->n);
	ok = delta_read(&r, &b->back);
	*why = r.why;
	return ok;
}

static void
what_is_written_is_read_and_makes_the_same_image(void **state)
{
	struct bench *b = fresh();
	const char *why;

	(void)state;
	assert_true(add(b, 0x10, "\x01\x02", 2));
	assert_true(add(b, 0x3ffe, "zz", 2));
	write_it(b);
	assert_true(read_it(b, &why));
	assert_int_equal(b->back.n, 2);
	assert_true(uuid_equal(&b->back.uuid, &b->d.uuid));
	delta_apply(&b->back, b->copy);
	assert_memory_equal(b->copy + 0x10, "\x01\x02", 2);
	assert_memory_equal(b->copy + 0x3ffe, "zz", 2);
	for (size_t i = 0; i < IMAGE; i++)
		if (i != 0x10 && i != 0x11 && i < 0x3ffe)
			assert_int_equal(b->copy[i], b->base[i]);
	delta_revert(&b->back, b->base, b->copy);
	assert_memory_equal(b->copy, b->base, IMAGE);
	test_free(b);
}

static void
the_least_delta_has_these_bytes(void **state)
{
	static const uint8_t head[] = { 'A', 'M', 'T', 'F', 'D', 'L', 'T', '1',
		1, 0, 0x50, 0, 1, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0 };
	static const uint8_t tail[] = { 0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13,
		0x18, 0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b, 1,
		0, 0, 0, 17, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		1, 0, 0, 0, 0xA5 };
	uint8_t sha[SHA256_LEN];
	struct bench *b = fresh();

	(void)state;
	assert_true(add(b, 0x1234, "\xA5", 1));
	write_it(b);
	assert_int_equal(b->n, 0x50 + 17 + 32);
	assert_memory_equal(b->file, head, sizeof(head));
	assert_memory_equal(b->file + 0x18, b->d.base, 32);
	assert_memory_equal(b->file + 0x38, tail, sizeof(tail));
	digest_sha256(b->file, b->n - 32, sha);
	assert_memory_equal(b->file + b->n - 32, sha, 32);
	test_free(b);
}

static void
no_bit_can_be_flipped_and_no_prefix_is_taken(void **state)
{
	struct bench *b = fresh();
	const char *why;
	size_t n;

	(void)state;
	assert_true(add(b, 7, "seven", 5));
	write_it(b);
	n = b->n;
	for (size_t i = 0; i < 8 * n; i++) {
		b->file[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(read_it(b, &why));
		assert_non_null(why);
		assert_int_equal(b->back.n, 0);
		b->file[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (b->n = 0; b->n < n; b->n++)
		assert_false(read_it(b, &why));
	b->n = n + 1;
	assert_false(read_it(b, &why));
	b->n = n;
	assert_true(read_it(b, &why));
	test_free(b);
}

static void
a_range_that_only_clears_bits_says_so(void **state)
{
	struct bench *b = fresh();

	(void)state;
	assert_true(add(b, 0, "\x55\x54\x10", 3)); /* of 55 55 55 */
	assert_true(b->d.r[0].clears && delta_clears(&b->d));
	assert_true(add(b, 0x10, "\x57", 1));
	assert_false(b->d.r[1].clears || delta_clears(&b->d));
	write_it(b);
	assert_int_equal(get_u32le(b->file + 0x0c), 0);
	assert_int_equal(get_u32le(b->file + 0x50 + 12), 1);
	test_free(b);
}

static void
a_secret_range_marks_itself_and_the_whole(void **state)
{
	struct delta_range r = {
		.off = 4, .len = 3, .p = (const uint8_t *)"pps", .secret = true
	};
	struct bench *b = fresh();
	const char *why;

	(void)state;
	assert_true(delta_add(&b->d, &r, b->base));
	assert_true(add(b, 0x10, "\xFF", 1));
	write_it(b);
	assert_int_equal(get_u32le(b->file + 0x0c), 2);
	assert_true(read_it(b, &why));
	assert_true(b->back.r[0].secret && !b->back.r[1].secret);
	assert_true(delta_secret(&b->back));
	put_u32le(
	    b->file + 0x0c, 0); /* hides it, with a digest that is right */
	digest_sha256(b->file, b->n - 32, b->file + b->n - 32);
	assert_false(read_it(b, &why));
	assert_string_equal(why, "flags do not say what is in");
	test_free(b);
}

static void
ranges_that_follow_each_other_are_joined_if_alike(void **state)
{
	static const uint8_t bytes[] = "one run";
	struct delta_range r = { .off = 0x200, .len = 3, .p = bytes };
	struct bench *b = fresh();

	(void)state;
	assert_true(delta_add(&b->d, &r, b->base));
	r.off = 0x203;
	r.len = 4;
	r.p = bytes + 3;
	assert_true(delta_add(&b->d, &r, b->base));
	assert_int_equal(b->d.n, 1);
	assert_int_equal(b->d.r[0].len, 7);
	r.off = 0x207;
	r.secret = true;
	r.p = bytes + 7;
	r.len = 1;
	assert_true(delta_add(&b->d, &r, b->base));
	assert_int_equal(b->d.n, 2);
	write_it(b);
	test_free(b);
}

static void
what_would_not_be_read_is_not_added_or_written(void **state)
{
	struct bench *b = fresh();
	struct wr w;

	(void)state;
	assert_false(add(b, 0, "", 0));
	assert_false(add(b, IMAGE, "x", 1));
	assert_false(add(b, IMAGE - 1, "xy", 2));
	assert_false(add(b, UINT64_MAX, "xy", 2));
	assert_int_equal(b->d.n, 0);
	wr_fixed(&w, b->file, sizeof(b->file));
	delta_write(&w, &b->d); /* no range */
	assert_true(w.failed);
	assert_true(add(b, 0x100, "ab", 2));
	assert_false(add(b, 0x101, "x", 1));
	assert_false(add(b, 0x10, "x", 1));
	for (size_t i = 1; i < DELTA_RANGES; i++)
		assert_true(add(b, 0x100 + 4 * i, "x", 1));
	assert_false(add(b, 0x3000, "x", 1));
	b->d.r[5].off = 0;
	wr_fixed(&w, b->file, sizeof(b->file));
	delta_write(&w, &b->d);
	assert_true(w.failed);
	test_free(b);
}

static void
one_that_does_not_fit_fails_the_writer(void **state)
{
	struct bench *b = fresh();
	struct wr w;

	(void)state;
	assert_true(add(b, 0x100, "abc", 3));
	write_it(b);
	for (size_t n = 0; n < b->n; n++) {
		wr_fixed(&w, b->file, n);
		delta_write(&w, &b->d);
		assert_true(w.failed);
	}
	test_free(b);
}

static void
a_longer_file_than_any_is_refused(void **state)
{
	uint8_t *p = test_calloc(1, DELTA_MAX + 1);
	struct delta d;
	struct rd r;

	(void)state;
	rd_init(&r, p, DELTA_MAX + 1);
	assert_false(delta_read(&r, &d));
	assert_string_equal(r.why, "too long");
	test_free(p);
}

static void
another_base_is_named_with_both_digests(void **state)
{
	uint8_t sha[SHA256_LEN];
	struct bench *b = fresh();
	struct err e = { 0 };

	(void)state;
	assert_int_equal(delta_judge(&b->d, IMAGE, b->d.base, &e), ERR_OK);
	assert_int_equal(
	    delta_judge(&b->d, IMAGE + 1, b->d.base, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_DELTA_BASE));
	err_clear(&e);
	memset(sha, 0xAB, sizeof(sha));
	assert_int_equal(delta_judge(&b->d, IMAGE, sha, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "abababab"));
	test_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_written_is_read_and_makes_the_same_image),
		cmocka_unit_test(the_least_delta_has_these_bytes),
		cmocka_unit_test(no_bit_can_be_flipped_and_no_prefix_is_taken),
		cmocka_unit_test(a_range_that_only_clears_bits_says_so),
		cmocka_unit_test(a_secret_range_marks_itself_and_the_whole),
		cmocka_unit_test(
		    ranges_that_follow_each_other_are_joined_if_alike),
		cmocka_unit_test(
		    what_would_not_be_read_is_not_added_or_written),
		cmocka_unit_test(one_that_does_not_fit_fails_the_writer),
		cmocka_unit_test(a_longer_file_than_any_is_refused),
		cmocka_unit_test(another_base_is_named_with_both_digests),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
