/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/rand.h"
#include "base/secret.h"
#include "device/stateowner.h"
#include "device/usbkey.h"
#include "formats/onetouch.h"
#include "formats/reason.h"

static bool
disk_read(void *arg, uint64_t lba, void *sector)
{
	const int *fd = arg;

	return pread(*fd, sector, FAT_SECTOR, (off_t)(lba * FAT_SECTOR)) ==
	    FAT_SECTOR;
}

static bool
disk_write(void *arg, uint64_t lba, const void *sector)
{
	const int *fd = arg;

	return pwrite(*fd, sector, FAT_SECTOR, (off_t)(lba * FAT_SECTOR)) ==
	    FAT_SECTOR &&
	    fsync(*fd) == 0;
}

/* The lock is for two machines that are given one key at the same time; it
 * goes with the descriptor. */
static enum err_code
disk_open(const char *path, int *fd, struct fat_disk *disk, struct err *e)
{
	off_t end;

	*disk = (struct fat_disk){ disk_read, disk_write, fd, 0 };
	if ((*fd = open(path, O_RDWR | O_CLOEXEC)) == -1 &&
	    (errno == EACCES || errno == EPERM || errno == EROFS)) {
		disk->write = NULL;
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (*fd == -1)
		return err_sys(e, ERR_NOINPUT, "cannot be opened");
	if (flock(*fd, LOCK_EX) == -1 || (end = lseek(*fd, 0, SEEK_END)) == -1)
		return err_sys(e, ERR_IO, "cannot be read");
	disk->sectors = (uint64_t)end / FAT_SECTOR;
	return ERR_OK;
}

static uint8_t
major_max(const struct usbkey_boot *b, const struct record *rec)
{
	if (b->settings->setupbin_major_max != 0)
		return (uint8_t)b->settings->setupbin_major_max;
	return b->blank && rec->amt_major == 0
	    ? ONETOUCH_BLANK_MAJOR
	    : onetouch_major_max(rec->amt_major);
}

/* The record of a board that had none; its AMT version if that is known. */
static enum err_code
first_record(const struct onetouch *o, struct record *rec, struct err *e)
{
	uint8_t major = rec->amt_major, minor = rec->amt_minor;
	struct uuid uuid = rec->uuid;

	if (onetouch_blank(&uuid, &o->head, rec, e) == ERR_OK && major != 0) {
		rec->amt_major = major;
		rec->amt_minor = minor;
	}
	return e->code;
}

/* From where the record comes. */
struct source {
	struct fat_disk disk;
	int fd;
};

static enum err_code
source_open(struct source *src, const struct usbkey_boot *b,
    const struct state *s, const struct record *rec, struct onetouch *o,
    struct err *e)
{
	struct onetouch_file file = { b->setup, b->setup_len, 0 };
	uint8_t sha[SHA256_LEN];

	if (b->path != NULL) {
		if (disk_open(b->path, &src->fd, &src->disk, e) != ERR_OK)
			return e->code;
		return onetouch_open(o, &src->disk, major_max(b, rec), e);
	}
	digest_sha256(b->setup, b->setup_len, sha);
	if (memcmp(sha, s->setup_sha256, sizeof(sha)) == 0)
		file.used = s->setup_used;
	return onetouch_open_file(o, &file, major_max(b, rec), e);
}

/* Before it is used. */
static enum err_code
mark_used(const struct usbkey_boot *b, struct state *s, struct onetouch *o,
    struct err *e)
{
	if (b->path != NULL || o->keep)
		return onetouch_take(o, e);
	digest_sha256(b->setup, b->setup_len, s->setup_sha256);
	s->setup_used = o->next + 1;
	return state_save(s, e);
}

/* Failures are k->why. */
static void
take(struct usbkey *k, const struct usbkey_boot *b, struct state *s,
    struct record *rec)
{
	struct onetouch *o = malloc(sizeof(*o));
	struct source src = { .fd = -1 };

	if (o == NULL) {
		err_mem(&k->why);
		return;
	}
	memset(o, 0, sizeof(*o));
	if (source_open(&src, b, s, rec, o, &k->why) != ERR_OK ||
	    (b->blank && first_record(o, rec, &k->why) != ERR_OK))
		goto out;
	k->record = o->next + 1;
	k->left = o->left - 1;
	k->keep = o->keep;
	k->hint = o->hint;
	/* One of the two writes may have reached the key. */
	if (mark_used(b, s, o, &k->why) != ERR_OK) {
		k->taken = k->why.reason == reason_get(REASON_KEY_WRITE_LOST);
		goto out;
	}
	k->taken = !o->keep;
	if (onetouch_apply(o, rec, &k->why) != ERR_OK)
		goto out;
	k->applied = true;
	k->psk_ignored = o->psk_ignored;
	if (onetouch_has_psk(o) && !k->psk_ignored)
		memcpy(k->pid, rec->psk.pid, sizeof(k->pid));
out:
	onetouch_wipe(o);
	free(o);
	if (src.fd != -1)
		close(src.fd);
}

static enum err_code
touch(struct usbkey *k, const struct usbkey_boot *b, struct state *s,
    struct record *rec, struct err *e)
{
	const char *why;

	if (!state_is_factory(s, &why)) {
		if (b->path == NULL)
			return ERR_OK; /* it lies there at each start */
		err_refuse(&k->why, ERR_PERM,
		    reason_get(REASON_KEY_NOT_FACTORY),
		    "the key is left as it is: %s", why);
		return ERR_OK;
	}
	take(k, b, s, rec);
	if (!k->applied)
		return ERR_OK;
	if (state_onetouch_set(s, rec, e) == ERR_OK &&
	    state_save(s, e) == ERR_OK)
		return ERR_OK;
	k->applied = false;
	return err_in(e, "%s: record %u is used, and could not be kept",
	    b->path != NULL ? b->path : "Setup.bin of the image",
	    (unsigned)k->record);
}

enum err_code
usbkey_boot(const struct usbkey_boot *b, struct record *rec, struct usbkey *k,
    struct err *e)
{
	struct record *kept = malloc(sizeof(*kept));
	uint8_t random[16];
	struct state s;

	*k = (struct usbkey){ .blank = b->blank };
	if (kept == NULL)
		return err_mem(e);
	memset(&s, 0, sizeof(s));
	if (rand_bytes(random, sizeof(random), e) == ERR_OK &&
	    state_begin(&s, b->state_dir, STATE_DURABLE, random, e) == ERR_OK &&
	    stateowner_bind(&s, &rec->uuid, e) == ERR_OK) {
		if (b->path != NULL || b->setup != NULL)
			touch(k, b, &s, rec, e);
		k->in_force = k->applied || state_onetouch(&s, rec, kept);
		if (k->in_force && !k->applied)
			*rec = *kept;
	}
	state_free(&s);
	secret_wipe(kept, sizeof(*kept));
	free(kept);
	return e->code;
}
