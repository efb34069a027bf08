/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/volume.h"

#define HEADER_LEAST 0x48 /* with one block-map pair and its end */

bool
volume_is_nv(const struct volume *v)
{
	struct uuid nv;

	return uuid_parse(&nv, VOLUME_NV_GUID) && uuid_equal(&nv, &v->guid);
}

static bool
sums_to_zero(const uint8_t *p, size_t n)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum = (uint16_t)(sum + get_u16le(p + i));
	return sum == 0;
}

/* p has room bytes, HEADER_LEAST at least. */
static void
judge(const uint8_t *p, size_t room, struct volume *v)
{
	uint64_t len = get_u64le(p + 0x20);

	memcpy(v->guid.b, p + 0x10, UUID_LEN);
	v->header = get_u16le(p + 0x30);
	v->len = room;
	v->why = NULL;
	if (v->header < HEADER_LEAST || v->header % 2 != 0 || v->header > room)
		v->why = "volume header length is wrong";
	else if (len < v->header || len > room)
		v->why = "volume is longer than what holds it";
	else if (!sums_to_zero(p, v->header))
		v->why = "volume header checksum is wrong";
	else if (p[0x37] != 1 && p[0x37] != 2)
		v->why = "volume revision is not known";
	else
		v->len = (size_t)len;
}

bool
volume_next(const uint8_t *img, size_t from, size_t end, struct volume *v)
{
	while (from < end && end - from >= HEADER_LEAST) {
		/* _FVH lies at 0x28; what follows it is in the window too. */
		const uint8_t *hit = memmem(img + from + 0x28,
		    end - from - HEADER_LEAST + 4, "_FVH", 4);

		if (hit == NULL)
			return false;
		v->off = (size_t)(hit - img) - 0x28;
		judge(img + v->off, end - v->off, v);
		if (v->off % 8 == 0 && (v->why == NULL || volume_is_nv(v)))
			return true;
		from = v->off + 1;
	}
	return false;
}
