/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "bios/mfs.h"

#define PAGE_SIGNATURE 0xAA557887u
#define VOLUME_SIGNATURE 0x724F6201u
#define CRC_AT 0x10 /* in a page's header */
#define HEADER 0x12
#define INDEXES 121
#define SYSTEM_CHUNKS 120
#define SYSTEM_AT (HEADER + 2 * INDEXES)
#define DATA_CHUNKS 122
#define DATA_AT (HEADER + DATA_CHUNKS)
#define STORED (MFS_CHUNK + 2) /* a chunk with its CRC */
#define CHUNKS 0x10000
#define VOLUME_HEADER 14

#define FAT_ERASED 0xFFFE
#define FAT_EMPTY 0xFFFF

struct page {
	uint32_t number;
	uint16_t first;
	size_t off;
	bool sound; /* its header's CRC holds */
};

static void
fault(struct mfs *m, size_t at, const char *what)
{
	if (m->nfaults < MFS_FAULTS) {
		m->fault[m->nfaults].at = at;
		m->fault[m->nfaults].what = what;
	}
	m->nfaults++;
}

/* ---- pages ---- */

static bool
header_holds(const uint8_t *p)
{
	uint8_t head[CRC_AT];

	memcpy(head, p, sizeof(head));
	put_u32le(head, PAGE_SIGNATURE);
	return digest_crc8(1, head, sizeof(head)) == p[CRC_AT];
}

bool
mfs_present(const uint8_t *p, size_t n)
{
	for (size_t off = 0; n - off >= MFS_PAGE; off += MFS_PAGE)
		if (get_u32le(p + off) == PAGE_SIGNATURE)
			return true;
	return false;
}

/* True for a page with chunks. */
static bool
read_page(struct mfs *m, size_t off, struct page *page)
{
	const uint8_t *p = m->p + off;
	uint32_t signature = get_u32le(p);

	if (signature != PAGE_SIGNATURE && signature != 0) {
		if (bytes_are(p, 0, MFS_PAGE, 0xFF))
			m->nerased++;
		else {
			m->nother++;
			fault(m, off, "a page of no known signature");
		}
		return false;
	}
	page->sound = header_holds(p);
	if (page->sound)
		m->good_pages++;
	else {
		m->bad_pages++;
		fault(m, off + CRC_AT, "CRC-8 of a page's header is wrong");
	}
	if (signature == 0) {
		m->nscratch++;
		return false;
	}
	page->off = off;
	page->number = get_u32le(p + 4);
	page->first = get_u16le(p + 14);
	if (page->first == 0)
		m->nsystem++;
	else
		m->ndata++;
	return true;
}

static int
by_number(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* ---- chunks ---- */

/* A chunk is known by its newest sound copy. */
static void
take_chunk(struct mfs *m, size_t off, uint16_t index)
{
	uint16_t stored = get_u16le(m->p + off + MFS_CHUNK);
	uint8_t le[2];

	put_u16le(le, index);
	if (stored != 0 &&
	    stored !=
		digest_crc16(digest_crc16(0xFFFF, m->p + off, MFS_CHUNK), le,
		    sizeof(le))) {
		m->bad_chunks++;
		fault(m, off + MFS_CHUNK, "CRC-16 of a chunk is wrong");
		return;
	}
	m->good_chunks++;
	m->chunk[index] = (uint32_t)off;
}

/* The 14-bit CRC that the next index is XORed with. */
static uint16_t
veil(uint16_t index)
{
	unsigned crc = 0x3FFF;

	for (int i = 0; i < 2; i++) {
		uint8_t top =
		    (uint8_t)((unsigned)(index >> 8 * i & 0xFF) ^ crc >> 8);

		/* From 0, one byte gives that byte's entry of the table. */
		crc = (digest_crc16(0, &top, 1) ^ crc << 8) & 0x3FFF;
	}
	return (uint16_t)crc;
}

static void
take_system(struct mfs *m, const struct page *page)
{
	const uint8_t *p = m->p + page->off;
	uint16_t index = 0;

	for (size_t i = 0; i < SYSTEM_CHUNKS; i++) {
		uint16_t v = get_u16le(p + HEADER + 2 * i);

		if ((v & 0xC000) != 0)
			break;
		index = (uint16_t)(veil(index) ^ v);
		take_chunk(m, page->off + SYSTEM_AT + STORED * i, index);
	}
}

static void
take_data(struct mfs *m, const struct page *page)
{
	for (size_t i = 0; i < DATA_CHUNKS; i++) {
		size_t slot = page->off + HEADER + i;

		if (m->p[slot] == 0xFF)
			continue;
		if (m->p[slot] != 0)
			fault(m, slot, "a slot neither used nor free");
		else if (page->first + i >= CHUNKS)
			fault(m, slot, "a chunk beyond all indexes");
		else
			take_chunk(m, page->off + DATA_AT + STORED * i,
			    (uint16_t)(page->first + i));
	}
}

/* Chunks prove their own index, so they are taken from any page; where data
 * begins is believed of a sound header only. */
static void
read_pages(struct mfs *m, struct page *page)
{
	size_t n = 0;

	m->npages = m->n / MFS_PAGE;
	if (m->npages > MFS_PAGES) {
		fault(m, MFS_PAGES * MFS_PAGE, "more pages than indexes reach");
		m->npages = MFS_PAGES;
	}
	for (size_t i = 0; i < m->npages; i++)
		n += read_page(m, i * MFS_PAGE, &page[n]);
	if (m->n % MFS_PAGE != 0)
		fault(m, m->n / MFS_PAGE * MFS_PAGE, "less than a page");
	qsort(page, n, sizeof(*page), by_number);
	for (size_t i = 0; i < n; i++) {
		if (page[i].first == 0) {
			take_system(m, &page[i]);
			continue;
		}
		take_data(m, &page[i]);
		if (page[i].sound &&
		    (m->first_data == 0 || page[i].first < m->first_data))
			m->first_data = page[i].first;
	}
}

/* ---- the volume ---- */

static enum err_code
read_area(struct mfs *m, struct err *e)
{
	m->narea = m->first_data * MFS_CHUNK;
	if (m->narea == 0)
		return ERR_OK;
	m->area = calloc(m->first_data, MFS_CHUNK);
	if (m->area == NULL)
		return err_mem(e);
	/* What was never written is zero: unused. */
	for (size_t i = 0; i < m->first_data; i++)
		if (m->chunk[i] != 0)
			memcpy(m->area + i * MFS_CHUNK, m->p + m->chunk[i],
			    MFS_CHUNK);
	return ERR_OK;
}

static enum err_code
read_volume(struct mfs *m, struct err *e)
{
	const uint8_t *p = m->area;

	if (m->narea < VOLUME_HEADER || get_u32le(p) != VOLUME_SIGNATURE) {
		fault(m, m->narea == 0 ? 0 : m->chunk[0],
		    "no header of a volume");
		return ERR_OK;
	}
	m->volume = true;
	m->dictionary = p[4];
	m->platform = p[5];
	m->kind = get_u16le(p + 6);
	m->size = get_u32le(p + 8);
	m->nfiles = get_u16le(p + 12);
	if (m->nfiles > (m->narea - VOLUME_HEADER) / 2) {
		fault(m, m->chunk[0] + 12,
		    "more files than the system area has room for");
		m->nfiles = 0;
	}
	m->file = calloc(m->nfiles + 1, sizeof(*m->file));
	return m->file == NULL ? err_mem(e) : ERR_OK;
}

/* ---- files ---- */

static size_t
fat_entries(const struct mfs *m)
{
	return (m->narea - VOLUME_HEADER) / 2;
}

static uint16_t
fat(const struct mfs *m, size_t i)
{
	return get_u16le(m->area + VOLUME_HEADER + 2 * i);
}

/* Where the data chunk of that entry lies, or 0. */
static size_t
data_at(const struct mfs *m, size_t entry)
{
	size_t index = m->first_data + entry - m->nfiles;

	return index < CHUNKS ? m->chunk[index] : 0;
}

/* Follows a chain; each entry may be in one file only, so it ends. */
static const char *
follow(const struct mfs *m, size_t entry, uint8_t *seen, uint32_t *size)
{
	for (;;) {
		uint16_t next;

		if (entry < m->nfiles || entry >= fat_entries(m))
			return "a chunk that cannot be";
		if (seen[entry] != 0)
			return "a chunk that is in the chain, or in another "
			       "file, already";
		seen[entry] = 1;
		if (data_at(m, entry) == 0)
			return "a chunk is missing or broken";
		next = fat(m, entry);
		if (next >= 1 && next <= MFS_CHUNK) {
			*size += next;
			return NULL;
		}
		if (next == 0 || next == FAT_ERASED || next == FAT_EMPTY)
			return "the chain does not end";
		*size += MFS_CHUNK;
		entry = next;
	}
}

static void
read_file(struct mfs *m, size_t id, uint8_t *seen)
{
	struct mfs_file *f = &m->file[id];
	uint16_t head = fat(m, id);

	if (head == 0 || head == FAT_ERASED || head == FAT_EMPTY) {
		f->state = head == 0    ? MFS_UNUSED
		    : head == FAT_EMPTY ? MFS_EMPTY
					: MFS_ERASED;
		return;
	}
	f->why = follow(m, head, seen, &f->size);
	f->state = f->why == NULL ? MFS_STORED : MFS_BROKEN;
}

static enum err_code
read_files(struct mfs *m, struct err *e)
{
	uint8_t *seen = calloc(CHUNKS, 1);

	if (seen == NULL)
		return err_mem(e);
	for (size_t i = 0; i < m->nfiles; i++)
		read_file(m, i, seen);
	free(seen);
	return ERR_OK;
}

enum err_code
mfs_read(const uint8_t *p, size_t n, struct mfs *m, struct err *e)
{
	struct page *page = calloc(MFS_PAGES + 1, sizeof(*page));

	memset(m, 0, sizeof(*m));
	m->p = p;
	m->n = n;
	m->chunk = calloc(CHUNKS, sizeof(*m->chunk));
	if (page == NULL || m->chunk == NULL)
		err_mem(e);
	else {
		read_pages(m, page);
		if (read_area(m, e) == ERR_OK && read_volume(m, e) == ERR_OK &&
		    m->volume)
			read_files(m, e);
	}
	free(page);
	return e->code;
}

void
mfs_free(struct mfs *m)
{
	free(m->chunk);
	free(m->area);
	free(m->file);
	memset(m, 0, sizeof(*m));
}

bool
mfs_load(const struct mfs *m, size_t id, struct wr *w)
{
	size_t entry;

	if (id >= m->nfiles || m->file[id].state != MFS_STORED)
		return false;
	/* The chain was followed to its end once. */
	for (entry = fat(m, id);; entry = fat(m, entry)) {
		uint16_t next = fat(m, entry);
		bool last = next <= MFS_CHUNK;

		wr_bytes(w, m->p + data_at(m, entry), last ? next : MFS_CHUNK);
		if (last)
			return !w->failed;
	}
}

/* ---- names ---- */

const char *
mfs_file_name(size_t id)
{
	static const char *const names[] = { NULL, NULL, "anti-replay",
		"anti-replay", "svn", "quota", "intel.cfg", "fitc.cfg", "home",
		"manifest-backup" };

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}

const char *
mfs_file_state_name(enum mfs_file_state state)
{
	static const char *const names[] = { "unused", "erased", "empty",
		"stored", "broken" };

	return names[state];
}

static bool
has_any(const struct mfs *m, size_t from, size_t to)
{
	for (size_t i = from; i <= to && i < m->nfiles; i++)
		if (m->file[i].state >= MFS_EMPTY)
			return true;
	return false;
}

enum mfs_state
mfs_state(const struct mfs *m)
{
	if (!m->volume)
		return MFS_NO_VOLUME;
	if (has_any(m, 0, 5) || has_any(m, MFS_FILE_HOME, MFS_FILE_HOME))
		return MFS_INITIALIZED;
	return has_any(m, 6, 9) ? MFS_CONFIGURED : MFS_UNCONFIGURED;
}

const char *
mfs_state_name(enum mfs_state state)
{
	static const char *const names[] = { "no volume", "unconfigured",
		"configured", "initialized" };

	return names[state];
}
