/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cli.h"
#include "factory/stationview.h"
#include "formats/cjson.h"

#define FONT_ROWS 5
#define FONT_COLS 5
#define WIDTH_MIN 44 /* of the longest word */
#define WIDTH_MAX 200
#define COLUMNS 80    /* of a row */
#define INDENT 9      /* of what goes on below it */
#define TAIL_MAX 4400 /* a path, and more */

/* ---- large letters ---- */

/* A row is five bits, the left one highest. */
static const struct letter {
	char c;
	uint8_t row[FONT_ROWS];
} font[] = {
	{ 'A', { 0x0e, 0x11, 0x1f, 0x11, 0x11 } },
	{ 'E', { 0x1f, 0x10, 0x1e, 0x10, 0x1f } },
	{ 'F', { 0x1f, 0x10, 0x1e, 0x10, 0x10 } },
	{ 'I', { 0x1f, 0x04, 0x04, 0x04, 0x1f } },
	{ 'L', { 0x10, 0x10, 0x10, 0x10, 0x1f } },
	{ 'N', { 0x11, 0x19, 0x15, 0x13, 0x11 } },
	{ 'P', { 0x1e, 0x11, 0x1e, 0x10, 0x10 } },
	{ 'R', { 0x1e, 0x11, 0x1e, 0x12, 0x11 } },
	{ 'S', { 0x0f, 0x10, 0x0e, 0x01, 0x1e } },
	{ 'T', { 0x1f, 0x04, 0x04, 0x04, 0x04 } },
	{ 'W', { 0x11, 0x11, 0x15, 0x1b, 0x11 } },
};

/* SGR codes (ECMA-48): background, and that of the letters in it. */
static const struct look {
	const char *word, *ground, *letter;
} looks[] = {
	[STATION_PASS] = { "PASS", "\033[30;42m", "\033[40m" },
	[STATION_DONE] = { "WRITTEN", "\033[30;43m", "\033[40m" },
	[STATION_FAIL] = { "FAIL", "\033[97;41m", "\033[107m" },
};

static bool
is_dark(char c, size_t row, size_t col)
{
	for (size_t i = 0; i < sizeof(font) / sizeof(font[0]); i++)
		if (font[i].c == c && row < FONT_ROWS && col < FONT_COLS)
			return font[i].row[row] >> (FONT_COLS - 1 - col) & 1;
	return false;
}

/* One line of the block; row FONT_ROWS is an empty one. */
static void
put_row(
    const struct stationview *v, struct wr *w, const struct look *k, size_t row)
{
	size_t letters = strlen(k->word), width = v->width;
	size_t cells = letters * (FONT_COLS + 1);
	size_t scale = width >= 2 * cells + 2 ? 2 : 1;
	bool on = false;

	if (v->colour)
		wr_str(w, k->ground);
	for (size_t x = 0; x < width; x++) {
		size_t cell = (x - 2) / scale;
		bool dark = x >= 2 && cell < cells &&
		    is_dark(k->word[cell / (FONT_COLS + 1)], row,
			cell % (FONT_COLS + 1));

		if (v->colour && dark != on)
			wr_str(w, dark ? k->letter : k->ground);
		on = dark;
		wr_u8(w, dark && !v->colour ? '#' : ' ');
	}
	wr_str(w, v->colour ? "\033[0m\n" : "\n");
}

static void
put_block(const struct stationview *v, struct wr *w, enum station_result r)
{
	struct stationview sized = *v;

	if (!v->block)
		return;
	sized.width = v->width < WIDTH_MIN ? WIDTH_MIN
	    : v->width > WIDTH_MAX         ? WIDTH_MAX
					   : v->width;
	wr_u8(w, '\n');
	put_row(&sized, w, &looks[r], FONT_ROWS);
	for (size_t i = 0; i < FONT_ROWS; i++)
		put_row(&sized, w, &looks[r], i);
	put_row(&sized, w, &looks[r], FONT_ROWS);
}

/* ---- rows for people ---- */

/* What is behind the names of a board: why it failed, or what is not proved.
 */
static void
put_tail(const struct stationview *v, struct wr *w, enum station_result r,
    const char *uuid, const struct err *why)
{
	if (why->code != ERR_OK)
		wr_fmt(w, "[%s]",
		    why->reason != NULL ? why->reason->code : "error");
	else if (r == STATION_DONE && v->out != NULL)
		wr_fmt(w, "left as %s/%s.%s", v->out, uuid,
		    v->delta ? "delta" : "bin");
	else if (r == STATION_DONE)
		wr_str(w, "not read back");
}

/* "PASS     SERIAL  UUID  [code]", in colour where there is any; within 80
 * columns, the rest below. */
static void
put_words(const struct stationview *v, struct wr *w, enum station_result r,
    const struct scan *board, const struct err *why)
{
	const char *serial = board != NULL ? board->serial : "-";
	char uuid[UUID_TEXT] = "-", tail[TAIL_MAX];
	size_t used;
	struct wr t;

	put_block(v, w, r);
	if (board != NULL)
		uuid_text(&board->uuid, uuid);
	if (v->colour)
		wr_str(w, looks[r].ground);
	used = strlen(serial) < 24 ? 24 : strlen(serial);
	wr_fmt(w, "%-8s %-24s", looks[r].word, serial);
	if (9 + used + 1 + strlen(uuid) > COLUMNS) {
		wr_str(w, v->colour ? "\033[0m" : "");
		wr_fmt(w, "\n%*s", INDENT - 1, "");
		used = 0;
	}
	wr_fmt(w, " %s", uuid);
	wr_str(w, v->colour ? "\033[0m" : "");
	wr_fixed(&t, tail, sizeof(tail) - 1);
	put_tail(v, &t, r, uuid, why);
	tail[t.len] = '\0';
	if (t.len > 0 && 9 + used + 1 + strlen(uuid) + 2 + t.len > COLUMNS)
		wr_fmt(w, "\n%*s%s", INDENT, "", tail);
	else if (t.len > 0)
		wr_fmt(w, "  %s", tail);
}

static void
put_count(const struct stationview *v, struct wr *w,
    const struct stationview_count *n)
{
	wr_fmt(w, "order %s: %llu done, %llu left", v->order,
	    (unsigned long long)n->done, (unsigned long long)n->left);
	if (n->written > 0)
		wr_fmt(w, ", of which %llu are written and not verified",
		    (unsigned long long)n->written);
	wr_str(w,
	    n->left == 0 && n->done > 0 ? ": the whole order is done\n" : "\n");
}

/* ---- objects for programs ---- */

static void
event(struct wr *w, const char *name, const struct station *s)
{
	char uuid[UUID_TEXT];

	wr_str(w, "{\"event\":");
	cjson_put_string(w, name);
	if (s == NULL)
		return;
	uuid_text(&s->scan.uuid, uuid);
	cjson_put_member(w, "serial", s->scan.serial);
	cjson_put_member(w, "uuid", uuid);
}

static void
end_event(struct wr *w, const struct err *e)
{
	if (e != NULL && e->code != ERR_OK) {
		wr_str(w, ",\"error\":");
		cli_put_error(w, e);
	}
	wr_str(w, "}\n");
}

static void
count_event(struct wr *w, const struct stationview_count *n)
{
	wr_fmt(w, ",\"done\":%llu,\"left\":%llu", (unsigned long long)n->done,
	    (unsigned long long)n->left);
}

/* ---- what is shown ---- */

void
stationview_board(const struct stationview *v, struct wr *w,
    const struct station *s, const struct stationview_count *n)
{
	static const char *const names[] = { [STATION_PASS] = "pass",
		[STATION_DONE] = "written",
		[STATION_FAIL] = "fail" };
	enum station_result r = station_result(s);

	if (!v->json) {
		put_words(v, w, r, &s->scan, &s->why);
		wr_str(w, "\n");
		put_count(v, w, n);
		return;
	}
	event(w, "unit", s);
	cjson_put_member(w, "result", names[r]);
	count_event(w, n);
	end_event(w, &s->why);
}

void
stationview_refused(const struct stationview *v, struct wr *w,
    const struct err *why, const struct stationview_count *n)
{
	if (!v->json) {
		put_words(v, w, STATION_FAIL, NULL, why);
		wr_str(w, "\n");
		return;
	}
	event(w, "refused", NULL);
	count_event(w, n);
	end_event(w, why);
}

void
stationview_ready(const struct stationview *v, struct wr *w,
    const struct stationview_count *n)
{
	if (!v->json) {
		put_count(v, w, n);
		return;
	}
	event(w, "ready", NULL);
	cjson_put_member(w, "order", v->order);
	count_event(w, n);
	end_event(w, NULL);
}

void
stationview_end(const struct stationview *v, struct wr *w,
    const struct station *s, const struct stationview_count *n)
{
	if (!v->json) {
		wr_fmt(w,
		    "%zu passed, %zu written and not read back, %zu "
		    "failed; ",
		    s->passed, s->done, s->failed);
		put_count(v, w, n);
		return;
	}
	event(w, "end", NULL);
	wr_fmt(w, ",\"passed\":%zu,\"written\":%zu,\"failed\":%zu", s->passed,
	    s->done, s->failed);
	count_event(w, n);
	end_event(w, NULL);
}

void
stationview_scan(
    const struct stationview *v, struct wr *w, const struct station *s)
{
	if (!v->json)
		return;
	event(w, "scan", s);
	end_event(w, NULL);
}

void
stationview_ran(const struct stationview *v, struct wr *w,
    const struct station *s, const struct stationview_ran *ran,
    const struct err *e)
{
	if (!v->json)
		return;
	event(w, ran->read ? "read" : "program", s);
	wr_fmt(w, ",\"seconds\":%.3f", ran->seconds);
	cjson_put_member(w, "said", ran->said);
	end_event(w, e);
}

void
stationview_compared(const struct stationview *v, struct wr *w,
    const struct station *s, size_t bytes, const struct err *e)
{
	if (!v->json)
		return;
	event(w, "readback", s);
	wr_fmt(w, ",\"bytes\":%zu,\"same\":", bytes);
	cjson_put_bool(w, e->code == ERR_OK);
	end_event(w, e);
}
