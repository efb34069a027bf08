/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV (RFC 4180) from memory, a row at a time, with line numbers. Lines end
 * in LF or CRLF; a byte order mark at the start and blank lines are skipped.
 * A bad row is an error (REASON_CSV_MALFORMED, "file:line: ... (column n)"),
 * and the reader stands on the next row.
 */
#ifndef FORMATS_CSV_H
#define FORMATS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CSV_FIELDS 8
#define CSV_FIELD 256

struct csv {
	const char *path; /* for messages; borrowed */
	const char *p, *end;
	unsigned line; /* of p */
};

struct csv_row {
	unsigned line; /* where it begins */
	size_t n;
	unsigned column[CSV_FIELDS]; /* where each begins, in bytes, from 1 */
	char field[CSV_FIELDS][CSV_FIELD];
};

void csv_init(struct csv *, const char *path, const void *, size_t);
/* *more: whether a row was there, good or bad. */
enum err_code csv_next(
    struct csv *, struct csv_row *, bool *more, struct err *);

#endif
