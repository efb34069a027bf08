/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "formats/uuid.h"

#define DIGITS (2 * UUID_LEN)

/* Text order to SMBIOS order and back: SMBIOS 2.6 and later keep the first
 * three groups little-endian. */
static void
swap(uint8_t out[static UUID_LEN], const uint8_t in[static UUID_LEN])
{
	static const uint8_t from[UUID_LEN] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9,
		10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < UUID_LEN; i++)
		out[i] = in[from[i]];
}

static bool
is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* 8-4-4-4-12 digits to 16 bytes in text order. */
static bool
parse_dashed(uint8_t out[static UUID_LEN], const char *text)
{
	char hex[DIGITS];
	size_t n = 0;

	if (strlen(text) != UUID_TEXT - 1)
		return false;
	for (size_t i = 0; i < UUID_TEXT - 1; i++)
		if (!is_dash(i))
			hex[n++] = text[i];
		else if (text[i] != '-')
			return false;
	return text_unhex(out, UUID_LEN, hex, DIGITS);
}

bool
uuid_parse(struct uuid *u, const char *text)
{
	uint8_t b[UUID_LEN];

	if (!parse_dashed(b, text))
		return false;
	swap(u->b, b);
	return true;
}

bool
uuid_parse_raw(struct uuid *u, const char *text)
{
	uint8_t b[UUID_LEN];

	if (!parse_dashed(b, text) &&
	    !text_unhex(b, UUID_LEN, text, strlen(text)))
		return false;
	memcpy(u->b, b, UUID_LEN);
	return true;
}

void
uuid_text(const struct uuid *u, char out[static UUID_TEXT])
{
	char hex[DIGITS + 1];
	uint8_t b[UUID_LEN];
	size_t n = 0;

	swap(b, u->b);
	text_hex(hex, b, UUID_LEN);
	for (size_t i = 0; i < UUID_TEXT; i++)
		out[i] = is_dash(i) ? '-' : hex[n++];
}

/* RFC 4122 section 4.4: version and variant lie in text order. */
void
uuid_random(struct uuid *u, const uint8_t random[static UUID_LEN])
{
	uint8_t b[UUID_LEN];

	memcpy(b, random, UUID_LEN);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	swap(u->b, b);
}

bool
uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->b, b->b, UUID_LEN) == 0;
}

static bool
all(const uint8_t *p, size_t n, uint8_t v)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != v)
			return false;
	return true;
}

bool
uuid_is_placeholder(const struct uuid *u)
{
	/* Microsoft KB2591483 and lists of non-unique UUIDs; boards show
	 * them in either byte order, and a tool may have swapped them. */
	static const uint8_t shared[][UUID_LEN] = {
		{ 0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06,
		    0x00, 0x07, 0x00, 0x08, 0x00, 0x09 },
		{ 0x07, 0x09, 0x02, 0x01, 0x01, 0x03, 0x03, 0x01, 0x08, 0x07,
		    0x06, 0x05, 0x04, 0x03, 0x02, 0x01 },
	};
	uint8_t swapped[UUID_LEN];

	swap(swapped, u->b);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (memcmp(u->b, shared[i], UUID_LEN) == 0 ||
		    memcmp(swapped, shared[i], UUID_LEN) == 0)
			return true;
	/* any first group before FFFF-FFFF-FFFF-FFFFFFFFFFFF */
	return all(u->b, UUID_LEN, 0x00) || all(u->b, UUID_LEN, 0xfe) ||
	    all(u->b + 4, UUID_LEN - 4, 0xff);
}
