/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/zip.h"

static void
make(struct wr *z, size_t n)
{
	struct err e = { 0 };
	uint8_t *in = malloc(n + 1);

	assert_non_null(in);
	for (size_t i = 0; i < n; i++)
		in[i] = (uint8_t)(i * i >> 7);
	wr_grow(z, 2 * n + 1000);
	assert_int_equal(zip_gzip(in, n, z, &e), ERR_OK);
	free(in);
}

static void
what_is_packed_comes_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, 100000 };

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct err e = { 0 };
		struct wr z, out;

		make(&z, sizes[k]);
		wr_grow(&out, sizes[k] + 1);
		assert_int_equal(zip_gunzip(z.buf, z.len, &out, &e), ERR_OK);
		assert_int_equal(out.len, sizes[k]);
		for (size_t i = 0; i < out.len; i++)
			assert_int_equal(out.buf[i], (uint8_t)(i * i >> 7));
		wr_free(&z);
		wr_free(&out);
	}
}

static void
the_same_bytes_pack_the_same_at_any_time(void **state)
{
	struct wr a, b;

	(void)state;
	make(&a, 5000);
	make(&b, 5000);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.buf, b.buf, a.len);
	wr_free(&a);
	wr_free(&b);
}

static void
every_truncation_and_a_tail_are_refused(void **state)
{
	struct err e = { 0 };
	struct wr z, out;

	(void)state;
	make(&z, 300);
	for (size_t n = 0; n < z.len; n++) {
		err_clear(&e);
		wr_grow(&out, 1000);
		assert_int_equal(zip_gunzip(z.buf, n, &out, &e), ERR_DATA);
		wr_free(&out);
	}
	wr_u8(&z, 0);
	err_clear(&e);
	wr_grow(&out, 1000);
	assert_int_equal(zip_gunzip(z.buf, z.len, &out, &e), ERR_DATA);
	wr_free(&out);
	wr_free(&z);
}

static void
a_bomb_stops_at_the_bound(void **state)
{
	struct err e = { 0 };
	struct wr z, out;

	(void)state;
	make(&z, 100000);
	wr_grow(&out, 99999);
	assert_int_equal(zip_gunzip(z.buf, z.len, &out, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "bound"));
	wr_free(&out);
	wr_free(&z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(the_same_bytes_pack_the_same_at_any_time),
		cmocka_unit_test(every_truncation_and_a_tail_are_refused),
		cmocka_unit_test(a_bomb_stops_at_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
