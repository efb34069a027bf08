/* SPDX-License-Identifier: Apache-2.0 */
/* Pages as a reader of PDF finds them; tests/cli/worksheet.sh decodes them. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/page.h"
#include "export/pagetext.h"
#include "export/sheet.h"

static enum err_code
keep(void *arg, const void *p, size_t n, struct err *e)
{
	wr_bytes(arg, p, n);
	return e->code;
}

static enum err_code
break_off(void *arg, const void *p, size_t n, struct err *e)
{
	size_t *left = arg;

	(void)p;
	if (n > *left)
		return err_set(e, ERR_IO, "the disk is full");
	*left -= n;
	return ERR_OK;
}

static struct record *
a_record(void)
{
	struct record *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_true(
	    uuid_parse(&r->uuid, "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01"));
	strcpy(r->serial, "S1");
	strcpy(r->order, "A");
	r->amt_major = 3;
	/* Intel's published example. */
	strcpy(r->psk.pid, "0000037M");
	strcpy(r->psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	strcpy(r->mebx_new, "Abc!Oo0I1l@ xyzQ");
	return r;
}

/* So many pages of r into w. */
static enum err_code
draw(struct wr *w, enum sheet_paper paper, const struct record *r, size_t n,
    struct err *e)
{
	struct page page = { .rec = r, .customer = "C", .of = n };
	struct sheet *s = NULL;
	size_t hashes = 0;

	err_clear(e);
	wr_grow(w, 1 << 22);
	if (sheet_new(&s, paper, "Title", "2026-01-31T12:00:00Z", keep, w, e) !=
	    ERR_OK)
		return e->code;
	for (page.n = 1; page.n <= n && e->code == ERR_OK; page.n++)
		page_draw(s, &page, &hashes, e);
	if (e->code == ERR_OK)
		sheet_end(s, e);
	sheet_free(s);
	return e->code;
}

static bool
holds(const struct wr *w, const char *text)
{
	return memmem(w->buf, w->len, text, strlen(text)) != NULL;
}

static void
pages_are_counted_and_dated_by_the_order(void **state)
{
	struct record *r = a_record();
	struct wr w;
	struct err e;

	(void)state;
	assert_int_equal(draw(&w, SHEET_A4, r, 3, &e), ERR_OK);
	assert_memory_equal(w.buf, "%PDF-", 5);
	assert_true(holds(&w, "/Count 3\n"));
	assert_true(holds(&w, "/CreationDate (20260131120000Z)"));
	assert_false(holds(&w, "/ModDate"));
	wr_free(&w);
	free(r);
}

static void
the_same_pages_have_the_same_bytes(void **state)
{
	struct record *r = a_record();
	struct wr one, two;
	struct err e;

	(void)state;
	for (enum sheet_paper p = SHEET_A4; p <= SHEET_LETTER; p++) {
		assert_int_equal(draw(&one, p, r, 2, &e), ERR_OK);
		assert_int_equal(draw(&two, p, r, 2, &e), ERR_OK);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.buf, two.buf, one.len);
		wr_free(&one);
		wr_free(&two);
	}
	free(r);
}

static void
a_writer_that_fails_is_heard(void **state)
{
	struct record *r = a_record();
	struct page page = { .rec = r, .customer = "C", .n = 1, .of = 1 };
	size_t left = 100, hashes;
	struct sheet *s;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(sheet_new(&s, SHEET_A4, "T", "2026-01-31T12:00:00Z",
			     break_off, &left, &e),
	    ERR_OK);
	page_draw(s, &page, &hashes, &e);
	assert_int_equal(sheet_end(s, &e), ERR_IO);
	assert_string_equal(e.msg, "the disk is full");
	sheet_free(s);
	free(r);
}

static void
a_sheet_that_is_given_up_writes_no_more(void **state)
{
	struct record *r = a_record();
	struct page page = { .rec = r, .customer = "C", .n = 1, .of = 1 };
	struct sheet *s;
	struct err e;
	size_t had, hashes;
	struct wr w;

	(void)state;
	err_clear(&e);
	wr_grow(&w, 1 << 22);
	assert_int_equal(
	    sheet_new(&s, SHEET_A4, "T", "2026-01-31T12:00:00Z", keep, &w, &e),
	    ERR_OK);
	assert_int_equal(page_draw(s, &page, &hashes, &e), ERR_OK);
	had = w.len;
	sheet_free(s);
	assert_int_equal(w.len, had);
	wr_free(&w);
	free(r);
}

static void
what_does_not_fit_is_refused(void **state)
{
	struct record *r = a_record();
	struct err e;
	struct wr w;

	(void)state;
	memset(r->server_fqdn, 'a', RECORD_STR - 1);
	memset(r->pki_dns_suffix, 'b', RECORD_STR - 1);
	r->pki = true;
	memset(r->otp, 'c', sizeof(r->otp) - 1);
	assert_int_equal(draw(&w, SHEET_LETTER, r, 1, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "do not fit"));
	wr_free(&w);
	free(r);
}

static void
codes_hold_the_documented_text_and_no_secret(void **state)
{
	struct record *r = a_record();
	struct page page = { .rec = r, .customer = "C", .n = 1, .of = 1 };
	struct pagetext_codes c;

	(void)state;
	pagetext_codes(&page, &c);
	assert_string_equal(c.bar, "S1");
	assert_string_equal(c.qr,
	    "{\"uuid\":\"3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01\","
	    "\"serial\":\"S1\",\"pid\":\"0000037M\"}");
	r->psk.pid[0] = '\0';
	memset(r->serial, '"', sizeof(r->serial) - 1);
	pagetext_codes(&page, &c);
	assert_string_equal(c.bar, "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01");
	assert_null(strstr(c.qr, "pid"));
	assert_int_equal(strlen(c.qr), 9 + 36 + 12 + 2 * 63 + 2);
	free(r);
}

/* The list of a page that has room for some, then pages for the rest. */
static void
hashes_that_do_not_fit_follow_once(void **state)
{
	struct record *r = a_record();
	struct page page = { .rec = r, .customer = "C", .n = 1, .of = 1 };
	struct sheet *s;
	struct err e;
	size_t at, pages = 0;
	struct wr w;

	(void)state;
	err_clear(&e);
	wr_grow(&w, 1 << 22);
	r->psk.pid[0] = '\0';
	r->pki = true;
	r->hashes.n = 30;
	for (size_t i = 0; i < r->hashes.n; i++) {
		r->hashes.e[i].type = HASH_SHA256;
		r->hashes.e[i].hash[0] = (uint8_t)i;
		r->hashes.e[i].active = true;
		snprintf(r->hashes.e[i].name, HASHLIST_NAME, "Root %zu", i);
	}
	assert_int_equal(
	    sheet_new(&s, SHEET_A4, "T", "2026-01-31T12:00:00Z", keep, &w, &e),
	    ERR_OK);
	assert_int_equal(page_draw(s, &page, &at, &e), ERR_OK);
	assert_true(at >= 3 && at < 30); /* MEBx takes three of its own */
	while (at < 30) {
		size_t next = page_hashes(s, &page, at);

		assert_true(next > at);
		at = next;
		pages++;
	}
	assert_int_equal(at, 30);
	assert_int_equal(sheet_end(s, &e), ERR_OK);
	assert_true(holds(&w, pages == 2 ? "/Count 3\n" : "/Count 4\n"));
	sheet_free(s);
	wr_free(&w);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_counted_and_dated_by_the_order),
		cmocka_unit_test(the_same_pages_have_the_same_bytes),
		cmocka_unit_test(a_writer_that_fails_is_heard),
		cmocka_unit_test(a_sheet_that_is_given_up_writes_no_more),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(codes_hold_the_documented_text_and_no_secret),
		cmocka_unit_test(hashes_that_do_not_fit_follow_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
