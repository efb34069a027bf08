/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "bios/smbios.h"

#define SYSTEM 1
#define END 127
#define TEXTS_MAX 256

static bool
sums_to_zero(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

/* The anchor is read; r stands behind it. */
static void
read_entry2(struct rd *r, const uint8_t *entry, struct smbios_table *t)
{
	uint8_t len;

	rd_skip(r, 1);
	len = rd_u8(r);
	if (len != 0x1f && len != 0x1e)
		rd_fail(r, "wrong length");
	rd_skip(r, 10);
	rd_magic(r, "_DMI_", 5);
	rd_skip(r, 1);
	t->len = rd_u16le(r);
	t->address = rd_u32le(r);
	rd_skip(r, 3);
	if (r->why == NULL && !sums_to_zero(entry, 0x1f))
		rd_fail(r, "wrong checksum");
}

static void
read_entry3(struct rd *r, const uint8_t *entry, struct smbios_table *t)
{
	uint32_t low;

	rd_skip(r, 1);
	if (rd_u8(r) < 0x18)
		rd_fail(r, "wrong length");
	rd_skip(r, 5);
	t->len = rd_u32le(r);
	low = rd_u32le(r);
	t->address = low | (uint64_t)rd_u32le(r) << 32;
	if (r->why == NULL && !sums_to_zero(entry, 0x18))
		rd_fail(r, "wrong checksum");
}

bool
smbios_entry(struct rd *r, struct smbios_table *t)
{
	const uint8_t *entry = r->p;
	const uint8_t *anchor = rd_bytes(r, 4);

	memset(t, 0, sizeof(*t));
	if (anchor == NULL)
		return false;
	if (memcmp(anchor, "_SM_", 4) == 0)
		read_entry2(r, entry, t);
	else {
		r->p = entry;
		rd_magic(r, "_SM3_", 5);
		read_entry3(r, entry, t);
	}
	return r->why == NULL;
}

/* Reads the texts behind a structure; the one with this number goes to out
 * if it prints and fits. */
static void
read_texts(struct rd *r, unsigned want, char out[static 64])
{
	for (unsigned i = 1; i < TEXTS_MAX; i++) {
		const uint8_t *text = r->p;
		size_t n = 0;

		while (rd_u8(r) != 0 && r->why == NULL)
			n++;
		if (r->why != NULL || (n == 0 && i > 1))
			return;
		if (n == 0) { /* no text at all: two NULs */
			rd_skip(r, 1);
			return;
		}
		while (n > 0 && text[n - 1] == ' ')
			n--;
		if (i == want && n < 64 && text_printable(text, n)) {
			memcpy(out, text, n);
			out[n] = '\0';
		}
	}
	rd_fail(r, "texts without an end");
}

/* 1.x boards have no UUID field; all 00 and all FF say "not set". */
static void
read_fields(struct rd *fields, struct smbios_system *s, unsigned *serial)
{
	uint8_t all0 = 0, allf = 0xff;

	rd_skip(fields, 3);
	*serial = rd_u8(fields);
	if (rd_left(fields) < UUID_LEN)
		return;
	rd_copy(fields, s->uuid.b, UUID_LEN);
	for (size_t i = 0; i < UUID_LEN; i++) {
		all0 |= s->uuid.b[i];
		allf &= s->uuid.b[i];
	}
	s->has_uuid = all0 != 0 && allf != 0xff;
}

bool
smbios_system(struct rd *r, struct smbios_system *s)
{
	memset(s, 0, sizeof(*s));
	while (r->why == NULL) {
		uint8_t type = rd_u8(r);
		uint8_t len = rd_u8(r);
		unsigned serial = 0;
		struct rd fields;
		char none[64];

		if (len < 4) {
			rd_fail(r, "a structure shorter than its header");
			break;
		}
		rd_skip(r, 2);
		fields = rd_sub(r, len - 4u);
		if (type == SYSTEM)
			read_fields(&fields, s, &serial);
		else if (type == END)
			break;
		read_texts(r, serial, type == SYSTEM ? s->serial : none);
		if (type == SYSTEM)
			return r->why == NULL;
	}
	return false;
}
