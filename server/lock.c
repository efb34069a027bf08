/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/reason.h"
#include "server/lock.h"

#define PATH_MAX_LEN 1024

static enum err_code
open_file(const char *dir, int *fd, struct err *e)
{
	char path[PATH_MAX_LEN];

	*fd = -1;
	if (file_join(path, sizeof(path), dir, "server.lock", e) != ERR_OK)
		return e->code;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd == -1)
		return err_sys(e, ERR_IO, "%s", path);
	return ERR_OK;
}

/* Locks of fcntl(2) are a process' own: children do not inherit them. */
enum err_code
lock_take(const char *dir, int *fd, struct err *e)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t pid = 0;

	if (open_file(dir, fd, e) != ERR_OK)
		return e->code;
	if (fcntl(*fd, F_SETLK, &l) == 0)
		return ERR_OK;
	if (errno != EACCES && errno != EAGAIN)
		err_sys(e, ERR_IO, "%s/server.lock", dir);
	lock_drop(*fd);
	*fd = -1;
	if (e->code == ERR_OK && lock_owner(dir, &pid, e) == ERR_OK)
		err_refuse(e, ERR_RETRY, reason_get(REASON_SERVER_BUSY),
		    "%s: process %ld runs on it", dir, (long)pid);
	return e->code;
}

void
lock_drop(int fd)
{
	if (fd != -1)
		close(fd);
}

enum err_code
lock_owner(const char *dir, pid_t *pid, struct err *e)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	*pid = 0;
	if (open_file(dir, &fd, e) != ERR_OK)
		return e->code;
	if (fcntl(fd, F_GETLK, &l) == -1)
		err_sys(e, ERR_IO, "%s/server.lock", dir);
	else if (l.l_type != F_UNLCK)
		*pid = l.l_pid;
	lock_drop(fd);
	return e->code;
}
