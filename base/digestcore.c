/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digestcore.h"

static const uint32_t sha256_k[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf,
	0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
	0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e,
	0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
	0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
	0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2 };

static uint32_t
ror32(uint32_t v, unsigned n)
{
	return v >> n | v << (32 - n);
}

static uint32_t
load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
store_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A compiler would make a plain loop a call of memset. */
static void
wipe(void *p, size_t n)
{
	volatile uint8_t *b = p;

	while (n-- > 0)
		b[n] = 0;
}

static void
sha256_block(uint32_t *h, const uint8_t *p)
{
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
	uint32_t e = h[4], f = h[5], g = h[6], k = h[7], w[64];

	for (int i = 0; i < 16; i++)
		w[i] = load_be32(p + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t x = w[i - 15], y = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		    (ror32(x, 7) ^ ror32(x, 18) ^ x >> 3) +
		    (ror32(y, 17) ^ ror32(y, 19) ^ y >> 10);
	}
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = k + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
		    ((e & f) ^ (~e & g)) + sha256_k[i] + w[i];
		uint32_t t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
		    ((a & b) ^ (a & c) ^ (b & c));

		k = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += k;
}

void
digestcore_init(struct digestcore *d)
{
	static const uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
		0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(d->h, h, sizeof(h));
	d->n = 0;
}

void
digestcore_add(struct digestcore *d, const void *buf, size_t n)
{
	const uint8_t *p = buf;

	while (n > 0) {
		size_t have = (size_t)(d->n % 64);
		size_t take = 64 - have < n ? 64 - have : n;

		if (have == 0 && take == 64)
			sha256_block(d->h, p);
		else {
			memcpy(d->block + have, p, take);
			if (have + take == 64)
				sha256_block(d->h, d->block);
		}
		d->n += take;
		p += take;
		n -= take;
	}
}

/* The last blocks: what is left over, 0x80, zeroes, the length in bits. */
void
digestcore_end(struct digestcore *d, uint8_t *out)
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = d->n << 3;
	size_t have = (size_t)(d->n % 64);
	uint8_t len[8];

	store_be32(len, (uint32_t)(bits >> 32));
	store_be32(len + 4, (uint32_t)bits);
	digestcore_add(d, padding, (have < 56 ? 56 : 120) - have);
	digestcore_add(d, len, sizeof(len));
	for (int i = 0; i < 8; i++)
		store_be32(out + 4 * i, d->h[i]);
	wipe(d, sizeof(*d));
}

void
digestcore_sha256(const void *p, size_t n, uint8_t *out)
{
	struct digestcore d;

	digestcore_init(&d);
	digestcore_add(&d, p, n);
	digestcore_end(&d, out);
}

uint32_t
digestcore_crc32(uint32_t crc, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	uint32_t c = ~crc;

	for (size_t i = 0; i < n; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (0xedb88320 & (0 - (c & 1)));
	}
	return ~c;
}
