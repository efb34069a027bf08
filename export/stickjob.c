/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "export/stickjob.h"
#include "formats/reason.h"
#include "formats/setupbin.h"

#define BLOCK_SECTORS (STICK_BLOCK / STICK_SECTOR)

/* ---- the image ---- */

struct memory {
	const uint8_t *p;
	size_t n;
};

static bool
memory_read(void *arg, uint64_t lba, void *sector)
{
	const struct memory *m = arg;

	if (lba >= m->n / STICK_SECTOR)
		return false;
	memcpy(sector, m->p + lba * STICK_SECTOR, STICK_SECTOR);
	return true;
}

static enum err_code
no_key(const char *why, struct err *e)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_STICK_IMAGE),
	    "no key image: %s", why);
}

enum err_code
stickjob_image(const uint8_t *p, size_t n, uint64_t *sectors, struct err *e)
{
	struct memory m = { p, n };
	struct fat_disk disk = {
		.read = memory_read, .arg = &m, .sectors = n / STICK_SECTOR
	};
	struct fat_file file;
	bool contiguous = false;
	const char *why = "";
	struct fat fat;

	if (!fat_open(&fat, &disk, &why) ||
	    !fat_find(&fat, SETUPBIN_NAME, &file, &why))
		return no_key(why, e);
	if (!file.first)
		return no_key("SETUP.BIN is not the first entry", e);
	if (!fat_contiguous(&fat, &file, &contiguous, &why))
		return no_key(why, e);
	if (!contiguous)
		return no_key("SETUP.BIN is in pieces", e);
	if (!fat_used(&fat, sectors, &why))
		return no_key(why, e);
	if (*sectors > n / STICK_SECTOR)
		return no_key("the image is cut short", e);
	return ERR_OK;
}

/* ---- moving sectors ---- */

struct work {
	struct stickjob *job;
	struct stick *stick;
	uint8_t *block; /* what is read back */
	uint8_t *zero;
};

static enum err_code
go_on(const struct work *w, struct err *e)
{
	if (atomic_load(&w->job->stop))
		return err_set(e, ERR_RETRY,
		    "interrupted: what is on the stick is not whole");
	return ERR_OK;
}

/* What belongs at lba; n sectors of it, at most a block. */
static const uint8_t *
wanted(const struct work *w, uint64_t lba)
{
	return w->job->image == NULL ? w->zero
				     : w->job->image + lba * STICK_SECTOR;
}

static size_t
piece(uint64_t from, uint64_t to)
{
	return to - from < BLOCK_SECTORS ? (size_t)(to - from) : BLOCK_SECTORS;
}

static enum err_code
write_range(struct work *w, uint64_t from, uint64_t to, struct err *e)
{
	while (from < to && go_on(w, e) == ERR_OK) {
		size_t n = piece(from, to);

		if (stick_write(w->stick, from, wanted(w, from),
			n * STICK_SECTOR, e) != ERR_OK)
			return e->code;
		from += n;
		atomic_fetch_add(&w->job->done, n);
	}
	return e->code;
}

static enum err_code
differs(const struct work *w, uint64_t lba, const uint8_t *want, size_t n,
    struct err *e)
{
	size_t at = 0;

	while (at < n && w->block[at] == want[at])
		at++;
	err_refuse(e, ERR_IO, reason_get(REASON_STICK_DIFFERS),
	    "what is read back differs from what was written, first at offset "
	    "0x%llx: the stick lies "
	    "or is worn out",
	    (unsigned long long)(lba * STICK_SECTOR + at));
	return err_at(e, (size_t)(lba * STICK_SECTOR + at));
}

static enum err_code
compare_range(struct work *w, uint64_t from, uint64_t to, struct err *e)
{
	while (from < to && go_on(w, e) == ERR_OK) {
		size_t n = piece(from, to);
		const uint8_t *want = wanted(w, from);

		if (stick_read(w->stick, from, w->block, n * STICK_SECTOR, e) !=
		    ERR_OK)
			return err_in(e, "reading back");
		if (memcmp(w->block, want, n * STICK_SECTOR) != 0)
			return differs(w, from, want, n * STICK_SECTOR, e);
		from += n;
		atomic_fetch_add(&w->job->done, n);
	}
	return e->code;
}

/* ---- an image ---- */

static enum err_code
write_image(struct work *w, struct err *e)
{
	uint64_t n = w->job->sectors;
	size_t head = piece(0, n);

	atomic_store(&w->job->total, 2 * n);
	if (stick_write(w->stick, 0, w->zero, head * STICK_SECTOR, e) !=
		ERR_OK ||
	    write_range(w, head, n, e) != ERR_OK ||
	    stick_sync(w->stick, e) != ERR_OK ||
	    write_range(w, 0, head, e) != ERR_OK ||
	    stick_sync(w->stick, e) != ERR_OK)
		return e->code;
	return compare_range(w, 0, n, e);
}

static enum err_code
may_write(const struct stickjob *j, struct err *e)
{
	if (j->sectors > j->capacity)
		return err_refuse(e, ERR_DATA, reason_get(REASON_STICK_SMALL),
		    "the image needs %llu bytes, the stick has %llu",
		    (unsigned long long)j->sectors * STICK_SECTOR,
		    (unsigned long long)j->capacity * STICK_SECTOR);
	return ERR_OK;
}

/* ---- a wipe ---- */

/* Up to where? The file comes first, since the secrets are there. */
static enum err_code
wipe_file(struct work *w, struct fat *fat, struct err *e)
{
	uint64_t lba, from = 0, to = 0;
	struct fat_file file;
	const char *why;

	if (!fat_find(fat, SETUPBIN_NAME, &file, &why))
		return ERR_OK;
	for (uint32_t i = 0; i < (file.size + STICK_SECTOR - 1) / STICK_SECTOR;
	     i++) {
		/* A chain that is broken ends here; the rest is overwritten
		 * with everything else. */
		if (!fat_lba(fat, &file, i, &lba, &why))
			break;
		if (lba == to) {
			to++;
			continue;
		}
		if (write_range(w, from, to, e) != ERR_OK)
			return e->code;
		from = lba;
		to = lba + 1;
	}
	if (write_range(w, from, to, e) != ERR_OK)
		return e->code;
	return stick_sync(w->stick, e);
}

static enum err_code
find_extent(struct stickjob *j, struct stick_disk *d, struct fat *fat,
    bool *is_fat, struct err *e)
{
	const char *why = NULL;

	*is_fat =
	    fat_open(fat, &d->disk, &why) && fat_used(fat, &j->sectors, &why);
	if (d->err.code != ERR_OK)
		return stick_disk_err(d, why, e);
	if (j->whole)
		j->sectors = j->capacity;
	else if (!*is_fat)
		return err_refuse(e, ERR_DATA, reason_get(REASON_STICK_NO_KEY),
		    "no FAT volume is there to say how far the stick was "
		    "written; --whole wipes all of it");
	if (j->sectors > j->capacity)
		j->sectors = j->capacity;
	return ERR_OK;
}

static enum err_code
wipe(struct work *w, bool look, struct err *e)
{
	struct stick_disk d;
	bool is_fat = false;
	struct fat fat;

	if (stick_disk_init(&d, w->stick, e) != ERR_OK ||
	    find_extent(w->job, &d, &fat, &is_fat, e) != ERR_OK || look)
		goto out;
	atomic_store(&w->job->total, 2 * w->job->sectors);
	if (is_fat && wipe_file(w, &fat, e) != ERR_OK)
		goto out;
	atomic_store(&w->job->done, 0);
	if (write_range(w, 0, w->job->sectors, e) == ERR_OK &&
	    stick_sync(w->stick, e) == ERR_OK)
		compare_range(w, 0, w->job->sectors, e);
out:
	stick_disk_free(&d);
	return e->code;
}

/* ---- jobs ---- */

static enum err_code
judge(struct stickjob *j, struct stick *s, struct err *e)
{
	j->capacity = s->info.sectors;
	if (stick_may_use(&s->info, j->allow, e) != ERR_OK ||
	    (j->image != NULL && may_write(j, e) != ERR_OK) ||
	    stick_content(s, &j->content, &j->words, e) != ERR_OK)
		return e->code;
	if (j->content == STICK_FOREIGN && !j->allow->force)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_FOREIGN),
		    "the stick holds %s", j->words);
	return ERR_OK;
}

static enum err_code
work_on(struct stickjob *j, struct stick *s, bool look, struct err *e)
{
	struct work w = { .job = j, .stick = s };

	w.block = malloc(STICK_BLOCK);
	w.zero = calloc(1, STICK_BLOCK);
	if (w.block == NULL || w.zero == NULL)
		err_mem(e);
	else if (judge(j, s, e) == ERR_OK) {
		if (j->image == NULL)
			wipe(&w, look, e);
		else if (!look)
			write_image(&w, e);
	}
	if (w.block != NULL)
		secret_wipe(w.block, STICK_BLOCK);
	free(w.block);
	free(w.zero);
	return e->code;
}

static void
job(struct stickjob *j, bool look)
{
	struct stick *s = NULL;
	double began = clock_seconds();

	err_clear(&j->err);
	j->words = "";
	/* Before anything is opened: what the kernel shows is enough to say
	 * no, and a disk that is in use is left alone. */
	if (stick_may_use(j->info, j->allow, &j->err) == ERR_OK &&
	    stick_open(j->info, look ? STICK_LOOK : STICK_WRITE, j->how, &s,
		&j->err) == ERR_OK)
		work_on(j, s, look, &j->err);
	stick_close(s);
	j->seconds = clock_seconds() - began;
	if (j->err.code == ERR_OK)
		j->bytes = j->sectors * STICK_SECTOR;
	atomic_store(&j->over, true);
}

void
stickjob_look(struct stickjob *j)
{
	job(j, true);
}

void
stickjob_run(struct stickjob *j)
{
	job(j, false);
}
