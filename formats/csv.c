/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/csv.h"
#include "formats/reason.h"

void
csv_init(struct csv *c, const char *path, const void *text, size_t n)
{
	c->path = path;
	c->p = text;
	c->end = c->p + n;
	c->line = 1;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		c->p += 3;
}

/* A line end at p: its length, 0 if there is none. */
static size_t
line_end(const struct csv *c)
{
	if (c->p < c->end && *c->p == '\n')
		return 1;
	if (c->end - c->p >= 2 && memcmp(c->p, "\r\n", 2) == 0)
		return 2;
	return 0;
}

static const char *
put(char *field, size_t *n, char ch)
{
	if ((unsigned char)ch < 0x20 || ch == 0x7f)
		return "a control character";
	if (*n == CSV_FIELD - 1)
		return "a field is longer than 255 bytes";
	field[(*n)++] = ch;
	return NULL;
}

/* What stands between quotes; p is behind the first one. */
static const char *
quoted(struct csv *c, char *field, size_t *n)
{
	const char *why;

	for (; c->p < c->end; c->p++) {
		if (*c->p != '"') {
			if ((why = put(field, n, *c->p)) != NULL)
				return why;
			continue;
		}
		if (c->end - c->p >= 2 && c->p[1] == '"') {
			if ((why = put(field, n, '"')) != NULL)
				return why;
			c->p++;
			continue;
		}
		c->p++;
		if (c->p == c->end || *c->p == ',' || line_end(c) > 0)
			return NULL;
		return "text behind a closing quote";
	}
	return "a quote is not closed";
}

static const char *
plain(struct csv *c, char *field, size_t *n)
{
	const char *why;

	for (; c->p < c->end && *c->p != ',' && line_end(c) == 0; c->p++) {
		why = *c->p == '"' ? "a quote within a field"
				   : put(field, n, *c->p);
		if (why != NULL)
			return why;
	}
	return NULL;
}

static const char *
read_row(struct csv *c, struct csv_row *row)
{
	const char *why, *start = c->p;
	size_t n;

	for (row->n = 0;; c->p++) {
		if (row->n == CSV_FIELDS)
			return "more than 8 fields";
		row->column[row->n] = (unsigned)(c->p - start) + 1;
		n = 0;
		if (c->p < c->end && *c->p == '"') {
			c->p++;
			why = quoted(c, row->field[row->n], &n);
		} else
			why = plain(c, row->field[row->n], &n);
		if (why != NULL)
			return why;
		row->field[row->n++][n] = '\0';
		if (c->p == c->end || *c->p != ',')
			return NULL;
	}
}

/* To the start of the next line. */
static void
next_line(struct csv *c)
{
	while (c->p < c->end && *c->p++ != '\n')
		;
	c->line++;
}

enum err_code
csv_next(struct csv *c, struct csv_row *row, bool *more, struct err *e)
{
	const char *start, *why;
	size_t column;

	while (line_end(c) > 0)
		next_line(c);
	*more = c->p < c->end;
	if (!*more)
		return ERR_OK;
	row->line = c->line;
	start = c->p;
	why = read_row(c, row);
	column = (size_t)(c->p - start) + 1;
	if (why != NULL)
		c->p = start; /* a stray quote must not swallow other rows */
	next_line(c);
	if (why != NULL)
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "%s:%u: %s (column %zu)", c->path, row->line, why, column);
	return ERR_OK;
}
