/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS may embed it. It calls only the cursor and
 * memcpy, memset, memcmp. */
#include <string.h>

#include "formats/setupbin.h"

#define GUID_LEN 16
#define MODULES_AT 0x28
#define SHIFT 0x11 /* what scrambling adds */

static const uint8_t guids[][GUID_LEN] = {
	{ 0xb5, 0x16, 0xfb, 0x71, 0x87, 0xcb, 0xf9, 0x4a, 0xb4, 0x41, 0xca,
	    0x7b, 0x38, 0x35, 0x78, 0xf9 },
	{ 0x96, 0xb2, 0x81, 0x58, 0xcf, 0x6b, 0x72, 0x4c, 0x8b, 0x91, 0xa1,
	    0x5e, 0x51, 0x2e, 0x99, 0xc4 },
	{ 0xa7, 0xf7, 0xf6, 0xc6, 0x89, 0xc4, 0xf6, 0x47, 0x93, 0xed, 0xe2,
	    0xe5, 0x02, 0x0d, 0xa5, 0x1d },
	{ 0xaa, 0xa9, 0x34, 0x52, 0xe1, 0x29, 0xa9, 0x44, 0x8d, 0x4d, 0x08,
	    0x1c, 0x07, 0xb9, 0x63, 0x53 },
};

#define MAJORS (sizeof(guids) / sizeof(guids[0]))

static const uint8_t both_modules[] = { 1, 0, 2, 0 };

static const char *const whys[SETUPBIN_FAULTS] = {
	[SETUPBIN_TRUNCATED] = "truncated",
	[SETUPBIN_GUID] = "the GUID is of no known version",
	[SETUPBIN_HEAD_CHUNKS] =
	    "chunks of the header are none, or past the end",
	[SETUPBIN_HEAD_BYTES] = "length of the header is wrong",
	[SETUPBIN_HEAD_NUMBER] = "number of the header record is not 0",
	[SETUPBIN_MAJOR] = "major version is not that of the GUID",
	[SETUPBIN_HEAD_FLAGS] = "unknown flags in the header",
	[SETUPBIN_CONSUMED] = "more records consumed than there are",
	[SETUPBIN_CHUNKS] = "chunks of a record are none, or too many",
	[SETUPBIN_HEAD_RESERVED] = "reserved bytes of the header are not 0",
	[SETUPBIN_MODULES_OPEN] = "the module list has no end mark",
	[SETUPBIN_HEAD_PADDING] = "the header is not padded with 0",
	[SETUPBIN_TYPE] = "type of a record is wrong",
	[SETUPBIN_FLAGS] = "unknown flags of a record",
	[SETUPBIN_SCRAMBLED_EARLY] = "a scrambled record in a file below 4.0",
	[SETUPBIN_RESERVED] = "reserved bytes of a record are not 0",
	[SETUPBIN_RECORD_CHUNKS] = "chunks of a record are not the header's",
	[SETUPBIN_RECORD_HEAD] = "header of a record is not 24 bytes",
	[SETUPBIN_ENTRY_PAST] = "an entry runs past its record",
	[SETUPBIN_ENTRY_RESERVED] = "reserved bytes of an entry are not 0",
	[SETUPBIN_ENTRY_PADDING] = "an entry is not padded with 0",
	[SETUPBIN_END_MARK] = "module 0 with a variable",
	[SETUPBIN_BEHIND_END] = "bytes behind the last entry",
};

const char *
setupbin_why(enum setupbin_fault f)
{
	return whys[f];
}

const uint8_t *
setupbin_guid(uint8_t major)
{
	return major >= 1 && major <= MAJORS ? guids[major - 1] : NULL;
}

void
setupbin_init(struct setupbin *sb, uint8_t major, uint8_t minor)
{
	memset(sb, 0, sizeof(*sb));
	sb->major = major;
	sb->minor = minor;
	sb->head_chunks = sb->record_chunks = 1;
	sb->modules = both_modules;
	sb->nmodules = sizeof(both_modules) / 2;
	sb->head_bytes = MODULES_AT + sizeof(both_modules) + 2;
}

uint64_t
setupbin_offset(const struct setupbin *sb, uint32_t i)
{
	return SETUPBIN_CHUNK *
	    (sb->head_chunks + (uint64_t)i * sb->record_chunks);
}

/* The first byte of n that is not 0, or n. Most are: memcmp is fast. */
static size_t
blank(const uint8_t *p, size_t n)
{
	size_t i = 0;

	if (bytes_are(p, 0, n, 0))
		return n;
	while (p[i] == 0)
		i++;
	return i;
}

static void
tell(const struct setupbin_sink *s, bool wrong, enum setupbin_fault f,
    size_t off)
{
	if (wrong)
		s->tell(s->arg, f, off);
}

/* The list and what pads the header behind it; size is all its chunks. */
static void
judge_modules(const uint8_t *p, size_t size, struct setupbin *sb,
    const struct setupbin_sink *s)
{
	size_t room = sb->head_bytes, at = MODULES_AT, rest;

	if (room < MODULES_AT + 2 || room > size || room % 2 != 0) {
		s->tell(s->arg, SETUPBIN_HEAD_BYTES, 0x12);
		return;
	}
	sb->modules = p + at;
	while (at < room && get_u16le(p + at) != 0)
		at += 2;
	sb->nmodules = (at - MODULES_AT) / 2;
	if (at == room) {
		s->tell(s->arg, SETUPBIN_MODULES_OPEN, at - 2);
		return;
	}
	rest = at + blank(p + at, size - at);
	tell(s, rest != size, SETUPBIN_HEAD_PADDING, rest);
}

static void
judge_fields(
    const uint8_t *p, const struct setupbin *sb, const struct setupbin_sink *s)
{
	const uint8_t *guid = setupbin_guid(sb->major);
	bool known = false;

	for (size_t i = 0; i < MAJORS; i++)
		known = known || memcmp(p, guids[i], GUID_LEN) == 0;
	tell(s, !known, SETUPBIN_GUID, 0);
	tell(s, get_u32le(p + 0x14) != 0, SETUPBIN_HEAD_NUMBER, 0x14);
	tell(s, known && (guid == NULL || memcmp(p, guid, GUID_LEN) != 0),
	    SETUPBIN_MAJOR, 0x18);
	tell(s, (sb->flags & ~SETUPBIN_KEEP) != 0, SETUPBIN_HEAD_FLAGS, 0x1a);
	tell(s, sb->consumed > sb->count, SETUPBIN_CONSUMED,
	    SETUPBIN_CONSUMED_AT);
	tell(s,
	    sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX,
	    SETUPBIN_CHUNKS, 0x24);
	tell(s, get_u16le(p + 0x26) != 0, SETUPBIN_HEAD_RESERVED, 0x26);
}

bool
setupbin_judge(const uint8_t *p, size_t n, struct setupbin *sb,
    const struct setupbin_sink *s)
{
	memset(sb, 0, sizeof(*sb));
	if (n < SETUPBIN_CHUNK) {
		s->tell(s->arg, SETUPBIN_TRUNCATED, n);
		return false;
	}
	sb->head_chunks = get_u16le(p + 0x10);
	sb->head_bytes = get_u16le(p + 0x12);
	sb->major = p[0x18];
	sb->minor = p[0x19];
	sb->flags = get_u16le(p + 0x1a);
	sb->count = get_u32le(p + 0x1c);
	sb->consumed = get_u32le(p + SETUPBIN_CONSUMED_AT);
	sb->record_chunks = get_u16le(p + 0x24);
	judge_fields(p, sb, s);
	if (sb->head_chunks == 0 || sb->head_chunks > n / SETUPBIN_CHUNK) {
		s->tell(s->arg, SETUPBIN_HEAD_CHUNKS, 0x10);
		judge_modules(p, SETUPBIN_CHUNK, sb, s);
		return false;
	}
	judge_modules(p, (size_t)sb->head_chunks * SETUPBIN_CHUNK, sb, s);
	return sb->record_chunks != 0 &&
	    sb->record_chunks <= SETUPBIN_CHUNKS_MAX;
}

static void
judge_record_head(
    const uint8_t *p, const struct setupbin *sb, const struct setupbin_sink *s)
{
	uint32_t type = get_u32le(p), flags = get_u32le(p + SETUPBIN_FLAGS_AT);
	size_t rest = 8 + blank(p + 8, 8);

	/* 0 is that of an invalid record */
	tell(s, type != 1 && (type != 0 || (flags & SETUPBIN_VALID) != 0),
	    SETUPBIN_TYPE, 0);
	tell(s, (flags & ~(SETUPBIN_VALID | SETUPBIN_SCRAMBLED)) != 0,
	    SETUPBIN_FLAGS, SETUPBIN_FLAGS_AT);
	tell(s, (flags & SETUPBIN_SCRAMBLED) != 0 && sb->major < 4,
	    SETUPBIN_SCRAMBLED_EARLY, SETUPBIN_FLAGS_AT);
	tell(s, rest != 16, SETUPBIN_RESERVED, rest);
	tell(s, get_u16le(p + 0x10) != sb->record_chunks,
	    SETUPBIN_RECORD_CHUNKS, 0x10);
	tell(s, get_u16le(p + 0x12) != SETUPBIN_HEAD, SETUPBIN_RECORD_HEAD,
	    0x12);
}

static size_t
padding(size_t n)
{
	return (4 - n % 4) % 4;
}

/* Of size bytes, unscrambled; size is a multiple of 4. Returns where the
 * entries end, or where they stop making sense. */
static size_t
judge_entries(const uint8_t *e, size_t size, const struct setupbin_sink *s)
{
	size_t at, n, rest;

	for (at = 0; at < size; at += 8 + n + padding(n)) {
		const uint8_t *p = e + at;

		if (get_u16le(p) == 0) {
			rest = at + blank(p, size - at);
			tell(s, rest != size,
			    get_u16le(p + 2) != 0 ? SETUPBIN_END_MARK
						  : SETUPBIN_BEHIND_END,
			    SETUPBIN_HEAD + rest);
			break;
		}
		if (size - at < 8 || (n = get_u16le(p + 4)) > size - at - 8) {
			s->tell(
			    s->arg, SETUPBIN_ENTRY_PAST, SETUPBIN_HEAD + at);
			break;
		}
		tell(s, get_u16le(p + 6) != 0, SETUPBIN_ENTRY_RESERVED,
		    SETUPBIN_HEAD + at + 6);
		rest = blank(p + 8 + n, padding(n));
		tell(s, rest != padding(n), SETUPBIN_ENTRY_PADDING,
		    SETUPBIN_HEAD + at + 8 + n + rest);
	}
	return at;
}

/* Adds to each byte, eight at a time: a body is a multiple of that. */
static void
shift(uint8_t *out, const uint8_t *in, size_t n, uint8_t by)
{
	for (size_t i = 0; i < n; i += 8)
		for (size_t j = 0; j < 8; j++)
			out[i + j] = (uint8_t)(in[i + j] + by);
}

static size_t
body(const struct setupbin *sb)
{
	return (size_t)sb->record_chunks * SETUPBIN_CHUNK - SETUPBIN_HEAD;
}

void
setupbin_record_judge(const uint8_t *p, const struct setupbin *sb,
    struct setupbin_record *rec, const struct setupbin_sink *s)
{
	size_t n = body(sb);

	rec->type = get_u32le(p);
	rec->flags = get_u32le(p + SETUPBIN_FLAGS_AT);
	rec->number = get_u32le(p + 0x14);
	judge_record_head(p, sb, s);
	if ((rec->flags & SETUPBIN_SCRAMBLED) != 0)
		shift(rec->entries, p + SETUPBIN_HEAD, n,
		    (uint8_t)(0x100 - SHIFT));
	else
		memcpy(rec->entries, p + SETUPBIN_HEAD, n);
	rec->len = judge_entries(rec->entries, n, s);
}

/* The sink of strict reading and writing: the first fault counts. */
struct first {
	bool set;
	enum setupbin_fault fault;
	size_t off;
};

static void
keep_first(void *arg, enum setupbin_fault f, size_t off)
{
	struct first *first = arg;

	if (first->set && first->off <= off)
		return;
	first->set = true;
	first->fault = f;
	first->off = off;
}

/* Fails r where the first fault is, counted from p. */
static bool
strict(struct rd *r, const uint8_t *p, const struct first *first)
{
	if (first->set) {
		r->p = p + first->off;
		rd_fail(r, whys[first->fault]);
	}
	return r->why == NULL;
}

bool
setupbin_read(struct rd *r, struct setupbin *sb)
{
	struct first first = { 0 };
	const struct setupbin_sink sink = { keep_first, &first };
	const uint8_t *p = r->p;

	setupbin_judge(p, rd_left(r), sb, &sink);
	if (!strict(r, p, &first))
		return false;
	rd_skip(r, (size_t)sb->head_chunks * SETUPBIN_CHUNK);
	return r->why == NULL;
}

bool
setupbin_record_read(
    struct rd *r, const struct setupbin *sb, struct setupbin_record *rec)
{
	struct first first = { 0 };
	const struct setupbin_sink sink = { keep_first, &first };
	const uint8_t *p;

	if (sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX)
		rd_fail(r, whys[SETUPBIN_CHUNKS]);
	p = rd_bytes(r, (size_t)sb->record_chunks * SETUPBIN_CHUNK);
	if (p == NULL)
		return false;
	setupbin_record_judge(p, sb, rec, &sink);
	return strict(r, p, &first);
}

bool
setupbin_next(
    const struct setupbin_record *rec, size_t *at, struct setupbin_entry *e)
{
	const uint8_t *p = rec->entries + *at;
	size_t left;

	if (*at >= rec->len || (left = rec->len - *at) < 8)
		return false;
	e->module = get_u16le(p);
	e->id = get_u16le(p + 2);
	e->n = get_u16le(p + 4);
	if (e->module == 0 || e->n > left - 8)
		return false;
	e->value = p + 8;
	e->off = SETUPBIN_HEAD + *at;
	*at += 8 + e->n + padding(e->n);
	return true;
}

bool
setupbin_add(struct setupbin_record *rec, size_t max, uint16_t module,
    uint16_t id, const void *value, size_t n)
{
	uint8_t *p = rec->entries + rec->len;

	if (max > SETUPBIN_ENTRIES_MAX)
		max = SETUPBIN_ENTRIES_MAX;
	if (module == 0 || n > max || rec->len > max ||
	    8 + n + padding(n) > max - rec->len)
		return false;
	put_u16le(p, module);
	put_u16le(p + 2, id);
	put_u16le(p + 4, (uint16_t)n);
	put_u16le(p + 6, 0);
	if (n != 0)
		memcpy(p + 8, value, n);
	memset(p + 8 + n, 0, padding(n));
	rec->len += 8 + n + padding(n);
	return true;
}

void
setupbin_write(struct wr *w, const struct setupbin *sb)
{
	size_t at = w->len, size = (size_t)sb->head_chunks * SETUPBIN_CHUNK;
	const uint8_t *guid = setupbin_guid(sb->major);
	struct first first = { 0 };
	const struct setupbin_sink sink = { keep_first, &first };
	struct setupbin back;

	if (guid == NULL || size < MODULES_AT ||
	    sb->nmodules > (size - MODULES_AT) / 2) {
		w->failed = true;
		return;
	}
	wr_bytes(w, guid, GUID_LEN);
	wr_u16le(w, sb->head_chunks);
	wr_u16le(w, sb->head_bytes);
	wr_u32le(w, 0);
	wr_u8(w, sb->major);
	wr_u8(w, sb->minor);
	wr_u16le(w, sb->flags);
	wr_u32le(w, sb->count);
	wr_u32le(w, sb->consumed);
	wr_u16le(w, sb->record_chunks);
	wr_u16le(w, 0);
	wr_bytes(w, sb->modules, 2 * sb->nmodules);
	wr_fill(w, 0, size - MODULES_AT - 2 * sb->nmodules);
	if (w->failed)
		return;
	setupbin_judge(w->buf + at, size, &back, &sink);
	w->failed = first.set || back.nmodules != sb->nmodules;
}

void
setupbin_record_write(
    struct wr *w, const struct setupbin *sb, const struct setupbin_record *rec)
{
	size_t at = w->len;
	struct first first = { 0 };
	const struct setupbin_sink sink = { keep_first, &first };
	uint8_t *p;

	if (sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX ||
	    rec->len > body(sb)) {
		w->failed = true;
		return;
	}
	wr_u32le(w, rec->type);
	wr_u32le(w, rec->flags);
	wr_fill(w, 0, 8);
	wr_u16le(w, sb->record_chunks);
	wr_u16le(w, SETUPBIN_HEAD);
	wr_u32le(w, rec->number);
	wr_bytes(w, rec->entries, rec->len);
	wr_fill(w, 0, body(sb) - rec->len);
	if (w->failed)
		return;
	p = w->buf + at;
	judge_record_head(p, sb, &sink);
	w->failed =
	    judge_entries(p + SETUPBIN_HEAD, body(sb), &sink) != rec->len ||
	    first.set;
	if ((rec->flags & SETUPBIN_SCRAMBLED) != 0)
		shift(p + SETUPBIN_HEAD, p + SETUPBIN_HEAD, body(sb), SHIFT);
}
