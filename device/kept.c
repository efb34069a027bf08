/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "device/kept.h"

/* Shorter runs of zeroes are not worth the two lengths of a piece. */
#define RUN 8

/* Pieces: u16 zeroes before it, u16 length, bytes. What is behind the last
 * one is zero. */
struct kept {
	size_t n;
	uint8_t bytes[];
};

static size_t
zeroes(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] == 0)
		i++;
	return i;
}

/* Up to the next run of zeroes. */
static size_t
piece(const uint8_t *p, size_t n)
{
	size_t i = 0, run = 0;

	while (i < n && run < RUN)
		run = p[i++] == 0 ? run + 1 : 0;
	return i - run;
}

/* Returns the length of all pieces; out may be NULL. */
static size_t
squeeze(const uint8_t *p, size_t n, uint8_t *out)
{
	size_t at = 0, gap, len, to = 0;

	while (at + (gap = zeroes(p + at, n - at)) < n) {
		at += gap;
		len = piece(p + at, n - at);
		if (out != NULL) {
			put_u16le(out + to, (uint16_t)gap);
			put_u16le(out + to + 2, (uint16_t)len);
			memcpy(out + to + 4, p + at, len);
		}
		to += 4 + len;
		at += len;
	}
	return to;
}

struct kept *
kept_new(const void *p, size_t n)
{
	size_t room = squeeze(p, n, NULL);
	struct kept *k = malloc(sizeof(*k) + room);

	if (k == NULL)
		return NULL;
	k->n = squeeze(p, n, k->bytes);
	return k;
}

void
kept_copy(const struct kept *k, void *out, size_t n)
{
	uint8_t *to = out;
	size_t len;

	memset(out, 0, n);
	for (const uint8_t *p = k->bytes; p < k->bytes + k->n; p += 4 + len) {
		len = get_u16le(p + 2);
		to += get_u16le(p);
		memcpy(to, p + 4, len);
		to += len;
	}
}

void
kept_free(struct kept *k)
{
	if (k != NULL)
		secret_wipe(k, sizeof(*k) + k->n);
	free(k);
}
