/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/scrub.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "tests/board.h"

#define SPARE 0x3000 /* in the volume, behind the working block's queue */

static uint8_t *
board(void)
{
	uint8_t *p = malloc(BOARD_SIZE);

	assert_non_null(p);
	assert_true(board_make(p));
	return p;
}

static uint8_t *
copy_of(const uint8_t *p)
{
	uint8_t *copy = malloc(BOARD_SIZE);

	assert_non_null(copy);
	memcpy(copy, p, BOARD_SIZE);
	return copy;
}

/* Scrubs p in place; the outcome is in e. know: what the ledger has, or 0. */
static enum err_code
scrub(uint8_t *p, uint32_t know, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	struct scrub *s = malloc(sizeof(*s));
	struct record *rec = malloc(sizeof(*rec));

	err_clear(e);
	assert_non_null(img);
	assert_non_null(s);
	assert_non_null(rec);
	assert_int_equal(image_read(p, BOARD_SIZE, img, e), ERR_OK);
	if (scrub_begin(s, img, NULL, p, e) == ERR_OK) {
		board_fill(rec, know);
		if (know != 0)
			scrub_know(s, rec);
		scrub_run(s, e);
	}
	scrub_free(s);
	free(s);
	free(rec);
	free(img);
	return e->code;
}

static bool
has(const uint8_t *p, const char *text)
{
	size_t n = strlen(text);
	uint8_t wide[128];

	for (size_t i = 0; i < n; i++)
		put_u16le(wide + 2 * i, (uint8_t)text[i]);
	return memmem(p, BOARD_SIZE, text, n) != NULL ||
	    memmem(p, BOARD_SIZE, wide, 2 * n) != NULL;
}

static void
clean(const uint8_t *p)
{
	assert_false(has(p, BOARD_PPS));
	assert_false(has(p, BOARD_MEBX));
	assert_false(has(p, BOARD_OTP));
	assert_null(memmem(p, BOARD_SIZE, "AMTFORG1", 8));
}

static void
every_container_becomes_what_it_was(void **state)
{
	uint8_t *p = board(), *base;
	size_t part = board_part(p);
	struct err e;

	(void)state;
	base = copy_of(p);
	board_oem(p, 1);
	board_put(p, BOARD_PDR, 2);
	board_put(p, BOARD_PDR + 0x2000, 3);
	board_put(p, part, 4);
	board_oem(p, 5);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	assert_memory_equal(p, base, BOARD_SIZE);
	free(base);
	free(p);
}

static void
an_entry_between_others_is_deleted_and_zero(void **state)
{
	uint8_t *p = board(), *was;
	size_t a = board_variable(p, "Before", "abc", 3);
	size_t ours = board_oem(p, 1);
	size_t b = board_variable(p, "Behind", "xyz", 3);
	struct varstore_var v;
	struct varstore s;
	struct err e;
	size_t at = 0;

	(void)state;
	was = copy_of(p);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	assert_memory_equal(p + a, was + a, ours - a);
	assert_memory_equal(p + b, was + b, BOARD_SIZE - b);
	s = store_open(p + BOARD_BIOS, STORE_VOLUME);
	assert_null(s.why);
	assert_true(varstore_next(&s, &at, &v));
	assert_true(v.live);
	assert_true(varstore_next(&s, &at, &v));
	assert_int_equal(v.state, 0x3C);
	assert_false(v.live);
	for (size_t i = 0; i < v.len; i++)
		assert_int_equal(v.data[i], 0);
	assert_true(varstore_next(&s, &at, &v));
	assert_true(v.live);
	assert_false(varstore_next(&s, &at, &v));
	free(was);
	free(p);
}

/* In each state of an entry, and torn at each length of its value. */
static void
old_and_torn_copies_go(void **state)
{
	static const uint8_t states[] = { 0x3F, 0x3E, 0x3D, 0x3C, 0x7F };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(states); i++)
		for (size_t cut = 0; cut < 0x120; cut += 0x10) {
			uint8_t *p = board();
			size_t ours = board_oem(p, 1), end;

			end = BOARD_BIOS +
			    store_open(p + BOARD_BIOS, STORE_VOLUME).free;
			p[ours + 2] = states[i];
			memset(p + end - cut, 0xFF, cut);
			board_variable(p, "Behind", "xyz", 3);
			assert_int_equal(scrub(p, 1, &e), ERR_OK);
			clean(p);
			free(p);
		}
}

static void
the_spare_area_and_free_room_are_searched(void **state)
{
	uint8_t *p = board();
	struct err e;

	(void)state;
	board_oem(p, 7);
	board_put(p, BOARD_BIOS + SPARE + 0x80, 1);
	/* a piece of one, whose header is gone */
	memcpy(p + BOARD_BIOS + SPARE + 0x400, BOARD_PPS, 20);
	memcpy(p + BOARD_BIOS + 0x1800, BOARD_MEBX, 9);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	assert_null(memmem(p, BOARD_SIZE, BOARD_PPS, 16));
	free(p);
}

static void
a_deleted_setup_bin_and_a_scrambled_value_are_found(void **state)
{
	uint8_t *p = board(), scrambled[9];
	static struct setupbin_record rec = {
		.type = 1, .flags = SETUPBIN_VALID, .number = 1
	};
	struct setupbin head;
	size_t at;
	struct err e;
	struct wr w;

	(void)state;
	setupbin_init(&head, 4, 0);
	head.count = 1;
	assert_true(setupbin_add(&rec, SETUPBIN_ENTRIES, 1, 1, "admin", 5));
	assert_true(setupbin_add(&rec, SETUPBIN_ENTRIES, 1, 2, BOARD_MEBX, 9));
	wr_grow(&w, 0x1000);
	setupbin_write(&w, &head);
	setupbin_record_write(&w, &head, &rec);
	assert_false(w.failed);
	at = board_variable(p, CONTAINER_SETUP_NAME, w.buf, w.len);
	wr_free(&w);
	p[at + 2] = 0x3C;
	board_variable(p, "Behind", "xyz", 3);
	for (size_t i = 0; i < 9; i++)
		scrambled[i] = (uint8_t)(BOARD_MEBX[i] + 0x11);
	memcpy(p + BOARD_BIOS + SPARE + 0x100, scrambled, 9);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	assert_null(memmem(p, BOARD_SIZE, scrambled, 9));
	free(p);
}

/* Where it is not ours to write: in another's variable, in the ME region. */
static void
what_may_not_be_written_is_refused_with_its_offset(void **state)
{
	struct err e;
	uint8_t *p;
	size_t at;

	(void)state;
	for (int i = 0; i < 3; i++) {
		p = board();
		board_oem(p, 1);
		at = BOARD_ME + 0x1800;
		if (i == 0) {
			at = board_variable(p, "Other", "x" BOARD_OTP, 14);
			at = (size_t)((uint8_t *)memmem(p + at, 0x100,
					  BOARD_OTP, strlen(BOARD_OTP)) -
			    p);
		} else if (i == 1)
			memcpy(p + at, BOARD_OTP, strlen(BOARD_OTP));
		else
			board_put(p, at, 9);
		assert_int_equal(scrub(p, 0, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_SCRUB_LEFT));
		if (i < 2)
			assert_int_equal(e.offset, at);
		free(p);
	}
}

static void
a_secret_without_a_record_is_found_by_the_ledger(void **state)
{
	uint8_t *p = board();
	struct err e;

	(void)state;
	memcpy(p + BOARD_BIOS + SPARE, BOARD_PPS, 32);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	assert_true(has(p, BOARD_PPS));
	assert_int_equal(scrub(p, 1, &e), ERR_OK);
	clean(p);
	free(p);
}

static void
a_journal_that_is_not_finished_is_refused(void **state)
{
	uint8_t *p = board();
	struct err e;

	(void)state;
	board_oem(p, 1);
	memset(p + BOARD_BIOS + STORE_QUEUE, 0, 40);
	p[BOARD_BIOS + STORE_QUEUE] = 0xFC; /* allocated, spare not written */
	assert_int_equal(scrub(p, 0, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_FTW_PENDING));
	free(p);
}

/* ---- needles ---- */

static bool
finds(const struct needles *n, const void *p, size_t len)
{
	size_t at, hit;

	return needle_find(n, p, 0, len, &at, &hit);
}

static void
a_key_is_searched_by_its_secret_numbers(void **state)
{
	/* PKCS#8 of RSA: numbers of 20 bytes each, told apart by their first */
	uint8_t der[512] = { 0x30, 0x82, 0, 0, 2, 1, 0, 0x30, 13, 6, 9, 0x2a,
		0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0, 4, 0x82, 0, 0,
		0x30, 0x82, 0, 0, 2, 1, 0 };
	size_t len = 33, at[9];
	struct needles *n;
	struct err e;

	(void)state;
	err_clear(&e);
	for (size_t i = 1; i < 9; i++) {
		der[len++] = 2;
		der[len++] = 20;
		at[i] = len;
		for (size_t k = 0; k < 20; k++)
			der[len++] = (uint8_t)(16 * i + k + 1);
	}
	der[3] = (uint8_t)(len - 4), der[2] = (uint8_t)((len - 4) >> 8);
	der[25] = (uint8_t)(len - 26), der[24] = (uint8_t)((len - 26) >> 8);
	der[29] = (uint8_t)(len - 30), der[28] = (uint8_t)((len - 30) >> 8);
	assert_int_equal(needle_new(&n, &e), ERR_OK);
	needle_key(n, der, len);
	assert_int_equal(n->secrets, 1);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	assert_false(finds(n, der, at[2] + 19)); /* frame, modulus, exponent */
	for (size_t i = 3; i < 9; i++) {
		assert_true(finds(n, der + at[i], 16));
		assert_true(finds(n, der + at[i] + 4, 16));
		assert_false(finds(n, der + at[i], 15));
	}
	needle_free(n);
}

static void
short_and_common_ones_are_counted_not_searched(void **state)
{
	struct needles *n;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(needle_new(&n, &e), ERR_OK);
	needle_text(n, "abcde", 5);
	needle_bytes(n, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(n->skipped, 1);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	assert_false(finds(n, "abcde\0\0\0\0\0\0\0\0\0", 14));
	needle_text(n, "abcdef", 6);
	needle_text(n, "abcdef", 6);
	assert_int_equal(n->secrets, 2);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	assert_true(finds(n, "xabcdefx", 8));
	assert_false(finds(n, "xabcdEfx", 8));
	assert_true(finds(n, "a\0b\0c\0d\0e\0f", 12));
	needle_free(n);
}

static void
a_hit_is_told_where_it_is_at_the_very_ends_too(void **state)
{
	uint8_t p[64] = { 0 };
	struct needles *n;
	struct err e;
	size_t at, len;

	(void)state;
	err_clear(&e);
	assert_int_equal(needle_new(&n, &e), ERR_OK);
	needle_text(n, "0123456789abcdefXYZ", 19);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	for (size_t i = 0; i <= 64 - 16; i++) {
		memset(p, 0, sizeof(p));
		memcpy(p + i, "3456789abcdefXYZ", 16);
		assert_true(needle_find(n, p, 0, 64, &at, &len));
		assert_int_equal(at, i);
		assert_int_equal(len, 16);
		assert_false(needle_find(n, p, i + 1, 64, &at, &len));
		assert_false(needle_find(n, p, 0, i + 15, &at, &len));
	}
	needle_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_container_becomes_what_it_was),
		cmocka_unit_test(an_entry_between_others_is_deleted_and_zero),
		cmocka_unit_test(old_and_torn_copies_go),
		cmocka_unit_test(the_spare_area_and_free_room_are_searched),
		cmocka_unit_test(
		    a_deleted_setup_bin_and_a_scrambled_value_are_found),
		cmocka_unit_test(
		    what_may_not_be_written_is_refused_with_its_offset),
		cmocka_unit_test(
		    a_secret_without_a_record_is_found_by_the_ledger),
		cmocka_unit_test(a_journal_that_is_not_finished_is_refused),
		cmocka_unit_test(a_key_is_searched_by_its_secret_numbers),
		cmocka_unit_test(
		    short_and_common_ones_are_counted_not_searched),
		cmocka_unit_test(
		    a_hit_is_told_where_it_is_at_the_very_ends_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
