/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/ustar.h"

/* POSIX.1-1988 ustar; offsets of the header block. */
enum {
	OFF_NAME = 0,
	OFF_MODE = 100,
	OFF_UID = 108,
	OFF_GID = 116,
	OFF_SIZE = 124,
	OFF_MTIME = 136,
	OFF_SUM = 148,
	OFF_TYPE = 156,
	OFF_MAGIC = 257,
	OFF_DEVMAJOR = 329,
	OFF_DEVMINOR = 337
};

#define SIZE_MAX_11 ((size_t)077777777777)

/* digits octal digits; the NUL behind them stands already. */
static void
put_octal(uint8_t *p, size_t digits, uint64_t v)
{
	while (digits-- > 0) {
		p[digits] = (uint8_t)('0' + (v & 7));
		v >>= 3;
	}
}

/* A plain file name: printable, no folder, not "." or "..". */
static bool
name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= USTAR_NAME || name[0] == '.')
		return false;
	for (; *name != '\0'; name++)
		if (*name <= ' ' || *name > '~' || *name == '/')
			return false;
	return true;
}

bool
ustar_header(uint8_t out[static USTAR_BLOCK], const char *name, size_t n)
{
	uint64_t sum = 0;

	memset(out, 0, USTAR_BLOCK);
	if (!name_ok(name) || n > SIZE_MAX_11)
		return false;
	memcpy(out + OFF_NAME, name, strlen(name));
	put_octal(out + OFF_MODE, 7, 0644);
	put_octal(out + OFF_UID, 7, 0);
	put_octal(out + OFF_GID, 7, 0);
	put_octal(out + OFF_SIZE, 11, n);
	put_octal(out + OFF_MTIME, 11, 0);
	memset(out + OFF_SUM, ' ', 8);
	out[OFF_TYPE] = '0';
	memcpy(out + OFF_MAGIC, "ustar\00000", 8);
	put_octal(out + OFF_DEVMAJOR, 7, 0);
	put_octal(out + OFF_DEVMINOR, 7, 0);
	for (size_t i = 0; i < USTAR_BLOCK; i++)
		sum += out[i];
	put_octal(out + OFF_SUM, 6, sum);
	out[OFF_SUM + 6] = '\0'; /* and the blank behind it stays */
	return true;
}

static size_t
padding(size_t n)
{
	return (USTAR_BLOCK - n % USTAR_BLOCK) % USTAR_BLOCK;
}

void
ustar_write(struct wr *w, const char *name, const void *data, size_t n)
{
	uint8_t block[USTAR_BLOCK];

	if (!ustar_header(block, name, n))
		w->failed = true;
	wr_bytes(w, block, sizeof(block));
	wr_bytes(w, data, n);
	wr_fill(w, 0, padding(n));
}

void
ustar_finish(struct wr *w)
{
	wr_fill(w, 0, (size_t)2 * USTAR_BLOCK);
}

/* The size field; the exact form is held by rebuilding the header. */
static size_t
get_size(const uint8_t *header)
{
	size_t v = 0;

	for (size_t i = 0; i < 11; i++) {
		uint8_t c = header[OFF_SIZE + i];

		if (c < '0' || c > '7')
			return 0;
		v = v << 3 | (size_t)(c - '0');
	}
	return v;
}

bool
ustar_next(struct rd *r, struct ustar_member *m)
{
	static const uint8_t blank[USTAR_BLOCK];
	uint8_t want[USTAR_BLOCK];
	const uint8_t *h = rd_bytes(r, USTAR_BLOCK);
	size_t n;

	memset(m, 0, sizeof(*m));
	if (h == NULL)
		return false;
	if (memcmp(h, blank, sizeof(blank)) == 0) {
		rd_fill(r, 0, USTAR_BLOCK);
		return false;
	}
	n = get_size(h);
	memcpy(m->name, h + OFF_NAME, USTAR_NAME - 1);
	if (!ustar_header(want, m->name, n) ||
	    memcmp(want, h, USTAR_BLOCK) != 0) {
		r->p = h;
		rd_fail(r, "member header is not in the canonical form");
		return false;
	}
	m->n = n;
	m->data = rd_bytes(r, n);
	rd_fill(r, 0, padding(n));
	return r->why == NULL;
}
