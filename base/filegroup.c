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

#include "base/filegroup.h"
#include "base/rand.h"
#include "base/text.h"

#define FILES 256         /* open at once; the usual limit is 1024 */
#define BYTES (64u << 20) /* that the disk may be behind */
#define NAME 128
#define RANDOM 6 /* characters behind a temporary's name */
#define FEW 8    /* files that are synced one by one */

struct member {
	int fd;
	int how;
	bool named; /* it has a temporary name */
	char name[NAME];
	char tmp[NAME];
	uint64_t tag;
	struct err e;
};

struct filegroup {
	char *dir;
	DIR *dp;
	filegroup_fn *fn;
	void *arg;
	bool no_unnamed; /* the file system has no O_TMPFILE */
	bool found;      /* a file that a killed run has given its name */
	size_t n;
	size_t bytes;
	struct member m[FILES];
};

static enum err_code
take_dir(struct filegroup *g, struct err *e)
{
	if (file_mkdir(g->dir, 0700, e) != ERR_OK)
		return e->code;
	if ((g->dp = opendir(g->dir)) == NULL)
		return err_sys(e, ERR_CREATE, "%s", g->dir);
	if (flock(dirfd(g->dp), LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK
		    ? err_set(
			  e, ERR_RETRY, "%s: another run writes to it", g->dir)
		    : err_sys(e, ERR_IO, "%s", g->dir);
	return ERR_OK;
}

enum err_code
filegroup_open(const char *dir, filegroup_fn *fn, void *arg,
    struct filegroup **out, struct err *e)
{
	struct filegroup *g = calloc(1, sizeof(*g));

	*out = NULL;
	if (g == NULL)
		return err_mem(e);
	g->fn = fn;
	g->arg = arg;
	g->no_unnamed = access("/proc/self/fd", X_OK) != 0; /* name_new() */
	if ((g->dir = strdup(dir)) == NULL)
		err_mem(e);
	else
		take_dir(g, e);
	if (e->code != ERR_OK)
		filegroup_free(g);
	else
		*out = g;
	return e->code;
}

enum err_code
filegroup_clear(
    struct filegroup *g, bool (*ours)(const char *name), struct err *e)
{
	char name[NAME];
	struct dirent *d;

	rewinddir(g->dp);
	while (errno = 0, (d = readdir(g->dp)) != NULL) {
		size_t n = strlen(d->d_name);

		if (n <= RANDOM + 1 || n >= NAME ||
		    d->d_name[n - RANDOM - 1] != '.')
			continue;
		memcpy(name, d->d_name, n - RANDOM - 1);
		name[n - RANDOM - 1] = '\0';
		if (ours(name) && unlinkat(dirfd(g->dp), d->d_name, 0) == -1)
			return err_sys(e, ERR_IO, "%s/%s", g->dir, d->d_name);
	}
	return errno == 0 ? ERR_OK : err_sys(e, ERR_IO, "%s", g->dir);
}

/* Reads, and does not map: a file may be cut short meanwhile. */
static bool
same_bytes(int fd, const uint8_t *p, size_t n)
{
	uint8_t buf[4096];
	ssize_t got;

	while ((got = read(fd, buf, sizeof(buf))) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 || (size_t)got > n ||
		    memcmp(buf, p, (size_t)got) != 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return n == 0;
}

enum err_code
filegroup_look(struct filegroup *g, const char *name, const void *p, size_t n,
    enum filegroup_there *there, struct err *e)
{
	struct stat st;
	int fd;

	*there = FILEGROUP_OTHER;
	fd = openat(
	    dirfd(g->dp), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1) {
		if (errno == ENOENT)
			*there = FILEGROUP_ABSENT;
		else if (errno != EACCES && errno != ELOOP && errno != ENXIO)
			err_sys(e, ERR_IO, "%s/%s", g->dir, name);
		return e->code;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (size_t)st.st_size == n && same_bytes(fd, p, n))
		*there = FILEGROUP_SAME;
	g->found = g->found || *there == FILEGROUP_SAME;
	close(fd);
	return ERR_OK;
}

/* ---- putting ---- */

static enum err_code
open_named(struct filegroup *g, struct member *m, struct err *e)
{
	uint8_t r[RANDOM / 2];
	size_t n = strlen(m->name);

	memcpy(m->tmp, m->name, n);
	m->tmp[n] = '.';
	do {
		if (rand_bytes(r, sizeof(r), e) != ERR_OK)
			return e->code;
		text_hex(m->tmp + n + 1, r, sizeof(r));
		m->fd = openat(dirfd(g->dp), m->tmp,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (m->fd == -1 && errno == EEXIST);
	if (m->fd == -1)
		return err_sys(e, ERR_CREATE, "%s/%s", g->dir, m->name);
	m->named = true;
	return ERR_OK;
}

/* Without a name where that can be; /proc is what later gives it one. */
static enum err_code
open_member(struct filegroup *g, struct member *m, struct err *e)
{
	if (!(m->how & FILE_REPLACE) && !g->no_unnamed) {
		m->fd = openat(
		    dirfd(g->dp), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
		if (m->fd != -1)
			return ERR_OK;
		/* EISDIR: a kernel that does not know the flag */
		g->no_unnamed = errno == EOPNOTSUPP || errno == EISDIR ||
		    errno == EINVAL || errno == ENOENT;
		if (!g->no_unnamed)
			return err_sys(e, ERR_CREATE, "%s/%s", g->dir, m->name);
	}
	return open_named(g, m, e);
}

static enum err_code
write_member(struct filegroup *g, struct member *m, const uint8_t *p, size_t n,
    struct err *e)
{
	while (n > 0) {
		ssize_t did = write(m->fd, p, n);

		if (did == -1 && errno == EINTR)
			continue;
		if (did == -1)
			return err_sys(e, ERR_IO, "%s/%s", g->dir, m->name);
		p += did;
		n -= (size_t)did;
	}
	if (!(m->how & FILE_SECRET) && fchmod(m->fd, 0644) == -1)
		return err_sys(e, ERR_IO, "%s/%s", g->dir, m->name);
	/* Only a start: where it is not known, the commit does all. */
	(void)sync_file_range(m->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return ERR_OK;
}

static void
drop_member(struct filegroup *g, struct member *m)
{
	if (m->fd != -1)
		close(m->fd);
	if (m->named)
		unlinkat(dirfd(g->dp), m->tmp, 0);
	m->fd = -1;
	m->named = false;
}

enum err_code
filegroup_put(struct filegroup *g, const char *name, int how, const void *p,
    size_t n, uint64_t tag, struct err *e)
{
	struct member *m;

	if (g->n == FILES)
		return err_set(e, ERR_BUG, "a group without a commit");
	if (strlen(name) >= NAME - RANDOM - 1 || strchr(name, '/') != NULL)
		return err_set(e, ERR_BUG, "%.32s...: no name", name);
	m = &g->m[g->n];
	memset(m, 0, sizeof(*m));
	m->fd = -1;
	m->how = how;
	m->tag = tag;
	snprintf(m->name, sizeof(m->name), "%s", name);
	if (open_member(g, m, e) != ERR_OK ||
	    write_member(g, m, p, n, e) != ERR_OK) {
		drop_member(g, m);
		return e->code;
	}
	g->n++;
	g->bytes += n;
	return ERR_OK;
}

bool
filegroup_full(const struct filegroup *g)
{
	return g->n == FILES || g->bytes >= BYTES;
}

/* ---- the commit ---- */

/* All data on the disk. One by one, each sync is a flush of its own; beyond a
 * few, one for the file system is faster, though it waits for others too. */
static void
sync_data(struct filegroup *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct member *m = &g->m[i];
		int rc = g->n <= FEW
		    ? fsync(m->fd)
		    : sync_file_range(m->fd, 0, 0,
			  SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			      SYNC_FILE_RANGE_WAIT_AFTER);

		/* What has no such call has syncfs all the same. */
		if (rc == -1 &&
		    (g->n <= FEW ||
			(errno != ESPIPE && errno != EINVAL &&
			    errno != ENOSYS)))
			err_sys(&m->e, ERR_IO, "%s/%s", g->dir, m->name);
	}
	if (g->n <= FEW || syncfs(dirfd(g->dp)) == 0)
		return;
	for (size_t i = 0; i < g->n; i++)
		err_sys(&g->m[i].e, ERR_IO, "%s/%s", g->dir, g->m[i].name);
}

/* A new file never takes the place of another, not even of one that came into
 * being meanwhile. FAT has no links. */
static int
name_new(int dir, const struct member *m)
{
	char fd[32];

	if (!m->named) {
		snprintf(fd, sizeof(fd), "/proc/self/fd/%d", m->fd);
		return linkat(AT_FDCWD, fd, dir, m->name, AT_SYMLINK_FOLLOW);
	}
	if (linkat(dir, m->tmp, dir, m->name, 0) == 0) {
		unlinkat(dir, m->tmp, 0);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP)
		return -1;
	return renameat2(dir, m->tmp, dir, m->name, RENAME_NOREPLACE);
}

static bool
is_special(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && !S_ISREG(st.st_mode);
}

static enum err_code
name_member(struct filegroup *g, struct member *m)
{
	int dir = dirfd(g->dp), rc;

	if (m->how & FILE_REPLACE) {
		if (is_special(dir, m->name))
			return err_set(&m->e, ERR_CREATE,
			    "%s/%s: not a regular file, and is not replaced",
			    g->dir, m->name);
		rc = renameat(dir, m->tmp, dir, m->name);
	} else
		rc = name_new(dir, m);
	if (rc == 0)
		m->named = false;
	else if (errno == EEXIST)
		err_set(&m->e, ERR_CREATE,
		    "%s/%s: exists already (--force replaces it)", g->dir,
		    m->name);
	else
		err_sys(&m->e, ERR_CREATE, "%s/%s", g->dir, m->name);
	return m->e.code;
}

enum err_code
filegroup_commit(struct filegroup *g, struct err *e)
{
	if (g->n == 0 && !g->found)
		return ERR_OK;
	sync_data(g);
	for (size_t i = 0; i < g->n; i++)
		if (g->m[i].e.code == ERR_OK)
			name_member(g, &g->m[i]);
	if (fsync(dirfd(g->dp)) == -1 && errno != EINVAL)
		err_sys(e, ERR_IO, "%s", g->dir);
	for (size_t i = 0; i < g->n; i++) {
		struct member *m = &g->m[i];

		drop_member(g, m);
		if (e->code != ERR_OK && m->e.code == ERR_OK)
			m->e = *e;
		g->fn(g->arg, m->tag, &m->e);
	}
	g->n = 0;
	g->bytes = 0;
	g->found = false;
	return e->code;
}

void
filegroup_free(struct filegroup *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n; i++)
		drop_member(g, &g->m[i]);
	if (g->dp != NULL)
		closedir(g->dp);
	free(g->dir);
	free(g);
}
