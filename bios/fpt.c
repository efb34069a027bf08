/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/text.h"
#include "bios/fpt.h"
#include "formats/reason.h"

#define ALIGN 0x1000 /* an erase block */
#define BACKUP 0x1000
#define NOWHERE 0xFFFFFFFF

static void
broken(struct fpt *f, size_t at, const char *why)
{
	if (f->why != NULL)
		return;
	f->why = why;
	f->at = at;
}

const char *
fpt_type_name(uint8_t type)
{
	static const char *const names[] = { "code", "data", "virtual",
		"generic", "effs", "rom" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "";
}

const char *
fpt_sum_name(enum fpt_sum sum)
{
	switch (sum) {
	case FPT_SUM8:
	case FPT_SUM8_LONG:
		return "checksum-8";
	case FPT_CRC32:
		return "crc-32";
	default:
		return "";
	}
}

size_t
fpt_table_end(const struct fpt *f)
{
	return f->off + FPT_HEADER + f->n * FPT_ENTRY;
}

/* ---- the header ---- */

static uint32_t
crc_head(const uint8_t *head, uint32_t count)
{
	uint8_t copy[FPT_HEADER];

	memcpy(copy, head, sizeof(copy));
	put_u32le(copy + 4, count);
	put_u32le(copy + 0x14, 0);
	return digest_crc32(copy, sizeof(copy));
}

/* The rule follows from version and header length. */
static void
which_sum(struct fpt *f)
{
	bool old = f->version == 0x10 || f->version == 0x20;

	f->sum = FPT_SUM_NONE;
	if (f->version == 0x21 && f->header_len == FPT_HEADER)
		f->sum = FPT_CRC32;
	else if (old && f->header_len == 0x20)
		f->sum = FPT_SUM8;
	else if (old && f->header_len == 0x30 && f->off >= f->base + 0x10)
		f->sum = FPT_SUM8_LONG;
	else if (old || f->version == 0x21)
		broken(f, f->off + 0x0A, "$FPT: header length is not known");
	else
		broken(f, f->off + 0x08, "$FPT: version is not known");
	if (f->entry_version != 0x10)
		broken(f, f->off + 0x09, "$FPT: entry version is not known");
}

static void
check_sum(struct fpt *f)
{
	const uint8_t *head = f->img + f->off;

	switch (f->sum) {
	case FPT_SUM8:
		f->sum_ok = digest_sum8(head, FPT_HEADER) == 0;
		break;
	case FPT_SUM8_LONG:
		f->sum_ok = digest_sum8(head - 0x10, 0x30) == 0;
		break;
	case FPT_CRC32:
		f->sum_ok =
		    digest_crc32_more(crc_head(head, get_u32le(head + 4)),
			head + FPT_HEADER,
			f->n * FPT_ENTRY) == get_u32le(head + 0x14);
		break;
	default:
		return;
	}
	if (!f->sum_ok)
		broken(f, f->off + (f->sum == FPT_CRC32 ? 0x14 : 0x0B),
		    f->sum == FPT_CRC32 ? "$FPT: CRC-32 is wrong"
					: "$FPT: checksum is wrong");
}

static void
find_backup(struct fpt *f)
{
	size_t len = fpt_table_end(f) - f->off;
	size_t at[2] = { f->off + BACKUP, f->base + BACKUP };

	if (f->version != 0x21 || (f->flags8 & 1) == 0)
		return;
	for (size_t i = 0; i < 2 && f->backup == 0; i++)
		if (at[i] < f->end && len <= f->end - at[i] &&
		    memcmp(f->img + at[i], "$FPT", 4) == 0)
			f->backup = at[i];
	if (f->backup == 0) {
		broken(f, f->base + BACKUP,
		    "$FPT: it says that there is a backup, but none is there");
		return;
	}
	f->backup_ok = memcmp(f->img + f->backup, f->img + f->off, len) == 0;
	if (!f->backup_ok)
		broken(f, f->backup, "$FPT: the backup differs");
}

static void
read_header(struct rd *r, struct fpt *f)
{
	rd_skip(r, 4);
	f->n = rd_u32le(r);
	f->version = rd_u8(r);
	f->entry_version = rd_u8(r);
	f->header_len = rd_u8(r);
	f->flags8 = rd_u8(r);
	f->cycle_life = rd_u16le(r);
	f->cycle_limit = rd_u16le(r);
	f->uma = rd_u32le(r);
	f->flags = rd_u32le(r);
	for (size_t i = 0; i < 4; i++)
		f->tool[i] = rd_u16le(r);
}

bool
fpt_read(const uint8_t *img, size_t off, size_t base, size_t end, struct fpt *f)
{
	struct rd r;

	memset(f, 0, sizeof(*f));
	f->img = img;
	f->off = off;
	f->base = base;
	f->end = end;
	if (off < base || off > end || end - off < FPT_HEADER ||
	    memcmp(img + off, "$FPT", 4) != 0)
		return false;
	rd_init(&r, img + off, FPT_HEADER);
	read_header(&r, f);
	which_sum(f);
	if (f->n > FPT_ENTRIES || f->n > (end - off - FPT_HEADER) / FPT_ENTRY) {
		f->n = 0;
		broken(f, off + 4, "$FPT: more entries than there is room for");
		return true;
	}
	check_sum(f);
	find_backup(f);
	return true;
}

/* ---- entries ---- */

/* Characters with zeroes behind them, or digits; "" where erased. */
static void
name_of(const uint8_t tag[static 4], char out[static FPT_NAME])
{
	size_t n = 4;

	memset(out, 0, FPT_NAME);
	if (get_u32le(tag) == NOWHERE)
		return;
	while (n > 1 && tag[n - 1] == 0)
		n--;
	if (text_printable(tag, n) && tag[0] != ' ')
		memcpy(out, tag, n);
	else
		text_hex(out, tag, 4);
}

/* Where its bytes are. Offset 0 is the table's own place: a partition that is
 * not there has 0 or all ones. */
static void
place(const struct fpt *f, struct fpt_entry *e)
{
	if (e->type == FPT_GLUT || e->offset == NOWHERE || e->offset == 0 ||
	    e->size == 0 || e->size == NOWHERE)
		return;
	if (e->offset > f->end - f->base ||
	    e->size > f->end - f->base - e->offset) {
		e->why = "it ends behind what holds the table";
		return;
	}
	e->space = true;
	e->from = f->base + e->offset;
	e->len = e->size;
	if (e->from < fpt_table_end(f) && e->from + e->len > f->off)
		e->why = "it lies over the table";
}

void
fpt_entry(const struct fpt *f, size_t i, struct fpt_entry *e)
{
	uint8_t owner[4];
	struct rd r;

	memset(e, 0, sizeof(*e));
	e->at = f->off + FPT_HEADER + i * FPT_ENTRY;
	rd_init(&r, f->img + e->at, FPT_ENTRY);
	rd_copy(&r, e->tag, 4);
	rd_copy(&r, owner, 4);
	e->offset = rd_u32le(&r);
	e->size = rd_u32le(&r);
	e->start = rd_u32le(&r);
	e->max = rd_u32le(&r);
	e->scratch = rd_u32le(&r);
	e->flags = rd_u32le(&r);
	e->type = e->flags & 0x7F;
	e->invalid = e->flags >> 24 == 0xFF;
	name_of(e->tag, e->name);
	name_of(owner, e->owner);
	place(f, e);
}

bool
fpt_find(const struct fpt *f, const char *name, struct fpt_entry *e)
{
	for (size_t i = 0; i < f->n; i++) {
		fpt_entry(f, i, e);
		if (e->space && !e->invalid && strcmp(e->name, name) == 0)
			return true;
	}
	return false;
}

size_t
fpt_overlap(const struct fpt *f, size_t i)
{
	struct fpt_entry a, b;

	fpt_entry(f, i, &a);
	for (size_t j = i + 1; a.space && !a.invalid && j < f->n; j++) {
		fpt_entry(f, j, &b);
		if (b.space && !b.invalid && a.from < b.from + b.len &&
		    b.from < a.from + a.len)
			return j;
	}
	return f->n;
}

/* ---- one more partition ---- */

static enum err_code
refuse(const struct fpt *f, const char *name, const char *why, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
	    "$FPT at 0x%zx: no partition %s can be added: %s", f->off, name,
	    why);
	return err_at(e, f->off);
}

/* The next entry's place: erased, and before all that is behind the table. */
static bool
has_slot(const struct fpt *f)
{
	size_t at = fpt_table_end(f);
	struct fpt_entry e;

	if (f->n >= FPT_ENTRIES || f->end - at < FPT_ENTRY ||
	    !bytes_are(f->img, at, at + FPT_ENTRY, 0xFF))
		return false;
	for (size_t i = 0; i < f->n; i++) {
		fpt_entry(f, i, &e);
		if (e.space && e.from < at + FPT_ENTRY && at < e.from + e.len)
			return false;
	}
	if (f->backup == 0)
		return true;
	at += f->backup - f->off;
	return f->backup >= fpt_table_end(f) + FPT_ENTRY &&
	    f->end - at >= FPT_ENTRY &&
	    bytes_are(f->img, at, at + FPT_ENTRY, 0xFF);
}

/* A block at from may be ours: the end of what is in its way, or 0. */
static size_t
in_the_way(const struct fpt *f, size_t from, size_t len)
{
	size_t table = fpt_table_end(f) - f->off + FPT_ENTRY;
	struct fpt_entry e;

	for (size_t i = 0; i < f->n; i++) {
		fpt_entry(f, i, &e);
		if (e.space && e.from < from + len && from < e.from + e.len)
			return e.from + e.len;
	}
	if (from < f->off + table)
		return f->off + table;
	if (f->backup != 0 && f->backup < from + len &&
	    from < f->backup + table)
		return f->backup + table;
	for (size_t i = len; i-- > 0;)
		if (f->img[from + i] != 0xFF)
			return from + i + 1;
	return 0;
}

/* Each step goes on behind what was in the way: linear but for the entries. */
static bool
find_space(const struct fpt *f, size_t len, size_t *from)
{
	size_t at = f->base;

	while (len <= f->end - f->base && at <= f->end - len) {
		size_t next = in_the_way(f, at, len);

		if (next == 0) {
			*from = at;
			return true;
		}
		at = f->base + (next - f->base + ALIGN - 1) / ALIGN * ALIGN;
	}
	return false;
}

static struct fpt_patch *
patch(struct fpt_add *a, size_t off, size_t len, const char *why)
{
	struct fpt_patch *p = &a->p[a->n++];

	p->off = off;
	p->len = len;
	p->why = why;
	return p;
}

static void
put_entry(const struct fpt *f, const char *name, const struct fpt_add *a,
    uint8_t *out)
{
	struct wr w;

	wr_fixed(&w, out, FPT_ENTRY);
	wr_bytes(&w, name, 4);
	wr_fill(&w, 0xFF, 4); /* no owner */
	wr_u32le(&w, (uint32_t)(a->from - f->base));
	wr_u32le(&w, (uint32_t)a->len);
	/* Tokens as those of the plain partitions of ME 6 to 10. */
	wr_u32le(&w, 1);
	wr_u32le(&w, 1);
	wr_u32le(&w, 0);
	wr_u32le(&w, FPT_DATA);
}

static void
put_sum(const struct fpt *f, struct fpt_add *a, const uint8_t *entry)
{
	const uint8_t *head = f->img + f->off;
	uint32_t count = (uint32_t)f->n + 1;
	uint8_t was[4], now[4];
	uint32_t crc;

	if (f->sum == FPT_CRC32) {
		crc = digest_crc32_more(
		    crc_head(head, count), head + FPT_HEADER, f->n * FPT_ENTRY);
		put_u32le(patch(a, f->off + 0x14, 4, "CRC-32 of $FPT")->bytes,
		    digest_crc32_more(crc, entry, FPT_ENTRY));
		return;
	}
	put_u32le(was, count - 1);
	put_u32le(now, count);
	patch(a, f->off + 0x0B, 1, "checksum of $FPT")->bytes[0] =
	    (uint8_t)(head[0x0B] + digest_sum8(was, 4) - digest_sum8(now, 4));
}

static enum err_code
may_add(const struct fpt *f, const char *name, size_t size, struct err *e)
{
	struct fpt_entry other;

	if (strlen(name) != 4 || !text_printable(name, 4) || name[0] == ' ')
		return refuse(f, name, "a name has four characters", e);
	if (f->why != NULL) {
		refuse(f, name, f->why, e);
		return e->code;
	}
	if (fpt_find(f, name, &other))
		return refuse(f, name, "one of that name is there", e);
	if (size == 0 || size > f->end - f->base)
		return refuse(f, name, "its size is larger than the region", e);
	if (!has_slot(f))
		return refuse(
		    f, name, "no erased bytes behind the last entry", e);
	return ERR_OK;
}

enum err_code
fpt_add(const struct fpt *f, const char *name, size_t size, struct fpt_add *a,
    struct err *e)
{
	struct fpt_patch *entry;
	size_t n;

	memset(a, 0, sizeof(*a));
	if (may_add(f, name, size, e) != ERR_OK)
		return e->code;
	a->len = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (!find_space(f, a->len, &a->from))
		return refuse(f, name,
		    "no erased bytes that belong to no partition have its size",
		    e);
	entry =
	    patch(a, fpt_table_end(f), FPT_ENTRY, "entry of the new partition");
	put_entry(f, name, a, entry->bytes);
	put_u32le(patch(a, f->off + 4, 4, "count of $FPT's entries")->bytes,
	    (uint32_t)f->n + 1);
	put_sum(f, a, entry->bytes);
	n = a->n;
	for (size_t i = 0; f->backup != 0 && i < n; i++) {
		a->p[n + i] = a->p[i];
		a->p[n + i].off += f->backup - f->off;
		a->n++;
	}
	return ERR_OK;
}
