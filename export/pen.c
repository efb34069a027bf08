/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "export/pen.h"
#include "formats/record.h"

#define MARGIN 15.0

const struct sheet_style pen_body = { SHEET_SANS, 3.3, SHEET_INK };
const struct sheet_style pen_strong = { SHEET_BOLD, 3.3, SHEET_INK };
const struct sheet_style pen_small = { SHEET_SANS, 2.6, SHEET_INK };
const struct sheet_style pen_caption = { SHEET_SANS, 2.5, 0.3 };
const struct sheet_style pen_title = { SHEET_BOLD, 4.0, SHEET_INK };
const struct sheet_style pen_value = { SHEET_MONO_BOLD, 4.4, SHEET_INK };
const struct sheet_style pen_typed = { SHEET_MONO_BOLD, 7.6, SHEET_INK };

struct pen
pen_new(struct sheet *s)
{
	/* A sheet of Letter is shorter. */
	return (struct pen){ .s = s,
		.x = MARGIN,
		.y = 12,
		.w = sheet_width(s) - 2 * MARGIN,
		.gap = sheet_height(s) > 290 ? 3.2 : 2.2 };
}

void
pen_field(struct pen *p, double dx, double w, const char *name,
    const char *text, const struct sheet_style *style)
{
	sheet_text(p->s, p->x + dx, p->y + 2.5, &pen_caption, name);
	sheet_text_fit(p->s, p->x + dx, p->y + 7.4, w - 3, style, text);
}

void
pen_tick(struct pen *p, double x, double y, double size)
{
	sheet_box(
	    p->s, (const double[]){ x, y, size, size }, 0.4, 0.35, SHEET_INK);
}

void
pen_step(struct pen *p, const char *text)
{
	char number[8];

	p->y += p->gap;
	pen_tick(p, p->x, p->y, 4.6);
	snprintf(number, sizeof(number), "%u", ++p->step);
	sheet_text(p->s, p->x + PEN_INDENT, p->y + 3.8, &pen_title, number);
	sheet_text(p->s, p->x + PEN_INDENT + 6, p->y + 3.8, &pen_title, text);
	p->y += 6.4;
}

void
pen_say(
    struct pen *p, double dx, const struct sheet_style *style, const char *text)
{
	sheet_text_fit(p->s, p->x + dx, p->y + 3.2, p->w - dx, style, text);
	p->y += style->size + 1.2;
}

void
pen_choice(struct pen *p, bool first, const char *a, const char *b)
{
	double x = p->x + PEN_INDENT + 80, y = p->y - 4.2;

	for (int i = 0; i < 2; i++) {
		bool this = first == (i == 0);

		sheet_dot(p->s, x, y, 1.7, false);
		if (this)
			sheet_dot(p->s, x, y, 1.0, true);
		x += 3.5;
		x += sheet_text(p->s, x, y + 1.2,
		    this ? &pen_strong : &pen_body, i == 0 ? a : b);
		x += 10;
	}
}

double
pen_key_cap(struct pen *p, double x, double y, double w, const char *text)
{
	sheet_box(p->s, (const double[]){ x, y, w, 9 }, 1.6, 0.4, SHEET_INK);
	sheet_box(p->s, (const double[]){ x + 0.9, y + 0.6, w - 1.8, 6.8 }, 1.1,
	    0.15, SHEET_GREY);
	sheet_text_mid(p->s, x, y + 5.2, w, &pen_strong, text);
	return x + w;
}

void
pen_long_value(struct pen *p, double dx, const char *name, const char *text)
{
	struct sheet_style t = pen_value;
	char line[RECORD_STR];
	size_t n = strlen(text), fit;

	sheet_text(p->s, p->x + dx, p->y + 4.0, &pen_caption, name);
	dx += 22;
	t.size = n > 60 ? 2.8 : pen_value.size;
	fit = (size_t)((p->w - dx) / sheet_text_width(p->s, &t, "0"));
	for (size_t i = 0; i < n; i += fit) {
		snprintf(line, sizeof(line), "%.*s", (int)fit, text + i);
		sheet_text(p->s, p->x + dx, p->y + 4.2, &t, line);
		p->y += t.size + 1.6;
	}
	p->y += pen_value.size - t.size;
}

void
pen_warn(struct pen *p, const char *a, const char *b)
{
	double y = p->y;

	pen_say(p, PEN_INDENT + 3, &pen_strong, a);
	p->y -= 0.6;
	pen_say(p, PEN_INDENT + 3, &pen_strong, b);
	sheet_fill(p->s, p->x + PEN_INDENT, y + 0.2, 1.2, 7.6, SHEET_INK);
	p->y += 1;
}
