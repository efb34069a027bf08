/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/rsa.h"

#define WORDS (RSA_MAX / 4)

/* ---- numbers of w words, least significant first ---- */

static void
load(uint32_t *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len / 4; i++)
		out[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
		    (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
}

static bool
less(const uint32_t *a, const uint32_t *b, size_t w)
{
	while (w-- > 0)
		if (a[w] != b[w])
			return a[w] < b[w];
	return false;
}

static void
subtract(uint32_t *a, const uint32_t *b, size_t w)
{
	uint64_t borrow = 0;

	for (size_t i = 0; i < w; i++) {
		uint64_t d = (uint64_t)a[i] - b[i] - borrow;

		a[i] = (uint32_t)d;
		borrow = d >> 63;
	}
}

/* a = 2a mod n */
static void
twice(uint32_t *a, const uint32_t *n, size_t w)
{
	uint32_t carry = 0;

	for (size_t i = 0; i < w; i++) {
		uint32_t top = a[i] >> 31;

		a[i] = a[i] << 1 | carry;
		carry = top;
	}
	if (carry != 0 || !less(a, n, w))
		subtract(a, n, w);
}

/* -1/n mod 2^32 by Newton's steps, each of which doubles the good bits; n is
 * its own inverse modulo 8. */
static uint32_t
inverse(uint32_t n)
{
	uint32_t x = n;

	for (int i = 0; i < 4; i++)
		x *= 2 - n * x;
	return 0 - x;
}

/* out = a * b / 2^(32w) mod n (Montgomery); out may be a or b. */
static void
multiply(const struct rsa_public *k, uint32_t *out, const uint32_t *a,
    const uint32_t *b)
{
	uint32_t t[WORDS + 2] = { 0 }, minus = inverse(k->n[0]);
	size_t w = k->len / 4;

	for (size_t i = 0; i < w; i++) {
		uint64_t c = 0;
		uint32_t m;

		for (size_t j = 0; j < w; j++) {
			c += t[j] + (uint64_t)a[j] * b[i];
			t[j] = (uint32_t)c;
			c >>= 32;
		}
		c += t[w];
		t[w] = (uint32_t)c;
		t[w + 1] = (uint32_t)(c >> 32);
		m = t[0] * minus;
		c = (t[0] + (uint64_t)m * k->n[0]) >> 32;
		for (size_t j = 1; j < w; j++) {
			c += t[j] + (uint64_t)m * k->n[j];
			t[j - 1] = (uint32_t)c;
			c >>= 32;
		}
		c += t[w];
		t[w - 1] = (uint32_t)c;
		t[w] = t[w + 1] + (uint32_t)(c >> 32);
	}
	if (t[w] != 0 || !less(t, k->n, w))
		subtract(t, k->n, w);
	memcpy(out, t, w * sizeof(t[0]));
}

/* out = 2^(64w) mod n, which takes a number to where multiply() works. The top
 * bit of n is set, so 2^(32w) - n is what 1 is there; then 2 to the power of
 * 32w by squaring and doubling. */
static void
enter(const struct rsa_public *k, uint32_t *out)
{
	size_t w = k->len / 4, exp = 32 * w, bit = 16;
	uint32_t zero[WORDS] = { 0 };

	memcpy(out, zero, w * sizeof(out[0]));
	subtract(out, k->n, w);
	while (bit-- > 0) {
		multiply(k, out, out, out);
		if ((exp >> bit & 1) != 0)
			twice(out, k->n, w);
	}
}

/* out = s^e mod n, as bytes, most significant first. */
static void
power(const struct rsa_public *k, const uint32_t *s, uint8_t *out)
{
	uint32_t base[WORDS], acc[WORDS] = { 0 }, one[WORDS] = { 1 };
	size_t w = k->len / 4;
	unsigned bit = 31;

	enter(k, base);
	multiply(k, base, base, s);
	memcpy(acc, base, w * sizeof(acc[0]));
	while ((k->e >> bit) == 0)
		bit--;
	while (bit-- > 0) {
		multiply(k, acc, acc, acc);
		if ((k->e >> bit & 1) != 0)
			multiply(k, acc, acc, base);
	}
	multiply(k, acc, acc, one);
	for (size_t i = 0; i < k->len; i++)
		out[k->len - 1 - i] = (uint8_t)(acc[i / 4] >> (8 * (i % 4)));
}

/* ---- what was signed ---- */

static size_t
hash_len(enum rsa_scheme s)
{
	return s == RSA_PKCS1_SHA256 || s == RSA_PSS_SHA256 ? SHA256_LEN
							    : SHA384_LEN;
}

static void
hash_of(enum rsa_scheme s, const void *p, size_t n, uint8_t *out)
{
	if (hash_len(s) == SHA256_LEN)
		digest_sha256(p, n, out);
	else
		digest_sha384(p, n, out);
}

/* RFC 8017 9.2: 00 01 FF.. 00 DigestInfo. */
static enum rsa_verdict
pkcs1(enum rsa_scheme s, const uint8_t *hash, const uint8_t *em, size_t len)
{
	static const uint8_t info256[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };
	static const uint8_t info384[] = { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
		0x00, 0x04, 0x30 };
	const uint8_t *info = hash_len(s) == SHA256_LEN ? info256 : info384;
	size_t i = 2;

	if (em[0] != 0 || em[1] != 1)
		return RSA_WRONG;
	while (i < len && em[i] == 0xFF)
		i++;
	if (i < 10 || i == len || em[i++] != 0)
		return RSA_WRONG;
	if (len - i != sizeof(info256) + hash_len(s) ||
	    memcmp(em + i, info, sizeof(info256)) != 0)
		return RSA_OTHER;
	return memcmp(em + i + sizeof(info256), hash, hash_len(s)) == 0
	    ? RSA_GOOD
	    : RSA_WRONG;
}

/* RFC 8017 B.2.1: the mask of a seed, put over p. */
static void
mgf1(enum rsa_scheme s, const uint8_t *seed, uint8_t *p, size_t n)
{
	uint8_t in[DIGEST_MAX + 4] = { 0 }, mask[DIGEST_MAX];
	size_t h = hash_len(s);

	memcpy(in, seed, h);
	for (size_t i = 0; i < n; i++) {
		if (i % h == 0) {
			in[h + 3] = (uint8_t)(i / h);
			hash_of(s, in, h + 4, mask);
		}
		p[i] ^= mask[i % h];
	}
}

/* RFC 8017 9.1.2; em is changed. The top bit of a modulus is set, so em has
 * as many bytes as it. */
static enum rsa_verdict
pss(enum rsa_scheme s, const uint8_t *hash, uint8_t *em, size_t len)
{
	uint8_t m[8 + DIGEST_MAX + RSA_MAX] = { 0 }, want[DIGEST_MAX];
	size_t h = hash_len(s), db = len - h - 1, i = 0, salt;

	if (em[len - 1] != 0xBC || (em[0] & 0x80) != 0)
		return RSA_WRONG;
	mgf1(s, em + db, em, db);
	em[0] &= 0x7F;
	while (i < db && em[i] == 0)
		i++;
	if (i == db || em[i++] != 1)
		return RSA_WRONG;
	salt = db - i;
	memcpy(m + 8, hash, h);
	memcpy(m + 8 + h, em + i, salt);
	hash_of(s, m, 8 + h + salt, want);
	return memcmp(want, em + db, h) == 0 ? RSA_GOOD : RSA_WRONG;
}

bool
rsa_public_set(
    struct rsa_public *k, const uint8_t *modulus, size_t len, uint32_t e)
{
	memset(k, 0, sizeof(*k));
	if (len < 256 || len > RSA_MAX || len % 8 != 0 || e < 3 ||
	    (e & 1) == 0 || (modulus[0] & 1) == 0 ||
	    (modulus[len - 1] & 0x80) == 0)
		return false;
	k->len = len;
	k->e = e;
	load(k->n, modulus, len);
	return true;
}

enum rsa_verdict
rsa_verify(const struct rsa_public *k, enum rsa_scheme scheme,
    const uint8_t *hash, const uint8_t *signature)
{
	uint32_t s[WORDS] = { 0 };
	uint8_t em[RSA_MAX];

	if (k->len == 0)
		return RSA_WRONG;
	load(s, signature, k->len);
	if (!less(s, k->n, k->len / 4))
		return RSA_WRONG;
	power(k, s, em);
	if (scheme == RSA_PKCS1_SHA256 || scheme == RSA_PKCS1_SHA384)
		return pkcs1(scheme, hash, em, k->len);
	return pss(scheme, hash, em, k->len);
}
