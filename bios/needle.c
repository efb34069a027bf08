/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/needle.h"
#include "formats/recordview.h"

#define POOL_MAX 0x1000000
#define SCRAMBLE 0x11 /* that Setup.bin 4.0 adds to each byte */
#define TEXT_MAX 32   /* of a password */
#define VALUE_MAX 255 /* of an entry not named below */
#define KEY_MAX 2048
#define KEY_FRAME 40 /* more than PKCS#8 has before a key's numbers */

/* A form of a secret, at the end of the pool. */
struct form {
	uint32_t off, len, next; /* next: of its hash, from 1 */
	uint8_t unit, proved;
};

enum err_code
needle_new(struct needles **out, struct err *e)
{
	struct needles *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_mem(e);
	wr_grow(&n->pool, POOL_MAX);
	wr_grow(&n->list, NEEDLE_MAX * sizeof(struct needle_at));
	wr_grow(&n->forms, NEEDLE_MAX * sizeof(struct form));
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
	wr_free(&n->forms);
	secret_wipe(n, sizeof(*n));
	free(n);
}

/* ---- what to look for ---- */

static uint16_t
hash_of(const uint8_t *p)
{
	return (uint16_t)((get_u32le(p) * 0x9E3779B1u) >> 16);
}

/* Bytes that any image has, such as zeroes and a count, are no secret. */
static bool
is_selective(const uint8_t *p, size_t len, size_t kinds)
{
	size_t found = 0;

	for (size_t i = 0; i < len && found < kinds; i++)
		found += memchr(p, p[i], i) == NULL;
	return found >= kinds;
}

static uint32_t
hash_form(const uint8_t *p, size_t len)
{
	uint32_t h = 0x811C9DC5u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193u;
	return (h ^ h >> 15) % NEEDLE_FORMS;
}

/* Copies of one record bring the same secrets again. */
static bool
known(const struct needles *n, uint32_t hash, const struct form *f)
{
	const struct form *all = (const void *)n->forms.buf;

	for (uint32_t i = n->form[hash]; i != 0; i = all[i - 1].next)
		if (all[i - 1].len == f->len &&
		    all[i - 1].proved == f->proved &&
		    memcmp(n->pool.buf + all[i - 1].off, n->pool.buf + f->off,
			f->len) == 0)
			return true;
	return false;
}

/* Of each run that counts; how many. */
static size_t
windows(struct needles *n, const struct form *f)
{
	size_t cut = f->unit - 1u, whole = f->len - cut, was = n->n;
	size_t len = (size_t)NEEDLE_RUN * f->unit - cut;
	struct needle_at at = { .begin = f->off, .end = f->off + f->len };

	if (len > whole)
		len = whole;
	at.len = (uint8_t)len;
	at.proved = f->proved < whole ? f->proved : (uint8_t)whole;
	for (size_t i = 0; i + len <= f->len; i++) {
		const uint8_t *p = n->pool.buf + f->off + i;

		if (!is_selective(p, len, 3u + f->unit))
			continue;
		at.off = (uint32_t)(f->off + i);
		at.hash = hash_of(p);
		wr_bytes(&n->list, &at, sizeof(at));
		n->n += !n->list.failed;
	}
	return n->n - was;
}

/* What lies from off on in the pool, in characters of so many bytes. How many
 * windows are new. */
static size_t
form(struct needles *n, size_t off, uint8_t unit, size_t proved)
{
	struct form f = { .off = (uint32_t)off, .unit = unit };
	uint32_t hash;

	n->ready = false;
	if (n->pool.failed || n->list.failed)
		return 0;
	f.len = (uint32_t)(n->pool.len - off);
	f.proved = (uint8_t)(proved * unit - (unit - 1u));
	hash = hash_form(n->pool.buf + off, f.len);
	if (known(n, hash, &f)) {
		secret_wipe(n->pool.buf + off, f.len);
		n->pool.len = off;
		return 0;
	}
	f.next = n->form[hash];
	wr_bytes(&n->forms, &f, sizeof(f));
	if (n->forms.failed)
		n->pool.failed = true;
	else
		n->form[hash] = (uint32_t)(n->forms.len / sizeof(f));
	return windows(n, &f);
}

/* All of one byte is what an empty field has, not a secret. */
static bool
is_searched(struct needles *n, const uint8_t *p, size_t len)
{
	size_t same = 1;

	while (same < len && p[same] == p[0])
		same++;
	if (len == 0 || (len >= NEEDLE_LEAST && same == len))
		return false;
	if (len >= NEEDLE_LEAST && is_selective(p, len, 4))
		return true;
	n->skipped++;
	return false;
}

static void
bytes(struct needles *n, const void *p, size_t len, size_t proved)
{
	size_t off = n->pool.len;

	if (!is_searched(n, p, len))
		return;
	wr_bytes(&n->pool, p, len);
	n->secrets += form(n, off, 1, proved) > 0;
}

static void
text_of(struct needles *n, const uint8_t *p, size_t len, size_t proved)
{
	size_t off;

	if (!is_searched(n, p, len))
		return;
	bytes(n, p, len, proved);
	off = n->pool.len;
	for (size_t i = 0; i < len; i++)
		wr_u16le(&n->pool, p[i]);
	form(n, off, 2, proved);
	off = n->pool.len;
	for (size_t i = 0; i < len; i++)
		wr_u8(&n->pool, (uint8_t)(p[i] + SCRAMBLE));
	form(n, off, 1, proved);
}

void
needle_bytes(struct needles *n, const void *p, size_t len)
{
	bytes(n, p, len, NEEDLE_PROVED);
}

void
needle_text(struct needles *n, const void *text, size_t len)
{
	text_of(n, text, len, NEEDLE_PROVED);
}

static void
needle_pps(struct needles *n, const uint8_t *pps)
{
	char plain[PSK_PPS_LEN + 1], dashed[PSK_PPS_TEXT];
	size_t secrets;

	memcpy(plain, pps, PSK_PPS_LEN);
	plain[PSK_PPS_LEN] = '\0';
	text_of(n, (const uint8_t *)plain, PSK_PPS_LEN, NEEDLE_RUN);
	psk_pps_text(dashed, plain);
	secrets = n->secrets;
	text_of(n, (const uint8_t *)dashed, PSK_PPS_TEXT - 1, NEEDLE_RUN);
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
	/* What is cut off is searched as far as it goes. */
	*body = rd_sub(r, len < rd_left(r) ? len : rd_left(r));
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
			bytes(n, number.p, rd_left(&number), NEEDLE_RUN);
	return i >= 3;
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
		bytes(n, field.p, rd_left(&field), NEEDLE_RUN);
		return true;
	}
	return rsa_numbers(n, &key);
}

void
needle_key(struct needles *n, const void *der, size_t len)
{
	size_t secrets = n->secrets;

	if (!key_parts(n, der, len) && len > KEY_FRAME)
		bytes(n, (const uint8_t *)der + KEY_FRAME, len - KEY_FRAME,
		    NEEDLE_RUN);
	/* A key is one secret, however many numbers it has. */
	if (n->secrets > secrets)
		n->secrets = secrets + 1;
}

/* ---- records ---- */

static bool
is_printable(uint8_t c)
{
	return c >= 0x20 && c <= 0x7E;
}

static size_t
printable(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && is_printable(p[n]))
		n++;
	return n;
}

/* Where a length is damaged, what follows is no part of the text. */
static void
password(struct needles *n, const uint8_t *p, size_t len)
{
	len = printable(p, len < TEXT_MAX ? len : TEXT_MAX);
	if (len != 5 || memcmp(p, "admin", 5) != 0)
		needle_text(n, p, len);
}

static void
pps(struct needles *n, const uint8_t *p, size_t len)
{
	len = printable(p, len < PSK_PPS_LEN ? len : PSK_PPS_LEN);
	if (len == PSK_PPS_LEN)
		needle_pps(n, p);
	else
		text_of(n, p, len, NEEDLE_RUN);
}

static void
value(struct needles *n, uint32_t var, const uint8_t *p, size_t len)
{
	switch (var) {
	case RECORDVIEW_MEBX_CURRENT:
	case RECORDVIEW_MEBX_NEW:
	case RECORDVIEW_OTP:
		password(n, p, len);
		break;
	case RECORDVIEW_PPS:
		pps(n, p, len);
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

/* ---- lists of entries ---- */

static uint32_t
var_at(const uint8_t *p)
{
	return RECORDVIEW_VAR(get_u16le(p), get_u16le(p + 2));
}

/* The most that a value has; 0 if there is no such entry. */
static size_t
most(uint32_t var)
{
	uint32_t id = var & 0xFFFF;

	switch (var) {
	case RECORDVIEW_MEBX_CURRENT:
	case RECORDVIEW_MEBX_NEW:
	case RECORDVIEW_OTP:
	case RECORDVIEW_PPS:
		return TEXT_MAX;
	case RECORDVIEW_KEY:
	case RECORDVIEW_CERT:
		return KEY_MAX;
	default:
		if (var >> 16 == RECORDVIEW_OURS)
			return id > 0 && id <= (RECORDVIEW_ENABLED & 0xFFFF)
			    ? VALUE_MAX
			    : 0;
		return (var >> 16 == 1 || var >> 16 == 2) && id > 0 &&
			id <= 0xFF
		    ? VALUE_MAX
		    : 0;
	}
}

/* Is it a secret beyond doubt? Asked anywhere. */
static bool
is_secret(const uint8_t *p, size_t left)
{
	size_t n = get_u16le(p + 4), have;

	if (get_u16le(p + 6) != 0)
		return false;
	have = printable(p + 8, left - 8 < n ? left - 8 : n);
	switch (var_at(p)) {
	case RECORDVIEW_MEBX_CURRENT:
	case RECORDVIEW_MEBX_NEW:
	case RECORDVIEW_OTP:
		return n >= NEEDLE_LEAST && n <= TEXT_MAX &&
		    have >= NEEDLE_LEAST;
	case RECORDVIEW_PPS:
		return n == PSK_PPS_LEN && have >= NEEDLE_LEAST;
	case RECORDVIEW_KEY:
		return n > KEY_FRAME && n <= KEY_MAX && left > 10 &&
		    p[8] == 0x30 && p[9] >= 0x80;
	default:
		return false;
	}
}

void
needle_walk(struct needle_walk *w, const uint8_t *p, size_t n, size_t from)
{
	*w = (struct needle_walk){ .p = p, .n = n, .at = from, .chain = from };
}

/* The entry at w->at. One that is longer than there are loses the way: of its
 * value is taken what can be. */
static void
take(struct needle_walk *w, struct needle_entry *e)
{
	const uint8_t *p = w->p + w->at;
	size_t left = w->n - w->at, max;

	e->var = var_at(p);
	e->off = w->at;
	e->value = p + 8;
	e->n = get_u16le(p + 4);
	max = most(e->var);
	if (e->n > max) {
		e->n = max;
		e->size = 8;
		w->chain = w->n;
	} else {
		e->size = 8 + (e->n + 3) / 4 * 4;
		w->chain = w->at + e->size;
	}
	if (e->n > left - 8)
		e->n = left - 8;
	if (e->size > left)
		e->size = left;
	w->at += 4;
}

bool
needle_entry(struct needle_walk *w, struct needle_entry *e)
{
	for (; w->at < w->n && w->n - w->at >= 8; w->at += 4) {
		const uint8_t *p = w->p + w->at;

		if ((w->at == w->chain && most(var_at(p)) > 0) ||
		    is_secret(p, w->n - w->at)) {
			take(w, e);
			return true;
		}
	}
	return false;
}

size_t
needle_entries(struct needles *n, const uint8_t *p, size_t len, size_t from)
{
	struct needle_walk w;
	struct needle_entry e;
	size_t found = 0;

	needle_walk(&w, p, len, from);
	for (; needle_entry(&w, &e); found++)
		value(n, e.var, e.value, e.n);
	return found;
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

	if (n->pool.failed || n->list.failed || n->forms.failed)
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

/* The run around the window k at i. */
static size_t
run(const struct needles *n, const struct needle_at *k, const uint8_t *p,
    const struct needle_hit *within, size_t *before)
{
	const uint8_t *pool = n->pool.buf;
	size_t i = within->at, len = k->len, back = 0;

	while (k->off + len < k->end && i + len < within->len &&
	    pool[k->off + len] == p[i + len])
		len++;
	while (k->off - back > k->begin && i > back &&
	    pool[k->off - back - 1] == p[i - back - 1])
		back++;
	*before = back;
	return back + len;
}

static bool
search(const struct needles *n, const uint8_t *p, size_t end, bool proved,
    struct needle_hit *h)
{
	const struct needle_at *list = (const void *)n->list.buf;

	h->len = 0;
	for (size_t i = h->next; n->n > 0 && i < end && end - i >= NEEDLE_LEAST;
	     i++) {
		const struct needle_hit within = { .at = i, .len = end };
		uint32_t hash = hash_of(p + i);
		size_t len, back;

		for (uint32_t k = n->first[hash]; k < n->first[hash + 1]; k++) {
			if (list[k].len > end - i ||
			    memcmp(p + i, n->pool.buf + list[k].off,
				list[k].len) != 0)
				continue;
			len = run(n, &list[k], p, &within, &back);
			if (len > h->len && (!proved || len >= list[k].proved))
				*h =
				    (struct needle_hit){ i - back, len, i + 1 };
		}
		if (h->len > 0)
			return true;
	}
	return false;
}

bool
needle_find(
    const struct needles *n, const uint8_t *p, size_t end, struct needle_hit *h)
{
	return search(n, p, end, false, h);
}

bool
needle_left(
    const struct needles *n, const uint8_t *p, size_t end, struct needle_hit *h)
{
	return search(n, p, end, true, h);
}
