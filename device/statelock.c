/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "device/statelock.h"
#include "formats/reason.h"

static enum err_code
busy(const char *dir, struct err *e)
{
	return err_refuse(e, ERR_RETRY, reason_get(REASON_STATE_BUSY),
	    "%s: a machine runs from it, or its set-up screen is open", dir);
}

/* Only looks: what is above may be anybody's folder. */
static enum err_code
look_above(const struct statelock *l, const char *dir, struct err *e)
{
	int fd = openat(l->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return ERR_OK; /* not readable: no fleet of this user's */
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK)
		busy(dir, e);
	close(fd);
	return e->code;
}

enum err_code
statelock_take(struct statelock *l, const char *dir, struct err *e)
{
	if (l->fd != -1)
		return ERR_OK;
	l->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->fd == -1)
		return errno == ENOENT ? ERR_OK : err_sys(e, ERR_IO, "%s", dir);
	if (flock(l->fd, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK ? busy(dir, e)
					    : err_sys(e, ERR_IO, "%s", dir);
	return look_above(l, dir, e);
}

void
statelock_free(struct statelock *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
