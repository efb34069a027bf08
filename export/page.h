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
	bool keyed;   /* the password is that of the order's one-touch key */
	size_t n, of; /* "unit 3 of 20" */
};

/* The screen does not take one of the machine's hashes, so that a one-touch key
 * has to set it up: the page tells what to check behind it. */
bool page_needs_key(const struct record *);
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
