/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "factory/workdir.h"
#include "formats/reason.h"

#define PREFIX "station-"
#define LOCK "lock"

static const char *const names[] = { WORKDIR_IMAGE, WORKDIR_DELTA,
	WORKDIR_LAYOUT, WORKDIR_READBACK };

/* ---- the folder ---- */

/* One of our files, or what somebody made beside it on the way to it:
 * "station-image.bin.abcdef". The folder may hold other things of the user's.
 */
static bool
is_ours(const char *file)
{
	size_t n = strlen(PREFIX);

	if (strncmp(file, PREFIX, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(file + n, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static enum err_code
judge_dir(const struct workdir *w, struct err *e)
{
	struct stat st;

	if (fstat(w->dir, &st) == -1)
		return err_sys(e, ERR_IO, "%s", w->path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_PERM,
		    "%s: belongs to another user, and is to hold secrets",
		    w->path);
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_PERM,
		    "%s: other users may enter it, and it is to hold secrets "
		    "(chmod 700)",
		    w->path);
	return ERR_OK;
}

/* What is open, but not locked, is another's: nothing may be cleared. */
static enum err_code
take_lock(struct workdir *w, struct err *e)
{
	int fd = openat(w->dir, LOCK,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd == -1)
		return err_sys(e, ERR_CREATE, "%s/%s", w->path, LOCK);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		w->lock = fd;
		return ERR_OK;
	}
	if (errno == EWOULDBLOCK)
		err_set(e, ERR_RETRY,
		    "%s: another station works here, or the programmer of one "
		    "that was killed; wait for it, or give this station a "
		    "folder of its own with --work",
		    w->path);
	else
		err_sys(e, ERR_IO, "%s/%s", w->path, LOCK);
	close(fd);
	return e->code;
}

enum err_code
workdir_open(struct workdir *w, const char *path, struct err *e)
{
	w->dir = w->lock = -1;
	w->path[0] = '\0';
	if (file_mkdir(path, 0700, e) != ERR_OK)
		return e->code;
	w->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (w->dir == -1 || realpath(path, w->path) == NULL)
		return err_sys(e, ERR_CREATE, "%s", path);
	if (judge_dir(w, e) == ERR_OK && take_lock(w, e) == ERR_OK)
		workdir_clear(w, e);
	return e->code;
}

void
workdir_close(struct workdir *w)
{
	struct err e;

	err_clear(&e);
	if (w->lock != -1) {
		workdir_clear(w, &e);
		close(w->lock);
	}
	if (w->dir != -1)
		close(w->dir);
	w->dir = w->lock = -1;
}

enum err_code
workdir_clear(struct workdir *w, struct err *e)
{
	int fd = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *f;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return err_sys(e, ERR_IO, "%s", w->path);
	}
	while ((f = readdir(d)) != NULL)
		if (is_ours(f->d_name) && unlinkat(w->dir, f->d_name, 0) == -1)
			err_sys(e, ERR_IO, "%s/%s", w->path, f->d_name);
	closedir(d);
	return e->code;
}

/* ---- files ---- */

enum err_code
workdir_path(const struct workdir *w, const char *name,
    char out[static PATH_MAX], struct err *e)
{
	char file[64];

	snprintf(file, sizeof(file), PREFIX "%s", name);
	return file_join(out, PATH_MAX, w->path, file, e);
}

enum err_code
workdir_put(const struct workdir *w, const char *name, const void *p, size_t n,
    struct err *e)
{
	char path[PATH_MAX];

	if (workdir_path(w, name, path, e) != ERR_OK)
		return e->code;
	return file_write(path, FILE_SECRET | FILE_REPLACE, p, n, e);
}

/* ---- what came back ---- */

static enum err_code
refuse(struct err *e, const char *why, size_t at)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_STATION_READBACK), "%s", why);
	return err_at(e, at);
}

/* A plain file of n bytes, or -1. */
static int
open_whole(const char *path, size_t n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char why[96];
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		refuse(e, "the command left no file to compare", ERR_NO_OFFSET);
	} else if ((uintmax_t)st.st_size != n) {
		snprintf(why, sizeof(why),
		    "%jd bytes were read back, the image has %zu",
		    (intmax_t)st.st_size, n);
		refuse(e, why, ERR_NO_OFFSET);
	} else
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

static enum err_code
compare(int fd, const uint8_t *want, size_t from, size_t to, struct err *e)
{
	uint8_t got[2048];
	ssize_t n;
	size_t i;

	while (from < to && e->code == ERR_OK) {
		size_t most = to - from < sizeof(got) ? to - from : sizeof(got);

		if ((n = pread(fd, got, most, (off_t)from)) == -1) {
			err_sys(e, ERR_IO, "reading what was read back");
			break;
		}
		for (i = 0; i < (size_t)n && got[i] == want[from + i]; i++)
			;
		from += i;
		if (n == 0 || i < (size_t)n)
			refuse(e, "what was read back differs", from);
	}
	secret_wipe(got, sizeof(got));
	return e->code;
}

enum err_code
workdir_same(const struct workdir *w, const char *name, const uint8_t *want,
    size_t n, size_t from, size_t to, struct err *e)
{
	char path[PATH_MAX];
	int fd;

	if (from > to || to > n)
		return err_set(
		    e, ERR_BUG, "%zu..%zu of %zu bytes", from, to, n);
	if (workdir_path(w, name, path, e) != ERR_OK ||
	    (fd = open_whole(path, n, e)) == -1)
		return e->code;
	compare(fd, want, from, to, e);
	close(fd);
	return e->code;
}
