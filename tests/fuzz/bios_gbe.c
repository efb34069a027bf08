/* SPDX-License-Identifier: Apache-2.0 */
/* Banks lie in the region, and what is told of one is in it. */
#include <string.h>

#include "bios/gbe.h"
#include "tests/mutate.h"

static void
try(const uint8_t *p, size_t n)
{
	struct gbe_bank b[GBE_BANKS];
	size_t banks = gbe_read(p, n, b);

	must(banks <= GBE_BANKS && banks <= n / GBE_BANK);
	for (size_t i = 0; i < banks; i++) {
		must(b[i].off == i * GBE_BANK);
		must(memcmp(b[i].mac, p + b[i].off, GBE_MAC) == 0);
		must(!b[i].erased || p[b[i].off + GBE_BANK - 1] == 0xFF);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t region[GBE_BANKS * GBE_BANK];

	try(in, len);
	memset(region, 0xFF, sizeof(region));
	mutate(region, sizeof(region), in, len);
	try(region, sizeof(region));
	return 0;
}
