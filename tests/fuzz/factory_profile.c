/* SPDX-License-Identifier: Apache-2.0 */
/* A stored profile that loads is written to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "factory/profile.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[PROFILE_JSON_MAX];
	static struct profile profile;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (!profile_load(&r, &profile))
		return 0;
	wr_fixed(&w, out, sizeof(out));
	profile_store(&w, &profile);
	if (w.failed || w.len != n || memcmp(out, p, n) != 0)
		abort();
	return 0;
}
