/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "bios/encode.h"
#include "bios/setupblob.h"
#include "formats/reason.h"

static enum err_code unfit(const struct map_setting *, struct err *,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static enum err_code
unfit(const struct map_setting *s, struct err *e, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_refuse(e, ERR_DATA, reason_get(REASON_MAP_UNSOUND),
	    "setting %s: %s", s->label, why);
}

/* ---- values ---- */

static const char *
text_of(enum map_value v, const struct record *r)
{
	switch (v) {
	case MAP_PID:
		return r->psk.pid;
	case MAP_PPS:
		return r->psk.pps;
	case MAP_MEBX_PASSWORD:
		return r->mebx_new;
	case MAP_OTP:
		return r->otp;
	case MAP_PKI_DNS_SUFFIX:
		return r->pki_dns_suffix;
	case MAP_SERVER_FQDN:
		return r->server_fqdn;
	case MAP_SERIAL:
		return r->serial;
	case MAP_ORDER:
		return r->order;
	default:
		return NULL;
	}
}

static uint32_t
number_of(enum map_value v, const struct record *r)
{
	switch (v) {
	case MAP_ENABLED:
		return r->enabled;
	case MAP_START:
		return r->talk;
	case MAP_MODE:
		return r->mode == RECORD_SMB;
	case MAP_PKI:
		return r->pki;
	case MAP_SERVER_PORT:
		return r->server_port;
	case MAP_SERVER_ADDRESS:
		return (uint32_t)r->server_ip[0] << 24 |
		    (uint32_t)r->server_ip[1] << 16 |
		    (uint32_t)r->server_ip[2] << 8 | r->server_ip[3];
	default:
		return 0;
	}
}

bool
encode_has(const struct map_setting *s, const struct record *r)
{
	const char *text = text_of(s->value, r);

	if (text != NULL)
		return text[0] != '\0';
	switch (s->value) {
	case MAP_HASHES_OF:
		return r->hashes.n > 0;
	case MAP_SERVER_PORT:
	case MAP_SERVER_ADDRESS:
		return number_of(s->value, r) != 0;
	default:
		return true;
	}
}

/* ---- numbers ---- */

static void
put_number(struct wr *w, uint32_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

uint32_t
encode_mask(const struct map_setting *s)
{
	uint32_t ones = s->width >= 32 ? 0xFFFFFFFF : (1u << s->width) - 1;

	return ones << s->bit;
}

static enum err_code
put_int(const struct map_setting *s, uint32_t v, struct wr *w, struct err *e)
{
	bool wide = s->encoding == MAP_U32LE || s->encoding == MAP_U32BE;

	if (v > (s->encoding == MAP_U8 ? 0xFFu : wide ? 0xFFFFFFFFu : 0xFFFFu))
		return unfit(s, e, "the value does not fit %s",
		    map_encoding_names[s->encoding]);
	switch (s->encoding) {
	case MAP_U16BE:
		wr_u16be(w, (uint16_t)v);
		break;
	case MAP_U32BE:
		wr_u32be(w, v);
		break;
	default:
		put_number(w, v, s->encoding == MAP_U8 ? 1 : wide ? 4 : 2);
	}
	return ERR_OK;
}

/* A choice of two, as the map's words where it has them. */
static uint32_t
word_of(const struct map_setting *s, const struct record *r)
{
	uint32_t v = number_of(s->value, r);

	return s->words ? s->word[v != 0] : v;
}

/* ---- texts ---- */

static enum err_code
pad(const struct map_setting *s, size_t from, struct wr *w, struct err *e)
{
	size_t n = w->len - from;

	if (s->size == 0)
		return ERR_OK;
	if (n > s->size)
		return unfit(
		    s, e, "its value is longer than its %zu bytes", s->size);
	wr_fill(w, s->fill, s->size - n);
	return ERR_OK;
}

static void
dotted(const struct record *r, char out[static 16])
{
	const uint8_t *p = r->server_ip;

	snprintf(out, 16, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

static enum err_code
put_text(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	const char *text = text_of(s->value, r);
	char made[UUID_TEXT] = "";
	size_t from = w->len;

	if (text == NULL && s->value == MAP_UUID)
		uuid_text(&r->uuid, made);
	else if (text == NULL && encode_has(s, r))
		dotted(r, made);
	for (const char *p = text != NULL ? text : made; *p != '\0'; p++)
		if (s->encoding == MAP_UTF16)
			wr_u16le(w, (uint8_t)*p);
		else
			wr_u8(w, (uint8_t)*p);
	return pad(s, from, w, e);
}

static enum err_code
put_raw(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	const char *text = text_of(s->value, r);
	size_t from = w->len;

	if (!encode_has(s, r))
		return pad(s, from, w, e);
	if (text != NULL)
		wr_str(w, text);
	else if (s->value == MAP_UUID)
		wr_bytes(w, r->uuid.b, UUID_LEN);
	else if (s->value == MAP_SERVER_ADDRESS)
		wr_bytes(w, r->server_ip, sizeof(r->server_ip));
	else
		wr_bytes(w, s->constant, s->nconstant);
	if (s->size != 0 && w->len - from != s->size)
		return unfit(
		    s, e, "its value does not have its %zu bytes", s->size);
	return ERR_OK;
}

/* ---- hashes ---- */

static enum err_code
put_hash(const struct map_setting *s, const struct hash_entry *h, struct wr *w,
    struct err *e)
{
	size_t from = w->len, len = hashlist_hash_len(h->type);
	size_t type = (size_t)h->type - HASH_SHA1;

	if (type >= MAP_HASH_TYPES || (s->tagged && !s->has_tag[type]))
		return unfit(s, e,
		    "hash %s is %s, for which the map has no tag", h->name,
		    hashlist_type_name(h->type));
	if (len + s->tagged > s->stride)
		return unfit(s, e,
		    "hash %s is longer than an entry of %zu bytes", h->name,
		    s->stride);
	if (s->tagged)
		wr_u8(w, s->tag[type]);
	wr_bytes(w, h->hash, len);
	wr_fill(w, s->fill, s->stride - (w->len - from));
	return ERR_OK;
}

static enum err_code
put_hashes(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	const struct hash_entry *only = hashlist_only(&r->hashes);
	const struct hash_entry *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->hashes.n; i++) {
		const struct hash_entry *h = &r->hashes.e[i];

		if (only != NULL ? h != only : !h->active)
			continue;
		first = first == NULL ? h : first;
		if (!s->tagged && h->type != first->type)
			return unfit(s, e,
			    "hashes %s and %s are of two kinds, and an array "
			    "without tags cannot tell them apart",
			    first->name, h->name);
		if (n++ == s->count)
			return unfit(s, e,
			    "there are more hashes than its %zu entries",
			    s->count);
		if (put_hash(s, h, w, e) != ERR_OK)
			return e->code;
	}
	wr_fill(w, s->fill, (s->count - n) * s->stride);
	return ERR_OK;
}

/* ---- files ---- */

static enum err_code
put_record(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	size_t from = w->len;
	struct wr rec;

	wr_grow(&rec, RECORD_MAX);
	record_write(&rec, r);
	if (rec.failed)
		err_refuse(e, ERR_DATA, reason_get(REASON_RECORD_MALFORMED),
		    "a value of the record is unsound, or all have more than "
		    "%d bytes",
		    RECORD_MAX);
	else
		wr_bytes(w, rec.buf, rec.len);
	wr_free(&rec);
	return e->code != ERR_OK ? e->code : pad(s, from, w, e);
}

static enum err_code
put_setup(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	const struct setupblob_how how = { s->major, s->minor, s->smb };
	size_t from = w->len;

	if (setupblob_write(&how, r, w, e) != ERR_OK)
		return err_in(e, "setting %s", s->label);
	return pad(s, from, w, e);
}

enum err_code
encode_value(const struct map_setting *s, const struct record *r, struct wr *w,
    struct err *e)
{
	switch (s->encoding) {
	case MAP_ENUM:
		put_number(w, word_of(s, r), s->size);
		break;
	case MAP_BITS:
		put_number(
		    w, word_of(s, r) << s->bit & encode_mask(s), s->size);
		break;
	case MAP_ASCII:
	case MAP_UTF16:
		put_text(s, r, w, e);
		break;
	case MAP_RAW:
		put_raw(s, r, w, e);
		break;
	case MAP_HASH_ARRAY:
		put_hashes(s, r, w, e);
		break;
	case MAP_OPR1:
		put_record(s, r, w, e);
		break;
	case MAP_SETUPFILE:
		put_setup(s, r, w, e);
		break;
	default:
		put_int(s, number_of(s->value, r), w, e);
	}
	if (e->code == ERR_OK && w->failed)
		return err_mem(e);
	return e->code;
}
