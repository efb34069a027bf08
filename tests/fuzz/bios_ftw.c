/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a working block's queue, or anywhere: a block stays in its
 * window, and only one whose rest is erased is fit. */
#include "bios/ftw.h"
#include "tests/mutate.h"
#include "tests/store.h"

static void
try(const uint8_t *p, size_t n)
{
	size_t at = 0, used;
	struct ftw f;

	while (ftw_next(p, at, n, &f)) {
		must(f.off >= at && f.off + f.header <= f.end && f.end <= n);
		must((f.why == NULL) ==
		    (f.state == FTW_EMPTY || f.state == FTW_COMPLETE));
		must(f.why == NULL || (f.at >= f.off && f.at < f.end));
		must(f.state != FTW_EMPTY || f.writes == 0);
		used = f.end;
		while (used > f.off + f.header && p[used - 1] == 0xFF)
			used--;
		must(f.state != FTW_EMPTY || used == f.off + f.header);
		must(ftw_state_name(f.state) != NULL);
		at = f.end;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[STORE_VOLUME];
	size_t n = len < 0xFE0 ? len : 0xFE0;

	try(in, len);
	memset(p, 0xFF, sizeof(p));
	store_make_ftw(p + 0x40);
	if (n > 0)
		memcpy(p + 0x60, in, n);
	try(p, sizeof(p));
	mutate(p, 0x80, in, len);
	try(p, sizeof(p));
	return 0;
}
