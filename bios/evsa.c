/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/evsa.h"

#define HEADER 4
#define STORE_ENTRY 20
#define VALUE_ENTRY 12
#define VALUE_EXTENDED 16
#define ATTR_EXTENDED 0x10000000
/* More than any store has: GUIDs and names are searched for each value. */
#define ENTRIES_MAX 4096

enum {
	TYPE_STORE = 0xEC,
	TYPE_GUID = 0xED,
	TYPE_GUID2 = 0xE1,
	TYPE_NAME = 0xEE,
	TYPE_NAME2 = 0xE2,
	TYPE_VALUE = 0xEF,
	TYPE_VALUE2 = 0xE3,
	TYPE_INVALID = 0x83
};

struct entry {
	size_t off;
	uint8_t type;
	size_t size;  /* as in the header, which the checksum covers */
	size_t whole; /* with a value behind it */
};

static bool
is_value(uint8_t type)
{
	return type == TYPE_VALUE || type == TYPE_VALUE2 ||
	    type == TYPE_INVALID;
}

/* Bytes of its type's own header; 0 for a type that is not known. */
static size_t
least(uint8_t type)
{
	switch (type) {
	case TYPE_STORE:
		return STORE_ENTRY;
	case TYPE_GUID:
	case TYPE_GUID2:
		return HEADER + 2 + UUID_LEN;
	case TYPE_NAME:
	case TYPE_NAME2:
		return HEADER + 2;
	default:
		return is_value(type) ? VALUE_ENTRY : 0;
	}
}

static bool
is_extended(const uint8_t *p, size_t size)
{
	return is_value(p[0]) && size >= VALUE_EXTENDED &&
	    (get_u32le(p + 8) & ATTR_EXTENDED) != 0;
}

/* The entry at off; false if it is none, or leaves the store. */
static bool
read_entry(const struct varstore *s, size_t off, struct entry *en)
{
	const uint8_t *p = s->img + off;
	size_t room = s->end - off, n;

	if (room < HEADER)
		return false;
	en->off = off;
	en->type = p[0];
	en->size = en->whole = get_u16le(p + 2);
	n = least(en->type);
	if (n == 0 || en->size < n || en->size > room)
		return false;
	if (is_extended(p, en->size)) {
		en->whole = VALUE_EXTENDED + (size_t)get_u32le(p + 12);
		if (en->whole < en->size || en->whole > room)
			return false;
	}
	return true;
}

static bool
sum_holds(const uint8_t *p, size_t size)
{
	uint8_t sum = p[1];

	for (size_t i = 2; i < size; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

/* The entry of that id and of either type. */
static bool
find(const struct varstore *s, uint8_t type, uint8_t type2, uint16_t id,
    struct entry *en)
{
	for (size_t at = s->first; at < s->free && read_entry(s, at, en);
	     at += en->whole)
		if ((en->type == type || en->type == type2) &&
		    get_u16le(s->img + at + HEADER) == id)
			return true;
	return false;
}

static void
join(const struct varstore *s, struct varstore_var *v)
{
	const uint8_t *p = s->img + v->off;
	struct entry en;

	if (find(s, TYPE_GUID, TYPE_GUID2, get_u16le(p + 4), &en))
		memcpy(v->guid.b, s->img + en.off + HEADER + 2, UUID_LEN);
	else if (v->why == NULL)
		v->why = "no entry has its GUID";
	if (find(s, TYPE_NAME, TYPE_NAME2, get_u16le(p + 6), &en)) {
		v->name = s->img + en.off + HEADER + 2;
		v->name_len = (en.size - HEADER - 2) & ~(size_t)1;
	} else if (v->why == NULL)
		v->why = "no entry has its name";
}

static void
read_value(
    const struct varstore *s, const struct entry *en, struct varstore_var *v)
{
	const uint8_t *p = s->img + en->off;
	size_t header = is_extended(p, en->size) ? VALUE_EXTENDED : VALUE_ENTRY;

	memset(v, 0, sizeof(*v));
	v->off = en->off;
	v->size = en->whole;
	v->state = en->type;
	v->life = en->type == TYPE_INVALID ? "deleted" : "added";
	v->attrs = get_u32le(p + 8) & ~(uint32_t)ATTR_EXTENDED;
	v->data = p + header;
	v->len = en->whole - header;
	if (!sum_holds(p, en->size))
		v->why = "its checksum is wrong";
	join(s, v);
	v->live = en->type != TYPE_INVALID && v->name_len > 0;
}

bool
evsa_next(const struct varstore *s, size_t *at, struct varstore_var *v)
{
	struct entry en;

	if (*at == 0)
		*at = s->first;
	while (*at < s->free && read_entry(s, *at, &en)) {
		*at += en.whole;
		if (!is_value(en.type))
			continue;
		read_value(s, &en, v);
		return true;
	}
	return false;
}

/* ---- the store ---- */

static void
walk(struct varstore *s)
{
	struct entry en;
	size_t at = s->first, n = 0;

	for (; n < ENTRIES_MAX && read_entry(s, at, &en); n++) {
		if (!sum_holds(s->img + at, en.size))
			varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
			    "an entry's checksum is wrong", at);
		at += en.whole;
	}
	s->free = at;
	while (n < ENTRIES_MAX && at < s->end && s->img[at] == 0xFF)
		at++;
	if (at != s->end)
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    n == ENTRIES_MAX
			? "more entries than a store is known to have"
			: "what follows the last entry is no entry",
		    at);
}

bool
evsa_is(const uint8_t *p, size_t room)
{
	return room >= STORE_ENTRY && p[0] == TYPE_STORE &&
	    memcmp(p + HEADER, "EVSA", 4) == 0;
}

void
evsa_read(struct varstore *s, size_t room)
{
	const uint8_t *p = s->img + s->off;
	uint32_t size = get_u32le(p + 12);

	s->format = VARSTORE_EVSA;
	s->end = s->first = s->free = s->room = s->off;
	if (get_u16le(p + 2) != STORE_ENTRY || !sum_holds(p, STORE_ENTRY)) {
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store's own entry is damaged", s->off);
		return;
	}
	if (size < STORE_ENTRY || size > room) {
		varstore_forbid(s, REASON_IMAGE_STORE_BROKEN,
		    "the store's size is wrong", s->off + 12);
		return;
	}
	s->end = s->room = s->off + size;
	s->first = s->off + STORE_ENTRY;
	walk(s);
	if (s->why == NULL)
		varstore_forbid(s, REASON_IMAGE_NO_STORE,
		    "a store of Phoenix (EVSA) is only read: how its firmware "
		    "adds to it is not public",
		    s->off);
}
