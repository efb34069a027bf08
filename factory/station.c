/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "factory/station.h"
#include "formats/reason.h"

void
station_init(struct station *s, const struct station_how *how)
{
	memset(s, 0, sizeof(*s));
	s->how = *how;
	err_clear(&s->why);
}

/* ---- scans ---- */

static bool
is_half(const struct station *s)
{
	return s->act == STATION_SCAN && s->scan.serial[0] != '\0';
}

static void
drop_scan(struct station *s)
{
	memset(&s->scan, 0, sizeof(s->scan));
}

/* Is this the UUID of a serial that was refused at once? */
static bool
is_spare(struct station *s, const struct scan *in, uint64_t now)
{
	bool is = s->spare && in->has_uuid && in->serial[0] == '\0' &&
	    now - s->since <= s->how.wait_ms;

	s->spare = s->spare && !in->has_uuid && in->serial[0] == '\0';
	return is;
}

/* Refuses the half scan and forgets it. */
static enum station_heard
give_up(struct station *s, const char *why, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_MALFORMED),
	    "serial %s: %s", s->scan.serial, why);
	drop_scan(s);
	s->failed++;
	return STATION_REFUSED;
}

static enum station_heard
take_serial(
    struct station *s, const struct scan *in, uint64_t now, struct err *e)
{
	enum station_heard heard = STATION_HALF;

	if (is_half(s) && strcmp(s->scan.serial, in->serial) == 0)
		return STATION_TWICE;
	if (is_half(s))
		heard = give_up(s,
		    "another serial came before its UUID; the other one "
		    "counts now",
		    e);
	s->scan = *in;
	s->since = now;
	return heard;
}

static enum station_heard
take_board(struct station *s, const struct scan *in, struct err *e)
{
	char serial[SCAN_SERIAL];

	/* A code with both, behind a serial: fine if it is the same one. */
	if (is_half(s) && in->serial[0] != '\0' &&
	    strcmp(s->scan.serial, in->serial) != 0)
		return give_up(s,
		    "a code of another board came instead of its UUID; scan "
		    "that one again",
		    e);
	if (!is_half(s) && in->serial[0] == '\0') {
		err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_MALFORMED),
		    "a UUID without a serial: the serial comes first");
		s->failed++;
		return STATION_REFUSED;
	}
	memcpy(
	    serial, is_half(s) ? s->scan.serial : in->serial, sizeof(serial));
	s->scan = *in;
	memcpy(s->scan.serial, serial, sizeof(serial));
	s->act = STATION_LOOK;
	s->compared = false;
	err_clear(&s->why);
	return STATION_BOARD;
}

enum station_heard
station_line(
    struct station *s, const void *line, size_t n, uint64_t now, struct err *e)
{
	struct scan in;

	if (s->act != STATION_SCAN) {
		err_set(e, ERR_BUG, "a scan while a board is at work");
		return STATION_REFUSED;
	}
	if (station_clock(s, now, e) == STATION_REFUSED)
		return STATION_REFUSED;
	if (scan_read(line, n, s->how.raw, &in, e) != ERR_OK) {
		s->failed++;
		return STATION_REFUSED;
	}
	if (is_spare(s, &in, now))
		return STATION_BLANK;
	if (in.has_uuid)
		return take_board(s, &in, e);
	if (in.serial[0] == '\0')
		return STATION_BLANK;
	return take_serial(s, &in, now, e);
}

long
station_left(const struct station *s, uint64_t now)
{
	uint64_t end = s->since + s->how.wait_ms;

	if (!is_half(s))
		return -1;
	return end > now ? (long)(end - now) : 0;
}

enum station_heard
station_clock(struct station *s, uint64_t now, struct err *e)
{
	if (station_left(s, now) != 0)
		return STATION_BLANK;
	return give_up(s, "its UUID did not come in time; scan both again", e);
}

enum station_heard
station_end(struct station *s, struct err *e)
{
	if (!is_half(s))
		return STATION_BLANK;
	return give_up(s, "the scans ended before its UUID", e);
}

/* ---- judging ---- */

static bool
is_state(const struct unit_brief *u, const char *state)
{
	return strcmp(u->state, state) == 0;
}

/* SMBIOS keeps the first three groups the other way round than text does. */
static bool
is_swapped(const struct uuid *a, const struct uuid *b)
{
	static const size_t from[8] = { 3, 2, 1, 0, 5, 4, 7, 6 };

	for (size_t i = 0; i < UUID_LEN; i++)
		if (a->b[i] != b->b[i < 8 ? from[i] : i])
			return false;
	return true;
}

static enum err_code
mismatch(const struct station *s, const struct unit_brief *by_uuid,
    const struct unit_brief *by_serial, struct err *e)
{
	const struct reason *why = reason_get(REASON_SCAN_MISMATCH);
	char uuid[UUID_TEXT];

	if (!by_serial->there)
		return err_refuse(e, ERR_DATA, why,
		    "no unit has serial %s; this UUID is that of serial %s",
		    s->scan.serial, by_uuid->serial);
	uuid_text(&by_serial->uuid, uuid);
	if (is_swapped(&s->scan.uuid, &by_serial->uuid))
		return err_refuse(e, ERR_DATA, why,
		    "serial %s has UUID %s, whose bytes were scanned in the "
		    "other order (see --uuid-order)",
		    s->scan.serial, uuid);
	return err_refuse(
	    e, ERR_DATA, why, "serial %s has UUID %s", s->scan.serial, uuid);
}

static enum err_code
judge_unit(const struct unit_brief *u, const char *order, struct err *e)
{
	if (strcmp(u->order, order) != 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_UNKNOWN),
		    "the unit is of order %s, not %s", u->order, order);
	if (is_state(u, "scrapped"))
		return err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_SCRAPPED),
		    "the unit is scrapped");
	if (is_state(u, "issued") || is_state(u, "written") ||
	    is_state(u, "returned"))
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_REPEATED),
	    "the unit is %s already", u->state);
}

enum station_heard
station_judge_half(struct station *s, const char *order,
    const struct unit_brief *by_serial, struct err *e)
{
	if (!by_serial->there)
		err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_UNKNOWN),
		    "no unit of the ledger has this serial");
	else
		judge_unit(by_serial, order, e);
	if (e->code == ERR_OK)
		return STATION_HALF;
	err_in(e, "serial %s", s->scan.serial);
	drop_scan(s);
	s->spare = true;
	s->failed++;
	return STATION_REFUSED;
}

enum err_code
station_judge(const struct station *s, const char *order,
    const struct unit_brief *by_uuid, const struct unit_brief *by_serial,
    struct err *e)
{
	if (!by_uuid->there && !by_serial->there)
		return err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_UNKNOWN),
		    "no unit of the ledger has this serial or UUID");
	if (!by_uuid->there || !by_serial->there ||
	    !uuid_equal(&by_uuid->uuid, &by_serial->uuid))
		return mismatch(s, by_uuid, by_serial, e);
	return judge_unit(by_uuid, order, e);
}

/* ---- work ---- */

static enum station_act
next(const struct station *s)
{
	switch (s->act) {
	case STATION_LOOK:
		return STATION_MAKE;
	case STATION_MAKE:
		return s->how.program ? STATION_PROGRAM
		    : s->how.read     ? STATION_READ
				      : STATION_WRITTEN;
	case STATION_PROGRAM:
		return STATION_WRITTEN;
	case STATION_WRITTEN:
		return !s->how.read ? STATION_TELL
		    : s->compared   ? STATION_VERIFIED
				    : STATION_READ;
	case STATION_READ:
		return STATION_COMPARE;
	case STATION_COMPARE:
		return s->how.program ? STATION_VERIFIED : STATION_WRITTEN;
	case STATION_SCAN:
	case STATION_VERIFIED:
	case STATION_TELL:
		break;
	}
	return STATION_TELL;
}

void
station_did(struct station *s, struct err *e)
{
	if (s->act == STATION_SCAN || s->act == STATION_TELL)
		return;
	if (e->code != ERR_OK) {
		s->why = *e;
		err_clear(e);
		s->act = STATION_TELL;
		return;
	}
	if (s->act == STATION_COMPARE)
		s->compared = true;
	s->act = next(s);
}

enum station_result
station_result(const struct station *s)
{
	if (s->why.code != ERR_OK)
		return STATION_FAIL;
	return s->compared ? STATION_PASS : STATION_DONE;
}

void
station_told(struct station *s)
{
	switch (station_result(s)) {
	case STATION_PASS:
		s->passed++;
		break;
	case STATION_DONE:
		s->done++;
		break;
	case STATION_FAIL:
		s->failed++;
		break;
	}
	drop_scan(s);
	s->act = STATION_SCAN;
}
