/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A programming station as a state machine without I/O: lines of a scanner
 * come in, and what is to be done next comes out. The caller does it
 * (factory/stationrun.c) and says how it went.
 *
 *   SCAN -> LOOK -> MAKE -> PROGRAM -> WRITTEN -> READ -> COMPARE -> VERIFIED
 *                                                              -> TELL -> SCAN
 *
 * What fails goes to TELL at once. Without a command that reads back it ends
 * behind WRITTEN; with that command alone, for boards that were programmed
 * elsewhere, PROGRAM is left out and WRITTEN comes behind COMPARE. So a unit is
 * never marked as verified before its bytes were compared.
 */
#ifndef FACTORY_STATION_H
#define FACTORY_STATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "factory/scan.h"
#include "factory/unit.h"

/* What the station has and how it reads its scanner. */
struct station_how {
	bool program, read;
	bool raw;         /* UUIDs as SMBIOS keeps their bytes */
	uint64_t wait_ms; /* between the two lines of a scan */
};

enum station_act {
	STATION_SCAN,     /* take a line: station_line() */
	STATION_LOOK,     /* find the unit and judge it */
	STATION_MAKE,     /* its image */
	STATION_PROGRAM,  /* the board */
	STATION_WRITTEN,  /* mark the unit */
	STATION_READ,     /* the board back */
	STATION_COMPARE,  /* with what was to be written */
	STATION_VERIFIED, /* mark the unit */
	STATION_TELL      /* how it went: station_told() */
};

enum station_result {
	STATION_PASS, /* read back, the same */
	STATION_DONE, /* written, not read back */
	STATION_FAIL
};

/* What a line of the scanner came to. */
enum station_heard {
	STATION_BLANK,  /* nothing */
	STATION_HALF,   /* a serial; its UUID is to follow */
	STATION_TWICE,  /* the same serial again: its UUID is still to follow */
	STATION_BOARD,  /* serial and UUID: go on with station_act() */
	STATION_REFUSED /* the error says why; counted as failed */
};

struct station {
	struct station_how how;
	enum station_act act;
	struct scan scan; /* a half one, or the board's */
	uint64_t since;   /* when the half one came, ms */
	bool compared;
	bool spare;     /* its serial was refused: the UUID that follows counts
			 * for nothing */
	struct err why; /* of the board: ERR_OK while good */
	size_t passed, done, failed;
};

void station_init(struct station *, const struct station_how *);

/* A line, where STATION_SCAN is to be done. A serial behind another serial is
 * refused for the first one, and is then the half scan itself. */
enum station_heard station_line(
    struct station *, const void *, size_t, uint64_t now_ms, struct err *);
/* Gives up a half scan whose time is over: STATION_REFUSED or STATION_BLANK. */
enum station_heard station_clock(
    struct station *, uint64_t now_ms, struct err *);
/* The same where no line will come any more. */
enum station_heard station_end(struct station *, struct err *);
/* Milliseconds until station_clock() has something to say; -1: never. */
long station_left(const struct station *, uint64_t now_ms);

/* A half scan's serial, before its UUID: what no UUID can mend is refused at
 * once, counted, and the UUID is dropped when it comes. Refused as below. */
enum station_heard station_judge_half(struct station *, const char *order,
    const struct unit_brief *by_serial, struct err *);
/* May this board be done? The units that have its UUID and its serial.
 * Refused: REASON_SCAN_UNKNOWN, _MISMATCH, _REPEATED, _SCRAPPED. */
enum err_code station_judge(const struct station *, const char *order,
    const struct unit_brief *by_uuid, const struct unit_brief *by_serial,
    struct err *);

/* What was to be done is done, or failed with this error, which is cleared. */
void station_did(struct station *, struct err *);
enum station_result station_result(const struct station *);
/* STATION_TELL is done. */
void station_told(struct station *);

#endif
