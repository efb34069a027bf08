/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "bios/remains.h"
#include "formats/recordview.h"
#include "formats/setupbin.h"

#define MAGIC "AMTFORG1"
#define MAGIC_LEN 8
#define MAJORS 4
#define HEADER_LEAST 0x30 /* of a Setup.bin's header, what is not padding */
#define FAULTS_MAX 1      /* of the header's fields, in a damaged file */
#define LOST_MAX 2 /* slots of a file without an entry, then it is lost */
#define SCRAMBLE 0x11
#define CHUNKS_AT 0x10 /* in a data record: its chunks, then 24, a number */

static void
tell(const struct remains *r, size_t off, size_t len)
{
	if (r->tell != NULL)
		r->tell(r->arg, off, len);
}

/* ---- records ---- */

bool
remains_record(const uint8_t *p, size_t room, size_t *len)
{
	size_t total;

	if (room < RECORD_HEADER || !recordview_present(p, room) ||
	    get_u16le(p + 0x08) != 1 || get_u16le(p + 0x0a) != RECORD_HEADER)
		return false;
	total = get_u32le(p + 0x0c);
	if (total < RECORD_HEADER || total > RECORD_MAX)
		total = RECORD_MAX;
	*len = total < room ? total : room;
	return true;
}

/* Where to stop reading one whose length is not sound: at the next. */
static size_t
extent(const uint8_t *p, size_t room)
{
	size_t len = room < RECORD_MAX ? room : RECORD_MAX;
	const uint8_t *next =
	    memmem(p + MAGIC_LEN, len - MAGIC_LEN, MAGIC, MAGIC_LEN);

	return next == NULL ? len : (size_t)(next - p);
}

/* Learns, and tells each. How many entries there are. */
static size_t
entries(const struct remains *r, const uint8_t *p, size_t len, size_t from,
    size_t off)
{
	struct needle_walk w;
	struct needle_entry e;
	size_t n = 0;

	if (r->needles != NULL)
		needle_entries(r->needles, p, len, from);
	for (needle_walk(&w, p, len, from); needle_entry(&w, &e); n++)
		tell(r, off + e.off, e.size);
	return n;
}

/* The magic is there; how far to go on. */
static size_t
record(struct remains *r, size_t at, size_t end)
{
	const uint8_t *p = r->p + at;
	size_t room = end - at, len, n;
	struct remains quiet = *r;
	struct recordview v;

	if (remains_record(p, room, &len)) {
		r->records++;
		n = recordview_length(p, room);
		if (n > 0 && recordview_open(&v, p, n)) {
			quiet.tell = NULL;
			entries(&quiet, p, n, RECORD_HEADER, at);
			tell(r, at, n);
			return n;
		}
		r->damaged++;
		tell(r, at, RECORD_HEADER);
		entries(r, p, extent(p, room), RECORD_HEADER, at);
		return MAGIC_LEN;
	}
	/* Damaged or torn in the header, or the magic in some code. */
	quiet.tell = NULL;
	tell(r, at,
	    room >= 12 && get_u16le(p + 0x08) == 1 &&
		    get_u16le(p + 0x0a) == RECORD_HEADER
		? 12
		: MAGIC_LEN);
	r->damaged +=
	    entries(&quiet, p, extent(p, room), RECORD_HEADER, at) > 0;
	return MAGIC_LEN;
}

/* ---- Setup.bin ---- */

static uint8_t
major_at(const uint8_t *p, size_t room)
{
	/* Asked of each byte: a quick no is worth it. */
	if (room < UUID_LEN ||
	    (p[1] != 0x16 && p[1] != 0xb2 && p[1] != 0xf7 && p[1] != 0xa9))
		return 0;
	for (uint8_t m = 1; m <= MAJORS; m++)
		if (memcmp(p, setupbin_guid(m), UUID_LEN) == 0)
			return m;
	return 0;
}

/* Firmware has the GUIDs in code too: a file's header has its other fields
 * behind it, but for what is damaged. Those that can be no file's are put
 * right. */
static bool
damaged_header(const uint8_t *p, uint8_t major, struct setupbin *sb)
{
	size_t faults = 0;

	memset(sb, 0, sizeof(*sb));
	sb->major = major;
	sb->head_chunks = get_u16le(p + 0x10);
	sb->count = get_u32le(p + 0x1c);
	sb->record_chunks = get_u16le(p + 0x24);
	faults += sb->head_chunks == 0 || sb->head_chunks > MAJORS;
	faults +=
	    get_u16le(p + 0x12) < 0x2A || get_u16le(p + 0x12) > SETUPBIN_CHUNK;
	faults += get_u32le(p + 0x14) != 0;
	faults += p[0x18] != major;
	faults += (get_u16le(p + 0x1a) & ~SETUPBIN_KEEP) != 0;
	faults += sb->count == 0 || get_u32le(p + 0x20) > sb->count;
	faults +=
	    sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX;
	faults += get_u16le(p + 0x26) != 0;
	if (sb->head_chunks == 0 || sb->head_chunks > MAJORS)
		sb->head_chunks = 1;
	if (sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX)
		sb->record_chunks = 1;
	return faults <= FAULTS_MAX;
}

static bool
is_blank(const uint8_t *p, size_t n)
{
	return bytes_are(p, 0, n, 0) || bytes_are(p, 0, n, 0xFF);
}

/* Entries of a data record; how many. Whether they are scrambled is tried
 * where its flags are damaged. */
static size_t
slot_entries(const struct remains *r, size_t at, size_t len)
{
	uint8_t plain[SETUPBIN_ENTRIES_MAX];
	const uint8_t *p = r->p + at;
	bool scrambled =
	    (get_u32le(p + SETUPBIN_FLAGS_AT) & SETUPBIN_SCRAMBLED) != 0;
	size_t n = len - SETUPBIN_HEAD, found = 0;

	for (int i = 0; i < 2 && found == 0; i++, scrambled = !scrambled) {
		for (size_t k = 0; k < n; k++)
			plain[k] = (uint8_t)(p[SETUPBIN_HEAD + k] -
			    (scrambled ? SCRAMBLE : 0));
		found = entries(r, plain, n, 0, at + SETUPBIN_HEAD);
	}
	secret_wipe(plain, sizeof(plain));
	return found;
}

static bool
is_sound(
    const struct remains *r, size_t at, size_t len, const struct setupbin *sb)
{
	struct setupbin_record *rec = malloc(sizeof(*rec));
	struct rd rd;
	bool sound;

	rd_init(&rd, r->p + at, len);
	sound = rec != NULL && setupbin_record_read(&rd, sb, rec);
	if (rec != NULL)
		secret_wipe(rec, sizeof(*rec));
	free(rec);
	return sound;
}

/* False if nothing of a record is there. */
static bool
slot(struct remains *r, size_t at, size_t end, const struct setupbin *sb)
{
	size_t len = (size_t)sb->record_chunks * SETUPBIN_CHUNK;
	size_t have = len < end - at ? len : end - at;
	bool sound;

	if (have <= SETUPBIN_HEAD || is_blank(r->p + at, have))
		return false;
	sound = is_sound(r, at, have, sb);
	r->damaged += !sound;
	if (slot_entries(r, at, have) == 0 && !sound)
		return false;
	tell(r, at, sound ? len : SETUPBIN_HEAD);
	return true;
}

static void
slots(struct remains *r, size_t at, size_t end, const struct setupbin *sb)
{
	size_t len = (size_t)sb->record_chunks * SETUPBIN_CHUNK, lost = 0;

	for (uint32_t i = 0; i < sb->count && at < end && lost < LOST_MAX;
	     i++, at += len) {
		if (major_at(r->p + at, end - at) != 0)
			return;
		if (!slot(r, at, end, sb))
			lost++;
		else {
			lost = 0;
			r->covered = len < end - at ? at + len : end;
		}
	}
}

static bool
sound_header(const uint8_t *p, size_t room, struct setupbin *sb)
{
	struct rd r;

	rd_init(&r, p, room);
	return setupbin_read(&r, sb) && sb->count > 0;
}

/* A GUID is there. */
static void
setup(struct remains *r, size_t at, size_t end, uint8_t major)
{
	const uint8_t *p = r->p + at;
	size_t room = end - at, len = HEADER_LEAST;
	struct setupbin sb;

	if (sound_header(p, room, &sb))
		len = (size_t)sb.head_chunks * SETUPBIN_CHUNK;
	else if (room < HEADER_LEAST || !damaged_header(p, major, &sb))
		return;
	else
		r->damaged++;
	r->setups++;
	tell(r, at, len);
	len = (size_t)sb.head_chunks * SETUPBIN_CHUNK;
	if (len < room)
		slots(r, at + len, end, &sb);
}

/* A data record by itself, whose file's header is lost; p is where its chunks
 * and its header's length are. */
static bool
is_slot(const uint8_t *p, size_t room)
{
	static const uint8_t zero[8];
	const uint8_t *e = p + SETUPBIN_HEAD - CHUNKS_AT;
	uint8_t by =
	    (p[4 - CHUNKS_AT] & SETUPBIN_SCRAMBLED) != 0 ? SCRAMBLE : 0;

	return room >= SETUPBIN_HEAD - CHUNKS_AT + 8 && p[0] != 0 &&
	    p[0] <= SETUPBIN_CHUNKS_MAX && p[1] == 0 && p[2] == SETUPBIN_HEAD &&
	    p[3] == 0 && memcmp(p - 8, zero, 8) == 0 &&
	    get_u32le(p - 12) <= 3 && get_u32le(p - 16) <= 1 &&
	    get_u32le(p + 4) != 0 && p[6] == 0 && p[7] == 0 &&
	    (uint8_t)(e[0] - by) >= 1 && (uint8_t)(e[0] - by) <= 2 &&
	    (uint8_t)(e[1] - by) == 0 && (uint8_t)(e[3] - by) == 0 &&
	    (uint8_t)(e[6] - by) == 0 && (uint8_t)(e[7] - by) == 0;
}

/* ---- all of them ---- */

void
remains_find(struct remains *r, size_t from, size_t end)
{
	size_t i = from;

	r->covered = from;
	while (i < end) {
		const uint8_t *p = r->p + i;
		struct setupbin sb = { .major = MAJORS };
		uint8_t major;

		if (p[0] == MAGIC[0] && recordview_present(p, end - i)) {
			i += record(r, i, end);
			continue;
		}
		if (p[0] == SETUPBIN_HEAD && i - from >= CHUNKS_AT + 2 &&
		    i - CHUNKS_AT - 2 >= r->covered &&
		    is_slot(p - 2, end - i + 2)) {
			sb.record_chunks = p[-2];
			slot(r, i - CHUNKS_AT - 2, end, &sb);
		} else if ((major = major_at(p, end - i)) != 0)
			setup(r, i, end, major);
		i++;
	}
}

bool
remains_setup(const uint8_t *p, size_t end, size_t *at)
{
	struct setupbin sb;

	for (; *at < end; (*at)++)
		if (major_at(p + *at, end - *at) != 0 &&
		    sound_header(p + *at, end - *at, &sb))
			return true;
	return false;
}
