/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/needle.h"
#include "formats/recordview.h"
#include "formats/setupbin.h"

#define POOL_MAX 0x1000000
#define SCRAMBLE 0x11 /* that Setup.bin 4.0 adds to each byte */
#define TEXT_MAX 256

enum err_code
needle_new(struct needles **out, struct err *e)
{
	struct needles *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_mem(e);
	wr_grow(&n->pool, POOL_MAX);
	wr_grow(&n->list, NEEDLE_MAX * sizeof(struct needle_at));
	*out = n;
	return ERR_OK;
}

void
needle_free(struct needles *n)
{
	if (n == NULL)
		return;
	wr_free(&n->pool);
	wr_free(&n->list);
	secret_wipe(n, sizeof(*n));
	free(n);
}

/* ---- what to look for ---- */

static uint16_t
hash_of(const uint8_t *p)
{
	return (uint16_t)((get_u32le(p) * 0x9E3779B1u) >> 16);
}

static void
window(struct needles *n, size_t off, size_t len)
{
	const uint8_t *p = n->pool.buf + off;
	struct needle_at at = { .off = (uint32_t)off, .len = (uint8_t)len };
	size_t same = 1;

	while (same < len && p[same] == p[0])
		same++;
	if (same == len)
		return; /* all zero or all FF is no secret */
	at.hash = hash_of(p);
	wr_bytes(&n->list, &at, sizeof(at));
	n->n += !n->list.failed;
}

/* All windows of bytes that lie at the end of the pool. */
static void
windows(struct needles *n, size_t len)
{
	size_t off = n->pool.len - len;

	n->ready = false;
	if (n->pool.failed || len < NEEDLE_LEAST)
		return;
	if (len <= NEEDLE_WINDOW)
		window(n, off, len);
	for (size_t i = 0; len > NEEDLE_WINDOW && i <= len - NEEDLE_WINDOW; i++)
		window(n, off + i, NEEDLE_WINDOW);
}

/* Copies of one record bring the same secrets again. */
static bool
known(const struct needles *n, const void *p, size_t len)
{
	const struct needle_at *list = (const void *)n->list.buf;

	if (len > NEEDLE_WINDOW)
		return n->pool.len > 0 &&
		    memmem(n->pool.buf, n->pool.len, p, len) != NULL;
	for (size_t i = 0; i < n->n; i++)
		if (list[i].len == len &&
		    memcmp(n->pool.buf + list[i].off, p, len) == 0)
			return true;
	return false;
}

void
needle_bytes(struct needles *n, const void *p, size_t len)
{
	if (len < NEEDLE_LEAST) {
		n->skipped += len > 0;
		return;
	}
	if (n->pool.failed || known(n, p, len))
		return;
	wr_bytes(&n->pool, p, len);
	windows(n, len);
	n->secrets++;
}

void
needle_text(struct needles *n, const void *text, size_t len)
{
	const uint8_t *p = text;

	size_t secrets = n->secrets;

	needle_bytes(n, p, len);
	if (n->secrets == secrets)
		return; /* too short, or known */
	for (size_t i = 0; i < len; i++)
		wr_u16le(&n->pool, p[i]);
	windows(n, 2 * len);
	for (size_t i = 0; i < len; i++)
		wr_u8(&n->pool, (uint8_t)(p[i] + SCRAMBLE));
	windows(n, len);
}

static void
needle_pps(struct needles *n, const uint8_t *pps)
{
	char plain[PSK_PPS_LEN + 1], dashed[PSK_PPS_TEXT];
	size_t secrets;

	memcpy(plain, pps, PSK_PPS_LEN);
	plain[PSK_PPS_LEN] = '\0';
	needle_text(n, plain, PSK_PPS_LEN);
	psk_pps_text(dashed, plain);
	secrets = n->secrets;
	needle_text(n, dashed, PSK_PPS_TEXT - 1);
	n->secrets = secrets; /* one secret in two forms */
	secret_wipe(plain, sizeof(plain));
	secret_wipe(dashed, sizeof(dashed));
}

/* ---- private keys ---- */

/* The next DER element's tag, with its content in *body; 0 at the end. */
static uint8_t
der_next(struct rd *r, struct rd *body)
{
	size_t len, n;
	uint8_t tag;

	if (r->why != NULL || rd_left(r) == 0)
		return 0;
	tag = rd_u8(r);
	len = rd_u8(r);
	if (len > 0x80) {
		n = len & 0x7f;
		if (n > 2)
			rd_fail(r, "length");
		for (len = 0; n > 0 && r->why == NULL; n--)
			len = len << 8 | rd_u8(r);
	}
	*body = rd_sub(r, len);
	return r->why == NULL ? tag : 0;
}

/* RSAPrivateKey (RFC 8017): version, n, e, then what is secret. */
static bool
rsa_numbers(struct needles *n, struct rd *key)
{
	struct rd number;
	size_t i = 0;

	while (der_next(key, &number) == 0x02)
		if (i++ >= 3)
			needle_bytes(n, number.p, rd_left(&number));
	return i == 9 && key->why == NULL && rd_left(key) == 0;
}

/* PKCS#8: version, algorithm, and the key in an octet string: either a
 * sequence of RSA's numbers or (RFC 5915) version 1 and the octets of an EC
 * key. */
static bool
key_parts(struct needles *n, const void *der, size_t len)
{
	struct rd r, outer, field, inner, key, octets;

	rd_init(&r, der, len);
	if (der_next(&r, &outer) != 0x30 || der_next(&outer, &field) != 0x02 ||
	    der_next(&outer, &field) != 0x30 ||
	    der_next(&outer, &inner) != 0x04 || der_next(&inner, &key) != 0x30)
		return false;
	octets = key;
	if (der_next(&octets, &field) != 0x02)
		return false;
	if (rd_left(&field) == 1 && *field.p == 1) {
		if (der_next(&octets, &field) != 0x04)
			return false;
		needle_bytes(n, field.p, rd_left(&field));
		return true;
	}
	return rsa_numbers(n, &key);
}

void
needle_key(struct needles *n, const void *der, size_t len)
{
	size_t secrets = n->secrets;

	if (!key_parts(n, der, len))
		needle_bytes(n, der, len);
	/* A key is one secret, however many numbers it has. */
	if (n->secrets > secrets)
		n->secrets = secrets + 1;
}

/* ---- records ---- */

static void
password(struct needles *n, const uint8_t *p, size_t len)
{
	if (len != 5 || memcmp(p, "admin", 5) != 0)
		needle_text(n, p, len);
}

static void
value(struct needles *n, uint32_t var, const uint8_t *p, size_t len)
{
	switch (var) {
	case RECORDVIEW_MEBX_CURRENT:
	case RECORDVIEW_MEBX_NEW:
		password(n, p, len);
		break;
	case RECORDVIEW_PPS:
		if (len == PSK_PPS_LEN)
			needle_pps(n, p);
		else
			needle_text(n, p, len);
		break;
	case RECORDVIEW_OTP:
		needle_text(n, p, len);
		break;
	case RECORDVIEW_KEY:
		needle_key(n, p, len);
		break;
	default:
		break;
	}
}

static void
text_value(struct needles *n, uint32_t var, const char *text)
{
	value(n, var, (const uint8_t *)text, strlen(text));
}

void
needle_record(struct needles *n, const struct record *rec)
{
	text_value(n, RECORDVIEW_MEBX_CURRENT, rec->mebx_current);
	text_value(n, RECORDVIEW_MEBX_NEW, rec->mebx_new);
	text_value(n, RECORDVIEW_PPS, rec->psk.pps);
	text_value(n, RECORDVIEW_OTP, rec->otp);
	if (rec->key_len > 0)
		value(n, RECORDVIEW_KEY, rec->key, rec->key_len);
}

void
needle_torn(struct needles *n, const uint8_t *p, size_t len)
{
	struct rd r;

	rd_init(&r, p, len);
	rd_skip(&r, RECORD_HEADER);
	while (r.why == NULL && rd_left(&r) > 0) {
		uint32_t var = (uint32_t)rd_u16le(&r) << 16;
		const uint8_t *at;
		size_t have;

		var |= rd_u16le(&r);
		have = rd_u16le(&r);
		rd_skip(&r, 2);
		/* What is cut off is searched as far as it goes. */
		if (have > rd_left(&r))
			have = rd_left(&r);
		at = rd_bytes(&r, have);
		if (r.why == NULL)
			value(n, var, at, have);
		if ((4 - have % 4) % 4 <= rd_left(&r))
			rd_skip(&r, (4 - have % 4) % 4);
	}
}

void
needle_setup(struct needles *n, const uint8_t *p, size_t len)
{
	struct setupbin_record *rec = malloc(sizeof(*rec));
	struct setupbin_entry entry;
	struct setupbin head;
	struct rd r;
	size_t at;

	rd_init(&r, p, len);
	if (rec == NULL)
		n->pool.failed = true;
	else if (setupbin_read(&r, &head))
		for (uint32_t i = 0;
		     i < head.count && setupbin_record_read(&r, &head, rec);
		     i++)
			for (at = 0; setupbin_next(rec, &at, &entry);)
				value(n, RECORDVIEW_VAR(entry.module, entry.id),
				    entry.value, entry.n);
	if (rec != NULL)
		secret_wipe(rec, sizeof(*rec));
	free(rec);
}

/* ---- the search ---- */

static int
by_hash(const void *a, const void *b)
{
	const struct needle_at *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

enum err_code
needle_ready(struct needles *n, struct err *e)
{
	struct needle_at *list = (void *)n->list.buf;

	if (n->pool.failed || n->list.failed)
		return err_set(e, ERR_RETRY,
		    "more secrets than can be searched for at once");
	if (n->n > 0)
		qsort(list, n->n, sizeof(*list), by_hash);
	for (size_t hash = 0, i = 0; hash <= 0x10000; hash++) {
		while (i < n->n && list[i].hash < hash)
			i++;
		n->first[hash] = (uint32_t)i;
	}
	n->ready = true;
	return ERR_OK;
}

bool
needle_find(const struct needles *n, const uint8_t *p, size_t from, size_t end,
    size_t *at, size_t *len)
{
	const struct needle_at *list = (const void *)n->list.buf;

	for (size_t i = from; n->n > 0 && i < end && end - i >= NEEDLE_LEAST;
	     i++) {
		uint32_t hash = hash_of(p + i);

		for (uint32_t k = n->first[hash]; k < n->first[hash + 1]; k++)
			if (list[k].len <= end - i &&
			    memcmp(p + i, n->pool.buf + list[k].off,
				list[k].len) == 0) {
				*at = i;
				*len = list[k].len;
				return true;
			}
	}
	return false;
}
