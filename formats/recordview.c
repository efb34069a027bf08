/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digestcore.h"
#include "formats/recordview.h"

#define SHA_AT 0x20
#define CRC_AT 0x40

enum kind {
	TEXT,
	BLOB,
	FLAG, /* 0 or 1; always there */
	PID,
	PPS,
	HASH,  /* repeats */
	MARKS, /* one byte for each hash */
	IP,
	PORT,
	FIXED /* always there, any bytes */
};

/* Ascending. Limits of modules 1 and 2: Setup.bin. */
static const struct var {
	uint32_t var;
	enum kind kind;
	size_t min, max; /* bytes of a value */
} vars[] = {
	{ RECORDVIEW_MEBX_CURRENT, TEXT, 1, 32 },
	{ RECORDVIEW_MEBX_NEW, TEXT, 8, 32 },
	{ RECORDVIEW_PID, PID, 8, 8 },
	{ RECORDVIEW_PPS, PPS, 32, 32 },
	{ RECORDVIEW_PKI_DNS_SUFFIX, TEXT, 1, 255 },
	{ RECORDVIEW_SERVER_FQDN, TEXT, 1, 255 },
	{ RECORDVIEW_PKI, FLAG, 1, 1 },
	{ RECORDVIEW_HASH, HASH, 22, 2 + 48 + 31 },
	{ RECORDVIEW_MODE, FLAG, 1, 1 },
	{ RECORDVIEW_SERVER_ADDRESS, IP, 4, 4 },
	{ RECORDVIEW_SERVER_PORT, PORT, 2, 2 },
	{ RECORDVIEW_TALK, FLAG, 1, 1 },
	{ RECORDVIEW_OTP, TEXT, 1, 32 },
	{ RECORDVIEW_MARKS, MARKS, 1, RECORDVIEW_HASHES },
	{ RECORDVIEW_KEY, BLOB, 1, 2048 },
	{ RECORDVIEW_CERT, BLOB, 1, 2048 },
	{ RECORDVIEW_AMT, FIXED, 2, 2 },
	{ RECORDVIEW_SERIAL, TEXT, 1, 63 },
	{ RECORDVIEW_ORDER, TEXT, 1, 63 },
	{ RECORDVIEW_UUID, FIXED, 16, 16 },
	{ RECORDVIEW_ENABLED, FLAG, 1, 1 },
};

#define VARS (sizeof(vars) / sizeof(vars[0]))

/* What was met while the entries were judged. */
struct judge {
	struct recordview *v;
	uint32_t seen; /* bit i: vars[i] */
	uint32_t last;
	size_t hashes, extra;
	size_t first_hash; /* where the first one's entry is */
};

static uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* The first failure stays. */
static bool
refuse(struct recordview *v, size_t at, const char *why)
{
	if (v->why == NULL) {
		v->why = why;
		v->at = at < v->n ? at : v->n;
	}
	return false;
}

static bool
blank(struct recordview *v, size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v->p[at + i] != 0)
			return refuse(v, at + i, "padding is not blank");
	return true;
}

static const struct var *
find_var(uint32_t var)
{
	for (size_t i = 0; i < VARS; i++)
		if (vars[i].var == var)
			return &vars[i];
	return NULL;
}

/* ---- values ---- */

/* All ones if lo <= c <= hi, else 0: a key shows neither in branches nor in
 * the cache. */
static unsigned
within(unsigned c, unsigned lo, unsigned hi)
{
	return 0u - (((lo - 1 - c) & (c - hi - 1)) >> 31);
}

/* Of 0-9A-Z; each group's last character is its checksum. */
static bool
is_key_text(const uint8_t *p, size_t n, size_t group)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i += group) {
		unsigned sum = 0, digit;

		for (size_t k = 0; k < group; k++) {
			unsigned c = p[i + k];

			bad |= ~(within(c, '0', '9') | within(c, 'A', 'Z'));
			sum += k + 1 < group ? c : 0;
		}
		digit = sum % 36;
		digit += '0' + (within(digit, 10, 35) & ('A' - '0' - 10));
		bad |= digit ^ p[i + group - 1];
	}
	return bad == 0;
}

static bool
printable(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return true;
}

static size_t
hash_length(uint8_t algorithm)
{
	switch (algorithm) {
	case 1:
		return 20;
	case 2:
		return 32;
	case 3:
		return 48;
	default:
		return 0;
	}
}

/* u8 algorithm, hash, u8 length of the name, name */
static bool
judge_hash(struct judge *j, const struct recordview_entry *e)
{
	size_t at = e->off + 8, n = hash_length(e->value[0]), name;

	if (j->hashes == 0)
		j->first_hash = e->off;
	if (j->hashes++ == RECORDVIEW_HASHES)
		return refuse(j->v, e->off, "too many hashes");
	if (n == 0)
		return refuse(j->v, at, "unknown hash algorithm");
	if (e->n < 2 + n)
		return refuse(j->v, at + e->n, "truncated");
	name = e->value[1 + n];
	if (name > 31)
		return refuse(j->v, at + 1 + n, "name of a hash is too long");
	if (e->n != 2 + n + name)
		return refuse(j->v, at + 2 + n,
		    e->n < 2 + n + name ? "truncated" : "trailing bytes");
	if (!printable(e->value + 2 + n, name))
		return refuse(
		    j->v, at + 2 + n, "name of a hash is not printable");
	return true;
}

static bool
judge_marks(struct judge *j, const struct recordview_entry *e)
{
	size_t only = 0;

	if (e->n != j->hashes)
		return refuse(j->v, e->off + 8, "not one mark for each hash");
	for (size_t i = 0; i < e->n; i++) {
		uint8_t b = e->value[i];

		if (b > (RECORDVIEW_MARK_ACTIVE | RECORDVIEW_MARK_ONLY |
			    RECORDVIEW_MARK_OEM))
			return refuse(
			    j->v, e->off + 8 + i, "unknown mark of a hash");
		if ((b & RECORDVIEW_MARK_ONLY) == 0)
			continue;
		if ((b & RECORDVIEW_MARK_ACTIVE) == 0)
			return refuse(j->v, e->off + 8 + i,
			    "the only hash is not active");
		if (++only > 1)
			return refuse(j->v, e->off + 8 + i,
			    "two hashes are marked as the only one");
	}
	return true;
}

static bool
judge_value(
    struct judge *j, const struct var *var, const struct recordview_entry *e)
{
	size_t at = e->off + 8;

	if (e->n < var->min || e->n > var->max)
		return refuse(
		    j->v, at, "length of a value is out of its limits");
	switch (var->kind) {
	case TEXT:
		return printable(e->value, e->n) ||
		    refuse(j->v, at, "a text is not printable ASCII");
	case PID:
	case PPS:
		if (!printable(e->value, e->n))
			return refuse(
			    j->v, at, "a text is not printable ASCII");
		return is_key_text(
			   e->value, e->n, var->kind == PID ? e->n : 4) ||
		    refuse(j->v, at, "checksum of a PID or PPS is wrong");
	case FLAG:
		return e->value[0] <= 1 ||
		    refuse(j->v, at, "a switch is neither 0 nor 1");
	case HASH:
		return judge_hash(j, e);
	case MARKS:
		return judge_marks(j, e);
	case IP:
		/* Absent has one form: no entry. */
		return le32(e->value) != 0 ||
		    refuse(j->v, at, "address is 0.0.0.0");
	case PORT:
		return le16(e->value) != 0 || refuse(j->v, at, "port is 0");
	default:
		return true;
	}
}

/* ---- entries ---- */

/* u16 module, u16 variable, u16 length, u16 zero, value, zeroes to 4 */
static bool
read_entry(struct recordview *v, size_t off, struct recordview_entry *e)
{
	size_t left = v->n - off, n, pad;

	if (left < 8)
		return refuse(v, off, "truncated");
	n = le16(v->p + off + 4);
	pad = (4 - n % 4) % 4;
	if (!blank(v, off + 6, 2))
		return false;
	if (left - 8 < n + pad)
		return refuse(v, off + 8, "truncated");
	e->var = RECORDVIEW_VAR(le16(v->p + off), le16(v->p + off + 2));
	e->value = v->p + off + 8;
	e->n = n;
	e->off = off;
	e->size = 8 + n + pad;
	return blank(v, off + 8 + n, pad);
}

static bool
judge_extra(struct judge *j, const struct recordview_entry *e)
{
	uint32_t module = e->var >> 16;

	if ((module != 1 && module != 2) || (e->var & 0xffff) == 0)
		return refuse(j->v, e->off, "unknown entry");
	j->extra += e->size;
	if (j->extra > RECORDVIEW_EXTRA)
		return refuse(
		    j->v, e->off, "too many bytes of unknown entries");
	return true;
}

static bool
judge_entry(struct judge *j, const struct recordview_entry *e)
{
	const struct var *var = find_var(e->var);

	if (e->var < j->last ||
	    (e->var == j->last && (var == NULL || var->kind != HASH)))
		return refuse(
		    j->v, e->off, "entries are not in ascending order");
	j->last = e->var;
	if (var == NULL)
		return judge_extra(j, e);
	j->seen |= 1u << (var - vars);
	return judge_value(j, var, e);
}

static bool
seen(const struct judge *j, uint32_t var)
{
	return (j->seen >> (find_var(var) - vars) & 1) != 0;
}

static bool
no_hash_twice(struct judge *j)
{
	struct recordview_entry a, b;
	size_t at = j->first_hash;

	for (size_t i = 0; i < j->hashes; i++, at = a.off + a.size) {
		size_t from = j->first_hash;

		read_entry(j->v, at, &a);
		for (size_t k = 0; k < i; k++, from = b.off + b.size) {
			read_entry(j->v, from, &b);
			if (memcmp(a.value, b.value,
				1 + hash_length(a.value[0])) == 0)
				return refuse(
				    j->v, a.off, "the same hash twice");
		}
	}
	return true;
}

/* What must hold between entries. */
static bool
judge_whole(struct judge *j)
{
	struct recordview *v = j->v;
	bool secrets;

	for (size_t i = 0; i < VARS; i++)
		if ((vars[i].kind == FLAG || vars[i].kind == FIXED ||
			(vars[i].kind == MARKS && j->hashes != 0)) &&
		    (j->seen >> i & 1) == 0)
			return refuse(
			    v, v->n, "an entry that must be there is not");
	if (seen(j, RECORDVIEW_PID) != seen(j, RECORDVIEW_PPS))
		return refuse(v, v->n, "PID and PPS do not come together");
	if (!no_hash_twice(j))
		return false;
	secrets = seen(j, RECORDVIEW_PPS) || seen(j, RECORDVIEW_OTP) ||
	    seen(j, RECORDVIEW_KEY) || seen(j, RECORDVIEW_MEBX_CURRENT) ||
	    seen(j, RECORDVIEW_MEBX_NEW);
	return v->flags == (secrets ? RECORDVIEW_SECRETS : 0) ||
	    refuse(v, 0x10, "flags do not say what is in");
}

static bool
judge_payload(struct recordview *v)
{
	struct judge j;
	struct recordview_entry e;
	size_t off = RECORDVIEW_HEADER;

	j.v = v;
	j.seen = j.last = 0;
	j.hashes = j.extra = j.first_hash = 0;
	for (; off < v->n; off += e.size)
		if (!read_entry(v, off, &e) || !judge_entry(&j, &e))
			return false;
	return judge_whole(&j);
}

/* ---- the record ---- */

bool
recordview_present(const void *p, size_t n)
{
	return n >= 8 && memcmp(p, "AMTFORG1", 8) == 0;
}

/* Up to the checksum of the header, which is RECORDVIEW_HEADER bytes. */
static bool
judge_header(struct recordview *v)
{
	const uint8_t *p = v->p;

	if (!recordview_present(p, v->n))
		return refuse(v, 0, "wrong magic");
	if (le16(p + 0x08) != 1)
		return refuse(v, 0x08, "unknown version");
	if (le16(p + 0x0a) != RECORDVIEW_HEADER)
		return refuse(v, 0x0a, "length of the header is wrong");
	if (le16(p + 0x18) != 1)
		return refuse(v, 0x18, "unknown type of payload");
	if (!blank(v, 0x1a, 2))
		return false;
	if (le32(p + CRC_AT) != digestcore_crc32(0, p, CRC_AT))
		return refuse(v, CRC_AT, "checksum of the header is wrong");
	return blank(v, 0x44, 4);
}

size_t
recordview_length(const void *p, size_t n)
{
	struct recordview v;
	uint32_t total;

	v.p = p;
	v.n = n;
	v.why = NULL;
	if (n < RECORDVIEW_HEADER || !judge_header(&v))
		return 0;
	total = le32(v.p + 0x0c);
	return total < RECORDVIEW_HEADER || total > RECORDVIEW_MAX || total > n
	    ? 0
	    : total;
}

static bool
judge_digest(struct recordview *v)
{
	uint8_t sha[DIGESTCORE_SHA256];
	uint32_t total = le32(v->p + 0x0c), payload = le32(v->p + 0x1c);

	if (total > RECORDVIEW_MAX || total != v->n ||
	    payload != v->n - RECORDVIEW_HEADER)
		return refuse(v, RECORDVIEW_HEADER, "lengths do not agree");
	digestcore_sha256(v->p + RECORDVIEW_HEADER, payload, sha);
	return memcmp(sha, v->p + SHA_AT, sizeof(sha)) == 0 ||
	    refuse(v, SHA_AT, "digest of the payload is wrong");
}

bool
recordview_open(struct recordview *v, const void *p, size_t n)
{
	v->p = p;
	v->n = n;
	v->flags = v->sequence = 0;
	v->why = NULL;
	v->at = 0;
	if (n >= 8 && !recordview_present(p, n))
		return refuse(v, 0, "wrong magic");
	if (n < RECORDVIEW_HEADER)
		return refuse(v, n, "truncated");
	if (!judge_header(v))
		return false;
	v->flags = le32(v->p + 0x10);
	v->sequence = le32(v->p + 0x14);
	return judge_digest(v) && judge_payload(v);
}

bool
recordview_next(
    const struct recordview *v, size_t *at, struct recordview_entry *e)
{
	struct recordview copy = *v;

	if (*at == 0)
		*at = RECORDVIEW_HEADER;
	if (v->why != NULL || *at >= v->n || !read_entry(&copy, *at, e))
		return false;
	*at += e->size;
	return true;
}

bool
recordview_find(
    const struct recordview *v, uint32_t var, struct recordview_entry *e)
{
	size_t at = 0;

	while (recordview_next(v, &at, e))
		if (e->var == var)
			return true;
	return false;
}

size_t
recordview_text(
    const struct recordview *v, uint32_t var, char *out, size_t room)
{
	struct recordview_entry e;

	if (room == 0)
		return 0;
	out[0] = '\0';
	if (!recordview_find(v, var, &e) || e.n >= room)
		return 0;
	memcpy(out, e.value, e.n);
	out[e.n] = '\0';
	return e.n;
}

unsigned
recordview_number(const struct recordview *v, uint32_t var, unsigned fallback)
{
	struct recordview_entry e;

	if (!recordview_find(v, var, &e))
		return fallback;
	if (e.n == 1)
		return e.value[0];
	return e.n == 2 ? le16(e.value) : fallback;
}

bool
recordview_hash(
    const struct recordview *v, size_t i, struct recordview_hash *out)
{
	struct recordview_entry e, marks;
	size_t at = 0, k = 0;

	while (recordview_next(v, &at, &e)) {
		if (e.var != RECORDVIEW_HASH || k++ != i)
			continue;
		out->algorithm = e.value[0];
		out->hash = e.value + 1;
		out->n = hash_length(e.value[0]);
		out->name_len = e.value[1 + out->n];
		out->name = (const char *)e.value + 2 + out->n;
		out->marks =
		    recordview_find(v, RECORDVIEW_MARKS, &marks) && i < marks.n
		    ? marks.value[i]
		    : 0;
		return true;
	}
	return false;
}
