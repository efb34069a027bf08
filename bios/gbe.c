/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/gbe.h"

size_t
gbe_read(const uint8_t *p, size_t n, struct gbe_bank bank[static GBE_BANKS])
{
	size_t i;

	memset(bank, 0, GBE_BANKS * sizeof(*bank));
	for (i = 0; i < GBE_BANKS && n >= (i + 1) * GBE_BANK; i++) {
		bank[i].off = i * GBE_BANK;
		bank[i].erased =
		    bytes_are(p, bank[i].off, bank[i].off + GBE_BANK, 0xFF);
		bank[i].sum = digest_sum16(p + bank[i].off, 2 * 64);
		memcpy(bank[i].mac, p + bank[i].off, GBE_MAC);
	}
	return i;
}
