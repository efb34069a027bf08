/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/mei0 for any program, without hardware or kernel support: a testbed of
 * umockdev whose MEI device passes what it is told on to a software device's
 * host interface (amtforge-device --mei), as the kernel's driver passes it on
 * to firmware.
 *
 *   mei SOCKET[,OPTION...] -- PROGRAM [ARGUMENT...]
 *
 * Options:
 *   nowd     the firmware has no client WD    noamt   none AMTHI
 *   busy=N   the first N connects find it in use
 *   cut=N    the Nth answer lacks its last byte
 *   other=N  the Nth answer is to another command
 *
 * The exit status is the program's. What happened goes to stderr at the end,
 * as "mei: 2 connects, 14 writes, 14 reads".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mei.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <umockdev.h>

#define MESSAGE 4096
/* Who waits for an answer asks again, or gives up. */
#define WAIT_MS 300

static const uint8_t amt[16] = { 0x28, 0x00, 0xf8, 0x12, 0xb7, 0xb4, 0x2d, 0x4b,
	0xac, 0xa8, 0x46, 0xe0, 0xff, 0x65, 0x81, 0x4c };
static const uint8_t wd[16] = { 0x6f, 0x9a, 0xb7, 0x05, 0x28, 0x46, 0x7f, 0x4d,
	0x89, 0x9d, 0xa9, 0x15, 0x14, 0xcb, 0x32, 0xab };

struct world {
	char socket[108];
	bool nowd, noamt;
	unsigned busy, cut, other;
	unsigned connects, writes, reads;
};

/* What one open file of the program is connected to. */
struct end {
	int fd;
	bool framed; /* PTHI: a header says the length */
};

static void
end_free(gpointer p)
{
	struct end *e = p;

	if (e->fd != -1)
		close(e->fd);
	free(e);
}

static struct end *
end_of(UMockdevIoctlClient *c)
{
	struct end *e = g_object_get_data(G_OBJECT(c), "end");

	if (e == NULL) {
		e = calloc(1, sizeof(*e));
		e->fd = -1;
		g_object_set_data_full(G_OBJECT(c), "end", e, end_free);
	}
	return e;
}

static void
reply(UMockdevIoctlClient *c, long result, int error)
{
	umockdev_ioctl_client_complete(c, result, error);
}

static bool
whole(int fd, void *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t k = read(fd, (uint8_t *)to + at, n - at);

		if (k <= 0)
			return false;
		at += (size_t)k;
	}
	return true;
}

static int
dial(const struct world *w)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct timeval bound = { 20, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, w->socket, sizeof(un.sun_path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Returns errno's value. */
static int
connect_client(struct world *w, struct end *e, const uint8_t guid[16],
    struct mei_client *out)
{
	if ((w->noamt && memcmp(guid, amt, 16) == 0) ||
	    (w->nowd && memcmp(guid, wd, 16) == 0))
		return ENOTTY;
	if (w->busy > 0) {
		w->busy--;
		return EBUSY;
	}
	if (e->fd != -1)
		close(e->fd);
	if ((e->fd = dial(w)) == -1)
		return ENODEV;
	e->framed = memcmp(guid, wd, 16) != 0;
	if (write(e->fd, guid, 16) != 16 || !whole(e->fd, out, 8))
		return ENOTTY;
	w->connects++;
	return 0;
}

static gboolean
on_ioctl(UMockdevIoctlBase *h, UMockdevIoctlClient *c, gpointer x)
{
	UMockdevIoctlData *d;
	struct mei_client out;
	guint8 *in;
	gint n;
	int rc;

	(void)h;
	if (umockdev_ioctl_client_get_request(c) != IOCTL_MEI_CONNECT_CLIENT) {
		reply(c, -1, ENOTTY);
		return TRUE;
	}
	d = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(c), 0,
	    sizeof(struct mei_connect_client_data), NULL);
	umockdev_ioctl_data_retrieve(d, &in, &n);
	rc = connect_client(x, end_of(c), in, &out);
	g_free(in);
	if (rc == 0)
		umockdev_ioctl_data_update(d, 0, (guint8 *)&out, sizeof(out));
	reply(c, rc == 0 ? 0 : -1, rc);
	return TRUE;
}

static gboolean
on_write(UMockdevIoctlBase *h, UMockdevIoctlClient *c, gpointer x)
{
	struct end *e = end_of(c);
	struct world *w = x;
	guint8 *in;
	gint n;

	(void)h;
	w->writes++;
	umockdev_ioctl_data_retrieve(umockdev_ioctl_client_get_arg(c), &in, &n);
	if (e->fd == -1)
		reply(c, -1, ENODEV);
	else
		reply(c, write(e->fd, in, (size_t)n), errno);
	g_free(in);
	return TRUE;
}

/* One message: the driver gives no part of a second one. */
static ssize_t
one_message(const struct end *e, uint8_t *to)
{
	uint32_t n;

	if (!e->framed)
		return read(e->fd, to, MESSAGE);
	if (!whole(e->fd, to, 12))
		return -1;
	n = (uint32_t)to[8] | (uint32_t)to[9] << 8;
	if (n > MESSAGE - 12 || !whole(e->fd, to + 12, n))
		return -1;
	return (ssize_t)n + 12;
}

static gboolean
on_read(UMockdevIoctlBase *h, UMockdevIoctlClient *c, gpointer x)
{
	struct end *e = end_of(c);
	struct pollfd p = { e->fd, POLLIN, 0 };
	uint8_t message[MESSAGE];
	struct world *w = x;
	ssize_t n;

	(void)h;
	if (poll(&p, 1, WAIT_MS) == 0) {
		reply(c, -1, EAGAIN);
		return TRUE;
	}
	w->reads++;
	if (e->fd == -1 || (n = one_message(e, message)) <= 0) {
		reply(c, -1, ENODEV);
		return TRUE;
	}
	if (w->reads == w->cut)
		n--;
	if (w->reads == w->other)
		message[4] ^= 1;
	umockdev_ioctl_data_update(
	    umockdev_ioctl_client_get_arg(c), 0, message, (gsize)n);
	reply(c, n, 0);
	return TRUE;
}

static gpointer
loop_thread(gpointer loop)
{
	g_main_loop_run(loop);
	return NULL;
}

static bool
options(struct world *w, char *arg)
{
	char *word = strsep(&arg, ",");

	if (strlen(word) >= sizeof(w->socket))
		return false;
	strcpy(w->socket, word);
	while ((word = strsep(&arg, ",")) != NULL) {
		char *value = strchr(word, '=');
		unsigned n = value == NULL ? 0 : (unsigned)atoi(value + 1);

		if (value != NULL)
			*value = '\0';
		if (strcmp(word, "nowd") == 0)
			w->nowd = true;
		else if (strcmp(word, "noamt") == 0)
			w->noamt = true;
		else if (strcmp(word, "busy") == 0)
			w->busy = n;
		else if (strcmp(word, "cut") == 0)
			w->cut = n;
		else if (strcmp(word, "other") == 0)
			w->other = n;
		else
			return false;
	}
	return true;
}

/* The node is a plain file: programs that wait by select() are woken, as they
 * would not be by a terminal, which umockdev makes by itself. */
static UMockdevTestbed *
plug(UMockdevIoctlBase *h)
{
	UMockdevTestbed *bed = umockdev_testbed_new();
	g_autofree char *root = umockdev_testbed_get_root_dir(bed);
	g_autofree char *dir = g_strconcat(root, "/dev", NULL);
	g_autofree char *file = g_strconcat(root, "/dev/mei0", NULL);
	GError *e = NULL;

	if (umockdev_testbed_add_device(bed, "mei", "mei0", NULL, "fw_ver",
		"0:16.1.25.2049\n", "dev", "240:0\n", NULL, "DEVNAME",
		"/dev/mei0", "MAJOR", "240", "MINOR", "0", NULL) != NULL) {
		g_mkdir_with_parents(dir, 0755);
		g_file_set_contents(file, "", 0, NULL);
		if (umockdev_testbed_attach_ioctl(bed, "/dev/mei0", h, &e))
			return bed;
	}
	fprintf(stderr, "mei: %s\n", e != NULL ? e->message : "no testbed");
	exit(70);
}

int
main(int argc, char **argv)
{
	const char *preload = getenv("LD_PRELOAD");
	struct world w = { .busy = 0 };
	UMockdevIoctlBase *h;
	UMockdevTestbed *bed;
	int status;
	pid_t pid;

	if (preload == NULL || strstr(preload, "umockdev") == NULL) {
		setenv("LD_PRELOAD", "libumockdev-preload.so.0", 1);
		execv("/proc/self/exe", argv);
		return 70;
	}
	if (argc < 4 || strcmp(argv[2], "--") != 0 || !options(&w, argv[1])) {
		fprintf(stderr, "usage: mei SOCKET[,OPTION...] -- PROGRAM\n");
		return 2;
	}
	h = umockdev_ioctl_base_new();
	g_signal_connect(h, "handle-ioctl", G_CALLBACK(on_ioctl), &w);
	g_signal_connect(h, "handle-write", G_CALLBACK(on_write), &w);
	g_signal_connect(h, "handle-read", G_CALLBACK(on_read), &w);
	bed = plug(h);
	g_thread_unref(
	    g_thread_new("loop", loop_thread, g_main_loop_new(NULL, FALSE)));
	if ((pid = fork()) == 0) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	fprintf(stderr, "mei: %u connects, %u writes, %u reads\n", w.connects,
	    w.writes, w.reads);
	g_object_unref(bed);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
