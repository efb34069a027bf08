/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "bios/varstore.h"

#define STORE_HEADER 28
#define START_ID 0x55AA
#define HEADER_AUTH 60
#define HEADER_PLAIN 32
#define ERASED 0xFFFFFFFF

/* AAF32C78-947B-439A-A180-2E144EC37792, DDCF3616-3275-4164-98B6-FE85707FFE7D
 * and the working block's 9E58292B-7C68-497D-A0CE-6500FD9F1B95. */
static const uint8_t auth_guid[UUID_LEN] = { 0x78, 0x2C, 0xF3, 0xAA, 0x7B, 0x94,
	0x9A, 0x43, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92 };
static const uint8_t plain_guid[UUID_LEN] = { 0x16, 0x36, 0xCF, 0xDD, 0x75,
	0x32, 0x64, 0x41, 0x98, 0xB6, 0xFE, 0x85, 0x70, 0x7F, 0xFE, 0x7D };
static const uint8_t ftw_guid[UUID_LEN] = { 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C,
	0x7D, 0x49, 0xA0, 0xCE, 0x65, 0x00, 0xFD, 0x9F, 0x1B, 0x95 };

static size_t
align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static void
forbid(struct varstore *s, enum reason_id reason, const char *why, size_t at)
{
	if (s->why != NULL)
		return;
	s->reason = reason;
	s->why = why;
	s->at = at;
}

static size_t
first_used(const uint8_t *p, size_t from, size_t end)
{
	while (from < end && p[from] == 0xFF)
		from++;
	return from;
}

/* ---- variables ---- */

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
varstore_next(const struct varstore *s, size_t *at, struct varstore_var *v)
{
	if (*at == 0)
		*at = align4(s->off + STORE_HEADER);
	if (*at >= s->free || !read_var(s, *at, v))
		return false;
	*at = align4(*at + v->size);
	return true;
}

bool
varstore_live(const struct varstore_var *v)
{
	return v->state == VARSTORE_ADDED || v->state == VARSTORE_REPLACED;
}

static bool
is_named(const struct varstore_var *v, const struct varstore_name *want)
{
	size_t n = strlen(want->name) + 1;

	if (v->name_len != 2 * n || !uuid_equal(&v->guid, &want->guid))
		return false;
	for (size_t i = 0; i < n; i++)
		if (get_u16le(v->name + 2 * i) != (uint8_t)want->name[i])
			return false;
	return true;
}

bool
varstore_find(const struct varstore *s, const struct varstore_name *want,
    size_t *at, struct varstore_var *v)
{
	while (varstore_next(s, at, v))
		if (varstore_live(v) && is_named(v, want))
			return true;
	return false;
}

void
varstore_text(const struct varstore_var *v, char out[static VARSTORE_NAME])
{
	size_t n = v->name_len / 2;

	if (n >= VARSTORE_NAME)
		n = VARSTORE_NAME - 1;
	for (size_t i = 0; i < n; i++) {
		uint16_t c = get_u16le(v->name + 2 * i);

		out[i] = c == 0 || (c >= 0x20 && c < 0x7F) ? (char)c : '?';
	}
	out[n] = '\0';
}

const char *
varstore_state_name(uint8_t state)
{
	switch (state) {
	case VARSTORE_ADDED:
		return "added";
	case VARSTORE_REPLACED:
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

/* ---- the store ---- */

/* Finds the free room and proves that it is free. */
static void
walk(struct varstore *s)
{
	struct varstore_var v;
	size_t at = align4(s->off + STORE_HEADER);

	while (s->end - at >= 2 && get_u16le(s->img + at) == START_ID) {
		if (!read_var(s, at, &v)) {
			s->free = at;
			forbid(s, REASON_IMAGE_STORE_BROKEN,
			    "a variable is longer than the store", at);
			return;
		}
		at = align4(at + v.size);
		if (at > s->end)
			at = s->end;
	}
	s->free = at;
	at = first_used(s->img, at, s->end);
	if (at != s->end)
		forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the room behind the last variable is not erased", at);
}

static void
read_header(struct varstore *s, size_t room)
{
	const uint8_t *p = s->img + s->off;
	uint32_t size = get_u32le(p + 16);

	s->auth = memcmp(p, auth_guid, UUID_LEN) == 0;
	if (!s->auth && memcmp(p, plain_guid, UUID_LEN) != 0)
		forbid(s, REASON_IMAGE_NO_STORE,
		    first_used(p, 0, UUID_LEN) == UUID_LEN
			? "the store is erased, not formatted"
			: "the store's format is not known",
		    s->off);
	else if (size < STORE_HEADER + 4 || size > room)
		forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store's size is wrong", s->off + 16);
	else if (p[20] != 0x5A)
		forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store is not formatted", s->off + 20);
	else if (p[21] != 0xFE)
		forbid(s, REASON_IMAGE_STORE_BROKEN, "the store is not healthy",
		    s->off + 21);
	else
		s->end = s->off + size;
}

/* ---- the fault tolerant write ---- */

/* The queue after the 32-byte header: per write a 40-byte header {u8 bits,
 * GUID at 4, u64 records at 24, u64 private bytes at 32} and its records of
 * 40 bytes each with the private bytes. A bit is set by clearing it: bit 0
 * allocated, bit 2 complete (EDK2 FaultTolerantWrite.h). */
static void
judge_queue(struct varstore *s, size_t at, size_t end)
{
	while (end - at >= 40 && (s->img[at] & 4) == 0) {
		uint64_t n = get_u64le(s->img + at + 24);
		uint64_t private = get_u64le(s->img + at + 32);
		size_t room = end - at - 40;

		if (private > room || n > room / (40 + private))
			break;
		at += 40 + (size_t)(n * (40 + private));
	}
	if (first_used(s->img, at, end) != end)
		forbid(s, REASON_IMAGE_FTW_PENDING,
		    "an unfinished write is queued, which the firmware would "
		    "replay over the store",
		    at);
}

/* A working block at off: its header's CRC is taken with the CRC field and
 * the state byte still erased. */
static void
judge_block(struct varstore *s, size_t off, size_t end)
{
	const uint8_t *p = s->img + off;
	uint64_t queue = get_u64le(p + 24);
	uint8_t head[32];

	memcpy(head, p, sizeof(head));
	memset(head + 16, 0xFF, 5);
	if (digest_crc32(head, sizeof(head)) != get_u32le(p + 16) ||
	    queue > end - off - sizeof(head))
		forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the header of the fault tolerant write is damaged", off);
	else if ((p[20] & 3) != 2)
		forbid(s, REASON_IMAGE_FTW_PENDING,
		    "the fault tolerant write is being moved", off + 20);
	else
		judge_queue(s, off + 32, off + 32 + (size_t)queue);
}

static void
find_blocks(struct varstore *s, size_t end)
{
	size_t at = s->end;
	const uint8_t *hit;

	while (end - at >= 32 &&
	    (hit = memmem(s->img + at, end - at - 16, ftw_guid, UUID_LEN)) !=
		NULL) {
		at = (size_t)(hit - s->img);
		judge_block(s, at, end);
		at += 32;
	}
}

void
varstore_read(const uint8_t *img, const struct volume *vol, struct varstore *s)
{
	size_t end = vol->off + vol->len;

	memset(s, 0, sizeof(*s));
	s->img = img;
	s->off = s->end = s->free = vol->off;
	if (vol->why != NULL) {
		forbid(s, REASON_IMAGE_STORE_BROKEN, vol->why, vol->off);
		return;
	}
	if (vol->len - vol->header < STORE_HEADER) {
		forbid(
		    s, REASON_IMAGE_NO_STORE, "no room for a store", vol->off);
		return;
	}
	s->off = s->end = s->free = vol->off + vol->header;
	read_header(s, vol->len - vol->header);
	if (s->why != NULL)
		return;
	walk(s);
	find_blocks(s, end);
}

/* ---- adding ---- */

size_t
varstore_need(
    const struct varstore *s, const struct varstore_name *name, size_t len)
{
	return (s->auth ? HEADER_AUTH : HEADER_PLAIN) +
	    2 * (strlen(name->name) + 1) + len;
}

enum err_code
varstore_refuse(const struct varstore *s, struct err *e)
{
	if (s->why == NULL)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(s->reason),
	    "variable store at 0x%zx: offset 0x%zx: %s", s->off, s->at, s->why);
	return err_at(e, s->at);
}

enum err_code
varstore_entry(const struct varstore *s, const struct varstore_add *add,
    struct wr *out, struct err *e)
{
	size_t need = varstore_need(s, &add->name, add->len);
	size_t n = strlen(add->name.name) + 1;

	if (varstore_refuse(s, e) != ERR_OK)
		return e->code;
	if (need > s->end - s->free) {
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_STORE_FULL),
		    "variable store at 0x%zx: %s needs %zu bytes, but %zu are "
		    "free at offset 0x%zx",
		    s->off, add->name.name, need, s->end - s->free, s->free);
		return err_at(e, s->free);
	}
	wr_u16le(out, START_ID);
	wr_u8(out, VARSTORE_ADDED);
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
	return out->failed ? err_mem(e) : ERR_OK;
}
