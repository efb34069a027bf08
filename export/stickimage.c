/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/stickimage.h"
#include "formats/reason.h"

struct image {
	struct stick stick; /* first: it is freed as one */
	int fd;
};

static enum err_code
image_read(void *arg, uint64_t lba, void *out, size_t n, struct err *e)
{
	const struct image *m = arg;
	uint8_t *p = out;
	off_t at = (off_t)(lba * STICK_SECTOR);

	while (n > 0) {
		ssize_t got = pread(m->fd, p, n, at);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(e, ERR_IO, "sector %llu",
			    (unsigned long long)at / STICK_SECTOR);
		if (got == 0)
			return err_set(e, ERR_IO,
			    "sector %llu: the file became shorter",
			    (unsigned long long)at / STICK_SECTOR);
		p += got;
		at += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}

static enum err_code
image_write(void *arg, uint64_t lba, const void *in, size_t n, struct err *e)
{
	(void)arg;
	(void)lba;
	(void)in;
	(void)n;
	return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_READ_ONLY),
	    "an image in a file is only read");
}

static enum err_code
image_sync(void *arg, struct err *e)
{
	(void)arg;
	return e->code;
}

static void
image_close(void *arg)
{
	const struct image *m = arg;

	if (m->fd != -1)
		close(m->fd);
}

static const struct stick_ops ops = { image_read, image_write, image_sync,
	image_close };

/* Not blocking, for a pipe would wait for its writer. */
static enum err_code
open_file(struct image *m, const char *path, struct err *e)
{
	struct stat st;

	m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (m->fd == -1)
		return err_sys(e, ERR_NOINPUT, "cannot be opened");
	if (fstat(m->fd, &st) == -1)
		return err_sys(e, ERR_IO, "cannot be read");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_NOINPUT,
		    "this is no file; a stick is named by its port, --port");
	/* Who takes a record from it holds it alone meanwhile. */
	if (flock(m->fd, LOCK_SH | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			return err_set(e, ERR_RETRY,
			    "a machine takes a record from it at this moment");
		return err_sys(e, ERR_IO, "cannot be locked");
	}
	m->stick.info.sectors = (uint64_t)st.st_size / STICK_SECTOR;
	m->stick.info.read_only = true;
	return ERR_OK;
}

enum err_code
stickimage_open(const char *path, struct stick **out, struct err *e)
{
	struct image *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (m == NULL)
		return err_mem(e);
	m->stick.ops = &ops;
	m->stick.arg = m;
	if (open_file(m, path, e) != ERR_OK)
		stick_close(&m->stick);
	else
		*out = &m->stick;
	return e->code;
}
