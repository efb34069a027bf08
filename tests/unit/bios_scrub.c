/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/scrub.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "tests/board.h"
#include "tests/vendor.h"

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
scrub_bytes(uint8_t *p, size_t n, uint32_t know, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	struct scrub *s = malloc(sizeof(*s));
	struct record *rec = malloc(sizeof(*rec));

	err_clear(e);
	assert_non_null(img);
	assert_non_null(s);
	assert_non_null(rec);
	assert_int_equal(image_read(p, n, img, e), ERR_OK);
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

static enum err_code
scrub(uint8_t *p, uint32_t know, struct err *e)
{
	return scrub_bytes(p, BOARD_SIZE, know, e);
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

/* In UTF-16 and with dashes; short of the 16 that a proof asks for too. */
static void
pieces_go_with_all_that_continues_them(void **state)
{
	static const char dashed[] = "NKLD-G5DC-RRNQ-E9YZ-ZIJL-7LFL-VJED-69XJ";
	size_t to = BOARD_BIOS + SPARE + 0x403;
	uint8_t wide[2 * 32], *p, *base = board();
	struct err e;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		put_u16le(wide + 2 * i, (uint8_t)BOARD_PPS[i]);
	for (size_t from = 0; from < 24; from++)
		for (size_t n = 8; n <= 32 - from; n++) {
			p = copy_of(base);
			memcpy(p + to, BOARD_PPS + from, n);
			memcpy(p + to + 0x100, dashed + from, n);
			memcpy(p + to + 0x200, wide + 2 * from, 2 * n - 1);
			memset(p + to + 0x200 + 2 * n - 1, 0xFF, 1);
			assert_int_equal(scrub(p, 1, &e), ERR_OK);
			assert_memory_equal(p, base, BOARD_SIZE);
			free(p);
		}
	p = copy_of(base);
	memcpy(p + to, dashed, 39);
	assert_int_equal(scrub(p, 1, &e), ERR_OK);
	assert_memory_equal(p, base, BOARD_SIZE);
	free(p);
	free(base);
}

/* Any bit of a record in the spare area, and behind it its PPS: what the flip
 * does not change is learned. */
static void
a_damaged_record_tells_what_it_can(void **state)
{
	uint8_t *p, *base = board();
	size_t at = BOARD_BIOS + SPARE, n = board_put(base, at, 1);
	size_t pps =
	    (size_t)((uint8_t *)memmem(base + at, n, BOARD_PPS, 32) - base);
	struct err e;

	(void)state;
	memcpy(base + BOARD_BIOS + SPARE + 0x800, BOARD_PPS, 32);
	/* length of the entry before: a walk alone would step over the PPS */
	p = copy_of(base);
	p[pps - 8 - 8 - 4] = 60;
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	free(p);
	/* its header's length, and a value's */
	p = copy_of(base);
	p[at + 0x0c] = 0x50;
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	free(p);
	p = copy_of(base);
	p[at + 0x48 + 4] = 0xF1;
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	clean(p);
	free(p);
	free(base);
}

static size_t
setup_file(uint8_t *p, uint32_t flags)
{
	static struct setupbin_record rec;
	struct setupbin head;
	size_t n = 0;
	struct wr w;

	setupbin_init(&head, 4, 0);
	head.count = 2;
	wr_grow(&w, 0x1000);
	setupbin_write(&w, &head);
	for (uint32_t i = 0; i < 2; i++) {
		memset(&rec, 0, sizeof(rec));
		rec.type = 1;
		rec.flags = SETUPBIN_VALID | flags;
		rec.number = i + 1;
		setupbin_add(&rec, SETUPBIN_ENTRIES, 1, 1, "admin", 5);
		setupbin_add(&rec, SETUPBIN_ENTRIES, 1, 2,
		    i == 0 ? "Fir$tOne!" : BOARD_MEBX, 9);
		if (i == 1)
			setupbin_add(
			    &rec, SETUPBIN_ENTRIES, 2, 2, BOARD_PPS, 32);
		setupbin_record_write(&w, &head, &rec);
	}
	assert_false(w.failed);
	memcpy(p, w.buf, w.len);
	n = w.len;
	wr_free(&w);
	return n;
}

static void
a_damaged_setup_bin_tells_what_it_can(void **state)
{
	static const size_t places[] = { 0x02, 0x1c, 0x24, 0x40, 0x60, 512, 516,
		524, 528, 530, 536, 1024, 1028, 1036 };
	uint8_t *p, *base = board(), *at = base + BOARD_BIOS + SPARE + 0x200;
	struct err e;

	(void)state;
	for (uint32_t scrambled = 0; scrambled <= 2; scrambled += 2) {
		memset(at, 0xFF, 0x600);
		setup_file(at, scrambled);
		memcpy(at + 0x800, BOARD_PPS, 32);
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
			p = copy_of(base);
			p[at - base + (ptrdiff_t)places[i]] ^= 0x40;
			assert_int_equal(scrub(p, 0, &e), ERR_OK);
			clean(p);
			free(p);
		}
		/* the first record used up and wiped, or erased */
		for (int fill = 0; fill <= 0xFF; fill += 0xFF) {
			p = copy_of(base);
			memset(p + (at - base) + 512, fill, 512);
			assert_int_equal(scrub(p, 0, &e), ERR_OK);
			clean(p);
			free(p);
		}
		for (size_t cut = 100; cut <= 300; cut += 100) {
			p = copy_of(base);
			memset(p + (at - base) + 1024 + cut, 0xFF, 512 - cut);
			assert_int_equal(scrub(p, 0, &e), ERR_OK);
			clean(p);
			free(p);
		}
	}
	free(base);
}

/* A torn header with any length in it, and data of another behind it. */
static void
a_length_that_nothing_proves_erases_nothing(void **state)
{
	static const uint32_t totals[] = { 0x100, 0x7FFF, 0xFFFFFFFF };
	uint8_t *p, *was;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		p = board();
		/* behind it the journal's header, in the same volume */
		board_put(p, BOARD_BIOS + STORE_FTW - 0x60, 1);
		memset(p + BOARD_BIOS + STORE_FTW - 0x60 + 12, 0xFF, 0x54);
		store_make(p + BOARD_BIOS + 0, true);
		board_put(p, BOARD_PDR, 1);
		memset(p + BOARD_PDR + 12, 0xFF, 0x400);
		put_u32le(p + BOARD_PDR + 12, totals[i]);
		memset(p + BOARD_PDR + 0x80, 'D', 0x40);
		memcpy(p + BOARD_BIOS + STORE_FTW - 16, p + BOARD_PDR, 16);
		was = copy_of(p);
		memset(was + BOARD_PDR, 0xFF, 16);
		memset(was + BOARD_BIOS + STORE_FTW - 16, 0xFF, 16);
		assert_int_equal(scrub(p, 1, &e), ERR_OK);
		assert_memory_equal(p, was, BOARD_SIZE);
		/* the magic alone */
		memcpy(p + BOARD_PDR + 0x1000, "AMTFORG1", 8);
		assert_int_equal(scrub(p, 1, &e), ERR_OK);
		assert_memory_equal(p, was, BOARD_SIZE);
		free(was);
		free(p);
	}
}

static void
a_torn_header_in_free_room_leaves_the_base(void **state)
{
	uint8_t *p = board(), *base = copy_of(p);
	size_t torn = BOARD_BIOS + 0xC00;
	struct err e;

	(void)state;
	board_oem(p, 1);
	board_put(p, torn, 1);
	memset(p + torn + 20, 0xFF, 0x200);
	assert_int_equal(scrub(p, 0, &e), ERR_OK);
	assert_memory_equal(p, base, BOARD_SIZE);
	free(base);
	free(p);
}

/* NVAR: dead entries of ours that point to another's variable, and to the
 * newer value of one; a torn header before the table of GUIDs. */
static void
what_a_wrong_chain_points_to_stays_and_the_table_too(void **state)
{
	static uint8_t vol[VENDOR_VOLUME], want[VENDOR_VOLUME];
	struct vendor_entry rows[] = {
		{ 0x82, 0, 1, "Chain", "old", 3, NULL, 0 },
		{ 0x02, 0, 2, "Old", NULL, 0, NULL, 0 },
		{ 0x02, 0, 2, "Old", NULL, 0, NULL, 0 },
		{ 0x82, 0, 2, "Boot0001", "value", 5, NULL, 0 },
		{ 0x88, 0, 0, NULL, "newer", 5, NULL, 0 },
	};
	static const size_t points[] = { 4, 3, 4, 0, 0 };
	size_t at[5], end;
	struct err e;
	struct wr w;

	(void)state;
	board_record(&w, 1);
	rows[1].data = rows[2].data = w.buf;
	rows[1].len = rows[2].len = w.len;
	for (int pass = 0; pass < 2; pass++) {
		vendor_nvar_make(vol);
		vendor_nvar_table(vol, 3);
		end = VENDOR_BODY;
		for (size_t i = 0; i < 5; i++) {
			if (pass > 0 && points[i] != 0)
				rows[i].next =
				    (uint32_t)(at[points[i]] - at[i]);
			at[i] = end;
			end += vendor_nvar_entry(vol + end, &rows[i]);
		}
	}
	memcpy(want, vol, sizeof(vol));
	for (size_t i = 1; i <= 2; i++)
		memset(want + at[i + 1] - w.len, 0, w.len);
	memcpy(vol + VENDOR_BODY_END - 3 * 16 - 12, w.buf, 12);
	assert_int_equal(scrub_bytes(vol, sizeof(vol), 0, &e), ERR_OK);
	assert_memory_equal(vol, want, sizeof(vol));
	wr_free(&w);
}

/* ---- needles ---- */

static bool
finds(const struct needles *n, const void *p, size_t len)
{
	struct needle_hit h = { 0 };

	return needle_find(n, p, len, &h);
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
	assert_false(finds(n, der, at[2] + 20)); /* frame, modulus, exponent */
	for (size_t i = 3; i < 9; i++) {
		assert_true(finds(n, der + at[i], 8));
		assert_true(finds(n, der + at[i] + 4, 8));
		assert_false(finds(n, der + at[i], 7));
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
	needle_bytes(n, "\0\0\0\0\0\0\0\1", 8); /* as any code has */
	assert_int_equal(n->skipped, 2);
	assert_int_equal(n->secrets, 0);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	assert_false(finds(n, "abc\0\0\0\0\0\0\0\1", 12));
	assert_false(finds(n, "abcde\0\0\0\0\0\0\0\0\0", 14));
	needle_text(n, "abcdef", 6);
	needle_text(n, "abcdef", 6);
	assert_int_equal(n->secrets, 1);
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
	struct needle_hit h;
	struct needles *n;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(needle_new(&n, &e), ERR_OK);
	needle_text(n, "0123456789abcdefXYZ", 19);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	for (size_t i = 0; i <= 64 - 16; i++) {
		memset(p, 0, sizeof(p));
		memcpy(p + i, "3456789abcdefXYZ", 16);
		h.next = 0;
		assert_true(needle_left(n, p, 64, &h));
		assert_int_equal(h.at, i);
		assert_int_equal(h.len, 16);
		h.next = 0;
		assert_false(needle_left(n, p, i + 15, &h));
		h.next = 0;
		assert_false(needle_find(n, p, i + 7, &h));
		assert_true(needle_find(n, p, i + 8, &h));
	}
	needle_free(n);
}

static void
a_text_that_is_known_as_bytes_is_searched_in_all_forms(void **state)
{
	struct needles *n;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(needle_new(&n, &e), ERR_OK);
	needle_bytes(n, "Secret-1", 8);
	needle_text(n, "Secret-1", 8);
	assert_int_equal(n->secrets, 1);
	assert_int_equal(needle_ready(n, &e), ERR_OK);
	assert_true(finds(n, "S\0e\0c\0r\0e\0t\0-\0001", 16));
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
		    a_text_that_is_known_as_bytes_is_searched_in_all_forms),
		cmocka_unit_test(pieces_go_with_all_that_continues_them),
		cmocka_unit_test(a_damaged_record_tells_what_it_can),
		cmocka_unit_test(a_damaged_setup_bin_tells_what_it_can),
		cmocka_unit_test(a_length_that_nothing_proves_erases_nothing),
		cmocka_unit_test(
		    what_a_wrong_chain_points_to_stays_and_the_table_too),
		cmocka_unit_test(a_torn_header_in_free_room_leaves_the_base),
		cmocka_unit_test(
		    a_hit_is_told_where_it_is_at_the_very_ends_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
