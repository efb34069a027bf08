/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/digest.h"

static const uint64_t k512[80] = { 0x428a2f98d728ae22, 0x7137449123ef65cd,
	0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
	0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c,
	0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
	0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2,
	0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4,
	0x76f988da831153b5, 0x983e5152ee66dfab, 0xa831c66d2db43210,
	0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2,
	0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
	0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8,
	0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364,
	0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a,
	0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
	0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63,
	0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72,
	0x8cc702081a6439ec, 0x90befffa23631e28, 0xa4506cebde82bde9,
	0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
	0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae,
	0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493,
	0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
	0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817 };

static uint32_t
rol32(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint64_t
ror64(uint64_t v, unsigned n)
{
	return v >> n | v << (64 - n);
}

static uint32_t
load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
store32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void
sha1_block(void *state, const uint8_t *p)
{
	uint32_t *h = state, w[80];
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++)
		w[i] = load32(p + 4 * i);
	for (int i = 16; i < 80; i++)
		w[i] = rol32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20     ? (b & c) | (~b & d)
		    : i < 40 || i >= 60 ? b ^ c ^ d
					: (b & c) | (b & d) | (c & d);
		uint32_t k = i < 20 ? 0x5a827999
		    : i < 40        ? 0x6ed9eba1
		    : i < 60        ? 0x8f1bbcdc
				    : 0xca62c1d6;
		uint32_t t = rol32(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = rol32(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

static void
sha512_block(void *state, const uint8_t *p)
{
	uint64_t *h = state, w[80], v[8];

	for (int i = 0; i < 16; i++)
		w[i] =
		    (uint64_t)load32(p + 8 * i) << 32 | load32(p + 8 * i + 4);
	for (int i = 16; i < 80; i++) {
		uint64_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		    (ror64(a, 1) ^ ror64(a, 8) ^ a >> 7) +
		    (ror64(b, 19) ^ ror64(b, 61) ^ b >> 6);
	}
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 80; i++) {
		uint64_t e = v[4], a = v[0];
		uint64_t t1 = v[7] +
		    (ror64(e, 14) ^ ror64(e, 18) ^ ror64(e, 41)) +
		    ((e & v[5]) ^ (~e & v[6])) + k512[i] + w[i];
		uint64_t t2 = (ror64(a, 28) ^ ror64(a, 34) ^ ror64(a, 39)) +
		    ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

/* The last blocks: what is left over, 0x80, zeroes, the length in bits. */
static void
sha_finish(void *state, void (*block)(void *, const uint8_t *), size_t size,
    const uint8_t *tail, uint64_t total)
{
	uint8_t last[256] = { 0 };
	size_t left = (size_t)(total % size);
	size_t n = left + 1 + size / 8 <= size ? size : 2 * size;

	if (left != 0)
		memcpy(last, tail, left);
	last[left] = 0x80;
	store32(last + n - 8, (uint32_t)(total >> 29));
	store32(last + n - 4, (uint32_t)(total << 3));
	for (size_t i = 0; i < n; i += size)
		block(state, last + i);
	explicit_bzero(last, sizeof(last));
}

static void
sha_run(void *state, void (*block)(void *, const uint8_t *), size_t size,
    const void *buf, size_t n)
{
	const uint8_t *p = buf;
	size_t i;

	for (i = 0; i + size <= n; i += size)
		block(state, p + i);
	sha_finish(state, block, size, n == 0 ? NULL : p + i, n);
}

void
digest_sha1(const void *p, size_t n, uint8_t out[static SHA1_LEN])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
		0xc3d2e1f0 };

	sha_run(h, sha1_block, 64, p, n);
	for (int i = 0; i < 5; i++)
		store32(out + 4 * i, h[i]);
}

void
digest_sha256_init(struct digest_sha256 *d)
{
	digestcore_init(&d->core);
}

void
digest_sha256_add(struct digest_sha256 *d, const void *p, size_t n)
{
	digestcore_add(&d->core, p, n);
}

void
digest_sha256_end(struct digest_sha256 *d, uint8_t out[static SHA256_LEN])
{
	digestcore_end(&d->core, out);
}

void
digest_sha256(const void *p, size_t n, uint8_t out[static SHA256_LEN])
{
	digestcore_sha256(p, n, out);
}

void
digest_sha384_init(struct digest_sha384 *d)
{
	static const uint64_t h[8] = { 0xcbbb9d5dc1059ed8, 0x629a292a367cd507,
		0x9159015a3070dd17, 0x152fecd8f70e5939, 0x67332667ffc00b31,
		0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4 };

	memset(d, 0, sizeof(*d));
	memcpy(d->h, h, sizeof(h));
}

void
digest_sha384_add(struct digest_sha384 *d, const void *buf, size_t n)
{
	const uint8_t *p = buf;

	while (n > 0) {
		size_t have = (size_t)(d->n % 128);
		size_t take = 128 - have < n ? 128 - have : n;

		if (take == 128)
			sha512_block(d->h, p);
		else {
			memcpy(d->block + have, p, take);
			if (have + take == 128)
				sha512_block(d->h, d->block);
		}
		d->n += take;
		p += take;
		n -= take;
	}
}

void
digest_sha384_end(struct digest_sha384 *d, uint8_t out[static SHA384_LEN])
{
	sha_finish(d->h, sha512_block, 128, d->block, d->n);
	for (int i = 0; i < 6; i++) {
		store32(out + 8 * i, (uint32_t)(d->h[i] >> 32));
		store32(out + 8 * i + 4, (uint32_t)d->h[i]);
	}
	explicit_bzero(d, sizeof(*d));
}

void
digest_sha384(const void *p, size_t n, uint8_t out[static SHA384_LEN])
{
	struct digest_sha384 d;

	digest_sha384_init(&d);
	digest_sha384_add(&d, p, n);
	digest_sha384_end(&d, out);
}

/* From so many bytes on a table is worth the making. */
#define TABLE_WORTH 64

/* What the sum becomes 32 bits after it was v in its nibble i, and 0 beside. */
static void
crc32_table(uint32_t t[static 8][16])
{
	for (uint32_t v = 0; v < 16; v++) {
		uint32_t c = v;

		for (int k = 0; k < 4; k++)
			c = c >> 1 ^ (0xedb88320 & (0 - (c & 1)));
		t[7][v] = c;
	}
	for (size_t i = 7; i-- > 0;)
		for (size_t v = 0; v < 16; v++)
			t[i][v] = t[i + 1][v] >> 4 ^ t[7][t[i + 1][v] & 15];
}

uint32_t
digest_crc32_more(uint32_t crc, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	uint32_t t[8][16], c = ~crc;

	if (n < TABLE_WORTH)
		return digestcore_crc32(crc, buf, n);
	crc32_table(t);
	for (; n >= 4; p += 4, n -= 4) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = t[0][c & 15] ^ t[1][c >> 4 & 15] ^ t[2][c >> 8 & 15] ^
		    t[3][c >> 12 & 15] ^ t[4][c >> 16 & 15] ^
		    t[5][c >> 20 & 15] ^ t[6][c >> 24 & 15] ^ t[7][c >> 28];
	}
	return digestcore_crc32(~c, p, n);
}

uint32_t
digest_crc32(const void *buf, size_t n)
{
	return digest_crc32_more(0, buf, n);
}

uint8_t
digest_crc8(uint8_t init, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	unsigned c = init;

	for (size_t i = 0; i < n; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++)
			c = c << 1 ^ (0x107 & (0 - (c >> 7)));
	}
	return (uint8_t)c;
}

uint16_t
digest_crc16(uint16_t init, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	unsigned c = init;

	for (size_t i = 0; i < n; i++) {
		c ^= (unsigned)p[i] << 8;
		for (int k = 0; k < 8; k++)
			c = c << 1 ^ (0x11021 & (0 - (c >> 15)));
	}
	return (uint16_t)c;
}

uint8_t
digest_sum8(const void *buf, size_t n)
{
	const uint8_t *p = buf;
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += p[i];
	return (uint8_t)sum;
}

uint16_t
digest_sum16(const void *buf, size_t n)
{
	const uint8_t *p = buf;
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? p[i] : (unsigned)p[i] << 8;
	return (uint16_t)sum;
}
