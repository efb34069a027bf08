/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ffs.h"
#include "bios/image.h"
#include "formats/reason.h"

#define HEADER 24
#define HEADER_LARGE 32
#define ATTR_LARGE 0x01 /* in FFS1: a tail of two bytes */
#define ATTR_SUMMED 0x40

#define SECTION_COMPRESSED 0x01
#define SECTION_GUIDED 0x02
#define SECTION_DISPOSABLE 0x03
#define SECTION_VERSION 0x14
#define SECTION_UI 0x15
#define SECTION_VOLUME 0x17
#define SECTION_FREEFORM 0x18
#define SECTION_RAW 0x19

#define GUIDED_PROCESS 0x01 /* a GUID-defined section's data are packed */

enum {
	IN_FILES,
	IN_SECTIONS,
	IN_BYTES
};

#define CRC32_GUID "fc1bcdb0-7d31-49aa-936a-a4600d9dd083"

/* EDK2 MdePkg and MdeModulePkg; BrotliCustomDecompressLib. */
static const struct {
	const char *guid, *name;
} packers[] = {
	{ CRC32_GUID, "crc32" },
	{ "ee4e5898-3914-4259-9d6e-dc7bd79403cf", "lzma" },
	{ "d42ae6bd-1352-4bfb-909a-ca72a6eae889", "lzma-f86" },
	{ "a31280ad-481e-41b6-95e8-127f4c984779", "tiano" },
	{ "3d532050-5cda-4fd0-879e-0f7f630d5afb", "brotli" },
	{ "0f9d89e8-9259-4f76-a5af-0c89e34023df", "signed" },
};

/* PI specification volume 3, EDK2. */
static const struct {
	const char *guid, *name;
} files[] = {
	{ FFS_TOP_GUID, "volume top file" },
	{ "1b45cc0a-156a-428a-af62-49864da0e6e6", "PEI apriori" },
	{ "fc510ee7-ffdc-11d4-bd41-0080c73c8881", "DXE apriori" },
	{ FFS_NVAR_GUID, "NVAR store" },
	{ "cbc91f44-a4bc-4a5b-8696-703451d0b053", "AMI hash file" },
};

/* ---- names ---- */

const char *
ffs_type_name(uint8_t type)
{
	static const char *const names[] = { NULL, "raw", "freeform",
		"security core", "PEI core", "DXE core", "PEI module",
		"DXE driver", "PEI and DXE driver", "application", "MM module",
		"volume image", "MM and DXE driver", "MM core", "MM standalone",
		"MM core standalone" };

	if (type < sizeof(names) / sizeof(names[0]))
		return names[type];
	if (type == FFS_PAD)
		return "pad";
	if (type >= 0xC0 && type <= 0xDF)
		return "OEM";
	if (type >= 0xE0 && type <= 0xEF)
		return "debug";
	return NULL;
}

const char *
ffs_state_name(enum ffs_state state)
{
	switch (state) {
	case FFS_BEGUN:
		return "header invalid";
	case FFS_TORN:
		return "data invalid";
	case FFS_VALID:
		return "valid";
	case FFS_UPDATE:
		return "marked for update";
	default:
		return "deleted";
	}
}

const char *
ffs_section_name(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = {
		{ SECTION_COMPRESSED, "compression" },
		{ SECTION_GUIDED, "GUID-defined" },
		{ SECTION_DISPOSABLE, "disposable" },
		{ 0x10, "PE32" },
		{ 0x11, "PIC" },
		{ 0x12, "TE" },
		{ 0x13, "DXE depex" },
		{ SECTION_VERSION, "version" },
		{ SECTION_UI, "user interface" },
		{ 0x16, "16-bit" },
		{ SECTION_VOLUME, "volume image" },
		{ SECTION_FREEFORM, "freeform" },
		{ SECTION_RAW, "raw" },
		{ 0x1B, "PEI depex" },
		{ 0x1C, "MM depex" },
		/* outside the specification (UEFITool, fwupd) */
		{ 0x20, "Insyde postcode" },
		{ 0xF0, "Phoenix postcode" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

static bool
is_guid(const struct uuid *guid, const char *text)
{
	struct uuid want;

	return uuid_parse(&want, text) && uuid_equal(&want, guid);
}

const char *
ffs_packing_name(const struct ffs_section *s)
{
	if (s->type == SECTION_COMPRESSED && s->why == NULL)
		return s->packing == 0 ? "none"
		    : s->packing == 1  ? "standard"
		    : s->packing == 2  ? "custom"
				       : "";
	for (size_t i = 0; s->type == SECTION_GUIDED && s->has_guid &&
	     i < sizeof(packers) / sizeof(packers[0]);
	     i++)
		if (is_guid(&s->guid, packers[i].guid))
			return packers[i].name;
	return "";
}

static void
ascii(const uint8_t *p, size_t n, char out[static FFS_NAME])
{
	size_t len = 0;

	for (; n >= 2 && len < FFS_NAME - 1; p += 2, n -= 2) {
		uint16_t c = get_u16le(p);

		if (c == 0)
			break;
		out[len++] = c >= 0x20 && c < 0x7F ? (char)c : '?';
	}
	out[len] = '\0';
}

void
ffs_text(
    const uint8_t *img, const struct ffs_section *s, char out[static FFS_NAME])
{
	out[0] = '\0';
	if (s->type == SECTION_VERSION || s->type == SECTION_UI)
		ascii(img + s->body, s->end - s->body, out);
}

/* ---- sections ---- */

static uint32_t
get_u24le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* A fault in the header: what follows is not looked into. */
static void
bad_section(struct ffs_section *s, size_t at, const char *why)
{
	s->why = why;
	s->at = s->off + at;
	s->body = s->end;
}

/* The header that a type has behind the common one of head bytes. */
static void
read_compressed(const uint8_t *p, size_t head, struct ffs_section *s)
{
	if (s->end - s->body < 5) {
		bad_section(s, 0, "a compression section has no header");
		return;
	}
	s->unpacked = get_u32le(p + head);
	s->packing = p[head + 4];
	s->body += 5;
	s->packed = s->packing != 0;
}

static void
check_crc(const uint8_t *p, struct ffs_section *s, size_t head)
{
	size_t off = s->body - s->off;

	if (!is_guid(&s->guid, CRC32_GUID) || off < head + 24)
		return;
	if (digest_crc32(p + off, s->end - s->body) == get_u32le(p + head + 20))
		return;
	s->why = "a section's CRC-32 is wrong";
	s->at = s->off + head + 20;
}

static void
read_guided(const uint8_t *p, size_t head, struct ffs_section *s)
{
	size_t data;

	if (s->end - s->body < 20) {
		bad_section(s, 0, "a GUID-defined section has no header");
		return;
	}
	s->has_guid = true;
	memcpy(s->guid.b, p + head, UUID_LEN);
	data = get_u16le(p + head + 16);
	s->attrs = get_u16le(p + head + 18);
	s->packed = (s->attrs & GUIDED_PROCESS) != 0;
	if (data < head + 20 || data > s->end - s->off) {
		bad_section(s, head + 16,
		    "a GUID-defined section's data offset leaves it");
		return;
	}
	s->body = s->off + data;
	check_crc(p, s, head);
}

static void
read_freeform(const uint8_t *p, size_t head, struct ffs_section *s)
{
	if (s->end - s->body < UUID_LEN) {
		bad_section(s, 0, "a freeform section has no GUID");
		return;
	}
	s->has_guid = true;
	memcpy(s->guid.b, p + head, UUID_LEN);
	s->body += UUID_LEN;
}

/* The section at off; false if its size leaves off..end. */
static bool
read_section(const uint8_t *img, size_t off, size_t end, struct ffs_section *s)
{
	const uint8_t *p = img + off;
	size_t room = end - off, head = 4, size;

	memset(s, 0, sizeof(*s));
	if (room < head)
		return false;
	size = get_u24le(p);
	if (size == 0xFFFFFF && room >= 8) {
		head = 8;
		size = get_u32le(p + 4);
	}
	if (size < head || size > room)
		return false;
	s->off = off;
	s->end = off + size;
	s->body = off + head;
	s->type = p[3];
	if (s->type == SECTION_COMPRESSED)
		read_compressed(p, head, s);
	else if (s->type == SECTION_GUIDED)
		read_guided(p, head, s);
	else if (s->type == SECTION_FREEFORM)
		read_freeform(p, head, s);
	else if (s->type == SECTION_VERSION && s->end - s->body >= 2)
		s->body += 2; /* the build number */
	else if (ffs_section_name(s->type) == NULL)
		bad_section(s, 3, "a section's type is not known");
	return true;
}

static bool
holds_sections(const struct ffs_section *s)
{
	return !s->packed &&
	    (s->type == SECTION_COMPRESSED || s->type == SECTION_GUIDED ||
		s->type == SECTION_DISPOSABLE);
}

void
ffs_name(
    const uint8_t *img, const struct ffs_file *f, char out[static FFS_NAME])
{
	struct ffs_section s;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (is_guid(&f->guid, files[i].guid))
			memcpy(out, files[i].name, strlen(files[i].name) + 1);
	if (f->type == FFS_RAW || f->type == FFS_PAD)
		return;
	for (size_t at = f->body;
	     at < f->body_end && read_section(img, at, f->body_end, &s);
	     at = f->body + ((s.end - f->body + 3) & ~(size_t)3))
		if (s.type == SECTION_UI) {
			ffs_text(img, &s, out);
			return;
		}
}

/* ---- files ---- */

static bool
is_all(const uint8_t *p, size_t n, uint8_t v)
{
	while (n > 0 && *p == v) {
		p++;
		n--;
	}
	return n == 0;
}

static void
bad_file(struct ffs_file *f, size_t at, const char *why)
{
	if (f->why != NULL)
		return;
	f->why = why;
	f->at = f->off + at;
}

/* False if no bit of a state was ever written. */
static bool
read_state(struct ffs_file *f, uint8_t erased)
{
	uint8_t bits = f->raw_state ^ erased;

	if ((bits & 0x3F) == 0)
		return false;
	if ((bits & 0x20) != 0 || (bits & 0x3F) == 0x01)
		f->state = FFS_BEGUN;
	else if ((bits & 0x10) != 0)
		f->state = FFS_DELETED;
	else if ((bits & 0x08) != 0)
		f->state = FFS_UPDATE;
	else
		f->state = (bits & 0x04) != 0 ? FFS_VALID : FFS_TORN;
	return true;
}

static void
check_sums(const uint8_t *p, const struct ffs_frame *fr, struct ffs_file *f)
{
	size_t head = f->body - f->off;
	uint8_t sum =
	    (uint8_t)(digest_sum8(p, head) - f->body_sum - f->raw_state);

	if (sum != 0)
		bad_file(f, 0x10, "a file's header checksum is wrong");
	if (f->state == FFS_TORN || f->state == FFS_DELETED)
		return;
	if (f->summed) {
		sum = digest_sum8(p + head, f->body_end - f->body);
		if ((uint8_t)(sum + f->body_sum) != 0)
			bad_file(f, 0x11, "a file's body checksum is wrong");
	} else if (f->body_sum != (fr->old ? 0x5A : 0xAA))
		bad_file(f, 0x11, "a file's constant checksum is wrong");
}

/* A large file belongs into FFS3; elsewhere the small size must serve. */
static uint64_t
read_size(const uint8_t *p, size_t room, const struct ffs_frame *fr,
    struct ffs_file *f)
{
	uint32_t small = get_u24le(p + 0x14);

	f->large = !fr->old && (f->attrs & ATTR_LARGE) != 0 &&
	    room >= HEADER_LARGE && (fr->ffs3 || small == 0);
	if (!fr->old && !fr->ffs3 && (f->attrs & ATTR_LARGE) != 0)
		bad_file(f, 0x13, "a large file in a volume that is not FFS3");
	return f->large ? get_u64le(p + HEADER) : small;
}

/* Reads the file at fr->at; the reason if its extent is not known. */
static const char *
read_file(const uint8_t *img, const struct ffs_frame *fr, struct ffs_file *f)
{
	const uint8_t *p = img + fr->at;
	size_t room = fr->end - fr->at, head;
	uint64_t size;

	memset(f, 0, sizeof(*f));
	f->off = fr->at;
	memcpy(f->guid.b, p, UUID_LEN);
	f->head_sum = p[0x10];
	f->body_sum = p[0x11];
	f->type = p[0x12];
	f->attrs = p[0x13];
	f->raw_state = p[0x17];
	f->summed = (f->attrs & ATTR_SUMMED) != 0;
	if (!read_state(f, fr->erased))
		return "bytes where a file could be, but no file's state";
	size = read_size(p, room, fr, f);
	head = f->large ? HEADER_LARGE : HEADER;
	if (f->state == FFS_BEGUN) {
		f->body = f->body_end = f->end = f->off + head;
		return NULL;
	}
	if (size < head)
		return "a file is smaller than its header";
	if (size > room)
		return "a file is longer than its volume";
	f->body = f->off + head;
	f->body_end = f->end = f->off + (size_t)size;
	if (fr->old && (f->attrs & ATTR_LARGE) != 0 && size >= head + 2)
		f->body_end -= 2;
	check_sums(p, fr, f);
	return NULL;
}

/* ---- the walk ---- */

static void
push(struct ffs_walk *w, struct ffs_item *it, const struct ffs_frame *fr)
{
	if (fr->at >= fr->end || w->flat)
		return;
	if (w->depth == FFS_DEPTH) {
		it->deep = true;
		return;
	}
	w->frame[w->depth++] = *fr;
}

static void
push_bytes(struct ffs_walk *w, struct ffs_item *it, uint8_t in, size_t from,
    size_t end)
{
	struct ffs_frame fr = {
		.in = in, .base = from, .at = from, .end = end
	};

	push(w, it, &fr);
}

static struct ffs_frame
files_of(const struct volume *v)
{
	enum volume_fs fs = volume_fs(v);
	struct ffs_frame fr = { .in = IN_FILES,
		.base = v->off,
		.at = v->first,
		.end = v->off + v->len };

	fr.ffs3 = fs == VOLUME_FFS3;
	fr.old = v->revision == 1;
	fr.erased = v->erased;
	if (v->why != NULL || fs == VOLUME_NV || fs == VOLUME_OTHER)
		fr.end = fr.at;
	return fr;
}

void
ffs_begin(struct ffs_walk *w, const uint8_t *img, const struct volume *v)
{
	struct ffs_item none;

	memset(w, 0, sizeof(*w));
	w->img = img;
	push(w, &none, (struct ffs_frame[]){ files_of(v) });
}

static bool
put(struct ffs_item *it, enum ffs_kind kind, size_t off, size_t end)
{
	it->kind = kind;
	it->off = off;
	it->end = end;
	return true;
}

static bool
stray(struct ffs_frame *fr, struct ffs_item *it, const char *why)
{
	size_t from = fr->at;

	it->why = why;
	it->at = from;
	fr->at = fr->end;
	return put(it, FFS_STRAY, from, fr->end);
}

/* Erased bytes up to the end, or to something that is no file: firmware looks
 * for none behind them. */
static bool
next_free(const uint8_t *img, struct ffs_frame *fr, struct ffs_item *it)
{
	size_t from = fr->at;

	while (fr->at < fr->end && img[fr->at] == fr->erased)
		fr->at++;
	fr->emptied = true;
	return put(it, FFS_FREE, from, fr->at);
}

static void
into_file(struct ffs_walk *w, struct ffs_item *it)
{
	const struct ffs_file *f = &it->f;

	if (f->state != FFS_VALID && f->state != FFS_UPDATE)
		return;
	if (f->type == FFS_RAW)
		push_bytes(w, it, IN_BYTES, f->body, f->body_end);
	else if (f->type >= 0x02 && f->type <= 0x0F)
		push_bytes(w, it, IN_SECTIONS, f->body, f->body_end);
}

static bool
next_file(struct ffs_walk *w, struct ffs_frame *fr, struct ffs_item *it)
{
	const uint8_t *img = w->img;
	size_t left, size;
	const char *why;

	fr->at = fr->base + ((fr->at - fr->base + 7) & ~(size_t)7);
	if (fr->at >= fr->end)
		return false;
	left = fr->end - fr->at;
	if (fr->emptied)
		return stray(fr, it, "bytes behind the volume's free space");
	if (is_all(img + fr->at, left < HEADER ? left : HEADER, fr->erased))
		return next_free(img, fr, it);
	if (left < HEADER)
		return stray(fr, it, "bytes behind the volume's last file");
	why = read_file(img, fr, &it->f);
	if (why != NULL)
		return stray(fr, it, why);
	put(it, FFS_FILE, it->f.off, it->f.end);
	it->why = it->f.why;
	it->at = it->f.at;
	size = it->f.end - it->f.off;
	fr->at += left - size < 8 ? left : (size + 7) & ~(size_t)7;
	into_file(w, it);
	return true;
}

static bool
next_section(struct ffs_walk *w, struct ffs_frame *fr, struct ffs_item *it)
{
	const struct ffs_section *s = &it->s;
	size_t left;

	fr->at = fr->base + ((fr->at - fr->base + 3) & ~(size_t)3);
	if (fr->at >= fr->end)
		return false;
	left = fr->end - fr->at;
	if (is_all(w->img + fr->at, left, 0) ||
	    is_all(w->img + fr->at, left, 0xFF)) /* padding */
		return false;
	if (!read_section(w->img, fr->at, fr->end, &it->s))
		return stray(fr, it, "bytes that are no section");
	put(it, FFS_SECTION, s->off, s->end);
	if (s->type == SECTION_VOLUME &&
	    !volume_next(w->img, s->body, s->end, &it->v))
		bad_section(&it->s, 0, "no volume in a volume image section");
	it->why = s->why;
	it->at = s->at;
	fr->at = s->end;
	if (holds_sections(s))
		push_bytes(w, it, IN_SECTIONS, s->body, s->end);
	else if (s->type == SECTION_VOLUME || s->type == SECTION_RAW)
		push_bytes(w, it, IN_BYTES, s->body, s->end);
	return true;
}

static bool
next_volume(struct ffs_walk *w, struct ffs_frame *fr, struct ffs_item *it)
{
	if (!volume_next(w->img, fr->at, fr->end, &it->v))
		return false;
	put(it, FFS_VOLUME, it->v.off, it->v.off + it->v.len);
	it->why = it->v.why != NULL ? it->v.why : it->v.odd;
	it->at = it->v.at;
	/* A broken header's length says nothing. */
	fr->at = it->v.off + (it->v.why == NULL ? it->v.len : 8);
	push(w, it, (struct ffs_frame[]){ files_of(&it->v) });
	return true;
}

bool
ffs_next(struct ffs_walk *w, struct ffs_item *it)
{
	while (w->depth > 0) {
		struct ffs_frame *fr = &w->frame[w->depth - 1];
		bool got;

		memset(it, 0, sizeof(*it));
		it->depth = w->depth - 1;
		if (fr->in == IN_FILES)
			got = next_file(w, fr, it);
		else if (fr->in == IN_SECTIONS)
			got = next_section(w, fr, it);
		else
			got = next_volume(w, fr, it);
		if (got)
			return true;
		w->depth--;
	}
	return false;
}

/* ---- a file for a map ---- */

static enum err_code
no_file(const struct uuid *guid, struct err *e, const char *why, size_t at)
{
	char text[UUID_TEXT];

	uuid_text(guid, text);
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
	    "file %s: %s 0x%zx", text, why, at);
	return err_at(e, at);
}

static enum err_code
check_target(const struct ffs_file *f, struct err *e)
{
	if (f->why != NULL)
		return no_file(&f->guid, e, f->why, f->at);
	if (f->type != FFS_RAW)
		return no_file(
		    &f->guid, e, "it is not of type raw: offset", f->off);
	return ERR_OK;
}

enum err_code
ffs_find(const struct image *img, const struct uuid *guid, struct ffs_file *out,
    struct err *e)
{
	size_t found = 0;
	struct ffs_walk w;
	struct ffs_item it;

	for (size_t i = 0; i < img->nvolumes; i++) {
		ffs_begin(&w, img->p, &img->volume[i]);
		w.flat = true;
		while (ffs_next(&w, &it)) {
			if (it.kind != FFS_FILE ||
			    !uuid_equal(&it.f.guid, guid) ||
			    (it.f.state != FFS_VALID &&
				it.f.state != FFS_UPDATE))
				continue;
			if (found++ > 0)
				return no_file(guid, e,
				    "there are several; the second is at",
				    it.off);
			*out = it.f;
		}
	}
	if (found == 0)
		return no_file(guid, e,
		    "it is in no volume that lies open in the image of bytes",
		    img->n);
	return check_target(out, e);
}
