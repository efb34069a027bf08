/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One board at a station: does what factory/station.h says is to be done, with
 * the ledger, the station's folder and the line's programs, and shows how it
 * went. A base and its map are judged once; a unit's image is made in the one
 * copy of it and taken out again.
 */
#ifndef FACTORY_STATIONRUN_H
#define FACTORY_STATIONRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cli.h"
#include "bios/plan.h"
#include "bios/plandelta.h"
#include "factory/ledger.h"
#include "factory/order.h"
#include "factory/programmer.h"
#include "factory/station.h"
#include "factory/stationview.h"
#include "factory/workdir.h"

struct stationrun {
	/* the caller's */
	const struct cli_args *args;
	struct ledger *ledger;
	const struct order *order;
	const char *base;  /* its absolute path */
	const char *out;   /* folder for images, where nothing programs */
	bool force;        /* replaces images that are there */
	bool delta;        /* a delta is left there instead of an image */
	bool changed_only; /* of what is read back */
	struct programmer *program, *read; /* NULL: there is none */
	bool (*stop)(void *arg);           /* is all to end at once? */
	void *stop_arg;
	struct stationview view;
	struct workdir work;
	/* stationrun_open() and the boards' */
	struct station station;
	struct image *img, *again; /* the base, and with a unit's bytes */
	struct planner *planner;
	uint8_t *bytes, *copy; /* of the base */
	uint8_t sha256[32];
	size_t n;
	struct delta d, d_again; /* of the unit, of what was written of it */
	struct wr delta_file;
	struct record *rec;
	struct plan *plan;
	struct unit *unit;
	bool known; /* the unit was found and judged good */
	struct stationview_count count;
	struct err ending; /* what ends the run: nobody sees it any more, or
			    * secrets cannot be cleared */
};

/* Takes the base, which is n bytes at `bytes` (freed by close), and judges it
 * by its map. Close in any case; a zeroed one is fine. */
enum err_code stationrun_open(
    struct stationrun *, const struct imgmap *, struct err *);
void stationrun_close(struct stationrun *);

/* What stands in station.scan, up to and with the row that tells how it
 * went. */
void stationrun_board(struct stationrun *);
/* A serial whose UUID is to follow: REFUSED, with why, if it cannot be done. */
enum station_heard stationrun_half(struct stationrun *, struct err *);
/* A scan that was refused. */
void stationrun_refused(struct stationrun *, struct err *);
/* The first and the last line. */
enum err_code stationrun_ready(struct stationrun *, struct err *);
void stationrun_end(struct stationrun *);

#endif
