/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a station shows: for people a row a board, below letters that are read
 * from across the line where there is a terminal; for programs an object a
 * line. Written into memory only; nothing here is secret.
 */
#ifndef FACTORY_STATIONVIEW_H
#define FACTORY_STATIONVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "factory/station.h"

struct stationview {
	bool json;
	bool block;     /* large letters */
	bool colour;    /* and those in colour */
	unsigned width; /* of the terminal */
	const char *order;
	bool delta;
	const char *out; /* where images are left; NULL: nowhere */
};

/* How far the order is. */
struct stationview_count {
	uint64_t done, left;
	uint64_t written; /* of those left: not verified yet */
};

/* The board of s, or a scan that was refused for this reason. */
void stationview_board(const struct stationview *, struct wr *,
    const struct station *, const struct stationview_count *);
void stationview_refused(const struct stationview *, struct wr *,
    const struct err *, const struct stationview_count *);
/* At the start, and what came of it all at the end. */
void stationview_ready(
    const struct stationview *, struct wr *, const struct stationview_count *);
void stationview_end(const struct stationview *, struct wr *,
    const struct station *, const struct stationview_count *);

/* Events for programs; nothing for people. */
void stationview_scan(
    const struct stationview *, struct wr *, const struct station *);
/* A command that ended, read: the one that reads back. */
struct stationview_ran {
	bool read;
	double seconds;
	const char *said; /* its last line */
};
void stationview_ran(const struct stationview *, struct wr *,
    const struct station *, const struct stationview_ran *, const struct err *);
void stationview_compared(const struct stationview *, struct wr *,
    const struct station *, size_t bytes, const struct err *);

#endif
