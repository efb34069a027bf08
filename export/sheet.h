/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paper: a PDF of pages on which text, rules, boxes and bar codes are placed
 * in millimetres from the upper left corner. The door to cairo, whose library
 * is loaded by sheet_new(): it brings a score of others, which would slow down
 * the start of every other verb by half.
 *
 * The file is handed over in pieces as pages are finished, so that memory does
 * not grow with their number. The same calls give the same bytes. The first
 * failure sticks and is told by sheet_end(); what is drawn after it is lost.
 */
#ifndef EXPORT_SHEET_H
#define EXPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "export/label.h"

struct sheet;

enum sheet_paper {
	SHEET_A4,
	SHEET_LETTER
};

/* Typefaces. SHEET_MONO tells 0 from O and 1 from I and l: checked. */
enum sheet_face {
	SHEET_SANS,
	SHEET_BOLD,
	SHEET_MONO,
	SHEET_MONO_BOLD
};

#define SHEET_WHITE 1.0 /* grey levels */
#define SHEET_LIGHT 0.90
#define SHEET_GREY 0.55
#define SHEET_INK 0.0

struct sheet_style {
	enum sheet_face face;
	double size; /* mm from baseline to baseline of set text, about */
	double grey;
};

typedef enum err_code sheet_fn(void *arg, const void *, size_t, struct err *);

/* date: of the document, "2026-01-31T12:00:00Z". ERR_PEER where cairo or the
 * typeface is not installed. */
enum err_code sheet_new(struct sheet **, enum sheet_paper, const char *title,
    const char *date, sheet_fn *, void *arg, struct err *);
/* Ends the last page and the file. */
enum err_code sheet_end(struct sheet *, struct err *);
void sheet_free(struct sheet *); /* NULL is fine */

double sheet_width(const struct sheet *); /* mm */
double sheet_height(const struct sheet *);
void sheet_page(struct sheet *); /* ends this page */

/* y is the baseline. Returns the width. text is UTF-8. */
double sheet_text(struct sheet *, double x, double y,
    const struct sheet_style *, const char *);
double sheet_text_width(
    struct sheet *, const struct sheet_style *, const char *);
/* Smaller where it would be wider than w. */
void sheet_text_fit(struct sheet *, double x, double y, double w,
    const struct sheet_style *, const char *);
/* Between x and x + w. */
void sheet_text_mid(struct sheet *, double x, double y, double w,
    const struct sheet_style *, const char *);

void sheet_fill(
    struct sheet *, double x, double y, double w, double h, double grey);
/* r: of the corners; line: its width. */
void sheet_box(struct sheet *, const double xywh[static 4], double r,
    double line, double grey);
void sheet_dot(struct sheet *, double x, double y, double r, bool filled);
void sheet_rule(
    struct sheet *, double x, double y, double x2, double y2, double line);
void sheet_dashes(struct sheet *, double x, double y, double x2, double y2);

/* module: the width of one; height: of the bars of Code 128. The quiet zone
 * lies outside: the caller leaves it white. */
void sheet_label(struct sheet *, double x, double y, double module,
    double height, const struct label *);

#endif
