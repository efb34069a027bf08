/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page by which a technician types one machine's settings into its set-up
 * screen (MEBx): what to type, in the order in which the screen asks, and a
 * label with bar codes to tell the machine by. Menus differ between makers and
 * releases: the page names settings, not menus.
 *
 * The codes hold no secret: Code 128 the serial (the UUID where that is longer
 * than LABEL_TEXT_CODE128), QR one JSON object,
 * {"uuid":"...","serial":"...","pid":"..."}, without pid where there is none.
 */
#ifndef EXPORT_PAGE_H
#define EXPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "export/label.h"
#include "export/sheet.h"
#include "formats/record.h"

struct page {
	const struct record *rec; /* borrowed; holds the secrets */
	const char *customer;     /* borrowed */
	bool key_shared;
	size_t n, of; /* "unit 3 of 20" */
};

struct page_codes {
	char bar[LABEL_TEXT_CODE128 + 1]; /* Code 128 */
	char qr[LABEL_TEXT + 1];
};

void page_codes(const struct page *, struct page_codes *);
/* The texts that a reader of the page must find in it, each ended by a line
 * feed, without blanks. Secrets are among them. */
void page_texts(const struct page *, struct wr *);
/* The same for the entries from..to - 1 of the hash list. */
void page_hash_texts(const struct page *, size_t from, size_t to, struct wr *);

/* Draws the page and ends it. *hashes: how many entries of the hash list found
 * room. */
enum err_code page_draw(
    struct sheet *, const struct page *, size_t *hashes, struct err *);
/* A page with the entries from the i-th on, which are the order's: once behind
 * all units. No code is on it. Returns the first entry that is not on it. */
size_t page_hashes(struct sheet *, const struct page *, size_t i);

/* Where the label lies: mm from the top, over the whole width. No secret is
 * within it. */
#define PAGE_LABEL_HEIGHT 42.0
double page_label_top(const struct sheet *);

#endif
