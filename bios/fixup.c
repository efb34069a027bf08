/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/secret.h"
#include "bios/fixup.h"

void
fixup_sum(
    enum map_fix fix, const uint8_t *p, size_t n, uint8_t out[static FIXUP_MAX])
{
	memset(out, 0, FIXUP_MAX);
	switch (fix) {
	case MAP_SUM8:
		out[0] = (uint8_t)(0 - digest_sum8(p, n));
		break;
	case MAP_SUM16:
		put_u16le(out, (uint16_t)(0 - digest_sum16(p, n)));
		break;
	case MAP_CRC16:
		put_u16le(out, digest_crc16(0xFFFF, p, n));
		break;
	case MAP_CRC32:
		put_u32le(out, digest_crc32(p, n));
		break;
	case MAP_SHA256_OF:
		digest_sha256(p, n, out);
		break;
	}
}

/* The checksum's own bytes lie wholly within or wholly outside. */
enum err_code
fixup_of(const uint8_t *img, const struct place *over, size_t at,
    enum map_fix fix, uint8_t out[static FIXUP_MAX], struct err *e)
{
	uint8_t *copy = malloc(over->len);

	if (copy == NULL)
		return err_mem(e);
	memcpy(copy, img + over->off, over->len);
	if (at >= over->off && at < over->off + over->len)
		memset(copy + (at - over->off), 0, map_fix_len(fix));
	fixup_sum(fix, copy, over->len, out);
	secret_wipe(copy, over->len);
	free(copy);
	return ERR_OK;
}
