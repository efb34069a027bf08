/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/nvar.h"

#define HEADER 10
#define NO_NEXT 0xFFFFFF
#define GUIDS 256 /* that a u8 index reaches */
/* A chain of values is followed so far; the longest seen by anyone is a
 * fraction of it, and a store full of crossing ones must not cost hours. */
#define CHAIN_MAX 4096

enum {
	RUNTIME = 0x01,
	ASCII = 0x02,
	GUID_INLINE = 0x04,
	VALUE_ONLY = 0x08,
	EXTENDED = 0x10,
	HARDWARE_ERROR = 0x20,
	AUTHENTICATED = 0x40,
	VALID = 0x80
};

enum {
	EXT_CHECKSUM = 0x01,
	EXT_TIME = 0x20
};

/* ---- entries ---- */

/* Where the name ends, with its NUL; 0 if nowhere. */
static size_t
name_end(const uint8_t *p, size_t n, bool ascii)
{
	if (ascii) {
		const uint8_t *nul = memchr(p, 0, n);

		return nul == NULL ? 0 : (size_t)(nul - p) + 1;
	}
	for (size_t i = 0; i + 2 <= n; i += 2)
		if (get_u16le(p + i) == 0)
			return i + 2;
	return 0;
}

/* The GUID of that index, unless it lies where entries are. */
static bool
table_guid(const struct varstore *s, size_t index, struct uuid *out)
{
	if ((s->end - s->room) / UUID_LEN <= index)
		return false;
	memcpy(out->b, s->img + s->end - UUID_LEN * (index + 1), UUID_LEN);
	return true;
}

/* The tail that is no value: 0 if there is none, or its size is no size. */
static size_t
extended_size(const uint8_t *p, size_t n)
{
	size_t size = n >= 3 ? get_u16le(p + n - 2) : 0;

	return size >= 3 && size <= n ? size : 0;
}

static uint32_t
uefi_attrs(uint8_t a, uint8_t ext)
{
	return VARSTORE_NV | VARSTORE_BS | (a & RUNTIME ? VARSTORE_RT : 0) |
	    (a & HARDWARE_ERROR ? VARSTORE_HWERR : 0) |
	    (ext & EXT_TIME             ? VARSTORE_TIME
		    : a & AUTHENTICATED ? VARSTORE_AUTH
					: 0);
}

/* GUID and name from the rest of an entry; false with v->why if there is no
 * end of the name. */
static bool
read_name(const struct varstore *s, struct rd *r, struct varstore_var *v)
{
	const uint8_t *p;
	size_t n;

	if (v->state & GUID_INLINE)
		rd_copy(r, v->guid.b, UUID_LEN);
	else if (!table_guid(s, rd_u8(r), &v->guid))
		v->why = "its GUID's index is beyond the table";
	v->ascii = (v->state & ASCII) != 0;
	p = r->p;
	n = name_end(p, rd_left(r), v->ascii);
	if (r->why != NULL || n == 0) {
		v->why = "its name has no end";
		return false;
	}
	v->name = rd_bytes(r, n);
	v->name_len = n;
	return true;
}

static void
read_value(struct rd *r, struct varstore_var *v)
{
	size_t tail = 0;

	v->data = r->p;
	v->len = rd_left(r);
	if (v->state & EXTENDED) {
		tail = extended_size(v->data, v->len);
		if (tail == 0)
			v->why = "the size of its extended header is wrong";
	}
	v->len -= tail;
	if ((v->state & VALUE_ONLY) == 0)
		v->attrs = uefi_attrs(v->state, tail > 0 ? v->data[v->len] : 0);
}

static void
name_life(struct varstore_var *v)
{
	if ((v->state & VALID) == 0)
		v->life = "deleted";
	else if (v->state & VALUE_ONLY)
		v->life = "newer value of an entry before";
	else
		v->life = v->next != 0 ? "added, its value replaced" : "added";
	v->live = (v->state & (VALID | VALUE_ONLY)) == VALID && v->name_len > 0;
}

/* The entry at off. False if none is there, or it leaves the room. */
static bool
read_entry(const struct varstore *s, size_t off, struct varstore_var *v)
{
	size_t next;
	struct rd r;

	memset(v, 0, sizeof(*v));
	if (off >= s->end || s->end - off < HEADER ||
	    memcmp(s->img + off, "NVAR", 4) != 0)
		return false;
	v->off = off;
	v->size = get_u16le(s->img + off + 4);
	if (v->size < HEADER || v->size > s->end - off)
		return false;
	v->state = s->img[off + 9];
	next = get_u32le(s->img + off + 6) & NO_NEXT;
	if (next != NO_NEXT)
		v->next = off + next;
	rd_init(&r, s->img + off, v->size);
	rd_skip(&r, HEADER);
	if ((v->state & VALUE_ONLY) != 0 || read_name(s, &r, v))
		read_value(&r, v);
	else { /* what follows is not told apart */
		v->data = s->img + off + HEADER;
		v->len = v->size - HEADER;
	}
	name_life(v);
	return true;
}

/* The entry that v points to. Distances point forward, so following them
 * ends. */
static bool
follow(const struct varstore *s, const struct varstore_var *v,
    struct varstore_var *to)
{
	return v->next > v->off && v->next < s->free &&
	    read_entry(s, v->next, to) &&
	    (to->state & (VALID | VALUE_ONLY)) == (VALID | VALUE_ONLY);
}

static const char lost[] = "its newer value is not where it points";

bool
nvar_next(const struct varstore *s, size_t *at, struct varstore_var *v)
{
	struct varstore_var to;

	if (*at == 0)
		*at = s->first;
	if (*at >= s->free || !read_entry(s, *at, v))
		return false;
	if (v->why == NULL && (v->state & VALID) != 0 && v->next != 0 &&
	    !follow(s, v, &to))
		v->why = lost;
	*at += v->size;
	return true;
}

bool
nvar_value(const struct varstore *s, struct varstore_var *v)
{
	struct varstore_var last = *v, to;

	for (size_t i = 0; last.next != 0; i++) {
		if (i == CHAIN_MAX || !follow(s, &last, &to)) {
			v->data = s->img + v->off + v->size;
			v->len = 0;
			v->why = lost;
			return false;
		}
		last = to;
	}
	v->data = last.data;
	v->len = last.len;
	return true;
}

bool
nvar_extended(const struct varstore *s, const struct varstore_var *v,
    size_t *at, bool *sum)
{
	const uint8_t *end = s->img + v->off + v->size;

	if ((v->state & EXTENDED) == 0 || v->data == NULL ||
	    v->data + v->len >= end)
		return false;
	*at = (size_t)(v->data + v->len - s->img);
	*sum = (v->data[v->len] & EXT_CHECKSUM) != 0;
	return true;
}

/* ---- the store ---- */

/* The table ends where a GUID's room is erased; entries end before that. */
static void
find_table(struct varstore *s)
{
	s->room = s->end;
	for (size_t i = 0; i < GUIDS && s->room - s->first >= UUID_LEN; i++) {
		if (bytes_are(s->img, s->room - UUID_LEN, s->room, 0xFF))
			return;
		s->room -= UUID_LEN;
	}
}

static void
walk(struct varstore *s)
{
	struct varstore_var v;
	size_t at = s->first;

	/* An entry is read as far as the file goes: the table is found from
	 * below, and in a full store nothing erased is between. */
	while (read_entry(s, at, &v)) {
		if (v.why != NULL && (v.state & VALID) != 0)
			varstore_forbid(
			    s, REASON_IMAGE_STORE_BROKEN, v.why, v.off);
		at += v.size;
	}
	s->free = at;
	if (s->room < s->free)
		s->room = s->free;
	if (s->end - at >= HEADER && memcmp(s->img + at, "NVAR", 4) == 0)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "an entry's size is wrong", at);
	while (at < s->room && s->img[at] == 0xFF)
		at++;
	if (at != s->room)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the room between the entries and the table of GUIDs is "
		    "not erased",
		    at);
}

/* Entries and table in s->off..s->end. */
static void
read_body(struct varstore *s)
{
	s->format = VARSTORE_NVAR;
	s->align = 1;
	s->first = s->free = s->off;
	find_table(s);
	walk(s);
}

bool
nvar_is(const struct ffs_file *f)
{
	struct uuid guid;

	return uuid_parse(&guid, FFS_NVAR_GUID) && uuid_equal(&guid, &f->guid);
}

void
nvar_read(struct varstore *s, const struct ffs_file *f)
{
	s->off = f->body;
	s->end = f->body_end;
	read_body(s);
	if (f->why != NULL)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN, f->why, f->at);
	else if (f->state != FFS_VALID)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the file around the store is not the valid one", f->off);
	else if (f->type != FFS_RAW)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the file around the store is not a raw one", f->off);
	else if (f->summed)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the file around the store has a checksum over it", f->off);
}

/* The table of an inner store is at the end of that. */
bool
nvar_inner(const struct varstore *s, const struct varstore_var *v,
    struct varstore *out)
{
	if (v->len < HEADER || memcmp(v->data, "NVAR", 4) != 0)
		return false;
	*out = *s;
	out->why = NULL;
	out->off = (size_t)(v->data - s->img);
	out->end = out->off + v->len;
	read_body(out);
	if (out->why == NULL)
		varstore_forbid(out, REASON_IMAGE_NO_STORE,
		    "values that another store holds are only read", out->off);
	return true;
}

/* ---- adding ---- */

size_t
nvar_need(const struct varstore_name *name, size_t len)
{
	return HEADER + UUID_LEN + strlen(name->name) + 1 + len;
}

enum err_code
nvar_check(
    const struct varstore *s, const struct varstore_add *add, struct err *e)
{
	size_t need = nvar_need(&add->name, add->len);

	if ((add->attrs & ~(uint32_t)VARSTORE_RT) !=
	    (VARSTORE_NV | VARSTORE_BS))
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "variable store at 0x%zx: %s: an NVAR entry is written "
		    "with attributes 3 or 7, not 0x%x",
		    s->off, add->name.name, (unsigned)add->attrs);
	if (need >= 0xFFFF)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "variable store at 0x%zx: %s needs %zu bytes, but an NVAR "
		    "entry has %d at most",
		    s->off, add->name.name, need, 0xFFFE);
	return ERR_OK;
}

void
nvar_write(const struct varstore_add *add, struct wr *out)
{
	uint8_t attrs = VALID | GUID_INLINE | ASCII |
	    (add->attrs & VARSTORE_RT ? RUNTIME : 0);

	wr_bytes(out, "NVAR", 4);
	wr_u16le(out, (uint16_t)nvar_need(&add->name, add->len));
	wr_u32le(out, NO_NEXT | (uint32_t)attrs << 24);
	wr_bytes(out, add->name.guid.b, UUID_LEN);
	wr_str(out, add->name.name);
	wr_u8(out, 0);
	wr_bytes(out, add->data, add->len);
}
