/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "bios/fitc.h"
#include "bios/mecfg.h"
#include "bios/mfs.h"
#include "factory/showmefs.h"

#define FILE_MAX 0x400000 /* all chunks of a volume */

/* A partition, and where the image has it. */
struct window {
	const uint8_t *p;
	size_t off, len;
};

static void
broken(struct tree *t, size_t at, const char *what, const char *why)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	tree_unknown(t, at, at, text);
}

/* ---- settings ---- */

static void
by_path(struct tree *t, const struct mecfg_rec *rec)
{
	tree_entry(t, "settings", rec->path);
	if ((rec->access & MECFG_DIRECTORY) == 0)
		tree_uint(t, "size", rec->size);
	tree_flag(t, "directory", (rec->access & MECFG_DIRECTORY) != 0);
	tree_flag(t, "hmac", (rec->access & MECFG_HMAC) != 0);
	tree_flag(t, "encrypted", (rec->access & MECFG_ENCRYPTED) != 0);
	tree_flag(t, "anti_replay", (rec->access & MECFG_ANTI_REPLAY) != 0);
	tree_flag(t, "oem_may_override", (rec->deploy & MECFG_DEPLOY_OEM) != 0);
	tree_flag(t, "mca_may_set", (rec->deploy & MECFG_DEPLOY_MCA) != 0);
	tree_close(t);
}

static void
by_id(struct tree *t, const struct mecfg_rec *rec)
{
	char id[16];

	snprintf(id, sizeof(id), "0x%08x", rec->id);
	tree_entry(t, "settings", id);
	tree_uint(t, "size", rec->size);
	tree_flag(t, "oem", (rec->flags & 1) != 0);
	tree_close(t);
}

/* Names and sizes; never a value. */
static void
settings(struct tree *t, const uint8_t *p, size_t n, size_t each, size_t at)
{
	struct mecfg_walk w = { 0 };
	struct mecfg_rec rec;
	struct mecfg c;

	if (!mecfg_read(p, n, each, &c)) {
		tree_text(t, "broken", c.why);
		broken(t, at, "list of settings", c.why);
		return;
	}
	tree_uint(t, "count", c.count);
	while (mecfg_next(&c, &w, &rec))
		if (c.each == MECFG_IDS)
			by_id(t, &rec);
		else if (!rec.up)
			by_path(t, &rec);
}

/* ---- MFS ---- */

static void
file_settings(
    struct tree *t, const struct window *in, const struct mfs *m, size_t id)
{
	struct wr w;

	wr_grow(&w, FILE_MAX);
	/* Its bytes lie in many chunks: the fault has the partition's place. */
	if (mfs_load(m, id, &w))
		settings(t, w.buf, w.len, 0, in->off);
	wr_free(&w);
}

static void
file(struct tree *t, const struct window *in, const struct mfs *m, size_t id)
{
	const struct mfs_file *f = &m->file[id];

	if (f->state == MFS_UNUSED)
		return;
	tree_entry(t, "files", mfs_file_name(id));
	tree_uint(t, "id", id);
	tree_text(t, "state", mfs_file_state_name(f->state));
	tree_uint(t, "size", f->size);
	if (f->why != NULL) {
		char what[40];

		tree_text(t, "broken", f->why);
		snprintf(what, sizeof(what), "MFS file %zu", id);
		broken(t, in->off, what, f->why);
	} else if (id == MFS_FILE_INTEL_CFG || id == MFS_FILE_FITC_CFG)
		file_settings(t, in, m, id);
	tree_close(t);
}

static void
faults(struct tree *t, const struct window *in, const struct mfs *m)
{
	for (size_t i = 0; i < m->nfaults && i < MFS_FAULTS; i++)
		broken(t, in->off + m->fault[i].at, "MFS", m->fault[i].what);
	if (m->nfaults > MFS_FAULTS)
		tree_uint(t, "faults", m->nfaults);
}

static void
volume(struct tree *t, const struct window *in, const struct mfs *m)
{
	tree_text(t, "state", mfs_state_name(mfs_state(m)));
	tree_uint(t, "pages", m->npages);
	tree_uint(t, "system_pages", m->nsystem);
	tree_uint(t, "data_pages", m->ndata);
	tree_uint(t, "scratch_pages", m->nscratch);
	tree_uint(t, "erased_pages", m->nerased);
	tree_uint(t, "good_pages", m->good_pages);
	tree_uint(t, "bad_pages", m->bad_pages);
	tree_uint(t, "good_chunks", m->good_chunks);
	tree_uint(t, "bad_chunks", m->bad_chunks);
	if (m->volume) {
		tree_hex(t, "volume_size", m->size);
		tree_uint(t, "dictionary", m->dictionary);
		tree_uint(t, "platform", m->platform);
		tree_uint(t, "kind", m->kind);
		tree_uint(t, "file_count", m->nfiles);
	}
	faults(t, in, m);
	for (size_t i = 0; i < m->nfiles; i++)
		file(t, in, m, i);
}

static bool
mfs(struct tree *t, const struct window *in)
{
	struct mfs m;
	struct err e;

	if (!mfs_present(in->p, in->len))
		return false;
	err_clear(&e);
	tree_open(t, "mfs", in->off, in->off + in->len, "MFS");
	if (mfs_read(in->p, in->len, &m, &e) == ERR_OK)
		volume(t, in, &m);
	else
		t->out.failed = true;
	mfs_free(&m);
	tree_close(t);
	return true;
}

/* ---- FITC ---- */

static void
checked(struct tree *t, const struct fitc *f, size_t at)
{
	tree_uint(t, "revision", f->revision);
	tree_hex(t, "length", f->length);
	tree_text(t, "header_crc", f->head_ok ? "good" : "bad");
	tree_text(t, "data_crc", f->data_ok ? "good" : "bad");
	if (!f->head_ok)
		tree_unknown(t, at + 4, at + 4,
		    "CRC-32 of a header of settings is wrong");
	if (!f->data_ok)
		tree_unknown(
		    t, at + 12, at + 12, "CRC-32 of settings is wrong");
}

static bool
fitc(struct tree *t, const struct window *in)
{
	struct fitc f;

	if (!fitc_read(in->p, in->len, &f))
		return false;
	tree_open(t, "fitc", in->off, in->off + FITC_HEAD + f.length, "FITC");
	checked(t, &f, in->off);
	settings(t, f.data, f.length, MECFG_IDS, in->off + FITC_HEAD);
	tree_close(t);
	return true;
}

/* ---- MFSB ---- */

#define BACKUP_HEAD 0x20   /* revision 0: "MFSB", CRC-32, FF */
#define BACKUP_HEAD_1 0x24 /* revision 1: three offsets and sizes */

/* An entry has the header of a FITC partition, as it seems: the published
 * fields are the same. */
static void
backup_entry(struct tree *t, const struct window *in, size_t i)
{
	static const size_t ids[] = { MFS_FILE_INTEL_CFG, 9,
		MFS_FILE_FITC_CFG };
	size_t off = get_u32le(in->p + 0x0C + 8 * i);
	size_t len = get_u32le(in->p + 0x10 + 8 * i);
	struct fitc f;

	if (len == 0)
		return;
	if (off > in->len || len > in->len - off) {
		tree_unknown(t, in->off + 0x0C + 8 * i, in->off + 0x0C + 8 * i,
		    "MFSB: an entry outside the partition");
		return;
	}
	tree_open(t, "entries", in->off + off, in->off + off + len,
	    mfs_file_name(ids[i]));
	tree_uint(t, "id", ids[i]);
	if (fitc_read(in->p + off, len, &f)) {
		checked(t, &f, in->off + off);
		if (ids[i] != 9)
			settings(
			    t, f.data, f.length, 0, in->off + off + FITC_HEAD);
	} else
		broken(t, in->off + off + f.at, "MFSB: an entry", f.why);
	tree_close(t);
}

static void
backup_1(struct tree *t, const struct window *in)
{
	uint8_t head[BACKUP_HEAD_1];
	uint32_t stored = get_u32le(in->p + 8);

	memcpy(head, in->p, sizeof(head));
	memset(head + 8, 0, 4);
	/* That it covers the header, itself being 0, is inferred: as in all
	 * others of its time. */
	tree_hex(t, "header_crc_stored", stored);
	if (digest_crc32(head, sizeof(head)) == stored)
		tree_text(t, "header_crc", "good");
	else
		tree_unknown(t, in->off + 8, in->off + 8,
		    "MFSB: the header's CRC-32 is not that of the header");
	for (size_t i = 0; i < 3; i++)
		backup_entry(t, in, i);
}

static bool
mfsb(struct tree *t, const struct window *in)
{
	bool old = true;

	if (in->len < BACKUP_HEAD_1 || memcmp(in->p, "MFSB", 4) != 0)
		return false;
	for (size_t i = 8; i < BACKUP_HEAD; i++)
		old = old && in->p[i] == 0xFF;
	tree_open(t, "mfsb", in->off, in->off + in->len, "MFSB");
	tree_uint(t, "revision", old ? 0 : get_u32le(in->p + 4));
	if (!old && get_u32le(in->p + 4) == 1)
		backup_1(t, in);
	else {
		if (old)
			tree_hex(t, "crc_stored", get_u32le(in->p + 4));
		tree_unknown(t, in->off + BACKUP_HEAD, in->off + in->len,
		    "MFSB: a backup that is packed in no published way");
	}
	tree_close(t);
	return true;
}

bool
showmefs_tree(struct tree *t, const uint8_t *img, size_t off, size_t len,
    const char *partition)
{
	struct window in = { img + off, off, len };

	if (strcmp(partition, "MFS") == 0 || strcmp(partition, "AFSP") == 0)
		return mfs(t, &in);
	if (strcmp(partition, "MFSB") == 0)
		return mfsb(t, &in);
	if (strcmp(partition, "FITC") == 0)
		return fitc(t, &in);
	return false;
}
