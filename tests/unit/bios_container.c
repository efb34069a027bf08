/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "formats/reason.h"
#include "tests/board.h"

static uint8_t *
board(void)
{
	uint8_t *p = malloc(BOARD_SIZE);

	assert_non_null(p);
	assert_true(board_make(p));
	return p;
}

static struct image *
read_image(const uint8_t *p)
{
	struct image *img = malloc(sizeof(*img));
	struct err e;

	err_clear(&e);
	assert_non_null(img);
	assert_int_equal(image_read(p, BOARD_SIZE, img, &e), ERR_OK);
	return img;
}

static const struct container_list *
find(const uint8_t *p)
{
	struct image *img = read_image(p);
	static struct container_list l;

	container_find(img, &l);
	free(img);
	return &l;
}

/* The one that counts is the n-th, and has that sequence as a record. */
static void
counts(const uint8_t *p, size_t nth, uint32_t sequence)
{
	struct image *img = read_image(p);
	struct record *rec = calloc(1, sizeof(*rec));
	static struct container_list l;
	struct container_hit hit;
	struct err e;

	assert_non_null(rec);
	err_clear(&e);
	container_find(img, &l);
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(l.hit[i].counts, i == nth);
	assert_int_equal(container_record(img, rec, &hit, &e), ERR_OK);
	assert_int_equal(rec->sequence, sequence);
	assert_int_equal(hit.off, l.hit[nth].off);
	assert_string_equal(rec->psk.pps, BOARD_PPS);
	record_wipe(rec);
	free(rec);
	free(img);
}

static void
refused(const uint8_t *p, enum reason_id reason)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct image *img = read_image(p);
	struct container_hit hit;
	struct err e;

	assert_non_null(rec);
	err_clear(&e);
	assert_int_equal(container_record(img, rec, &hit, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(reason));
	free(rec);
	free(img);
}

static void
a_board_without_any_is_told_so(void **state)
{
	uint8_t *p = board();
	struct container_hit hit;
	struct image *img = read_image(p);

	(void)state;
	assert_int_equal(find(p)->n, 0);
	assert_false(container_live(img, &hit));
	assert_false(container_setup(img, &hit));
	refused(p, REASON_IMAGE_NO_RECORD);
	free(img);
	free(p);
}

static void
each_container_is_found(void **state)
{
	uint8_t *p = board();
	const struct container_list *l;
	size_t part, oem;

	(void)state;
	part = board_part(p);
	assert_int_not_equal(part, 0);
	oem = board_oem(p, 1);
	assert_int_not_equal(oem, 0);
	assert_int_not_equal(
	    board_variable(p, CONTAINER_SETUP_NAME, "blob", 4), 0);
	board_put(p, BOARD_PDR + 0x1000, 2);
	board_put(p, part, 3);
	l = find(p);
	assert_int_equal(l->n, 4);
	assert_int_equal(l->hit[0].kind, CONTAINER_VARIABLE);
	assert_int_equal(l->hit[0].off, oem);
	assert_memory_equal(p + l->hit[0].at, "AMTFORG1", 8);
	assert_int_equal(l->hit[1].kind, CONTAINER_PDR);
	assert_int_equal(l->hit[1].off, BOARD_PDR + 0x1000);
	assert_int_equal(l->hit[2].kind, CONTAINER_FPT);
	assert_int_equal(l->hit[2].off, part);
	assert_int_equal(l->hit[3].kind, CONTAINER_SETUP);
	assert_memory_equal(p + l->hit[3].at, "blob", 4);
	counts(p, 2, 3);
	free(p);
}

static void
the_newest_counts_wherever_it_lies(void **state)
{
	uint8_t *p = board();
	size_t part = board_part(p);

	(void)state;
	board_put(p, part, 3);
	counts(p, 0, 3);
	board_put(p, BOARD_PDR, 9);
	counts(p, 0, 9);
	board_put(p, BOARD_PDR + 0x3000, 10);
	counts(p, 1, 10);
	board_oem(p, 11);
	counts(p, 0, 11);
	free(p);
}

static void
of_equal_ones_the_first_counts_and_the_others_are_ties(void **state)
{
	uint8_t *p = board();
	const struct container_list *l;

	(void)state;
	board_put(p, BOARD_PDR, 5);
	board_put(p, BOARD_PDR + 0x1000, 4);
	board_oem(p, 5);
	l = find(p);
	counts(p, 0, 5);
	assert_false(l->hit[0].tie);
	assert_true(l->hit[1].tie);
	assert_false(l->hit[2].tie);
	free(p);
}

/* As the firmware does it: the old one is marked, the new one is added. */
static void
a_variable_that_is_being_replaced_comes_second(void **state)
{
	uint8_t *p = board();
	size_t old = board_oem(p, 5), new = board_oem(p, 5);
	const struct container_list *l;

	(void)state;
	p[old + 2] &= 0xFE;
	l = find(p);
	assert_int_equal(l->n, 2);
	assert_int_equal(l->hit[0].off, old);
	assert_int_equal(l->hit[1].off, new);
	counts(p, 1, 5);
	p[old + 2] &= 0xFD; /* deleted */
	assert_int_equal(find(p)->n, 1);
	free(p);
}

static void
a_broken_one_is_told_and_an_older_one_counts(void **state)
{
	uint8_t *p = board();
	const struct container_list *l;

	(void)state;
	board_put(p, BOARD_PDR, 5);
	board_put(p, BOARD_PDR + 0x1000, 6);
	p[BOARD_PDR + 0x1000 + RECORD_HEADER + 8] ^= 1;
	l = find(p);
	assert_int_equal(l->n, 2);
	assert_null(l->hit[0].why);
	assert_string_equal(l->hit[1].why, "digest of the payload is wrong");
	assert_int_equal(l->hit[1].why_at, BOARD_PDR + 0x1000 + 0x20);
	counts(p, 0, 5);
	p[BOARD_PDR + 1 + 0x40] ^= 1;
	refused(p, REASON_RECORD_MALFORMED);
	free(p);
}

/* Power was lost while B was written: A is whole still. */
static void
an_update_that_is_cut_at_any_byte_leaves_one(void **state)
{
	uint8_t *p = board(), *whole = board();
	struct image *img = read_image(p);
	size_t at = BOARD_PDR + CONTAINER_ALIGN, n;

	(void)state;
	n = board_put(p, BOARD_PDR, 5);
	board_put(whole, at, 6);
	for (size_t i = 0; i < n; i++) {
		counts(p, 0, 5);
		p[at + i] = whole[at + i];
	}
	counts(p, 1, 6);
	free(img);
	free(whole);
	free(p);
}

static void
a_setup_bin_counts_only_without_a_record(void **state)
{
	uint8_t *p = board();
	struct container_hit hit;
	struct image *img;

	(void)state;
	board_variable(p, CONTAINER_SETUP_NAME, "blob", 4);
	img = read_image(p);
	assert_true(container_live(img, &hit));
	assert_true(container_setup(img, &hit));
	assert_memory_equal(p + hit.at, "blob", 4);
	refused(p, REASON_IMAGE_NO_RECORD);
	board_put(p, BOARD_PDR, 1);
	assert_false(container_setup(img, &hit));
	p[BOARD_PDR + 0x20] ^= 1; /* a broken one hides nothing */
	assert_true(container_setup(img, &hit));
	free(img);
	free(p);
}

static void
more_than_can_be_told_count_for_nothing(void **state)
{
	uint8_t *p = board();
	const struct container_list *l;
	size_t part = board_part(p);

	(void)state;
	for (size_t i = 0; i < BOARD_PDR_SIZE / CONTAINER_ALIGN; i++)
		board_put(p, BOARD_PDR + i * CONTAINER_ALIGN, 1);
	board_put(p, part, 1);
	while (find(p)->n < CONTAINER_MAX)
		assert_int_not_equal(
		    board_variable(p, CONTAINER_SETUP_NAME, "x", 1), 0);
	assert_false(find(p)->more);
	board_variable(p, CONTAINER_SETUP_NAME, "x", 1);
	l = find(p);
	assert_true(l->more);
	for (size_t i = 0; i < l->n; i++)
		assert_false(l->hit[i].counts);
	refused(p, REASON_RECORD_MALFORMED);
	free(p);
}

/* Thirty-two stray magics, and behind them the record that counts. */
static void
broken_ones_do_not_hide_a_good_one(void **state)
{
	uint8_t *p = board();
	size_t part = board_part(p);
	const struct container_list *l;

	(void)state;
	for (size_t i = 0; i < BOARD_PDR_SIZE / CONTAINER_ALIGN; i++)
		memcpy(p + BOARD_PDR + i * CONTAINER_ALIGN, "AMTFORG1", 8);
	while (find(p)->n < CONTAINER_MAX)
		assert_int_not_equal(
		    board_variable(p, IMAGE_OEM_NAME, "AMTFORG1", 8), 0);
	assert_false(find(p)->cut);
	memcpy(p + part, "AMTFORG1", 8);
	assert_true(find(p)->cut);
	refused(p, REASON_RECORD_MALFORMED);
	board_put(p, part, 5);
	l = find(p);
	assert_int_equal(l->n, CONTAINER_MAX);
	assert_true(l->cut);
	assert_false(l->more);
	counts(p, CONTAINER_MAX - 1, 5);
	free(p);
}

static void
set_entry(uint8_t *p, size_t i, size_t field, uint32_t v)
{
	uint8_t *fpt = p + BOARD_ME + 0x10, *crc = fpt + 0x14;

	put_u32le(fpt + FPT_HEADER + i * FPT_ENTRY + field, v);
	put_u32le(crc, 0);
	put_u32le(crc,
	    digest_crc32(fpt, FPT_HEADER + get_u32le(fpt + 4) * FPT_ENTRY));
}

static void
a_partition_of_code_or_in_another_is_no_container(void **state)
{
	uint8_t *p = board();
	size_t part = board_part(p), end;
	struct image *img;

	(void)state;
	board_put(p, part, 1);
	assert_int_equal(find(p)->n, 1);
	set_entry(p, 1, 28, FPT_CODE);
	assert_int_equal(find(p)->n, 0);
	set_entry(p, 1, 28, FPT_DATA);
	assert_int_equal(find(p)->n, 1);
	/* the one before it reaches into it */
	set_entry(p, 0, 12, (uint32_t)(part - BOARD_ME - 0x1000 + 1));
	assert_int_equal(find(p)->n, 0);
	img = read_image(p);
	assert_false(container_window(img, CONTAINER_FPT, &part, &end));
	free(img);
	set_entry(p, 0, 12, 0x1000);
	assert_int_equal(find(p)->n, 1);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_without_any_is_told_so),
		cmocka_unit_test(each_container_is_found),
		cmocka_unit_test(the_newest_counts_wherever_it_lies),
		cmocka_unit_test(
		    of_equal_ones_the_first_counts_and_the_others_are_ties),
		cmocka_unit_test(
		    a_variable_that_is_being_replaced_comes_second),
		cmocka_unit_test(a_broken_one_is_told_and_an_older_one_counts),
		cmocka_unit_test(an_update_that_is_cut_at_any_byte_leaves_one),
		cmocka_unit_test(a_setup_bin_counts_only_without_a_record),
		cmocka_unit_test(more_than_can_be_told_count_for_nothing),
		cmocka_unit_test(broken_ones_do_not_hide_a_good_one),
		cmocka_unit_test(
		    a_partition_of_code_or_in_another_is_no_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
