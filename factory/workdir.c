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
#define DEPTH_MAX 32 /* of folders that a programmer leaves */

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
	    O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

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

/* ---- clearing ---- */

static bool clear_entry(int dir, const char *name, unsigned depth);

/* All of a folder, or at the top what is ours; false, with errno: some is
 * left. Takes fd. */
static bool
clear_folder(int fd, unsigned depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *f;
	int why = 0;

	if (d == NULL) {
		why = errno;
		close(fd);
		errno = why;
		return false;
	}
	while ((f = readdir(d)) != NULL) {
		if (depth == 0 ? !is_ours(f->d_name)
			       : strcmp(f->d_name, ".") == 0 ||
			    strcmp(f->d_name, "..") == 0)
			continue;
		if (!clear_entry(fd, f->d_name, depth + 1))
			why = errno;
	}
	closedir(d);
	errno = why;
	return why == 0;
}

/* Whatever has that name; a link goes, and what it points to stays. */
static bool
clear_entry(int dir, const char *name, unsigned depth)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir, name, 0) == 0 || errno == ENOENT;
	if (depth == DEPTH_MAX) {
		errno = ELOOP;
		return false;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd != -1 && clear_folder(fd, depth) &&
	    unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

enum err_code
workdir_clear(struct workdir *w, struct err *e)
{
	int fd = openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || !clear_folder(fd, 0))
		return err_sys(e, ERR_IO,
		    "%s: files of a unit, with its secrets, cannot be removed: "
		    "remove " PREFIX "* there by hand, and see why the "
		    "programmer leaves them",
		    w->path);
	return ERR_OK;
}

bool
workdir_would_clear(const char *path, const char *file)
{
	char *dir = realpath(path, NULL), *real = realpath(file, NULL);
	size_t n = dir != NULL ? strlen(dir) : 0;
	bool would = dir != NULL && real != NULL &&
	    strncmp(real, dir, n) == 0 && real[n] == '/' &&
	    is_ours(real + n + 1);

	free(dir);
	free(real);
	return would;
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
