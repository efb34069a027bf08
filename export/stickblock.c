/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/secret.h"
#include "export/stickblock.h"
#include "formats/reason.h"

/* Since Linux 5.15; headers of a distribution may be older. */
#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

static const struct stickblock_root running = { "/sys", "/proc/self/mountinfo",
	"/proc/swaps" };

#define PATH_LEN 1024 /* sysfs paths are kept below 512 */

/* ---- paths ---- */

/* Length of the port's name at s ("1-2.3"), 0 if none begins there. */
static size_t
port_len(const char *s)
{
	size_t n = strspn(s, "0123456789"), digits;

	if (n == 0 || s[n] != '-')
		return 0;
	for (n++;; n++) {
		if ((digits = strspn(s + n, "0123456789")) == 0)
			return 0;
		n += digits;
		if (s[n] != '.')
			return n;
	}
}

/* .../usb1/1-2/1-2.3/1-2.3:1.0/host6/...: the interface names the port. A
 * path without a root hub in it is none of USB, whatever its parts are
 * called. */
bool
stickblock_port(const char *path, char *port, size_t room)
{
	const char *hub = strstr(path, "/usb"), *s;
	size_t len = 0, n;

	if (hub == NULL || !isdigit((unsigned char)hub[4]))
		return false;
	for (s = hub; s != NULL; s = strchr(s + 1, '/')) {
		n = port_len(s + 1);
		if (n == 0 || s[1 + n] != ':' || n >= room)
			continue;
		memcpy(port, s + 1, n);
		port[len = n] = '\0';
	}
	return len > 0;
}

/* The nth field of a line, fields have blanks between. */
static const char *
field(const char *line, int nth, size_t *n)
{
	while (nth-- > 0) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	*n = strcspn(line, " \t\n");
	return line;
}

static bool
field_is(const char *line, int nth, const char *want)
{
	size_t n;
	const char *s = field(line, nth, &n);

	return n == strlen(want) && memcmp(s, want, n) == 0;
}

/* proc(5): id, parent, major:minor, root, mount point, options, optional
 * fields, "-", type, source, options. Some file systems (btrfs) have a device
 * number of their own; then the source tells. */
bool
stickblock_mounts(const char *line, unsigned major, unsigned minor,
    const char *node, const char **where, size_t *n)
{
	char number[32];
	const char *dash = strstr(line, " - ");

	snprintf(number, sizeof(number), "%u:%u", major, minor);
	*where = field(line, 4, n);
	return *n > 0 &&
	    (field_is(line, 2, number) ||
		(dash != NULL && field_is(dash + 1, 2, node)));
}

/* ---- small files ---- */

static uint64_t
read_number(const char *dir, const char *name)
{
	char text[32];

	sticklist_attr(dir, name, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

static unsigned
read_hex(const char *dir, const char *name)
{
	char text[32];

	sticklist_attr(dir, name, text, sizeof(text));
	return (unsigned)strtoul(text, NULL, 16);
}

/* ---- who holds it ---- */

struct dev {
	const struct stickblock_root *root;
	char node[64]; /* /dev/sdb1 */
	unsigned major, minor;
};

static bool
dev_of(const struct stickblock_root *root, const char *dir, const char *name,
    struct dev *d)
{
	char text[32];

	d->root = root;
	snprintf(d->node, sizeof(d->node), "/dev/%.50s", name);
	sticklist_attr(dir, "dev", text, sizeof(text));
	return sscanf(text, "%u:%u", &d->major, &d->minor) == 2;
}

static bool
is_mounted(const struct dev *d, char *held, size_t room)
{
	FILE *f = fopen(d->root->mountinfo, "re");
	const char *where;
	char *line = NULL;
	size_t cap = 0, n;
	bool hit = false;

	if (f == NULL)
		return false;
	while (!hit && getline(&line, &cap, f) != -1)
		if (stickblock_mounts(
			line, d->major, d->minor, d->node, &where, &n)) {
			snprintf(held, room, "mounted at %.*s",
			    (int)(n < 100 ? n : 100), where);
			hit = true;
		}
	free(line);
	fclose(f);
	return hit;
}

static bool
is_swap(const struct dev *d, char *held, size_t room)
{
	FILE *f = fopen(d->root->swaps, "re");
	char *line = NULL;
	size_t cap = 0;
	bool hit = false;

	if (f == NULL)
		return false;
	while (!hit && getline(&line, &cap, f) != -1)
		hit = field_is(line, 0, d->node);
	if (hit)
		snprintf(held, room, "swap space (%s)", d->node);
	free(line);
	fclose(f);
	return hit;
}

/* A dm (LVM, LUKS), md or bcache device on top. */
static bool
has_holder(const struct dev *d, const char *dir, char *held, size_t room)
{
	char path[PATH_LEN], name[64] = "";
	struct dirent *entry;
	bool hit = false;
	DIR *list;

	snprintf(path, sizeof(path), "%s/holders", dir);
	if ((list = opendir(path)) == NULL)
		return false;
	while (!hit && (entry = readdir(list)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		hit = true;
		snprintf(path, sizeof(path), "%s/block/%.64s/dm", d->root->sys,
		    entry->d_name);
		sticklist_attr(path, "name", name, sizeof(name));
		snprintf(held, room, "part of %.40s%s%.40s", entry->d_name,
		    name[0] != '\0' ? ", " : "", name);
	}
	closedir(list);
	return hit;
}

/* A loop device is not among the holders, and opens without keeping others
 * out. */
static bool
is_looped(const struct dev *d, char *held, size_t room)
{
	char path[PATH_LEN], file[128];
	struct dirent *entry;
	bool hit = false;
	DIR *list;

	snprintf(path, sizeof(path), "%s/block", d->root->sys);
	if ((list = opendir(path)) == NULL)
		return false;
	while (!hit && (entry = readdir(list)) != NULL) {
		if (strncmp(entry->d_name, "loop", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/block/%.64s/loop",
		    d->root->sys, entry->d_name);
		sticklist_attr(path, "backing_file", file, sizeof(file));
		hit = strcmp(file, d->node) == 0;
		if (hit)
			snprintf(held, room, "%s is below %.40s", d->node,
			    entry->d_name);
	}
	closedir(list);
	return hit;
}

static bool
dev_held(const struct stickblock_root *root, const char *dir, const char *name,
    char *held, size_t room)
{
	struct dev d;

	return dev_of(root, dir, name, &d) &&
	    (is_mounted(&d, held, room) || is_swap(&d, held, room) ||
		has_holder(&d, dir, held, room) || is_looped(&d, held, room));
}

/* The disk and each of its partitions. */
static void
find_holder(const struct stickblock_root *root, struct stick_info *s)
{
	const char *disk = strrchr(s->sysfs, '/') + 1;
	char path[PATH_LEN], mark[16];
	struct dirent *entry;
	DIR *list;

	if (dev_held(root, s->sysfs, disk, s->held, sizeof(s->held)) ||
	    (list = opendir(s->sysfs)) == NULL)
		return;
	while (s->held[0] == '\0' && (entry = readdir(list)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", s->sysfs, entry->d_name);
		sticklist_attr(path, "partition", mark, sizeof(mark));
		if (entry->d_name[0] != '.' && mark[0] != '\0')
			dev_held(root, path, entry->d_name, s->held,
			    sizeof(s->held));
	}
	closedir(list);
}

/* ---- listing ---- */

/* What the kernel keeps of the USB device itself: the folder of the port. */
static void
usb_facts(struct stick_info *s)
{
	char dir[sizeof(s->sysfs)], mark[160];
	char *end;

	snprintf(dir, sizeof(dir), "%s", s->sysfs);
	snprintf(mark, sizeof(mark), "/%s/%s:", s->port, s->port);
	if ((end = strstr(dir, mark)) == NULL)
		return;
	end[1 + strlen(s->port)] = '\0';
	s->vid = (uint16_t)read_hex(dir, "idVendor");
	s->pid = (uint16_t)read_hex(dir, "idProduct");
	s->bus = (uint8_t)read_number(dir, "busnum");
	s->address = (uint8_t)read_number(dir, "devnum");
	sticklist_attr(dir, "manufacturer", s->vendor, sizeof(s->vendor));
	sticklist_attr(dir, "product", s->product, sizeof(s->product));
	sticklist_attr(dir, "serial", s->serial, sizeof(s->serial));
}

static enum err_code
one_disk(const struct stickblock_root *root, const char *name,
    struct stick_list *list, struct err *e)
{
	struct stick_info s = { .via = STICK_VIA_BLOCK };
	char path[PATH_LEN], dev[32], *real = NULL;
	unsigned major, minor;

	snprintf(path, sizeof(path), "%s/block/%s", root->sys, name);
	if (strlen(name) > 50 || (real = realpath(path, NULL)) == NULL ||
	    strlen(real) >= sizeof(s.sysfs) ||
	    !stickblock_port(real, s.port, sizeof(s.port))) {
		free(real);
		return ERR_OK;
	}
	strcpy(s.sysfs, real);
	free(real);
	sticklist_attr(s.sysfs, "dev", dev, sizeof(dev));
	if (sscanf(dev, "%u:%u", &major, &minor) != 2)
		return ERR_OK; /* just unplugged */
	s.major = major;
	s.minor = minor;
	snprintf(s.node, sizeof(s.node), "/dev/%.50s", name);
	s.sectors = read_number(s.sysfs, "size"); /* of 512 bytes, always */
	s.diskseq = read_number(s.sysfs, "diskseq");
	s.read_only = read_number(s.sysfs, "ro") != 0;
	usb_facts(&s);
	if (read_number(s.sysfs, "queue/logical_block_size") > STICK_SECTOR)
		snprintf(s.unfit, sizeof(s.unfit),
		    "its sectors have more than 512 bytes");
	find_holder(root, &s);
	return sticklist_add(list, &s, e);
}

enum err_code
stickblock_list(
    const struct stickblock_root *root, struct stick_list *list, struct err *e)
{
	char path[PATH_LEN];
	struct dirent *entry;
	DIR *dir;

	root = root == NULL ? &running : root;
	snprintf(path, sizeof(path), "%s/block", root->sys);
	if ((dir = opendir(path)) == NULL) {
		if (errno == ENOENT)
			return ERR_OK;
		return err_sys(e, ERR_IO, "%s", path);
	}
	while (e->code == ERR_OK && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			one_disk(root, entry->d_name, list, e);
	closedir(dir);
	return e->code;
}

/* ---- an open disk ---- */

struct disk {
	int fd;
	char sysfs[512], node[64];
	uint8_t *block; /* aligned as O_DIRECT wants it */
};

static enum err_code
disk_err(const struct disk *d, uint64_t lba, const char *what, struct err *e)
{
	int was = errno;

	if (was == ENODEV || was == ENXIO || was == ENOMEDIUM ||
	    access(d->sysfs, F_OK) == -1)
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_GONE),
		    "sector %llu: %s: the stick was pulled out (%s)",
		    (unsigned long long)lba, what, d->node);
	return err_refuse(e, ERR_IO,
	    reason_get(
		was == ETIMEDOUT ? REASON_STICK_HANGS : REASON_STICK_FAILED),
	    "sector %llu: %s: %s (%s; the kernel's log tells more)",
	    (unsigned long long)lba, what, strerror(was), d->node);
}

static enum err_code
disk_read(void *arg, uint64_t lba, void *out, size_t n, struct err *e)
{
	struct disk *d = arg;
	uint8_t *p = out;

	while (n > 0) {
		size_t some = n < STICK_BLOCK ? n : STICK_BLOCK;
		ssize_t got =
		    pread(d->fd, d->block, some, (off_t)(lba * STICK_SECTOR));

		if (got == -1 && errno == EINTR)
			continue;
		if (got != (ssize_t)some) {
			errno = got == -1 ? errno : EIO;
			return disk_err(d, lba, "read", e);
		}
		memcpy(p, d->block, some);
		p += some;
		n -= some;
		lba += some / STICK_SECTOR;
	}
	return ERR_OK;
}

static enum err_code
disk_write(void *arg, uint64_t lba, const void *in, size_t n, struct err *e)
{
	struct disk *d = arg;
	const uint8_t *p = in;

	while (n > 0) {
		size_t some = n < STICK_BLOCK ? n : STICK_BLOCK;
		ssize_t got;

		memcpy(d->block, p, some);
		got =
		    pwrite(d->fd, d->block, some, (off_t)(lba * STICK_SECTOR));
		if (got == -1 && errno == EINTR)
			continue;
		if (got != (ssize_t)some) {
			errno = got == -1 ? errno : EIO;
			return disk_err(d, lba, "write", e);
		}
		p += some;
		n -= some;
		lba += some / STICK_SECTOR;
	}
	return ERR_OK;
}

static enum err_code
disk_sync(void *arg, struct err *e)
{
	struct disk *d = arg;

	if (fsync(d->fd) == -1)
		return disk_err(d, 0, "flush", e);
	/* The disk's pages that others may have read meanwhile. Root's alone;
	 * O_DIRECT does not need it. */
	if (ioctl(d->fd, BLKFLSBUF, 0) == -1 && errno != EACCES &&
	    errno != EPERM)
		return disk_err(d, 0, "flush", e);
	return ERR_OK;
}

static void
disk_free(struct disk *d)
{
	if (d == NULL)
		return;
	if (d->fd != -1)
		close(d->fd);
	if (d->block != NULL)
		secret_wipe(d->block, STICK_BLOCK);
	free(d->block);
	free(d);
}

static void
disk_close(void *arg)
{
	disk_free(arg);
}

/* The kernel reads the new partition table; where it cannot yet, it does when
 * the stick is plugged in again. */
static void
disk_close_written(void *arg)
{
	struct disk *d = arg;

	(void)ioctl(d->fd, BLKRRPART, 0);
	disk_free(d);
}

static const struct stick_ops reading = { disk_read, disk_write, disk_sync,
	disk_close };
static const struct stick_ops writing = { disk_read, disk_write, disk_sync,
	disk_close_written };

static enum err_code
changed(const struct stick_info *s, const char *what, struct err *e)
{
	return err_refuse(e, ERR_RETRY, reason_get(REASON_STICK_CHANGED),
	    "%s is another disk than was listed: %s differs", s->node, what);
}

/* Is what was opened what was listed? Names of disks are given anew. */
static enum err_code
same_disk(const struct disk *d, const struct stick_info *s, struct err *e)
{
	char path[64], *real;
	uint64_t seq = 0;
	bool same;
	struct stat st;

	if (fstat(d->fd, &st) == -1)
		return err_sys(e, ERR_IO, "%s", s->node);
	if (!S_ISBLK(st.st_mode) || major(st.st_rdev) != s->major ||
	    minor(st.st_rdev) != s->minor)
		return changed(s, "the device number", e);
	snprintf(
	    path, sizeof(path), "/sys/dev/block/%u:%u", s->major, s->minor);
	real = realpath(path, NULL);
	same = real != NULL && strcmp(real, s->sysfs) == 0;
	free(real);
	if (!same)
		return changed(s, "the path in sysfs", e);
	if (s->diskseq != 0 && ioctl(d->fd, BLKGETDISKSEQ, &seq) == 0 &&
	    seq != s->diskseq)
		return changed(s, "the sequence number", e);
	return ERR_OK;
}

static enum err_code
know_disk(const struct disk *d, struct stick_info *s, struct err *e)
{
	uint64_t bytes = 0;
	int sector = 0, ro = 0;

	if (ioctl(d->fd, BLKGETSIZE64, &bytes) == -1 ||
	    ioctl(d->fd, BLKSSZGET, &sector) == -1 ||
	    ioctl(d->fd, BLKROGET, &ro) == -1)
		return err_sys(e, ERR_IO, "%s", s->node);
	if (sector != STICK_SECTOR || bytes == 0)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    bytes == 0 ? "%s: there is no medium in the device"
			       : "%s: sectors of %d bytes, not 512",
		    s->node, sector);
	s->sectors = bytes / STICK_SECTOR;
	s->read_only = s->read_only || ro != 0;
	return ERR_OK;
}

static enum err_code
open_err(const struct stick_info *s, struct err *e)
{
	switch (errno) {
	case EBUSY:
		return err_refuse(e, ERR_RETRY, reason_get(REASON_STICK_HELD),
		    "%s is in use by another program or the kernel", s->node);
	case EACCES:
	case EPERM:
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_ACCESS),
		    "%s may not be opened by this user", s->node);
	case EROFS:
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_STICK_READ_ONLY), "%s is read-only",
		    s->node);
	case ENOMEDIUM:
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "%s: there is no medium in the device", s->node);
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_GONE),
		    "%s is not there any more", s->node);
	default:
		return err_sys(e, ERR_IO, "%s", s->node);
	}
}

static enum err_code
disk_new(const struct stick_info *s, enum stickblock_how how, struct disk **out,
    struct err *e)
{
	int flags = (how == STICKBLOCK_WRITE ? O_RDWR : O_RDONLY) |
	    (how == STICKBLOCK_READ ? 0 : O_EXCL);
	struct disk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_mem(e);
	*out = d;
	d->fd = -1;
	strcpy(d->sysfs, s->sysfs);
	strcpy(d->node, s->node);
	if ((d->block = aligned_alloc(4096, STICK_BLOCK)) == NULL)
		return err_mem(e);
	d->fd = open(
	    s->node, flags | O_DIRECT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return d->fd == -1 ? open_err(s, e) : same_disk(d, s, e);
}

enum err_code
stickblock_open(const struct stick_info *info, enum stickblock_how how,
    struct stick **out, struct err *e)
{
	struct stick *s = calloc(1, sizeof(*s));
	struct disk *d = NULL;

	if (s == NULL)
		return err_mem(e);
	s->info = *info;
	s->ops = how == STICKBLOCK_WRITE ? &writing : &reading;
	if (disk_new(info, how, &d, e) != ERR_OK ||
	    know_disk(d, &s->info, e) != ERR_OK) {
		disk_free(d);
		free(s);
		return e->code;
	}
	s->arg = d;
	*out = s;
	return ERR_OK;
}
