/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ftw.h"
#include "formats/uuid.h"

#define HEADER 32
#define HEADER_OLD 28
#define WRITE 40  /* header of a queued write */
#define RECORD 40 /* without private bytes */

/* bits that are set when they are 0 */
#define ALLOCATED 1
#define COMPLETE 4
#define SPARE_COMPLETE 2

/* 9E58292B-7C68-497D-A0CE-6500FD9F1B95, the same with 0ACE (UEFITool
 * nvram.h), and FFF12B8D-7696-4C8B-A985-2747075B4F50, which is also the GUID
 * of variable volumes. */
static const uint8_t signature[][UUID_LEN] = {
	{ 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C, 0x7D, 0x49, 0xA0, 0xCE, 0x65,
	    0x00, 0xFD, 0x9F, 0x1B, 0x95 },
	{ 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C, 0x7D, 0x49, 0x0A, 0xCE, 0x65,
	    0x00, 0xFD, 0x9F, 0x1B, 0x95 },
	{ 0x8D, 0x2B, 0xF1, 0xFF, 0x96, 0x76, 0x8B, 0x4C, 0xA9, 0x85, 0x27,
	    0x47, 0x07, 0x5B, 0x4F, 0x50 }
};

static void
forbid(struct ftw *f, enum ftw_state state, const char *why, size_t at)
{
	f->state = state;
	f->why = why;
	f->at = at;
	f->reason = state == FTW_BROKEN ? REASON_IMAGE_STORE_BROKEN
					: REASON_IMAGE_FTW_PENDING;
}

static size_t
first_used(const uint8_t *p, size_t from, size_t end)
{
	while (from < end && p[from] == 0xFF)
		from++;
	return from;
}

/* ---- the queue ---- */

/* Bytes of the write at off with its records, or 0 if they leave the queue. */
static size_t
write_size(const uint8_t *p, size_t off, size_t end)
{
	uint64_t n = get_u64le(p + off + 24);
	uint64_t private = get_u64le(p + off + 32);
	size_t room = end - off - WRITE;

	if (private > room || n > room / (RECORD + private))
		return 0;
	return WRITE + (size_t)(n * (RECORD + private));
}

static bool
in_spare(const uint8_t *p, size_t off, size_t size)
{
	uint64_t each = RECORD + get_u64le(p + off + 32);

	for (size_t at = off + WRITE; at < off + size; at += (size_t)each)
		if ((p[at] & SPARE_COMPLETE) == 0)
			return true;
	return false;
}

/* What lies at off, behind the complete writes. */
static void
judge_last(const uint8_t *p, size_t off, size_t end, struct ftw *f)
{
	size_t size = end - off >= WRITE ? write_size(p, off, end) : 0;

	if ((p[off] & ALLOCATED) != 0)
		forbid(f, FTW_PENDING,
		    "what is queued behind the finished writes is no write",
		    first_used(p, off, end));
	else if (size == 0)
		forbid(f, FTW_PENDING,
		    "an unfinished write is queued, and its size is wrong",
		    off);
	else if (in_spare(p, off, size))
		forbid(f, FTW_PENDING,
		    "an unfinished write is queued, which the firmware would "
		    "replay over what is there",
		    off);
	else
		forbid(f, FTW_PREPARED,
		    "a write was queued and not begun, which the firmware "
		    "would drop",
		    off);
}

static void
judge_queue(const uint8_t *p, struct ftw *f)
{
	size_t at = f->off + f->header, size;

	while (f->end - at >= WRITE && (p[at] & COMPLETE) == 0 &&
	    (size = write_size(p, at, f->end)) > 0) {
		at += size;
		f->writes++;
	}
	f->state = f->writes > 0 ? FTW_COMPLETE : FTW_EMPTY;
	if (first_used(p, at, f->end) != f->end)
		judge_last(p, at, f->end, f);
}

/* ---- the block ---- */

/* The CRC also tells which of the two headers it is. */
static bool
header_sound(const uint8_t *p, size_t header)
{
	uint8_t head[HEADER];

	memcpy(head, p, header);
	memset(head + 16, 0xFF, 5);
	return digest_crc32(head, header) == get_u32le(p + 16);
}

static void
judge_block(const uint8_t *p, size_t off, size_t end, struct ftw *f)
{
	uint64_t queue;

	memset(f, 0, sizeof(*f));
	f->off = off;
	f->header = header_sound(p + off, HEADER_OLD) ? HEADER_OLD : HEADER;
	f->end = off + f->header;
	queue = f->header == HEADER ? get_u64le(p + off + 24)
				    : get_u32le(p + off + 24);
	if (f->header == HEADER && !header_sound(p + off, HEADER))
		forbid(f, FTW_BROKEN,
		    "the header of the fault tolerant write is damaged", off);
	else if (queue > end - f->end)
		forbid(f, FTW_BROKEN,
		    "the queue of the fault tolerant write is longer than the "
		    "volume",
		    off + 24);
	else if ((p[off + 20] & 3) != 2) {
		f->end += (size_t)queue;
		forbid(f, FTW_MOVING, "the fault tolerant write is being moved",
		    off + 20);
	} else {
		f->end += (size_t)queue;
		judge_queue(p, f);
	}
}

/* A signature, but not that of a volume's header, which bears "_FVH" 24
 * bytes behind its GUID. */
static bool
is_block(const uint8_t *p)
{
	/* Asked at every fourth byte: a quick no is worth it. */
	if (p[0] != signature[0][0] && p[0] != signature[2][0])
		return false;
	for (size_t i = 0; i < 2; i++)
		if (memcmp(p, signature[i], UUID_LEN) == 0)
			return true;
	return memcmp(p, signature[2], UUID_LEN) == 0 &&
	    memcmp(p + 24, "_FVH", 4) != 0;
}

bool
ftw_next(const uint8_t *img, size_t from, size_t end, struct ftw *f)
{
	from = (from + 3) & ~(size_t)3;
	for (; from < end && end - from >= HEADER; from += 4)
		if (is_block(img + from)) {
			judge_block(img, from, end, f);
			return true;
		}
	return false;
}

const char *
ftw_state_name(enum ftw_state state)
{
	switch (state) {
	case FTW_EMPTY:
		return "empty";
	case FTW_COMPLETE:
		return "complete";
	case FTW_PREPARED:
		return "prepared";
	case FTW_PENDING:
		return "pending";
	case FTW_MOVING:
		return "being moved";
	default:
		return "not understood";
	}
}
