/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB sticks for any libusb program, without hardware or kernel support: a
 * testbed of umockdev whose devices answer usbfs as Bulk-Only disks over raw
 * images would.
 *
 *   stick PORT=IMAGE[,OPTION...] ... -- PROGRAM [ARGUMENT...]
 *
 * PORT is as "1-1", or "1-4.2" behind a hub. Options:
 *   ro        write-protected         idle      no kernel driver is bound
 *   nosync    no SYNCHRONIZE CACHE    nolun     Get Max LUN stalls
 *   uas       speaks only UAS         kbd       no stick but a keyboard
 *   empty     no medium               4k        sectors of 4096 bytes
 *   huge      more than 2 TiB         split     libusb cuts transfers in four
 *   slow=N    not ready at the first N TEST UNIT READY
 *   serial=S  its serial number
 * and one fault=KIND:N, that begins with the Nth WRITE(10):
 *   stall     the endpoint halts, sense 3/0c/00: the medium is worn
 *   unplug    pulled out              torn      the same, half is written
 *   hang      never answers again     lie       says good, writes nothing
 *   phase     one phase error         phases    nothing but phase errors
 *   tag       one CSW of another tag  tags      nothing but those
 *   short     takes half of the data, and says so
 *   protect   says write-protected only now
 * or with the Nth READ(10): rot (one bit flips), badread (sense 3/11/00).
 *
 * The exit status is the program's. How often each stick was written goes to
 * stderr at the end, as "stick: 1-1: 12 writes".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <umockdev.h>

#define STICKS_MAX 16
#define HUB "/sys/devices/pci0000:00/0000:00:14.0/usb1"
#define NEVER (-EINPROGRESS)
#define HUNG_MS 20

enum state {
	WANT_CBW,
	DATA_IN,
	DATA_OUT,
	WANT_CSW
};

struct stick {
	char port[32], node[64], serial[32];
	char *syspath;
	int fd;
	off_t size;
	bool ro, idle, nosync, nolun, uas, kbd, empty, big_sectors, huge, split;
	int slow;
	char fault[16];
	int nth;
	/* as it runs */
	bool bound, gone, hung, halted_in, halted_out;
	int attentions, writes, reads;
	enum state state;
	uint8_t cbw[31], resp[65536], sense[18];
	uint32_t len, pos, residue;
	int status;
	GQueue done, waiting;
	UMockdevTestbed *bed;
};

/* ---- the disk ---- */

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void
fail(struct stick *s, int key, int asc, int ascq)
{
	memset(s->sense, 0, sizeof(s->sense));
	s->sense[0] = 0x70;
	s->sense[2] = (uint8_t)key;
	s->sense[7] = 10;
	s->sense[12] = (uint8_t)asc;
	s->sense[13] = (uint8_t)ascq;
	s->status = 1;
}

static bool
fault_is(const struct stick *s, const char *kind)
{
	return strcmp(s->fault, kind) == 0;
}

/* At the nth write exactly, or at it and all that follow. */
static bool
write_fault(const struct stick *s, const char *kind, bool on)
{
	return fault_is(s, kind) &&
	    (on ? s->writes >= s->nth : s->writes == s->nth);
}

static void
pull_out(struct stick *s)
{
	s->gone = true;
	umockdev_testbed_uevent(s->bed, s->syspath, "remove");
	umockdev_testbed_remove_device(s->bed, s->syspath);
}

static uint32_t
test_unit_ready(struct stick *s)
{
	if (s->attentions > 0) {
		s->attentions--;
		fail(s, 6, 0x28, 0);
	} else if (s->slow > 0) {
		s->slow--;
		fail(s, 2, 0x04, 1);
	} else if (s->empty)
		fail(s, 2, 0x3a, 0);
	return 0;
}

static uint32_t
read_sectors(struct stick *s, off_t at, uint32_t n)
{
	s->reads++;
	if (at + n > s->size || n > sizeof(s->resp)) {
		fail(s, 5, 0x21, 0);
		return 0;
	}
	if (fault_is(s, "badread") && s->reads >= s->nth) {
		fail(s, 3, 0x11, 0);
		return 0;
	}
	if (pread(s->fd, s->resp, n, at) != (ssize_t)n)
		fail(s, 4, 0x44, 0);
	if (fault_is(s, "rot") && s->reads >= s->nth)
		s->resp[n / 2] ^= 0x10;
	return n;
}

static uint32_t
write_sectors(struct stick *s, off_t at, uint32_t n)
{
	s->writes++;
	if (s->ro || write_fault(s, "protect", true))
		fail(s, 7, 0x27, 0);
	else if (at + n > s->size)
		fail(s, 5, 0x21, 0);
	else if (write_fault(s, "stall", true))
		fail(s, 3, 0x0c, 0);
	return n;
}

/* The command of the CBW; returns how many bytes it moves. */
static uint32_t
run_command(struct stick *s)
{
	const uint8_t *c = s->cbw + 15;
	off_t at = (off_t)be32(c + 2) * 512;
	uint32_t n = (uint32_t)(c[7] << 8 | c[8]) * 512;

	switch (c[0]) {
	case 0x00:
		return test_unit_ready(s);
	case 0x03:
		memcpy(s->resp, s->sense, 18);
		return 18;
	case 0x12:
		memcpy(s->resp,
		    "\0\x80\4\2\x1f\0\0\0AMTFORGEFAKE STICK      1.0 ", 36);
		return 36;
	case 0x1a:
		s->resp[0] = 3;
		s->resp[2] = s->ro ? 0x80 : 0;
		return 4;
	case 0x25:
		put_be32(s->resp,
		    s->huge ? UINT32_MAX : (uint32_t)(s->size / 512 - 1));
		put_be32(s->resp + 4, s->big_sectors ? 4096 : 512);
		return 8;
	case 0x28:
		return read_sectors(s, at, n);
	case 0x2a:
		return write_sectors(s, at, n);
	case 0x35:
		if (!s->nosync)
			return 0;
		/* fall through */
	default:
		fail(s, 5, 0x20, 0);
		return 0;
	}
}

static void
take_cbw(struct stick *s)
{
	uint32_t want = (uint32_t)s->cbw[8] | (uint32_t)s->cbw[9] << 8 |
	    (uint32_t)s->cbw[10] << 16 | (uint32_t)s->cbw[11] << 24;
	bool in = (s->cbw[12] & 0x80) != 0;
	uint32_t have;

	s->status = 0;
	s->pos = 0;
	memset(s->resp, 0, 512); /* more is only read from the disk */
	have = run_command(s);
	s->len = want < have ? want : have;
	s->residue = want - s->len;
	if (s->status != 0 && want > 0) {
		if (in)
			s->halted_in = true;
		else
			s->halted_out = true;
		s->len = 0;
		s->residue = want;
	}
	s->state = s->len == 0 ? WANT_CSW : in ? DATA_IN : DATA_OUT;
}

/* ---- the pipes: bytes moved, or -errno ---- */

static int
take_data(struct stick *s, const uint8_t *p, int n)
{
	off_t at = (off_t)be32(s->cbw + 17) * 512 + s->pos;
	size_t some = (size_t)n;

	if (write_fault(s, "hang", true)) {
		s->hung = true;
		return NEVER;
	}
	if (write_fault(s, "unplug", true) || write_fault(s, "torn", true)) {
		if (fault_is(s, "torn") &&
		    pwrite(s->fd, p, some / 2, at) != (ssize_t)(some / 2))
			perror("stick");
		pull_out(s);
		return -ENODEV;
	}
	if (write_fault(s, "short", true)) {
		some /= 2;
		s->residue += (uint32_t)some;
	}
	if (!write_fault(s, "lie", true) && !write_fault(s, "phase", false) &&
	    pwrite(s->fd, p, some, at) != (ssize_t)some)
		fail(s, 3, 0x0c, 0);
	s->pos += (uint32_t)n;
	if (s->pos >= s->len)
		s->state = WANT_CSW;
	return n;
}

static int
pipe_out(struct stick *s, const uint8_t *p, int n)
{
	if (s->hung)
		return NEVER;
	if (s->halted_out)
		return -EPIPE;
	if (s->state == DATA_OUT)
		return take_data(s, p, n);
	if (s->state != WANT_CBW || n != 31 || memcmp(p, "USBC", 4) != 0) {
		s->halted_in = s->halted_out = true;
		return -EPIPE;
	}
	memcpy(s->cbw, p, 31);
	take_cbw(s);
	return n;
}

static int
give_csw(struct stick *s, uint8_t *p)
{
	memcpy(p, "USBS", 4);
	memcpy(p + 4, s->cbw + 4, 4);
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(s->residue >> (8 * i));
	p[12] = (uint8_t)s->status;
	if (s->cbw[15] == 0x2a) {
		if (write_fault(s, "phase", false) ||
		    write_fault(s, "phases", true))
			p[12] = 2;
		if (write_fault(s, "tag", false) ||
		    write_fault(s, "tags", true))
			p[4] ^= 0xff;
	}
	s->state = WANT_CBW;
	return 13;
}

static int
pipe_in(struct stick *s, uint8_t *p, int n)
{
	int some = (int)(s->len - s->pos);

	if (s->hung)
		return NEVER;
	if (s->halted_in)
		return -EPIPE;
	if (s->state == WANT_CSW && n >= 13)
		return give_csw(s, p);
	if (s->state != DATA_IN) {
		s->halted_in = true;
		return -EPIPE;
	}
	some = some < n ? some : n;
	memcpy(p, s->resp + s->pos, (size_t)some);
	s->pos += (uint32_t)some;
	if (s->pos >= s->len)
		s->state = WANT_CSW;
	return some;
}

/* Class requests; p is the setup packet and the data behind it. */
static int
control(struct stick *s, uint8_t *p)
{
	if (s->hung)
		return NEVER;
	if (p[0] == 0xa1 && p[1] == 0xfe && !s->nolun) {
		p[8] = 0;
		return 1;
	}
	if (p[0] == 0x21 && p[1] == 0xff) {
		s->state = WANT_CBW;
		return 0;
	}
	return -EPIPE;
}

/* ---- usbfs ---- */

/* How a URB ended, which the program learns by reaping it. Only then: what is
 * changed of a URB at its submission is sent to the program twice. */
struct ended {
	UMockdevIoctlData *urb;
	int r;
	guint8 *in; /* for the program's buffer */
	gsize len;
};

static void
submit_in(struct stick *s, const struct usbdevfs_urb *u, struct ended *d)
{
	d->in = g_malloc((gsize)u->buffer_length + 1);
	d->r = pipe_in(s, d->in, u->buffer_length);
	d->len = d->r > 0 ? (gsize)d->r : 0;
}

static void
submit_out(struct stick *s, const struct usbdevfs_urb *u, struct ended *d)
{
	gsize n = (gsize)u->buffer_length;
	UMockdevIoctlData *buf = umockdev_ioctl_data_resolve(
	    d->urb, offsetof(struct usbdevfs_urb, buffer), n, NULL);

	if (u->type == USBDEVFS_URB_TYPE_BULK) {
		d->r = pipe_out(s, buf->data, u->buffer_length);
		return;
	}
	d->in = g_memdup2(buf->data, n);
	d->r = control(s, d->in);
	d->len = d->r > 0 ? n : 0;
}

static void
ended_free(struct ended *d)
{
	g_object_unref(d->urb);
	g_free(d->in);
	g_free(d);
}

static int
submit(struct stick *s, UMockdevIoctlData *urbd)
{
	struct usbdevfs_urb u;
	struct ended *d;

	memcpy(&u, urbd->data, sizeof(u));
	if (u.type != USBDEVFS_URB_TYPE_CONTROL &&
	    u.type != USBDEVFS_URB_TYPE_BULK)
		return -EINVAL;
	d = g_new0(struct ended, 1);
	d->urb = g_object_ref(urbd);
	if (u.type == USBDEVFS_URB_TYPE_BULK && (u.endpoint & 0x80) != 0)
		submit_in(s, &u, d);
	else
		submit_out(s, &u, d);
	if (d->r == -ENODEV) {
		ended_free(d);
		return -ENODEV;
	}
	g_queue_push_tail(d->r == NEVER ? &s->waiting : &s->done, d);
	return 0;
}

static int
discard(struct stick *s, gulong urb)
{
	for (GList *l = s->waiting.head; l != NULL; l = l->next) {
		struct ended *d = l->data;

		if (d->urb->client_addr != urb)
			continue;
		d->r = -ENOENT;
		g_queue_delete_link(&s->waiting, l);
		g_queue_push_tail(&s->done, d);
		return 0;
	}
	return -EINVAL;
}

static int
reap(struct stick *s, UMockdevIoctlData *arg)
{
	struct ended *d = g_queue_pop_head(&s->done);
	gint32 status, actual;

	if (d == NULL)
		return s->gone ? -ENODEV : -EAGAIN;
	status = d->r < 0 ? d->r : 0;
	actual = d->r < 0 ? 0 : d->r;
	if (d->len > 0)
		umockdev_ioctl_data_update(
		    umockdev_ioctl_data_resolve(d->urb,
			offsetof(struct usbdevfs_urb, buffer), d->len, NULL),
		    0, d->in, (gint)d->len);
	umockdev_ioctl_data_update(d->urb,
	    offsetof(struct usbdevfs_urb, status), (guint8 *)&status, 4);
	umockdev_ioctl_data_update(d->urb,
	    offsetof(struct usbdevfs_urb, actual_length), (guint8 *)&actual, 4);
	umockdev_ioctl_data_set_ptr(
	    umockdev_ioctl_data_resolve(arg, 0, sizeof(void *), NULL), 0,
	    d->urb);
	ended_free(d);
	return 0;
}

/* Detaching and attaching the kernel's driver. */
static int
driver(struct stick *s, UMockdevIoctlData *arg)
{
	struct usbdevfs_ioctl w;

	memcpy(&w, umockdev_ioctl_data_resolve(arg, 0, sizeof(w), NULL)->data,
	    sizeof(w));
	if (w.ioctl_code == (int)USBDEVFS_DISCONNECT) {
		if (!s->bound)
			return -ENODATA;
		s->bound = false;
		return 0;
	}
	if (w.ioctl_code != (int)USBDEVFS_CONNECT)
		return -ENOTTY;
	s->bound = true;
	return 1;
}

static int
get_driver(struct stick *s, UMockdevIoctlData *arg)
{
	guint8 name[] = "usb-storage";
	UMockdevIoctlData *d;

	if (!s->bound)
		return -ENODATA;
	d = umockdev_ioctl_data_resolve(
	    arg, 0, sizeof(struct usbdevfs_getdriver), NULL);
	umockdev_ioctl_data_update(
	    d, offsetof(struct usbdevfs_getdriver, driver), name, sizeof(name));
	return 0;
}

static int
clear_halt(struct stick *s, UMockdevIoctlData *arg)
{
	if ((umockdev_ioctl_data_resolve(arg, 0, 4, NULL)->data[0] & 0x80) != 0)
		s->halted_in = false;
	else
		s->halted_out = false;
	return 0;
}

static int
capabilities(struct stick *s, UMockdevIoctlData *arg)
{
	guint32 cap = s->split ? USBDEVFS_CAP_BULK_CONTINUATION
			       : USBDEVFS_CAP_NO_PACKET_SIZE_LIM;

	umockdev_ioctl_data_update(
	    umockdev_ioctl_data_resolve(arg, 0, 4, NULL), 0, (guint8 *)&cap, 4);
	return 0;
}

static int
answer(struct stick *s, gulong request, UMockdevIoctlData *arg)
{
	if (s->gone && request != USBDEVFS_REAPURBNDELAY)
		return -ENODEV;
	switch (request) {
	case USBDEVFS_GET_CAPABILITIES:
		return capabilities(s, arg);
	case USBDEVFS_GETDRIVER:
		return get_driver(s, arg);
	case USBDEVFS_IOCTL:
		return driver(s, arg);
	case USBDEVFS_CLAIMINTERFACE:
		return s->bound ? -EBUSY : 0;
	case USBDEVFS_RELEASEINTERFACE:
	case USBDEVFS_SETCONFIGURATION:
	case USBDEVFS_SETINTERFACE:
		return 0;
	case USBDEVFS_CLEAR_HALT:
		return clear_halt(s, arg);
	case USBDEVFS_SUBMITURB:
		return submit(s,
		    umockdev_ioctl_data_resolve(
			arg, 0, sizeof(struct usbdevfs_urb), NULL));
	case USBDEVFS_DISCARDURB:
		return discard(s, *(gulong *)(void *)arg->data);
	case USBDEVFS_REAPURB:
	case USBDEVFS_REAPURBNDELAY:
		return reap(s, arg);
	default:
		return -ENOTTY;
	}
}

static gboolean
nothing_yet(gpointer c)
{
	umockdev_ioctl_client_complete(c, -1, EAGAIN);
	g_object_unref(c);
	return G_SOURCE_REMOVE;
}

static gboolean
on_ioctl(UMockdevIoctlBase *h, UMockdevIoctlClient *c, gpointer arg)
{
	const struct stick *s = arg;
	int r = answer(arg, umockdev_ioctl_client_get_request(c),
	    umockdev_ioctl_client_get_arg(c));

	(void)h;
	/* A testbed's device is always ready to poll(), so that libusb would
	 * ask without a pause until the time of a stick that hangs is up. */
	if (r == -EAGAIN && s->hung && s->waiting.length > 0) {
		g_timeout_add(HUNG_MS, nothing_yet, g_object_ref(c));
		return TRUE;
	}
	umockdev_ioctl_client_complete(c, r < 0 ? -1 : r, r < 0 ? -r : 0);
	return TRUE;
}

/* ---- the testbed ---- */

static void
die(const char *what)
{
	fprintf(stderr, "stick: %s\n", what);
	exit(2);
}

static UMockdevTestbed *
new_bed(void)
{
	UMockdevTestbed *bed = umockdev_testbed_new();

	if (!umockdev_testbed_add_from_string(bed,
		"P: /devices/pci0000:00/0000:00:14.0/usb1\n"
		"N: bus/usb/001/001\n"
		"E: DEVNAME=/dev/bus/usb/001/001\nE: DEVTYPE=usb_device\n"
		"E: SUBSYSTEM=usb\nE: BUSNUM=001\nE: DEVNUM=001\n"
		"A: busnum=1\\n\nA: devnum=1\\n\nA: speed=480\\n\n"
		"A: bConfigurationValue=1\\n\n"
		"H: descriptors=12010002090001406B1D02000606030201010902190001"
		"0100E0000904000001090000000705810304000C\n",
		NULL))
		die("the testbed takes no root hub");
	return bed;
}

/* A device below `parent`; its files and descriptors. */
static char *
plug(UMockdevTestbed *bed, const char *name, const char *parent, int number,
    uint8_t *desc, const char *serial)
{
	char num[16], padded[16], node[64], minor[16];
	size_t n = 18u + desc[20];
	char *path;

	snprintf(num, sizeof(num), "%d\n", number);
	snprintf(padded, sizeof(padded), "%03d", number);
	snprintf(minor, sizeof(minor), "%d", number - 1);
	snprintf(node, sizeof(node), "/dev/bus/usb/001/%03d", number);
	path = umockdev_testbed_add_device(bed, "usb", name, parent, "busnum",
	    "1\n", "devnum", num, "speed", "480\n", "bConfigurationValue",
	    "1\n", "idVendor", "46f4\n", "idProduct", "0001\n", "manufacturer",
	    "Example\n", "product", "Fake Stick\n", "serial", serial, NULL,
	    "DEVNAME", node, "DEVTYPE", "usb_device", "BUSNUM", "001", "DEVNUM",
	    padded, "PRODUCT", "46f4/1/100", "MAJOR", "189", "MINOR", minor,
	    NULL);
	if (path == NULL)
		die("the testbed takes no device");
	umockdev_testbed_set_attribute_binary(
	    bed, path, "descriptors", desc, n);
	g_autofree char *root = umockdev_testbed_get_root_dir(bed);
	g_autofree char *dir = g_strconcat(root, "/dev/bus/usb/001", NULL);
	g_autofree char *file = g_strconcat(root, node, NULL);

	g_mkdir_with_parents(dir, 0755);
	if (access(file, F_OK) == -1)
		g_file_set_contents(file, "", 0, NULL);
	return path;
}

static void
plug_stick(UMockdevTestbed *bed, struct stick *s, const char *parent, int nr)
{
	uint8_t desc[] = { 18, 1, 0, 2, 0, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 1, 1,
		2, 3, 1, 9, 2, 32, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 2, 8, 6,
		0x50, 0, 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 2, 2, 0, 2, 0 };
	UMockdevIoctlBase *h = umockdev_ioctl_base_new();
	char serial[40];

	if (s->uas)
		desc[34] = 0x62;
	if (s->kbd)
		desc[32] = 3;
	snprintf(serial, sizeof(serial), "%s\n", s->serial);
	s->bed = bed;
	s->bound = !s->idle;
	s->attentions = 1; /* every stick that was just plugged in */
	s->syspath = plug(bed, s->port, parent, nr, desc, serial);
	snprintf(s->node, sizeof(s->node), "/dev/bus/usb/001/%03d", nr);
	g_signal_connect(h, "handle-ioctl", G_CALLBACK(on_ioctl), s);
	if (!umockdev_testbed_attach_ioctl(bed, s->node, h, NULL))
		die("the testbed takes no handler");
}

/* The hub of "1-4.2", once. */
static char *
plug_hub(UMockdevTestbed *bed, const char *port, int *nr)
{
	uint8_t desc[] = { 18, 1, 0, 2, 9, 0, 1, 64, 0x6b, 0x1d, 2, 0, 0, 1, 0,
		0, 0, 1, 9, 2, 25, 0, 1, 1, 0, 0xe0, 0, 9, 4, 0, 0, 1, 9, 0, 0,
		0, 7, 5, 0x81, 3, 4, 0, 12 };
	g_autofree char *name = g_strndup(port, strcspn(port, "."));
	char *path = g_strconcat(HUB "/", name, NULL);

	if (strchr(port, '.') == NULL) {
		g_free(path);
		return g_strdup(HUB);
	}
	if (access(path, F_OK) == 0)
		return path;
	g_free(path);
	return plug(bed, name, HUB, (*nr)++, desc, "HUB\n");
}

/* ---- options ---- */

static bool
take_flag(struct stick *s, const char *o)
{
	struct {
		const char *name;
		bool *flag;
	} flags[] = { { "ro", &s->ro }, { "idle", &s->idle },
		{ "nosync", &s->nosync }, { "nolun", &s->nolun },
		{ "uas", &s->uas }, { "kbd", &s->kbd }, { "empty", &s->empty },
		{ "4k", &s->big_sectors }, { "huge", &s->huge },
		{ "split", &s->split } };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(o, flags[i].name) == 0)
			return *flags[i].flag = true;
	return sscanf(o, "slow=%d", &s->slow) == 1 ||
	    sscanf(o, "serial=%31s", s->serial) == 1 ||
	    sscanf(o, "fault=%15[a-z]:%d", s->fault, &s->nth) == 2;
}

static void
take_stick(struct stick *s, char *arg)
{
	char *image = strchr(arg, '='), *option;
	struct stat st;

	if (image == NULL || image - arg >= (int)sizeof(s->port))
		die("PORT=IMAGE is wanted");
	*image++ = '\0';
	strcpy(s->port, arg);
	snprintf(s->serial, sizeof(s->serial), "FAKE-%s", arg);
	image = strtok(image, ",");
	while ((option = strtok(NULL, ",")) != NULL)
		if (!take_flag(s, option))
			die(option);
	if ((s->fd = open(image, O_RDWR | O_CLOEXEC)) == -1 ||
	    fstat(s->fd, &st) == -1)
		die(image);
	s->size = st.st_size;
}

static gpointer
loop(gpointer l)
{
	g_main_loop_run(l);
	return NULL;
}

static int
run(char **argv)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	const char *preload = getenv("LD_PRELOAD");
	struct stick *s = g_new0(struct stick, STICKS_MAX);
	int n = 0, i = 1, nr = 2, rc;
	UMockdevTestbed *bed;

	/* the testbed itself wants the library before all others */
	if (preload == NULL || strstr(preload, "umockdev") == NULL) {
		setenv("LD_PRELOAD", "libumockdev-preload.so.0", 1);
		execv("/proc/self/exe", argv);
		die("/proc/self/exe");
	}
	for (; i < argc && strcmp(argv[i], "--") != 0 && n < STICKS_MAX; i++)
		take_stick(&s[n++], argv[i]);
	if (i + 1 >= argc)
		die("-- PROGRAM is wanted");
	bed = new_bed();
	for (int k = 0; k < n; k++) {
		g_autofree char *parent = plug_hub(bed, s[k].port, &nr);

		plug_stick(bed, &s[k], parent, nr++);
	}
	g_thread_unref(
	    g_thread_new("loop", loop, g_main_loop_new(NULL, FALSE)));
	rc = run(argv + i + 1);
	for (int k = 0; k < n; k++)
		fprintf(stderr, "stick: %s: %d writes%s\n", s[k].port,
		    s[k].writes,
		    s[k].bound != !s[k].idle && !s[k].gone
			? ", its driver was left as it was not"
			: "");
	g_object_unref(bed);
	return rc;
}
