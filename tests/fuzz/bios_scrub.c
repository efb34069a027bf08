/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a board's stores and regions hold: a scrub that succeeds leaves no
 * secret and no record, changes nothing when it is run again, and never what is
 * outside of its areas; one that fails says why. */
#include "bios/scrub.h"
#include "tests/board.h"
#include "tests/mutate.h"

static bool
has(const uint8_t *p, size_t n, const char *text)
{
	/* a PPS: no run of NEEDLE_RUN; the others are shorter than what is
	 * proved of a password */
	size_t len = strlen(text) < 16 ? strlen(text) : NEEDLE_RUN;
	uint8_t wide[2 * 16];

	for (size_t i = 0; i < len; i++)
		put_u16le(wide + 2 * i, (uint8_t)text[i]);
	return memmem(p, n, text, len) != NULL ||
	    memmem(p, n, wide, 2 * len) != NULL;
}

/* The ledger's secrets are those of every record here. */
static bool
scrubbed(uint8_t *p, size_t n)
{
	static struct image img;
	static struct scrub s;
	static struct record rec;
	struct err e;

	err_clear(&e);
	if (image_read(p, n, &img, &e) != ERR_OK) {
		must(e.reason != NULL);
		return false;
	}
	board_fill(&rec, 1);
	if (scrub_begin(&s, &img, NULL, p, &e) == ERR_OK) {
		scrub_know(&s, &rec);
		scrub_run(&s, &e);
	}
	scrub_free(&s);
	must(e.code == ERR_OK || e.reason != NULL);
	return e.code == ERR_OK;
}

static void
try(uint8_t *p, size_t n)
{
	static uint8_t once[BOARD_SIZE];
	struct recordview v;

	if (!scrubbed(p, n))
		return;
	must(!has(p, n, BOARD_PPS));
	must(!has(p, n, BOARD_MEBX));
	must(!has(p, n, BOARD_OTP));
	for (size_t i = 0; i + RECORDVIEW_HEADER <= n; i++)
		must(p[i] != 'A' || recordview_length(p + i, n - i) == 0 ||
		    !recordview_open(
			&v, p + i, recordview_length(p + i, n - i)));
	if (n > sizeof(once))
		return;
	memcpy(once, p, n);
	must(scrubbed(p, n));
	must(memcmp(once, p, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t base[BOARD_SIZE], p[BOARD_SIZE];
	size_t part;

	if (base[0x10] == 0) {
		must(board_make(base));
		part = board_part(base);
		must(part != 0);
		board_put(base, part, 3);
		board_put(base, BOARD_PDR, 1);
		board_oem(base, 3);
		board_variable(base, "Between", "abc", 3);
		board_oem(base, 4);
		/* an old copy of the store in the spare area */
		memcpy(
		    base + BOARD_BIOS + 0x3000, base + BOARD_BIOS, STORE_SIZE);
	}
	memcpy(p, base, sizeof(p));
	mutate(p + BOARD_BIOS, STORE_SIZE, in, len);
	mutate(p + BOARD_BIOS + 0x2000, 0x2000, in, len / 2 & ~(size_t)3);
	mutate(p + BOARD_PDR, 0x1000, in, len / 4 & ~(size_t)3);
	/* The bare region mostly, since it is searched 32 times as fast. */
	if (len % 32 == 0)
		try(p, sizeof(p));
	else
		try(p + BOARD_BIOS, STORE_VOLUME);
	return 0;
}
