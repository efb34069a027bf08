/* SPDX-License-Identifier: Apache-2.0 */
/* A scan that is read is written to what is read to the same; one that is
 * refused leaves nothing, and none of its bytes in the message. Whatever lines
 * come, no unit is verified that was not compared. */
#include <string.h>

#include "base/text.h"
#include "factory/scan.h"
#include "factory/station.h"
#include "tests/fuzz.h"

static void
again(const uint8_t *p, size_t n, bool raw)
{
	uint8_t out[SCAN_MAX];
	struct scan s, back;
	struct err e;
	struct wr w;

	err_clear(&e);
	if (scan_read(p, n, raw, &s, &e) != ERR_OK) {
		must(e.reason != NULL && e.offset <= n);
		must(text_printable(e.msg, strlen(e.msg)));
		must(!s.has_uuid && s.serial[0] == '\0');
		return;
	}
	must(text_printable(s.serial, strlen(s.serial)));
	wr_fixed(&w, out, sizeof(out));
	scan_write(&w, &s);
	must(!w.failed);
	must(scan_read(out, w.len, raw, &back, &e) == ERR_OK);
	must(memcmp(&s, &back, sizeof(s)) == 0);
}

/* What follows a board, where bits of the input say what fails. */
static void
board(struct station *s, unsigned bits)
{
	bool programmed = false, same = false, written = false;
	struct err e;

	for (int i = 0; i < 16 && s->act != STATION_TELL; i++, bits >>= 1) {
		bool good = (bits & 1) != 0;

		err_clear(&e);
		must(s->act != STATION_VERIFIED || (written && same));
		must(s->act != STATION_WRITTEN ||
		    (s->how.program ? programmed : !s->how.read || same));
		programmed |= s->act == STATION_PROGRAM && good;
		same |= s->act == STATION_COMPARE && good;
		written |= s->act == STATION_WRITTEN && good;
		if (!good)
			err_set(&e, ERR_IO, "it failed");
		station_did(s, &e);
	}
	must(s->act == STATION_TELL);
	must(station_result(s) != STATION_PASS || (written && same));
	station_told(s);
}

static void
line_by_line(const uint8_t *p, size_t n, uint8_t how)
{
	const struct station_how h = { .program = (how & 1) != 0,
		.read = (how & 2) != 0,
		.raw = (how & 4) != 0,
		.wait_ms = 1000 };
	struct station s;
	struct err e;
	uint64_t now = 0;

	station_init(&s, &h);
	for (size_t at = 0; at < n;) {
		const uint8_t *end = memchr(p + at, '\n', n - at);
		size_t len = end != NULL ? (size_t)(end - p) - at : n - at;

		err_clear(&e);
		if (station_line(&s, p + at, len, now, &e) == STATION_BOARD)
			board(&s, (unsigned)(at * 2654435761U) ^ how);
		must(s.act == STATION_SCAN);
		at += len + 1;
		now += how;
	}
	err_clear(&e);
	station_end(&s, &e);
	must(station_left(&s, now) == -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	again(p, n, false);
	again(p, n, true);
	if (n > 0)
		line_by_line(p + 1, n - 1, p[0]);
	return 0;
}
