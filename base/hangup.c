/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/hangup.h"

struct hangup {
	int fd;
	struct loop_watch *watch;
	void (*fn)(void *);
	void *arg;
};

static void
on_signal(void *arg)
{
	struct hangup *h = arg;
	struct signalfd_siginfo info;

	while (read(h->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	h->fn(h->arg);
}

enum err_code
hangup_new(struct loop *loop, void (*fn)(void *), void *arg,
    struct hangup **out, struct err *e)
{
	struct hangup *h = calloc(1, sizeof(*h));
	sigset_t set;

	*out = h;
	if (h == NULL)
		return err_mem(e);
	h->fn = fn;
	h->arg = arg;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (h->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_sys(e, ERR_IO, "SIGHUP");
	return loop_watch_new(loop, h->fd, on_signal, h, &h->watch, e);
}

void
hangup_free(struct hangup *h)
{
	if (h == NULL)
		return;
	loop_watch_free(h->watch);
	if (h->fd > 0)
		close(h->fd);
	free(h);
}
