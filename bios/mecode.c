/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/rsa.h"
#include "base/text.h"
#include "bios/mecode.h"

#define MAN_FIXED 0x80 /* what is in front of the key, and is signed */

const char *
mecode_verdict_name(enum mecode_verdict v)
{
	switch (v) {
	case MECODE_VERIFIED:
		return "verified";
	case MECODE_WRONG:
		return "wrong";
	case MECODE_UNKNOWN:
		return "not understood";
	default:
		return "not checked";
	}
}

/* ---- manifests ---- */

static void
man_broken(struct mecode_man *m, size_t at, const char *why)
{
	if (m->why != NULL)
		return;
	m->why = why;
	m->at = at;
}

static bool
has_tag(const uint8_t *p, size_t n)
{
	return n >= MAN_FIXED &&
	    (memcmp(p + 0x1C, "$MN2", 4) == 0 ||
		memcmp(p + 0x1C, "$MAN", 4) == 0);
}

/* Sizes are in dwords; what comes from them stays in 64 bits. */
static void
man_bounds(struct mecode_man *m, struct rd *r, size_t left)
{
	size_t key, exp;

	rd_skip(r, 0x78 - rd_off(r));
	key = rd_u32le(r);
	exp = rd_u32le(r);
	m->key = key <= RSA_MAX / 4 ? key * 32 : 0;
	if (m->header > m->size || m->size > left)
		man_broken(m, m->off + 0x18,
		    "manifest: its size is not that of what holds it");
	else if (m->key == 0 || exp != 1)
		man_broken(m, m->off + 0x78, "manifest: no such key is known");
	else if (m->header < MAN_FIXED + 2 * key * 4 + 4)
		man_broken(m, m->off + 4, "manifest: header ends in its key");
}

bool
mecode_man_read(
    const uint8_t *img, size_t off, size_t end, struct mecode_man *m)
{
	struct rd r;

	memset(m, 0, sizeof(*m));
	m->img = img;
	m->off = off;
	if (off > end || !has_tag(img + off, end - off))
		return false;
	rd_init(&r, img + off, MAN_FIXED);
	if (rd_u32le(&r) != 4)
		man_broken(m, off, "manifest: its type is not known");
	m->header = (size_t)rd_u32le(&r) * 4;
	rd_skip(&r, 4);
	m->flags = rd_u32le(&r);
	m->vendor = rd_u32le(&r);
	m->date = rd_u32le(&r);
	m->size = (size_t)rd_u32le(&r) * 4;
	rd_copy(&r, m->tag, 4);
	m->modules = rd_u32le(&r);
	for (size_t i = 0; i < 4; i++)
		m->version[i] = rd_u16le(&r);
	m->svn = rd_u32le(&r);
	man_bounds(m, &r, end - off);
	return true;
}

/* The digest of what is signed, for either kind of key. */
static void
man_hash(const struct mecode_man *m, enum rsa_scheme s, uint8_t *out)
{
	const uint8_t *p = m->img + m->off, *rest = p + m->header;
	size_t n = m->size - m->header;

	if (s == RSA_PSS_SHA384) {
		struct digest_sha384 d;

		digest_sha384_init(&d);
		digest_sha384_add(&d, p, MAN_FIXED);
		digest_sha384_add(&d, rest, n);
		digest_sha384_end(&d, out);
	} else {
		struct digest_sha256 d;

		digest_sha256_init(&d);
		digest_sha256_add(&d, p, MAN_FIXED);
		digest_sha256_add(&d, rest, n);
		digest_sha256_end(&d, out);
	}
}

static bool
all(const uint8_t *p, size_t n, uint8_t v)
{
	while (n > 0 && p[n - 1] == v)
		n--;
	return n == 0;
}

static enum rsa_verdict
man_try(struct mecode_man *m, const struct rsa_public *key, enum rsa_scheme s,
    const char *name)
{
	const uint8_t *sig = m->img + m->off + MAN_FIXED + key->len + 4;
	uint8_t hash[DIGEST_MAX];
	enum rsa_verdict v;

	man_hash(m, s, hash);
	v = rsa_verify(key, s, hash, sig);
	if (v == RSA_GOOD) {
		m->verdict = MECODE_VERIFIED;
		m->scheme = name;
	}
	return v;
}

static void
man_judge(struct mecode_man *m, const struct rsa_public *key)
{
	enum rsa_verdict v;

	m->verdict = MECODE_UNKNOWN;
	if (key->len == 256) {
		v = man_try(
		    m, key, RSA_PKCS1_SHA256, "rsa-2048 pkcs1-v1.5 sha-256");
		if (v == RSA_WRONG)
			m->verdict = MECODE_WRONG;
		else if (v == RSA_OTHER)
			man_broken(m, m->off + MAN_FIXED + key->len + 4,
			    "manifest: signed over another kind of digest");
		return;
	}
	if (key->len != 384)
		man_broken(m, m->off + 0x78,
		    "manifest: how a key of this size signs is not known");
	else if (man_try(m, key, RSA_PSS_SHA384, "rsa-3072 pss sha-384") !=
		RSA_GOOD &&
	    man_try(m, key, RSA_PSS_SHA256, "rsa-3072 pss sha-256") != RSA_GOOD)
		man_broken(m, m->off + MAN_FIXED + key->len + 4,
		    "manifest: PSS holds neither with SHA-384 nor SHA-256");
}

void
mecode_man_verify(struct mecode_man *m)
{
	const uint8_t *modulus = m->img + m->off + MAN_FIXED;
	size_t len = m->key / 8;
	struct rsa_public key;

	if (m->why != NULL) {
		m->verdict = MECODE_UNKNOWN;
		return;
	}
	if (all(modulus, len, 0) || all(modulus, len, 0xFF)) {
		m->verdict = MECODE_UNKNOWN;
		man_broken(m, m->off + MAN_FIXED, "manifest: it has no key");
		return;
	}
	m->verdict = MECODE_WRONG;
	if (rsa_public_set(&key, modulus, len, get_u32le(modulus + len)))
		man_judge(m, &key);
}

/* ---- directories ---- */

static void
dir_broken(struct mecode_dir *d, size_t at, const char *why)
{
	if (d->why != NULL)
		return;
	d->why = why;
	d->at = at;
}

/* Printable characters in front of zeroes, or digits. */
static void
name_of(const uint8_t *p, size_t n, char out[static MECODE_NAME])
{
	memset(out, 0, MECODE_NAME);
	while (n > 0 && p[n - 1] == 0)
		n--;
	if (text_printable(p, n))
		memcpy(out, p, n);
	else
		text_hex(out, p, n < 7 ? n : 7);
}

static void
dir_sum(struct mecode_dir *d)
{
	const uint8_t *p = d->img + d->off;
	size_t len = d->header_len + d->n * MECODE_ENTRY;
	uint8_t head[0x14];

	if (d->version == 1 && d->header_len == 0x10) {
		d->sum_known = true;
		d->sum_ok = digest_sum8(p, len) == 0;
		if (!d->sum_ok)
			dir_broken(d, d->off + 0x0B, "$CPD: checksum is wrong");
	} else if (d->version == 2 && d->header_len == sizeof(head)) {
		memcpy(head, p, sizeof(head));
		put_u32le(head + 0x10, 0);
		d->sum_known = true;
		d->sum_ok = digest_crc32_more(digest_crc32(head, sizeof(head)),
				p + sizeof(head),
				len - sizeof(head)) == get_u32le(p + 0x10);
		if (!d->sum_ok)
			dir_broken(d, d->off + 0x10,
			    "$CPD: CRC-32 is not that of header and entries");
	} else
		dir_broken(d, d->off + 8, "$CPD: version is not known");
}

bool
mecode_dir_read(
    const uint8_t *img, size_t off, size_t end, struct mecode_dir *d)
{
	uint8_t name[4];
	uint32_t count;
	struct rd r;

	memset(d, 0, sizeof(*d));
	d->img = img;
	d->off = off;
	d->end = end;
	if (off > end || end - off < 0x14 || memcmp(img + off, "$CPD", 4) != 0)
		return false;
	rd_init(&r, img + off + 4, end - off - 4);
	count = rd_u32le(&r);
	d->version = rd_u8(&r);
	d->entry_version = rd_u8(&r);
	d->header_len = rd_u8(&r);
	rd_skip(&r, 1);
	rd_copy(&r, name, 4);
	name_of(name, 4, d->name);
	if (d->header_len < 0x10 || d->header_len > end - off)
		dir_broken(d, off + 0x0A, "$CPD: header length is not known");
	else if (count > MECODE_ENTRIES ||
	    count > (end - off - d->header_len) / MECODE_ENTRY)
		dir_broken(
		    d, off + 4, "$CPD: more entries than there is room for");
	else
		d->n = count;
	if (d->why == NULL)
		dir_sum(d);
	return true;
}

void
mecode_dir_entry(const struct mecode_dir *d, size_t i, struct mecode_entry *e)
{
	size_t size = d->end - d->off;
	uint8_t name[12];
	uint32_t offset;
	struct rd r;

	memset(e, 0, sizeof(*e));
	e->at = d->off + d->header_len + i * MECODE_ENTRY;
	rd_init(&r, d->img + e->at, MECODE_ENTRY);
	rd_copy(&r, name, sizeof(name));
	offset = rd_u32le(&r);
	e->len = rd_u32le(&r);
	e->reserved = rd_u32le(&r);
	name_of(name, sizeof(name), e->name);
	e->offset = offset & 0x1FFFFFF;
	e->huffman = (offset >> 25 & 1) != 0;
	if (e->len == 0)
		return;
	if (e->offset > size || (!e->huffman && e->len > size - e->offset)) {
		e->why = "it ends behind its partition";
		return;
	}
	e->space = true;
	e->from = d->off + e->offset;
}

bool
mecode_dir_man(const struct mecode_dir *d, struct mecode_man *m)
{
	struct mecode_entry e;

	for (size_t i = 0; i < d->n; i++) {
		size_t len;

		mecode_dir_entry(d, i, &e);
		len = strlen(e.name);
		if (e.space && !e.huffman && len > 4 &&
		    strcmp(e.name + len - 4, ".man") == 0)
			return mecode_man_read(
			    d->img, e.from, e.from + e.len, m);
	}
	return false;
}
