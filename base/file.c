/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static enum err_code
open_input(const char *path, int *fd, struct err *e)
{
	if (strcmp(path, "-") == 0) {
		*fd = dup(STDIN_FILENO);
		path = "standard input";
	} else
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd == -1)
		return err_sys(
		    e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "%s", path);
	return ERR_OK;
}

/* Reads to the end of fd into s, which grows in steps and is wiped. */
static enum err_code
read_all(int fd, const char *path, size_t max, struct secret *s, struct err *e)
{
	struct secret more = { 0 };
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return err_sys(e, ERR_IO, "%s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_NOINPUT, "%s: is a folder", path);
	if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max)
		return err_set(
		    e, ERR_DATA, "%s: larger than %zu bytes", path, max);
	if (secret_new(s, (size_t)st.st_size + 4096, e) != ERR_OK)
		return e->code;
	for (;;) {
		n = read(fd, s->p + s->len, s->cap - s->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(e, ERR_IO, "%s", path);
		if (n == 0)
			return ERR_OK;
		s->len += (size_t)n;
		if (s->len > max)
			return err_set(e, ERR_DATA, "%s: larger than %zu bytes",
			    path, max);
		if (s->len < s->cap)
			continue;
		if (secret_new(&more, s->cap * 2, e) != ERR_OK)
			return e->code;
		memcpy(more.p, s->p, s->len);
		more.len = s->len;
		secret_free(s);
		*s = more;
	}
}

enum err_code
file_read_secret(const char *path, size_t max, struct secret *s, struct err *e)
{
	int fd = -1;

	memset(s, 0, sizeof(*s));
	if (open_input(path, &fd, e) != ERR_OK)
		return e->code;
	if (read_all(fd, path, max, s, e) != ERR_OK)
		secret_free(s);
	close(fd);
	return e->code;
}

/* To its end, at most n + 1 bytes; -1 with errno. */
static ssize_t
read_some(int fd, uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at <= n) {
		ssize_t got = read(fd, p + at, n + 1 - at);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

/* A file that tells its size, straight to where it stays: an image has 64 MiB.
 * False, and nothing is taken: it has none (a pipe, /proc) or another by now,
 * or it fails; read_all() has the words. */
static bool
read_sized(int fd, size_t max, uint8_t **out, size_t *n)
{
	struct stat st;
	ssize_t got = -1;
	uint8_t *p;
	size_t size;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uintmax_t)st.st_size > max || lseek(fd, 0, SEEK_CUR) != 0)
		return false;
	size = (size_t)st.st_size;
	if ((p = malloc(size + 1)) == NULL)
		return false;
	got = read_some(fd, p, size);
	if (got != -1 && (size_t)got <= size) {
		p[got] = '\0'; /* text readers may count on it */
		*out = p;
		*n = (size_t)got;
		return true;
	}
	secret_wipe(p, size + 1);
	free(p);
	(void)lseek(fd, 0, SEEK_SET);
	return false;
}

enum err_code
file_read(const char *path, size_t max, uint8_t **out, size_t *n, struct err *e)
{
	struct secret s = { 0 };
	int fd = -1;

	*out = NULL;
	*n = 0;
	if (open_input(path, &fd, e) != ERR_OK)
		return e->code;
	if (!read_sized(fd, max, out, n) &&
	    read_all(fd, path, max, &s, e) == ERR_OK) {
		if ((*out = malloc(s.len + 1)) == NULL)
			err_mem(e);
		else {
			memcpy(*out, s.p, s.len);
			(*out)[s.len] = '\0';
			*n = s.len;
		}
	}
	secret_free(&s);
	close(fd);
	return e->code;
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
static enum err_code
open_regular(const char *path, int *fd, size_t *n, struct err *e)
{
	struct stat st;

	if ((*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return err_sys(
		    e, errno == EACCES ? ERR_PERM : ERR_NOINPUT, "%s", path);
	if (fstat(*fd, &st) == -1)
		return err_sys(e, ERR_IO, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_NOINPUT, "%s: %s", path,
		    S_ISDIR(st.st_mode) ? "is a folder" : "not a regular file");
	if (st.st_size == 0)
		return err_set(e, ERR_DATA, "%s: empty", path);
	*n = (size_t)st.st_size;
	return ERR_OK;
}

static enum err_code
fill(int fd, const char *path, uint8_t *p, size_t n, struct err *e)
{
	while (n > 0) {
		ssize_t got = read(fd, p, n);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(e, ERR_IO, "%s", path);
		if (got == 0)
			return err_set(e, ERR_IO,
			    "%s: was cut short while it was read", path);
		p += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}

enum err_code
file_load(const char *path, size_t max, uint8_t **out, size_t *n, struct err *e)
{
	uint8_t *p = NULL;
	int fd;

	*out = NULL;
	*n = 0;
	if (open_regular(path, &fd, n, e) == ERR_OK) {
		if (*n > max)
			err_set(e, ERR_DATA, "%s: larger than %zu bytes", path,
			    max);
		else if ((p = malloc(*n)) == NULL)
			err_mem(e);
		else
			fill(fd, path, p, *n, e);
	}
	if (fd != -1)
		close(fd);
	if (e->code != ERR_OK)
		free(p);
	else
		*out = p;
	return e->code;
}

static enum err_code
write_all(int fd, const char *path, const void *buf, size_t n, struct err *e)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t did = write(fd, p, n);

		if (did == -1 && errno == EINTR)
			continue;
		if (did == -1)
			return err_sys(e, ERR_IO, "%s", path);
		p += did;
		n -= (size_t)did;
	}
	return ERR_OK;
}

enum err_code
file_sync_dir(const char *path, struct err *e)
{
	char dir[4096];
	char *slash;
	int fd;

	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		strcpy(dir, ".");
	else if (slash == dir)
		dir[1] = '\0';
	else
		*slash = '\0';
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_sys(e, ERR_IO, "%s", dir);
	if (fsync(fd) == -1 && errno != EINVAL)
		err_sys(e, ERR_IO, "%s", dir);
	close(fd);
	return e->code;
}

/* Refuses a target that exists, also one that came into being meanwhile. FAT
 * has no links; its rename can refuse as well, which not every other can. */
static bool
publish_new(const char *tmp, const char *path)
{
	bool done = link(tmp, path) == 0;

	if (!done && (errno == EPERM || errno == EOPNOTSUPP))
		return renameat2(AT_FDCWD, tmp, AT_FDCWD, path,
			   RENAME_NOREPLACE) == 0;
	return done;
}

/* The temporary becomes the target. */
static enum err_code
publish(const char *tmp, const char *path, int how, struct err *e)
{
	if (how & FILE_REPLACE) {
		if (rename(tmp, path) == -1) {
			err_sys(e, ERR_CREATE, "%s", path);
			unlink(tmp);
		}
	} else {
		if (!publish_new(tmp, path)) {
			if (errno == EEXIST)
				err_set(e, ERR_CREATE,
				    "%s: exists already (--force replaces it)",
				    path);
			else
				err_sys(e, ERR_CREATE, "%s", path);
		}
		unlink(tmp);
	}
	return e->code;
}

struct file_out {
	int fd;
	int how;
	char *path;
	char *tmp; /* NULL: standard output, or a file without a name */
};

void
file_out_free(struct file_out *o)
{
	if (o == NULL)
		return;
	if (o->fd != -1)
		close(o->fd);
	if (o->tmp != NULL)
		unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	free(o);
}

int
file_out_fd(const struct file_out *o)
{
	return o->fd;
}

static struct file_out *
out_alloc(const char *path, int how)
{
	struct file_out *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->fd = -1;
	o->how = how;
	if ((o->path = strdup(path)) == NULL) {
		file_out_free(o);
		return NULL;
	}
	return o;
}

/* A device, FIFO or folder: a rename would put a file in its place. */
static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

enum err_code
file_out_new(const char *path, int how, struct file_out **out, struct err *e)
{
	struct file_out *o = out_alloc(path, how);

	*out = NULL;
	if (o == NULL)
		return err_mem(e);
	if (strcmp(path, "-") == 0) {
		if ((o->fd = dup(STDOUT_FILENO)) == -1)
			err_sys(e, ERR_IO, "standard output");
	} else if (!(how & FILE_REPLACE) && file_exists(path))
		err_set(e, ERR_CREATE,
		    "%s: exists already (--force replaces it)", path);
	else if (is_special(path))
		err_set(e, ERR_CREATE,
		    "%s: not a regular file, and is not replaced", path);
	else if (asprintf(&o->tmp, "%s.XXXXXX", path) == -1) {
		o->tmp = NULL;
		err_mem(e);
	} else if ((o->fd = mkostemp(o->tmp, O_CLOEXEC)) == -1) {
		err_sys(e, ERR_CREATE, "%s", path); /* 0600, O_EXCL */
		free(o->tmp);
		o->tmp = NULL;
	}
	if (e->code != ERR_OK)
		file_out_free(o);
	else
		*out = o;
	return e->code;
}

enum err_code
file_out_spool(const char *path, struct file_out **out, struct err *e)
{
	const char *beside = strcmp(path, "-") == 0 ? "/tmp/spool" : path;

	if (file_out_new(beside, FILE_REPLACE, out, e) != ERR_OK)
		return e->code;
	unlink((*out)->tmp);
	free((*out)->tmp);
	(*out)->tmp = NULL;
	return ERR_OK;
}

enum err_code
file_out_write(struct file_out *o, const void *p, size_t n, struct err *e)
{
	return write_all(o->fd, o->path, p, n, e);
}

enum err_code
file_out_write_at(
    struct file_out *o, uint64_t off, const void *buf, size_t n, struct err *e)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t did = pwrite(o->fd, p, n, (off_t)off);

		if (did == -1 && errno == EINTR)
			continue;
		if (did == -1)
			return err_sys(e, ERR_IO, "%s", o->path);
		p += did;
		off += (uint64_t)did;
		n -= (size_t)did;
	}
	return ERR_OK;
}

enum err_code
file_out_size(struct file_out *o, uint64_t size, struct err *e)
{
	if (ftruncate(o->fd, (off_t)size) == -1)
		return err_sys(e, ERR_IO, "%s", o->path);
	return ERR_OK;
}

enum err_code
file_out_copy(struct file_out *o, struct file_out *spool, struct err *e)
{
	uint8_t buf[4096];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(spool->fd, buf, sizeof(buf), at)) > 0) {
		if (file_out_write(o, buf, (size_t)n, e) != ERR_OK)
			return e->code;
		at += n;
	}
	return n == 0 ? ERR_OK : err_sys(e, ERR_IO, "%s", spool->path);
}

enum err_code
file_out_commit(struct file_out *o, struct err *e)
{
	char *tmp = o->tmp;
	int fd = o->fd;

	if (tmp == NULL)
		return ERR_OK;
	if (!(o->how & FILE_SECRET) && fchmod(fd, 0644) == -1)
		return err_sys(e, ERR_IO, "%s", o->path);
	if (!(o->how & FILE_UNSYNCED) && fsync(fd) == -1)
		return err_sys(e, ERR_IO, "%s", o->path);
	o->fd = -1;
	if (close(fd) == -1)
		return err_sys(e, ERR_IO, "%s", o->path);
	o->tmp = NULL; /* publish() sees to it */
	if (publish(tmp, o->path, o->how, e) == ERR_OK &&
	    !(o->how & FILE_UNSYNCED))
		file_sync_dir(o->path, e);
	free(tmp);
	return e->code;
}

enum err_code
file_write(const char *path, int how, const void *buf, size_t n, struct err *e)
{
	struct file_out *o = NULL;

	if (file_out_new(path, how, &o, e) == ERR_OK &&
	    file_out_write(o, buf, n, e) == ERR_OK)
		file_out_commit(o, e);
	file_out_free(o);
	return e->code;
}

enum err_code
file_create_secret(const char *path, const struct secret *s, struct err *e)
{
	return file_write(path, FILE_NEW | FILE_SECRET, s->p, s->len, e);
}

enum err_code
file_map(const char *path, const uint8_t **out, size_t *n, struct err *e)
{
	void *p;
	int fd;

	*out = NULL;
	*n = 0;
	if (open_regular(path, &fd, n, e) == ERR_OK) {
		p = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			err_sys(e, ERR_IO, "%s", path);
		else
			*out = p;
	}
	if (fd != -1)
		close(fd);
	if (e->code != ERR_OK)
		*n = 0;
	return e->code;
}

void
file_unmap(const uint8_t *p, size_t n)
{
	if (p != NULL)
		munmap((void *)(uintptr_t)p, n);
}

enum err_code
file_mkdir(const char *path, int mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) == 0)
		return file_sync_dir(path, e);
	if (errno != EEXIST)
		return err_sys(e, ERR_CREATE, "%s", path);
	if (stat(path, &st) == -1)
		return err_sys(e, ERR_CREATE, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_CREATE, "%s: not a folder", path);
	return ERR_OK;
}

bool
file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool
file_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

enum err_code
file_join(
    char *out, size_t room, const char *dir, const char *name, struct err *e)
{
	int n = snprintf(out, room, "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= room)
		return err_set(
		    e, ERR_USAGE, "%.64s.../%.64s: path too long", dir, name);
	return ERR_OK;
}

enum err_code
file_beside(
    char *out, size_t room, const char *beside, const char *name, struct err *e)
{
	const char *slash = strrchr(beside, '/');
	size_t dir =
	    slash == NULL || name[0] == '/' ? 0 : (size_t)(slash - beside) + 1;
	int n = snprintf(out, room, "%.*s%s", (int)dir, beside, name);

	if (n < 0 || (size_t)n >= room)
		return err_set(e, ERR_USAGE, "%.64s: path too long", name);
	return ERR_OK;
}
