/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "export/cells.h"

static const struct sheet_style check = { SHEET_MONO_BOLD, 7.6, SHEET_WHITE };

/* Where a US keyboard has a sign: the key behind it, with Shift. */
static const char shifted[] = "!1@2#3$4%5^6&7*8(9)0_-+={[}]|\\~`<,>.?/";

static void
class_mark(char c, char out[static 16])
{
	static const struct {
		char c;
		const char *name;
	} alike[] = {
		{ '0', "zero" },
		{ '1', "one" },
		{ 'O', "cap. o" },
		{ 'I', "cap. i" },
		{ 'l', "small L" },
		{ ' ', "blank" },
	};

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		if (alike[i].c == c) {
			snprintf(out, 16, "%s", alike[i].name);
			return;
		}
	for (const char *p = shifted; *p != '\0'; p += 2)
		if (*p == c) {
			snprintf(out, 16, "\xe2\x87\xa7 %c", p[1]);
			return;
		}
	snprintf(out, 16, "%s",
	    isupper((unsigned char)c)       ? "CAP."
		: islower((unsigned char)c) ? "small"
		: isdigit((unsigned char)c) ? "digit"
					    : "sign");
}

#define PASSWORD_CELL 8.6
#define PASSWORD_LINE 13.4
#define PASSWORD_COLS 16

/* The corner of the cell of the i-th character. */
static void
password_cell(const struct pen *p, size_t i, double *x, double *y)
{
	*x = p->x + PEN_INDENT + 22 +
	    (double)(i % PASSWORD_COLS) * PASSWORD_CELL;
	*y = p->y + (double)(i / PASSWORD_COLS) * PASSWORD_LINE;
}

void
cells_password(struct pen *p, const char *name, const char *text)
{
	char one[2] = "", mark[16];
	size_t n = strlen(text);
	double x, y;

	sheet_text(p->s, p->x + PEN_INDENT, p->y + 6.2, &pen_caption, name);
	for (size_t i = 0; i < n; i++) {
		password_cell(p, i, &x, &y);
		one[0] = text[i];
		sheet_box(p->s,
		    (const double[]){ x + 0.3, y, PASSWORD_CELL - 0.6, 8.6 },
		    0.8, 0.25, SHEET_INK);
		sheet_text_mid(
		    p->s, x, y + 6.6, PASSWORD_CELL, &pen_typed, one);
	}
	/* Behind the characters: a password of two lines is read in one. */
	for (size_t i = 0; i < n; i++) {
		password_cell(p, i, &x, &y);
		class_mark(text[i], mark);
		sheet_text_mid(
		    p->s, x, y + 11.4, PASSWORD_CELL, &pen_caption, mark);
	}
	p->y +=
	    (double)((n + PASSWORD_COLS - 1) / PASSWORD_COLS) * PASSWORD_LINE;
	secret_wipe(one, sizeof(one));
	secret_wipe(mark, sizeof(mark));
}

void
cells_keyboard(struct pen *p)
{
	static const char upper[] = "~!@#$%^&*()_+";
	static const char lower[] = "`1234567890-=";
	const double key = 7.2;
	const double left = p->x + PEN_INDENT + 22;

	sheet_text(
	    p->s, p->x + PEN_INDENT, p->y + 4.0, &pen_caption, "US keyboard,");
	sheet_text(
	    p->s, p->x + PEN_INDENT, p->y + 7.2, &pen_caption, "top row");
	for (size_t i = 0; i + 1 < sizeof(upper); i++) {
		double x = left + (double)i * key;

		sheet_box(p->s,
		    (const double[]){ x + 0.3, p->y, key - 0.6, 8.4 }, 0.9, 0.2,
		    SHEET_INK);
		sheet_text(p->s, x + 1.3, p->y + 3.6, &pen_strong,
		    (const char[]){ upper[i], '\0' });
		sheet_text(p->s, x + 3.7, p->y + 7.2, &pen_body,
		    (const char[]){ lower[i], '\0' });
	}
	sheet_text(p->s, left + 13 * key + 2, p->y + 3.4, &pen_small,
	    "The screen knows only this");
	sheet_text(p->s, left + 13 * key + 2, p->y + 7.0, &pen_small,
	    "layout; \xe2\x87\xa7 is Shift.");
	p->y += 9.4;
}

#define KEY_CELL 5.6
#define KEY_GROUP 30.0 /* from one to the next */
#define KEY_LINE 13.2

/* Four cells; a check character is white on black. */
static void
key_group(struct pen *p, double x, double y, const char *four, bool checked)
{
	char text[2] = "";

	for (int i = 0; i < 4; i++) {
		bool dark = checked && i == 3;

		if (dark)
			sheet_fill(p->s, x + i * KEY_CELL, y + 3.4, KEY_CELL,
			    8.4, SHEET_INK);
		text[0] = four[i];
		sheet_text_mid(p->s, x + i * KEY_CELL, y + 10.4, KEY_CELL,
		    dark ? &check : &pen_typed, text);
	}
	sheet_box(p->s, (const double[]){ x, y + 3.4, 4 * KEY_CELL, 8.4 }, 0.5,
	    0.25, SHEET_INK);
	secret_wipe(text, sizeof(text));
}

void
cells_groups(struct pen *p, const char *name, const char *chars, bool each)
{
	const double left = p->x + PEN_INDENT + 22;
	size_t n = strlen(chars) / 4;
	char number[12];

	sheet_text(p->s, p->x + PEN_INDENT, p->y + 10.0, &pen_title, name);
	for (size_t i = 0; i < n; i++) {
		double x = left + (double)(i % 4) * KEY_GROUP;
		double y = p->y + (double)(i / 4) * KEY_LINE;

		key_group(p, x, y, chars + 4 * i, each || i + 1 == n);
		if (i + 1 < n)
			sheet_text_mid(p->s, x + 4 * KEY_CELL, y + 10.4,
			    KEY_GROUP - 4 * KEY_CELL, &pen_typed, "-");
	}
	/* Behind the characters: who copies them gets nothing in between. */
	for (size_t i = 0; i < n; i++) {
		double x = left + (double)(i % 4) * KEY_GROUP;
		double y = p->y + (double)(i / 4) * KEY_LINE;

		snprintf(number, sizeof(number), "%u", (unsigned)i + 1);
		sheet_text(p->s, x + 0.4, y + 2.6, &pen_caption, number);
		pen_tick(p, x + 4 * KEY_CELL - 2.8, y + 0.2, 2.6);
	}
	p->y += (double)((n + 3) / 4) * KEY_LINE;
}

void
cells_legend(struct pen *p, double y)
{
	const struct sheet_style mark = { SHEET_MONO_BOLD, 3.6, SHEET_WHITE };
	const struct sheet_style alike = { SHEET_MONO_BOLD, 3.6, SHEET_INK };
	static const char *const words[] = { "0", "zero", "O", "letter o", "1",
		"one", "I", "letter i" };
	double x = p->x + 102;

	sheet_fill(p->s, p->x + 96, y + 1.0, 4.4, 4.4, SHEET_INK);
	sheet_text_mid(p->s, p->x + 96, y + 4.5, 4.4, &mark, "X");
	sheet_text(p->s, x, y + 2.8, &pen_small,
	    "White on black: a check character, at the end of the PID");
	sheet_text(p->s, x, y + 6.2, &pen_small,
	    "and of each PPS group. Type it too; letters are capital.");
	for (int i = 0; i < 8; i++) {
		x += sheet_text(p->s, x, y + 11.0,
		    i % 2 == 0 ? &alike : &pen_small, words[i]);
		x += i % 2 == 0 ? 1.2 : 4;
	}
}
