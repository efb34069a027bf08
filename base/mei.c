/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/mei.h>

#include "base/clock.h"
#include "base/mei.h"
#include "base/secret.h"

#define ANSWER_MS 10000
#define AGAIN_MS 20
/* A client that serves one at a time may be in another program's use. */
#define BUSY_TRIES 50
#define BUSY_MS 100
#define MAX_LEAST 64
#define MAX_MOST 65536

struct mei {
	int fd;
	bool socket;
	const struct mei_target *client; /* borrowed */
	size_t max;
	uint8_t *buf; /* of max bytes; wiped */
	char path[256];
};

static enum err_code
refuse(struct err *e, const struct reason *why, enum err_code code,
    const char *path, const char *what)
{
	int sys = errno;

	err_refuse(e, code, why, "%s: %s%s%s", path, what, sys != 0 ? ": " : "",
	    sys != 0 ? strerror(sys) : "");
	e->code = code;
	return code;
}

/* What an open, connect or ioctl that failed means. */
static enum err_code
why_not(const struct mei *m, const char *what, struct err *e)
{
	const struct mei_reasons *why = &m->client->why;

	switch (errno) {
	case EACCES:
	case EPERM:
		return refuse(e, why->access, ERR_PERM, m->path, what);
	case EBUSY:
		return err_sys(e, ERR_RETRY, "%s: %s", m->path, what);
	default:
		return refuse(e, why->absent, ERR_PEER, m->path, what);
	}
}

static void
sleep_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* By the driver. */

static enum err_code
open_device(struct mei *m, struct err *e)
{
	struct mei_connect_client_data d;
	int rc = -1;

	m->fd = open(m->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (m->fd == -1)
		return why_not(m, "open", e);
	for (int i = 0; i < BUSY_TRIES; i++) {
		memset(&d, 0, sizeof(d));
		memcpy(&d.in_client_uuid, m->client->guid, MEI_GUID);
		rc = ioctl(m->fd, IOCTL_MEI_CONNECT_CLIENT, &d);
		if (rc == 0 || (errno != EBUSY && errno != EINTR))
			break;
		sleep_ms(BUSY_MS);
	}
	if (rc == 0) {
		m->max = d.out_client_properties.max_msg_length;
		return ERR_OK;
	}
	if (errno != ENOTTY) /* the firmware announced no such client */
		return why_not(m, "connect to the client", e);
	return refuse(e, m->client->why.client, ERR_PEER, m->path,
	    "connect to the client");
}

/* Messages. */

/* The driver takes or has nothing yet. A fake one need not wake a poll(), so
 * that is asked again now and then. False: it took too long. */
static bool
wait_for(struct mei *m, short what, uint64_t since)
{
	struct pollfd p = { m->fd, what, 0 };

	poll(&p, 1, AGAIN_MS);
	return clock_ms() - since < ANSWER_MS;
}

static enum err_code
sent(struct mei *m, const void *p, size_t n, struct err *e)
{
	uint64_t since = clock_ms();
	ssize_t k;

	do
		k = m->socket ? send(m->fd, p, n, MSG_NOSIGNAL)
			      : write(m->fd, p, n);
	while (k == -1 && (errno == EINTR || errno == EAGAIN) &&
	    wait_for(m, POLLOUT, since));
	if (k == -1)
		return err_sys(e, ERR_PEER, "%s: write", m->path);
	if ((size_t)k != n)
		return err_set(e, ERR_PEER, "%s: %zd of %zu bytes were taken",
		    m->path, k, n);
	return ERR_OK;
}

/* What is there, at most n bytes; *got 0 at the end of a socket. */
static enum err_code
received(struct mei *m, void *p, size_t n, size_t *got, struct err *e)
{
	uint64_t since = clock_ms();
	ssize_t k;

	*got = 0;
	do
		k = read(m->fd, p, n);
	while (k == -1 && (errno == EINTR || errno == EAGAIN) &&
	    wait_for(m, POLLIN, since));
	if (k == -1 && errno == EAGAIN)
		return err_set(e, ERR_PEER, "%s: no answer for %d seconds",
		    m->path, ANSWER_MS / 1000);
	if (k == -1)
		return err_sys(e, ERR_PEER, "%s: read", m->path);
	*got = (size_t)k;
	return ERR_OK;
}

/* By a software device. */

static enum err_code
open_socket(struct mei *m, struct err *e)
{
	const struct timeval bound = { ANSWER_MS / 1000, 0 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	uint8_t out[8];
	size_t at = 0, n;

	if (strlen(m->path) >= sizeof(un.sun_path))
		return err_set(e, ERR_USAGE,
		    "%s: a socket's path has at most %zu bytes", m->path,
		    sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, m->path, strlen(m->path));
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->fd == -1)
		return err_sys(e, ERR_RETRY, "socket");
	setsockopt(m->fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	if (connect(m->fd, (struct sockaddr *)&un, sizeof(un)) == -1)
		return why_not(m, "connect", e);
	fcntl(m->fd, F_SETFL, O_NONBLOCK);
	if (sent(m, m->client->guid, MEI_GUID, e) != ERR_OK)
		return e->code;
	for (; at < sizeof(out); at += n) {
		if (received(m, out + at, sizeof(out) - at, &n, e) != ERR_OK)
			return e->code;
		errno = 0;
		if (n == 0)
			return refuse(e, m->client->why.client, ERR_PEER,
			    m->path, "the client was refused");
	}
	m->max = get_u32le(out);
	return ERR_OK;
}

enum err_code
mei_open(const char *path, const struct mei_target *client, struct mei **out,
    struct err *e)
{
	struct mei *m = calloc(1, sizeof(*m));
	struct stat st;

	if (m == NULL)
		return err_mem(e);
	m->fd = -1;
	m->client = client;
	if (strlen(path) >= sizeof(m->path)) {
		err_set(e, ERR_USAGE, "%s: the path is too long", path);
		goto out;
	}
	memcpy(m->path, path, strlen(path));
	if (stat(path, &st) == -1)
		why_not(m, "the MEI device", e);
	else if ((m->socket = S_ISSOCK(st.st_mode)))
		open_socket(m, e);
	else if (S_ISCHR(st.st_mode))
		open_device(m, e);
	else {
		errno = ENODEV;
		why_not(m, "the MEI device", e);
	}
	if (e->code != ERR_OK)
		goto out;
	errno = 0;
	if (m->max < MAX_LEAST || m->max > MAX_MOST)
		err_set(e, ERR_PEER, "%s: messages of %zu bytes", path, m->max);
	else if ((m->buf = malloc(m->max)) == NULL)
		err_mem(e);
	if (e->code == ERR_OK) {
		*out = m;
		m = NULL;
	}
out:
	mei_close(m);
	return e->code;
}

static enum err_code
answer_of(struct mei *m, size_t *len, struct err *e)
{
	size_t n, want;

	for (*len = 0;;) {
		if (received(m, m->buf + *len, m->max - *len, &n, e) != ERR_OK)
			return e->code;
		if (n == 0)
			return err_set(e, ERR_PEER,
			    "%s: the firmware closed the connection", m->path);
		*len += n;
		if (!m->socket || m->client->size == NULL)
			return ERR_OK;
		want = m->client->size(m->buf, *len);
		if (want > m->max)
			return err_set(e, ERR_PEER,
			    "%s: an answer of %zu bytes; %zu at most", m->path,
			    want, m->max);
		if (want > 0 && *len >= want)
			return ERR_OK;
	}
}

enum err_code
mei_call(
    struct mei *m, const void *p, size_t n, struct wr *answer, struct err *e)
{
	size_t len = 0;

	if (n > m->max)
		return err_set(
		    e, ERR_BUG, "a message of %zu bytes; %zu fit", n, m->max);
	if (sent(m, p, n, e) == ERR_OK && answer_of(m, &len, e) == ERR_OK) {
		wr_bytes(answer, m->buf, len);
		if (answer->failed)
			err_mem(e);
	}
	secret_wipe(m->buf, m->max);
	return e->code;
}

void
mei_close(struct mei *m)
{
	if (m == NULL)
		return;
	if (m->fd != -1)
		close(m->fd);
	free(m->buf);
	free(m);
}
