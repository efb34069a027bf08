/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/edkvar.h"

#define EDK2_HEADER 28
#define VSS_HEADER 16
#define START_ID 0x55AA
#define HEADER_AUTH 60
#define HEADER_PLAIN 32
#define ERASED 0xFFFFFFFF
/* Apple's variables have a CRC-32 behind the GUID (UEFITool nvram.h). */
#define ATTR_APPLE 0x80000000

/* AAF32C78-947B-439A-A180-2E144EC37792, DDCF3616-3275-4164-98B6-FE85707FFE7D
 * and DDCF3617-..., which only UEFITool (nvram.h) names: its variables tell
 * which layout they have. */
static const uint8_t auth_guid[UUID_LEN] = { 0x78, 0x2C, 0xF3, 0xAA, 0x7B, 0x94,
	0x9A, 0x43, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92 };
static const uint8_t plain_guid[UUID_LEN] = { 0x16, 0x36, 0xCF, 0xDD, 0x75,
	0x32, 0x64, 0x41, 0x98, 0xB6, 0xFE, 0x85, 0x70, 0x7F, 0xFE, 0x7D };
static const uint8_t other_guid[UUID_LEN] = { 0x17, 0x36, 0xCF, 0xDD, 0x75,
	0x32, 0x64, 0x41, 0x98, 0xB6, 0xFE, 0x85, 0x70, 0x7F, 0xFE, 0x7D };

static size_t
align_up(const struct varstore *s, size_t n)
{
	return s->align == 0 ? n : (n + s->align - 1) & ~(s->align - 1);
}

/* ---- variables ---- */

static const char *
life_name(uint8_t state)
{
	switch (state) {
	case EDKVAR_ADDED:
		return "added";
	case EDKVAR_REPLACED:
		return "being replaced";
	case 0x3C:
	case 0x3D:
		return "deleted";
	case 0x7F:
		return "header only";
	case 0xFF:
		return "torn";
	default:
		return "unknown";
	}
}

/* The variable at off, which begins with the start id. False if it leaves
 * the store. */
static bool
read_var(const struct varstore *s, size_t off, struct varstore_var *v)
{
	struct rd r;
	uint32_t name, data;

	memset(v, 0, sizeof(*v));
	rd_init(&r, s->img + off, s->end - off);
	rd_skip(&r, 2);
	v->off = off;
	v->state = rd_u8(&r);
	v->life = life_name(v->state);
	v->live = v->state == EDKVAR_ADDED || v->state == EDKVAR_REPLACED;
	rd_skip(&r, 1);
	v->attrs = rd_u32le(&r);
	if (s->auth)
		rd_skip(&r, HEADER_AUTH - HEADER_PLAIN);
	name = rd_u32le(&r);
	data = rd_u32le(&r);
	rd_copy(&r, v->guid.b, UUID_LEN);
	/* A header that was cut off while it was written counts as empty
	 * (EDK2 NameSizeOfVariable). */
	if (v->state == 0xFF || v->attrs == ERASED || name == ERASED ||
	    data == ERASED)
		name = data = 0;
	v->name_len = name;
	v->name = rd_bytes(&r, name);
	v->len = data;
	v->data = rd_bytes(&r, data);
	v->size = rd_off(&r);
	return r.why == NULL;
}

bool
edkvar_next(const struct varstore *s, size_t *at, struct varstore_var *v)
{
	if (*at == 0)
		*at = s->first;
	if (*at >= s->free || s->end - *at < 2 ||
	    get_u16le(s->img + *at) != START_ID || !read_var(s, *at, v))
		return false;
	*at = align_up(s, *at + v->size);
	return true;
}

/* ---- the list ---- */

/* Finds the free room and proves that it is free. */
static void
walk(struct varstore *s)
{
	struct varstore_var v;
	size_t at = s->first;

	while (s->end - at >= 2 && get_u16le(s->img + at) == START_ID) {
		if (!read_var(s, at, &v)) {
			s->free = at;
			varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
			    "a variable is longer than the store", at);
			return;
		}
		at = align_up(s, at + v.size);
		if (at > s->end)
			at = s->end;
	}
	s->free = at;
	while (at < s->end && s->img[at] == 0xFF)
		at++;
	if (at != s->end)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the room behind the last variable is not erased", at);
}

/* ---- stores that do not tell the layout ---- */

/* Whether names end where they say, which other layouts' do not. */
static void
judge_names(struct varstore *s)
{
	struct varstore_var v;
	size_t at = 0;

	while (edkvar_next(s, &at, &v)) {
		if (v.attrs != ERASED && (v.attrs & ATTR_APPLE) != 0) {
			varstore_forbid(s, REASON_IMAGE_NO_STORE,
			    "a variable with Apple's checksum is not "
			    "understood",
			    v.off);
			return;
		}
		if (!v.live)
			continue;
		if (v.name_len < 4 || v.name_len % 2 != 0 ||
		    get_u16le(v.name + v.name_len - 2) != 0) {
			varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
			    "a variable's layout is not known", v.off);
			return;
		}
	}
}

static struct varstore
try_layout(const struct varstore *s, unsigned i)
{
	struct varstore t = *s;

	t.auth = (i & 1) != 0;
	t.align = i & 2 ? 4 : 1;
	t.first = align_up(&t, s->first);
	walk(&t);
	judge_names(&t);
	return t;
}

/* Of the four ways to read it the one that fits, or comes furthest. */
static void
choose_layout(struct varstore *s)
{
	struct varstore best = try_layout(s, 0);
	bool unsettled = false;

	for (unsigned i = 1; i < 4; i++) {
		struct varstore t = try_layout(s, i);

		if (t.why == NULL && best.why == NULL) {
			unsettled |= t.auth != best.auth || t.free != best.free;
			best.align = 0;
		} else if (best.why != NULL &&
		    (t.why == NULL || t.free > best.free))
			best = t;
	}
	*s = best;
	if (unsettled)
		varstore_forbid(s, REASON_IMAGE_NO_STORE,
		    s->free == s->first
			? "an empty store of this kind does not tell the "
			  "layout of its variables"
			: "more than one layout fits its variables",
		    s->free);
}

/* ---- the store ---- */

static bool
is_guid(const uint8_t *p)
{
	/* Asked at every fourth byte: a quick no is worth it. The third has
	 * the byte of the second there. */
	if (p[3] != auth_guid[3] && p[3] != plain_guid[3])
		return false;
	return memcmp(p, auth_guid, UUID_LEN) == 0 ||
	    memcmp(p, plain_guid, UUID_LEN) == 0 ||
	    memcmp(p, other_guid, UUID_LEN) == 0;
}

bool
edkvar_is(const uint8_t *p, size_t room)
{
	if (room >= EDK2_HEADER && is_guid(p))
		return true;
	/* Four characters may be anything: a size or the next byte fits. */
	return room >= VSS_HEADER && memcmp(p, "$VSS", 4) == 0 &&
	    (get_u32le(p + 4) <= room || p[8] == 0x5A);
}

/* From the size on, both headers are the same. */
static bool
read_header(struct varstore *s, size_t header, size_t room)
{
	size_t at = s->off + (header == EDK2_HEADER ? 16 : 4);
	const uint8_t *p = s->img + at;
	uint32_t size = get_u32le(p);

	if (size < header + 4 || size > room)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store's size is wrong", at);
	else if (p[4] != 0x5A)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store is not formatted", at + 4);
	else if (p[5] != 0xFE)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store is not healthy", at + 5);
	else
		s->end = s->off + size;
	return s->why == NULL;
}

void
edkvar_read(struct varstore *s, size_t room)
{
	const uint8_t *p = s->img + s->off;
	size_t header = is_guid(p) ? EDK2_HEADER : VSS_HEADER;

	s->format = header == EDK2_HEADER ? VARSTORE_EDK2 : VARSTORE_VSS;
	s->end = s->first = s->free = s->room = s->off;
	s->align = 4;
	if (!read_header(s, header, room))
		return;
	s->room = s->end;
	s->auth = memcmp(p, auth_guid, UUID_LEN) == 0;
	s->first = s->off + header;
	if (s->auth || memcmp(p, plain_guid, UUID_LEN) == 0) {
		s->first = align_up(s, s->first);
		walk(s);
	} else
		choose_layout(s);
}

/* ---- adding ---- */

size_t
edkvar_need(
    const struct varstore *s, const struct varstore_name *name, size_t len)
{
	return (s->auth ? HEADER_AUTH : HEADER_PLAIN) +
	    2 * (strlen(name->name) + 1) + len;
}

enum err_code
edkvar_check(const struct varstore *s, struct err *e)
{
	if (s->align != 0 || s->free % 4 == 0)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_STORE),
	    "variable store at 0x%zx: offset 0x%zx: nothing tells whether its "
	    "variables are aligned to 4 bytes",
	    s->off, s->free);
	return err_at(e, s->free);
}

void
edkvar_write(
    const struct varstore *s, const struct varstore_add *add, struct wr *out)
{
	size_t n = strlen(add->name.name) + 1;

	wr_u16le(out, START_ID);
	wr_u8(out, EDKVAR_ADDED);
	wr_u8(out, 0);
	wr_u32le(out, add->attrs);
	if (s->auth)
		wr_fill(out, 0, HEADER_AUTH - HEADER_PLAIN);
	wr_u32le(out, (uint32_t)(2 * n));
	wr_u32le(out, (uint32_t)add->len);
	wr_bytes(out, add->name.guid.b, UUID_LEN);
	for (size_t i = 0; i < n; i++)
		wr_u16le(out, (uint8_t)add->name.name[i]);
	wr_bytes(out, add->data, add->len);
}
