/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "export/label.h"

static size_t
dark(const struct label *l)
{
	size_t n = 0;

	for (size_t r = 0; r < l->rows; r++)
		for (size_t c = 0; c < l->cols; c++)
			n += label_dark(l, r, c) ? 1 : 0;
	return n;
}

static enum err_code
make(struct label *l, enum label_kind kind, const char *text)
{
	struct err e;

	err_clear(&e);
	return label_make(l, kind, text, &e);
}

/* ISO/IEC 15417: 11 modules a symbol, 13 the stop; each begins dark. */
static void
code_128_has_the_modules_of_its_symbols(void **state)
{
	struct label l;

	(void)state;
	assert_int_equal(make(&l, LABEL_CODE128, "AB"), ERR_OK);
	assert_int_equal(l.rows, 1);
	assert_int_equal(l.cols, 11 * 4 + 13); /* start, A, B, check, stop */
	assert_int_equal(l.quiet, 10);
	for (size_t c = 0; c < l.cols; c += 11)
		assert_true(label_dark(&l, 0, c));
	/* The stop is 2331112, dark first. */
	for (size_t c = 0; c < 13; c++)
		assert_int_equal(
		    label_dark(&l, 0, 44 + c), "1100011101011"[c] == '1');
	assert_false(label_dark(&l, 0, l.cols));
	assert_false(label_dark(&l, 1, 0));
}

/* ISO/IEC 18004: a finder of 7 x 7 in three corners; format bits say M. */
static void
qr_has_its_finders_and_level_m(void **state)
{
	static const char finder[7][8] = { "1111111", "1000001", "1011101",
		"1011101", "1011101", "1000001", "1111111" };
	struct label l;
	unsigned level;

	(void)state;
	assert_int_equal(make(&l, LABEL_QR, "{\"serial\":\"S1\"}"), ERR_OK);
	assert_int_equal(l.rows, l.cols);
	assert_int_equal((l.rows - 17) % 4, 0);
	assert_int_equal(l.quiet, 4);
	for (size_t r = 0; r < 7; r++)
		for (size_t c = 0; c < 7; c++) {
			bool want = finder[r][c] == '1';

			assert_int_equal(label_dark(&l, r, c), want);
			assert_int_equal(
			    label_dark(&l, r, l.cols - 7 + c), want);
			assert_int_equal(
			    label_dark(&l, l.rows - 7 + r, c), want);
		}
	/* The two upper format bits, masked with 10, are 00 for M. */
	level = (unsigned)label_dark(&l, 8, 0) << 1 |
	    (unsigned)label_dark(&l, 8, 1);
	assert_int_equal(level ^ 2, 0);
}

static void
the_same_text_gives_the_same_grid_and_another_another(void **state)
{
	static struct label a, b;

	(void)state;
	for (enum label_kind k = LABEL_CODE128; k <= LABEL_QR; k++) {
		assert_int_equal(make(&a, k, "SERIAL-1"), ERR_OK);
		assert_int_equal(make(&b, k, "SERIAL-1"), ERR_OK);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(dark(&a) > a.rows * a.cols / 4);
		assert_int_equal(make(&b, k, "SERIAL-2"), ERR_OK);
		assert_memory_not_equal(&a, &b, sizeof(a));
	}
}

static void
the_longest_texts_fit(void **state)
{
	char text[LABEL_TEXT + 2];
	struct label l;

	(void)state;
	memset(text, 'w', sizeof(text));
	text[LABEL_TEXT_CODE128] = '\0';
	assert_int_equal(make(&l, LABEL_CODE128, text), ERR_OK);
	assert_int_equal(l.cols, 11 * (LABEL_TEXT_CODE128 + 2) + 13);
	text[LABEL_TEXT_CODE128] = 'w';
	text[LABEL_TEXT] = '\0';
	assert_int_equal(make(&l, LABEL_QR, text), ERR_OK);
}

static void
what_is_no_text_for_a_code_is_refused(void **state)
{
	char text[LABEL_TEXT + 2];
	struct label l;

	(void)state;
	memset(text, '0', sizeof(text));
	text[LABEL_TEXT + 1] = '\0';
	for (enum label_kind k = LABEL_CODE128; k <= LABEL_QR; k++) {
		assert_int_equal(make(&l, k, ""), ERR_DATA);
		assert_int_equal(make(&l, k, "a\nb"), ERR_DATA);
		assert_int_equal(make(&l, k, "\xc3\xa4"), ERR_DATA);
		assert_int_equal(make(&l, k, text), ERR_DATA);
		assert_int_equal(dark(&l), 0);
	}
	text[LABEL_TEXT_CODE128 + 1] = '\0';
	assert_int_equal(make(&l, LABEL_CODE128, text), ERR_DATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_128_has_the_modules_of_its_symbols),
		cmocka_unit_test(qr_has_its_finders_and_level_m),
		cmocka_unit_test(
		    the_same_text_gives_the_same_grid_and_another_another),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test(what_is_no_text_for_a_code_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
