/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS may embed it. What a record may hold is judged
 * by formats/recordview.c alone, for the reader and for the writer. */
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "formats/record.h"
#include "formats/recordview.h"

#define CRC_AT 0x40
#define SHA_AT 0x20

enum kind {
	TEXT,
	BLOB,
	FLAG, /* u8, 0 or 1 */
	HASH, /* repeats */
	MARKS,
	IP,
	PORT,
	MODE,
	PROFILE,
	UUID
};

/* In the order in which they are written: ascending. */
static const struct var {
	uint32_t var;
	enum kind kind;
	size_t at;     /* field of struct record */
	size_t room;   /* TEXT, BLOB: bytes of that field */
	size_t len_at; /* BLOB: the field that holds its length */
} vars[] = {
#define FIELD(x) offsetof(struct record, x)
#define ROOM(x) sizeof(((struct record *)NULL)->x)
#define TEXT_IN(x) TEXT, FIELD(x), ROOM(x), 0
	{ RECORDVIEW_MEBX_CURRENT, TEXT_IN(mebx_current) },
	{ RECORDVIEW_MEBX_NEW, TEXT_IN(mebx_new) },
	{ RECORDVIEW_PID, TEXT_IN(psk.pid) },
	{ RECORDVIEW_PPS, TEXT_IN(psk.pps) },
	{ RECORDVIEW_PKI_DNS_SUFFIX, TEXT_IN(pki_dns_suffix) },
	{ RECORDVIEW_SERVER_FQDN, TEXT_IN(server_fqdn) },
	{ RECORDVIEW_PKI, FLAG, FIELD(pki), 0, 0 },
	{ RECORDVIEW_HASH, HASH, 0, 0, 0 },
	{ RECORDVIEW_MODE, MODE, 0, 0, 0 },
	{ RECORDVIEW_SERVER_ADDRESS, IP, 0, 0, 0 },
	{ RECORDVIEW_SERVER_PORT, PORT, 0, 0, 0 },
	{ RECORDVIEW_TALK, FLAG, FIELD(talk), 0, 0 },
	{ RECORDVIEW_OTP, TEXT_IN(otp) },
	{ RECORDVIEW_MARKS, MARKS, 0, 0, 0 },
	{ RECORDVIEW_KEY, BLOB, FIELD(key), ROOM(key), FIELD(key_len) },
	{ RECORDVIEW_CERT, BLOB, FIELD(cert), ROOM(cert), FIELD(cert_len) },
	{ RECORDVIEW_AMT, PROFILE, 0, 0, 0 },
	{ RECORDVIEW_SERIAL, TEXT_IN(serial) },
	{ RECORDVIEW_ORDER, TEXT_IN(order) },
	{ RECORDVIEW_UUID, UUID, 0, 0, 0 },
	{ RECORDVIEW_ENABLED, FLAG, FIELD(enabled), 0, 0 },
#undef TEXT_IN
#undef ROOM
#undef FIELD
};

#define VARS (sizeof(vars) / sizeof(vars[0]))

static const struct var *
find(uint32_t var)
{
	for (size_t i = 0; i < VARS; i++)
		if (vars[i].var == var)
			return &vars[i];
	return NULL;
}

static bool
has_secrets(const struct record *rec)
{
	return rec->psk.pps[0] != '\0' || rec->mebx_current[0] != '\0' ||
	    rec->mebx_new[0] != '\0' || rec->otp[0] != '\0' ||
	    rec->key_len != 0;
}

/* ---- reading: of entries that were judged ---- */

static void
take_hash(const struct recordview_entry *e, struct hashlist *l)
{
	struct rd r;

	rd_init(&r, e->value, e->n);
	hashlist_entry_read(&r, &l->e[l->n++]);
}

static void
take_marks(const struct recordview_entry *e, struct hashlist *l)
{
	for (size_t i = 0; i < e->n && i < l->n; i++) {
		uint8_t b = e->value[i];

		l->e[i].active = (b & RECORDVIEW_MARK_ACTIVE) != 0;
		l->e[i].only = (b & RECORDVIEW_MARK_ONLY) != 0;
		l->e[i].oem = (b & RECORDVIEW_MARK_OEM) != 0;
	}
}

static void
take_value(
    const struct recordview_entry *e, const struct var *var, struct record *rec)
{
	uint8_t *field = (uint8_t *)rec + var->at;

	switch (var->kind) {
	case TEXT: /* its NUL is there already */
		memcpy(field, e->value, e->n);
		break;
	case BLOB:
		memcpy(field, e->value, e->n);
		memcpy((uint8_t *)rec + var->len_at, &e->n, sizeof(e->n));
		break;
	case FLAG:
		*(bool *)field = e->value[0] == 1;
		break;
	case HASH:
		take_hash(e, &rec->hashes);
		break;
	case MARKS:
		take_marks(e, &rec->hashes);
		break;
	case IP: /* Setup.bin stores it reversed */
		for (size_t i = 0; i < 4; i++)
			rec->server_ip[i] = e->value[3 - i];
		break;
	case PORT:
		rec->server_port = get_u16le(e->value);
		break;
	case MODE:
		rec->mode = e->value[0] == 1 ? RECORD_SMB : RECORD_ENTERPRISE;
		break;
	case PROFILE:
		rec->amt_major = e->value[0];
		rec->amt_minor = e->value[1];
		break;
	case UUID:
		memcpy(rec->uuid.b, e->value, UUID_LEN);
		break;
	}
}

static void
take(const struct recordview *v, struct record *rec)
{
	struct recordview_entry e;
	size_t at = 0;

	rec->sequence = v->sequence;
	while (recordview_next(v, &at, &e)) {
		const struct var *var = find(e.var);

		if (var != NULL)
			take_value(&e, var, rec);
		else {
			memcpy(
			    rec->extra + rec->extra_len, v->p + e.off, e.size);
			rec->extra_len += e.size;
		}
	}
}

bool
record_read(struct rd *r, struct record *rec)
{
	struct recordview v;

	memset(rec, 0, sizeof(*rec));
	if (r->why != NULL)
		return false;
	if (recordview_open(&v, r->p, rd_left(r))) {
		take(&v, rec);
		rd_skip(r, v.n);
		return rd_end(r);
	}
	rd_skip(r, v.at);
	rd_fail(r, v.why);
	return false;
}

/* ---- writing ---- */

/* A payload that is being written. */
struct out {
	struct wr *w;
	struct rd extra; /* what is left of the unknown entries */
};

static void
put(struct out *o, uint32_t var, const void *value, size_t n)
{
	wr_u16le(o->w, (uint16_t)(var >> 16));
	wr_u16le(o->w, (uint16_t)var);
	wr_u16le(o->w, (uint16_t)n);
	wr_u16le(o->w, 0);
	wr_bytes(o->w, value, n);
	wr_fill(o->w, 0, (4 - n % 4) % 4);
}

/* The unknown entries that come before a variable; entries that are none come
 * out as they are and are refused with the whole. */
static void
put_extra(struct out *o, uint32_t before)
{
	while (rd_left(&o->extra) != 0) {
		struct rd ahead = o->extra;
		uint32_t var = (uint32_t)rd_u16le(&ahead) << 16;
		size_t n;

		var |= rd_u16le(&ahead);
		n = rd_u16le(&ahead);
		rd_skip(&ahead, 2 + n + (4 - n % 4) % 4);
		if (ahead.why != NULL || find(var) != NULL) {
			o->w->failed = true;
			return;
		}
		if (var >= before)
			return;
		wr_bytes(o->w, o->extra.p, (size_t)(ahead.p - o->extra.p));
		o->extra = ahead;
	}
}

static void
put_text(struct out *o, const struct var *var, const struct record *rec)
{
	const char *text = (const char *)rec + var->at;
	size_t n = 0;

	while (n < var->room && text[n] != '\0')
		n++;
	if (n == var->room)
		o->w->failed = true;
	else if (n != 0)
		put(o, var->var, text, n);
}

static void
put_blob(struct out *o, const struct var *var, const struct record *rec)
{
	size_t n;

	memcpy(&n, (const uint8_t *)rec + var->len_at, sizeof(n));
	if (n > var->room)
		o->w->failed = true;
	else if (n != 0)
		put(o, var->var, (const uint8_t *)rec + var->at, n);
}

static void
put_hashes(struct out *o, const struct hashlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		uint8_t value[2 + HASHLIST_HASH + HASHLIST_NAME];
		struct wr v;

		wr_fixed(&v, value, sizeof(value));
		hashlist_entry_write(&v, &l->e[i]);
		if (v.failed)
			o->w->failed = true;
		put(o, RECORDVIEW_HASH, value, v.len);
	}
}

static void
put_marks(struct out *o, const struct hashlist *l)
{
	uint8_t mark[HASHLIST_MAX];

	for (size_t i = 0; i < l->n; i++)
		mark[i] =
		    (uint8_t)((l->e[i].active ? RECORDVIEW_MARK_ACTIVE : 0) |
			(l->e[i].only ? RECORDVIEW_MARK_ONLY : 0) |
			(l->e[i].oem ? RECORDVIEW_MARK_OEM : 0));
	if (l->n != 0)
		put(o, RECORDVIEW_MARKS, mark, l->n);
}

static void
put_address(struct out *o, const struct record *rec)
{
	uint8_t b[4];

	for (size_t i = 0; i < 4; i++)
		b[i] = rec->server_ip[3 - i];
	if (get_u32le(b) != 0)
		put(o, RECORDVIEW_SERVER_ADDRESS, b, sizeof(b));
}

static void
put_small(struct out *o, const struct var *var, const struct record *rec)
{
	uint8_t b[2] = { 0 };
	size_t n = 1;

	if (var->kind == FLAG)
		b[0] = *(const bool *)((const uint8_t *)rec + var->at);
	else if (var->kind == MODE)
		b[0] = rec->mode == RECORD_SMB;
	else {
		n = 2;
		b[0] = rec->amt_major;
		b[1] = rec->amt_minor;
	}
	put(o, var->var, b, n);
}

static void
put_var(struct out *o, const struct var *var, const struct record *rec)
{
	uint8_t b[2];

	switch (var->kind) {
	case TEXT:
		put_text(o, var, rec);
		break;
	case BLOB:
		put_blob(o, var, rec);
		break;
	case FLAG:
	case MODE:
	case PROFILE:
		put_small(o, var, rec);
		break;
	case HASH:
		put_hashes(o, &rec->hashes);
		break;
	case MARKS:
		put_marks(o, &rec->hashes);
		break;
	case IP:
		put_address(o, rec);
		break;
	case PORT:
		put_u16le(b, rec->server_port);
		if (rec->server_port != 0)
			put(o, var->var, b, sizeof(b));
		break;
	case UUID:
		put(o, var->var, rec->uuid.b, UUID_LEN);
		break;
	}
}

static void
write_header(struct wr *w, const struct record *rec)
{
	wr_bytes(w, "AMTFORG1", 8);
	wr_u16le(w, 1);
	wr_u16le(w, RECORD_HEADER);
	wr_u32le(w, 0);
	wr_u32le(w, has_secrets(rec) ? RECORD_SECRETS : 0);
	wr_u32le(w, rec->sequence);
	wr_u16le(w, 1);
	wr_u16le(w, 0);
	wr_hole(w, RECORD_HEADER - 0x1c);
}

/* Lengths and checksums of the record that begins at. */
static void
seal(struct wr *w, size_t at)
{
	size_t n = w->len - at;
	uint8_t sha[SHA256_LEN];

	digest_sha256(w->buf + at + RECORD_HEADER, n - RECORD_HEADER, sha);
	wr_patch_u32le(w, at + 0x0c, (uint32_t)n);
	wr_patch_u32le(w, at + 0x1c, (uint32_t)(n - RECORD_HEADER));
	wr_patch(w, at + SHA_AT, sha, sizeof(sha));
	wr_patch_u32le(w, at + CRC_AT, digest_crc32(w->buf + at, CRC_AT));
}

void
record_write(struct wr *w, const struct record *rec)
{
	struct out o = { w, { 0 } };
	struct recordview v;
	size_t at = w->len;

	if (rec->hashes.n > HASHLIST_MAX || rec->extra_len > RECORD_EXTRA) {
		w->failed = true;
		return;
	}
	rd_init(&o.extra, rec->extra, rec->extra_len);
	write_header(w, rec);
	for (size_t i = 0; i < VARS; i++) {
		put_extra(&o, vars[i].var);
		put_var(&o, &vars[i], rec);
	}
	put_extra(&o, UINT32_MAX);
	if (w->failed)
		return;
	seal(w, at);
	if (!recordview_open(&v, w->buf + at, w->len - at))
		w->failed = true;
}

void
record_wipe(struct record *rec)
{
	secret_wipe(rec, sizeof(*rec));
}
