/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/fitc.h"

static uint32_t
head_crc(const uint8_t *p)
{
	uint8_t head[12];

	memcpy(head, p, sizeof(head));
	memset(head + 4, 0, 4);
	return digest_crc32(head, sizeof(head));
}

bool
fitc_read(const uint8_t *p, size_t n, struct fitc *f)
{
	struct rd r;

	memset(f, 0, sizeof(*f));
	rd_init(&r, p, n);
	f->revision = rd_u32le(&r);
	if (r.why == NULL && f->revision != 1) {
		rd_fail(&r, "revision is not 1");
		r.at = 0;
	}
	f->head_crc = rd_u32le(&r);
	f->length = rd_u32le(&r);
	f->data_crc = rd_u32le(&r);
	f->data = rd_bytes(&r, f->length);
	if (r.why == NULL) {
		f->head_ok = f->head_crc == head_crc(p);
		f->data_ok = f->data_crc == digest_crc32(f->data, f->length);
	}
	f->why = r.why;
	f->at = r.at;
	return r.why == NULL;
}
