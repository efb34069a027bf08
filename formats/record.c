/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS may embed it. It calls only the cursor,
 * digests, secret_wipe() and memcpy, memcmp, memset, strlen. */
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"
#include "formats/record.h"

#define MAGIC "AMTFORG1"
#define CRC_AT 0x40
#define SHA_AT 0x20
#define OURS 0x4146

#define MARK_ACTIVE 1
#define MARK_ONLY 2
#define MARK_OEM 4

enum kind {
	TEXT,
	BLOB,
	FLAG, /* u8, 0 or 1; always there */
	PID,
	PPS,
	HASH,  /* repeats */
	MARKS, /* one byte for each hash */
	IP,
	PORT,
	MODE,    /* always there */
	PROFILE, /* always there */
	UUID     /* always there */
};

/* In the order in which they are written: ascending. Limits: Setup.bin. */
static const struct var {
	uint16_t module, id;
	enum kind kind;
	size_t min, max; /* bytes of a value */
	size_t at;       /* field of struct record */
	size_t len_at;   /* BLOB: the field that holds its length */
} vars[] = {
#define FIELD(x) offsetof(struct record, x)
	{ 1, 1, TEXT, 1, 32, FIELD(mebx_current), 0 },
	{ 1, 2, TEXT, 8, 32, FIELD(mebx_new), 0 },
	{ 2, 1, PID, PSK_PID_LEN, PSK_PID_LEN, FIELD(psk.pid), 0 },
	{ 2, 2, PPS, PSK_PPS_LEN, PSK_PPS_LEN, FIELD(psk.pps), 0 },
	{ 2, 3, TEXT, 1, RECORD_STR - 1, FIELD(pki_dns_suffix), 0 },
	{ 2, 4, TEXT, 1, RECORD_STR - 1, FIELD(server_fqdn), 0 },
	{ 2, 5, FLAG, 1, 1, FIELD(pki), 0 },
	{ 2, 8, HASH, 22, 2 + HASHLIST_HASH + HASHLIST_NAME, 0, 0 },
	{ 2, 16, MODE, 1, 1, 0, 0 },
	{ 2, 17, IP, 4, 4, 0, 0 },
	{ 2, 18, PORT, 2, 2, 0, 0 },
	{ 2, 28, FLAG, 1, 1, FIELD(talk), 0 },
	{ OURS, 1, TEXT, 1, 32, FIELD(otp), 0 },
	{ OURS, 2, MARKS, 1, HASHLIST_MAX, 0, 0 },
	{ OURS, 3, BLOB, 1, RECORD_KEY, FIELD(key), FIELD(key_len) },
	{ OURS, 4, BLOB, 1, RECORD_CERT, FIELD(cert), FIELD(cert_len) },
	{ OURS, 5, PROFILE, 2, 2, 0, 0 },
	{ OURS, 6, TEXT, 1, 63, FIELD(serial), 0 },
	{ OURS, 7, TEXT, 1, 63, FIELD(order), 0 },
	{ OURS, 8, UUID, UUID_LEN, UUID_LEN, 0, 0 },
	{ OURS, 9, FLAG, 1, 1, FIELD(enabled), 0 },
#undef FIELD
};

#define VARS (sizeof(vars) / sizeof(vars[0]))

struct entry {
	uint16_t module, id;
	struct rd value;
	const uint8_t *raw; /* the whole entry */
	size_t raw_len;
};

static uint32_t
key_of(uint16_t module, uint16_t id)
{
	return (uint32_t)module << 16 | id;
}

static const struct var *
find(uint16_t module, uint16_t id)
{
	for (size_t i = 0; i < VARS; i++)
		if (vars[i].module == module && vars[i].id == id)
			return &vars[i];
	return NULL;
}

static void
read_entry(struct rd *r, struct entry *e)
{
	size_t n;

	e->raw = r->p;
	e->module = rd_u16le(r);
	e->id = rd_u16le(r);
	n = rd_u16le(r);
	rd_fill(r, 0, 2);
	e->value = rd_sub(r, n);
	rd_fill(r, 0, (4 - n % 4) % 4);
	e->raw_len = (size_t)(r->p - e->raw);
}

/* What must hold between entries, in a record read as in one to write. */
static const char *
unsound(const struct record *rec)
{
	if ((rec->psk.pid[0] == '\0') != (rec->psk.pps[0] == '\0'))
		return "PID and PPS do not come together";
	return hashlist_check(&rec->hashes, HASHLIST_MAX);
}

static bool
has_secrets(const struct record *rec)
{
	return rec->psk.pps[0] != '\0' || rec->mebx_current[0] != '\0' ||
	    rec->mebx_new[0] != '\0' || rec->otp[0] != '\0' ||
	    rec->key_len != 0;
}

/* A text must come out as it went in: parsers fold case and drop dashes. */
static bool
is_key_text(enum kind kind, const char *text)
{
	char out[PSK_PPS_LEN + 1];
	const char *why;
	bool ok = kind == PID ? psk_pid_parse(out, text, &why)
			      : psk_pps_parse(out, text, &why);

	ok = ok && memcmp(out, text, strlen(out)) == 0;
	secret_wipe(out, sizeof(out));
	return ok;
}

static void
read_text(struct rd *v, const struct var *var, struct record *rec)
{
	char *text = (char *)rec + var->at;
	size_t n = rd_left(v);

	rd_copy(v, text, n);
	text[n] = '\0';
	if (!text_printable(text, n))
		rd_fail(v, "a text is not printable ASCII");
	else if (var->kind != TEXT && !is_key_text(var->kind, text))
		rd_fail(v, "checksum of a PID or PPS is wrong");
}

static void
read_flag(struct rd *v, bool *out)
{
	uint8_t b = rd_u8(v);

	if (b > 1)
		rd_fail(v, "a switch is neither 0 nor 1");
	*out = b == 1;
}

static void
read_hash(struct rd *v, struct hashlist *l)
{
	if (l->n == HASHLIST_MAX)
		rd_fail(v, "too many hashes");
	else
		hashlist_entry_read(v, &l->e[l->n++]);
}

static void
read_marks(struct rd *v, struct hashlist *l)
{
	if (rd_left(v) != l->n)
		rd_fail(v, "not one mark for each hash");
	for (size_t i = 0; v->why == NULL && i < l->n; i++) {
		uint8_t b = rd_u8(v);

		if (b > (MARK_ACTIVE | MARK_ONLY | MARK_OEM))
			rd_fail(v, "unknown mark of a hash");
		l->e[i].active = (b & MARK_ACTIVE) != 0;
		l->e[i].only = (b & MARK_ONLY) != 0;
		l->e[i].oem = (b & MARK_OEM) != 0;
	}
}

/* Setup.bin stores the address reversed. All zero means absent, so it has
 * one form only: not to be there. */
static void
read_address(struct rd *v, enum kind kind, struct record *rec)
{
	if (kind == PORT) {
		rec->server_port = rd_u16le(v);
		if (rec->server_port == 0)
			rd_fail(v, "port is 0");
		return;
	}
	for (size_t i = 4; i-- > 0;)
		rec->server_ip[i] = rd_u8(v);
	if (get_u32le(rec->server_ip) == 0)
		rd_fail(v, "address is 0.0.0.0");
}

static void
read_mode(struct rd *v, struct record *rec)
{
	bool smb;

	read_flag(v, &smb);
	rec->mode = smb ? RECORD_SMB : RECORD_ENTERPRISE;
}

static void
read_var(struct rd *v, const struct var *var, struct record *rec)
{
	uint8_t *field = (uint8_t *)rec + var->at;
	size_t n = rd_left(v);

	if (v->why == NULL && (n < var->min || n > var->max)) {
		rd_fail(v, "length of a value is out of its limits");
		return;
	}
	switch (var->kind) {
	case TEXT:
	case PID:
	case PPS:
		read_text(v, var, rec);
		break;
	case BLOB:
		rd_copy(v, field, n);
		memcpy((uint8_t *)rec + var->len_at, &n, sizeof(n));
		break;
	case FLAG:
		read_flag(v, (bool *)field);
		break;
	case HASH:
		read_hash(v, &rec->hashes);
		break;
	case MARKS:
		read_marks(v, &rec->hashes);
		break;
	case IP:
	case PORT:
		read_address(v, var->kind, rec);
		break;
	case MODE:
		read_mode(v, rec);
		break;
	case PROFILE:
		rec->amt_major = rd_u8(v);
		rec->amt_minor = rd_u8(v);
		break;
	case UUID:
		rd_copy(v, rec->uuid.b, UUID_LEN);
		break;
	}
}

static void
keep_extra(struct rd *r, const struct entry *e, struct record *rec)
{
	if ((e->module != 1 && e->module != 2) || e->id == 0)
		rd_fail(r, "unknown entry");
	else if (e->raw_len > RECORD_EXTRA - rec->extra_len)
		rd_fail(r, "too many bytes of unknown entries");
	if (r->why != NULL)
		return;
	memcpy(rec->extra + rec->extra_len, e->raw, e->raw_len);
	rec->extra_len += e->raw_len;
}

static bool
must_be_there(enum kind kind, const struct record *rec)
{
	return kind == FLAG || kind == MODE || kind == PROFILE ||
	    kind == UUID || (kind == MARKS && rec->hashes.n != 0);
}

static void
read_payload(struct rd *r, struct record *rec)
{
	uint32_t seen = 0, last = 0, key;
	const struct var *var;
	const char *why;
	struct entry e;

	while (rd_left(r) != 0) {
		read_entry(r, &e);
		key = key_of(e.module, e.id);
		var = find(e.module, e.id);
		if (key < last ||
		    (key == last && (var == NULL || var->kind != HASH)))
			rd_fail(r, "entries are not in ascending order");
		last = key;
		if (r->why == NULL && var == NULL)
			keep_extra(r, &e, rec);
		if (r->why != NULL || var == NULL)
			continue;
		seen |= 1u << (var - vars);
		read_var(&e.value, var, rec);
		rd_end(&e.value);
	}
	for (size_t i = 0; i < VARS; i++)
		if (must_be_there(vars[i].kind, rec) && !(seen >> i & 1))
			rd_fail(r, "an entry that must be there is not");
	if ((why = unsound(rec)) != NULL)
		rd_fail(r, why);
}

/* Returns the flags. */
static uint32_t
read_header(struct rd *r, struct record *rec)
{
	uint8_t sha[SHA256_LEN], want[SHA256_LEN];
	const uint8_t *head = r->p;
	size_t total, payload;
	uint32_t flags, crc;

	rd_magic(r, MAGIC, 8);
	if (rd_u16le(r) != 1)
		rd_fail(r, "unknown version");
	if (rd_u16le(r) != RECORD_HEADER)
		rd_fail(r, "length of the header is wrong");
	total = rd_u32le(r);
	flags = rd_u32le(r);
	rec->sequence = rd_u32le(r);
	if (rd_u16le(r) != 1)
		rd_fail(r, "unknown type of payload");
	rd_fill(r, 0, 2);
	payload = rd_u32le(r);
	rd_copy(r, want, sizeof(want));
	crc = r->why == NULL ? digest_crc32(head, CRC_AT) : 0;
	if (rd_u32le(r) != crc)
		rd_fail(r, "checksum of the header is wrong");
	rd_fill(r, 0, 4);
	if (total > RECORD_MAX || total != RECORD_HEADER + payload ||
	    payload != rd_left(r))
		rd_fail(r, "lengths do not agree");
	digest_sha256(r->p, rd_left(r), sha);
	if (memcmp(sha, want, sizeof(sha)) != 0)
		rd_fail(r, "digest of the payload is wrong");
	return flags;
}

bool
record_present(const void *p, size_t n)
{
	return n >= 8 && memcmp(p, MAGIC, 8) == 0;
}

bool
record_read(struct rd *r, struct record *rec)
{
	uint32_t flags;

	memset(rec, 0, sizeof(*rec));
	flags = read_header(r, rec);
	read_payload(r, rec);
	if (flags != (has_secrets(rec) ? RECORD_SECRETS : 0))
		rd_fail(r, "flags do not say what is in");
	if (rd_end(r))
		return true;
	record_wipe(rec);
	return false;
}

/* A payload that is being written. */
struct out {
	struct wr *w;
	struct rd extra; /* what is left of the unknown entries */
	uint32_t last;
};

static void
put(struct out *o, const struct var *var, const void *value, size_t n)
{
	if (n < var->min || n > var->max)
		o->w->failed = true;
	wr_u16le(o->w, var->module);
	wr_u16le(o->w, var->id);
	wr_u16le(o->w, (uint16_t)n);
	wr_u16le(o->w, 0);
	wr_bytes(o->w, value, n);
	wr_fill(o->w, 0, (4 - n % 4) % 4);
	o->last = key_of(var->module, var->id);
}

/* The unknown entries that come before a key. */
static void
put_extra(struct out *o, uint32_t before)
{
	while (rd_left(&o->extra) != 0) {
		struct rd ahead = o->extra;
		struct entry e;
		uint32_t key;

		read_entry(&ahead, &e);
		key = key_of(e.module, e.id);
		if (ahead.why == NULL && key >= before)
			return;
		if (ahead.why != NULL || key <= o->last || e.id == 0 ||
		    (e.module != 1 && e.module != 2) ||
		    find(e.module, e.id) != NULL) {
			o->w->failed = true;
			return;
		}
		wr_bytes(o->w, e.raw, e.raw_len);
		o->last = key;
		o->extra = ahead;
	}
}

static void
put_text(struct out *o, const struct var *var, const struct record *rec)
{
	const char *text = (const char *)rec + var->at;
	size_t n = strlen(text);

	if (n == 0)
		return;
	if (!text_printable(text, n) ||
	    (var->kind != TEXT && !is_key_text(var->kind, text)))
		o->w->failed = true;
	put(o, var, text, n);
}

static void
put_blob(struct out *o, const struct var *var, const struct record *rec)
{
	size_t n;

	memcpy(&n, (const uint8_t *)rec + var->len_at, sizeof(n));
	if (n > var->max)
		o->w->failed = true;
	else if (n != 0)
		put(o, var, (const uint8_t *)rec + var->at, n);
}

static void
put_hashes(struct out *o, const struct var *var, const struct hashlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		uint8_t value[2 + HASHLIST_HASH + HASHLIST_NAME];
		struct wr v;

		wr_fixed(&v, value, sizeof(value));
		hashlist_entry_write(&v, &l->e[i]);
		put(o, var, value, v.len);
	}
}

static void
put_marks(struct out *o, const struct var *var, const struct hashlist *l)
{
	uint8_t mark[HASHLIST_MAX];

	for (size_t i = 0; i < l->n; i++)
		mark[i] = (uint8_t)((l->e[i].active ? MARK_ACTIVE : 0) |
		    (l->e[i].only ? MARK_ONLY : 0) |
		    (l->e[i].oem ? MARK_OEM : 0));
	if (l->n != 0)
		put(o, var, mark, l->n);
}

static void
put_address(struct out *o, const struct var *var, const struct record *rec)
{
	uint8_t b[4];

	if (var->kind == PORT)
		put_u16le(b, rec->server_port);
	else
		for (size_t i = 0; i < 4; i++)
			b[i] = rec->server_ip[3 - i];
	for (size_t i = 0; i < var->max; i++)
		if (b[i] != 0) {
			put(o, var, b, var->max);
			return;
		}
}

static void
put_var(struct out *o, const struct var *var, const struct record *rec)
{
	const uint8_t *field = (const uint8_t *)rec + var->at;
	uint8_t b[2] = { 0 };

	switch (var->kind) {
	case TEXT:
	case PID:
	case PPS:
		put_text(o, var, rec);
		break;
	case BLOB:
		put_blob(o, var, rec);
		break;
	case FLAG:
		b[0] = *(const bool *)field;
		put(o, var, b, 1);
		break;
	case HASH:
		put_hashes(o, var, &rec->hashes);
		break;
	case MARKS:
		put_marks(o, var, &rec->hashes);
		break;
	case IP:
	case PORT:
		put_address(o, var, rec);
		break;
	case MODE:
		b[0] = rec->mode == RECORD_SMB;
		put(o, var, b, 1);
		break;
	case PROFILE:
		b[0] = rec->amt_major;
		b[1] = rec->amt_minor;
		put(o, var, b, 2);
		break;
	case UUID:
		put(o, var, rec->uuid.b, UUID_LEN);
		break;
	}
}

static void
write_header(struct wr *w, const struct record *rec)
{
	wr_bytes(w, MAGIC, 8);
	wr_u16le(w, 1);
	wr_u16le(w, RECORD_HEADER);
	wr_u32le(w, 0);
	wr_u32le(w, has_secrets(rec) ? RECORD_SECRETS : 0);
	wr_u32le(w, rec->sequence);
	wr_u16le(w, 1);
	wr_u16le(w, 0);
	wr_hole(w, RECORD_HEADER - 0x1c);
}

void
record_write(struct wr *w, const struct record *rec)
{
	struct out o = { w, { 0 }, 0 };
	uint8_t sha[SHA256_LEN];
	size_t at = w->len, n;

	if (unsound(rec) != NULL || rec->extra_len > RECORD_EXTRA) {
		w->failed = true;
		return;
	}
	rd_init(&o.extra, rec->extra, rec->extra_len);
	write_header(w, rec);
	for (size_t i = 0; i < VARS; i++) {
		put_extra(&o, key_of(vars[i].module, vars[i].id));
		put_var(&o, &vars[i], rec);
	}
	put_extra(&o, UINT32_MAX);
	n = w->len - at;
	if (w->failed || n > RECORD_MAX) {
		w->failed = true;
		return;
	}
	digest_sha256(w->buf + at + RECORD_HEADER, n - RECORD_HEADER, sha);
	wr_patch_u32le(w, at + 0x0c, (uint32_t)n);
	wr_patch_u32le(w, at + 0x1c, (uint32_t)(n - RECORD_HEADER));
	wr_patch(w, at + SHA_AT, sha, sizeof(sha));
	wr_patch_u32le(w, at + CRC_AT, digest_crc32(w->buf + at, CRC_AT));
}

void
record_wipe(struct record *rec)
{
	secret_wipe(rec, sizeof(*rec));
}
