/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sticks by the kernel's block devices. Only whole disks whose path in sysfs
 * goes through a USB device are seen at all: that is the gate, since a disk's
 * name says nothing and the "removable" mark is wrong on many.
 *
 * A disk is opened O_EXCL, so that no file system, swap, dm, md or other
 * exclusive user can have it or get it; O_DIRECT, so that what is read back
 * comes from the stick and not from memory. What was opened is compared with
 * what was listed (device number, sysfs path, sequence number of the disk)
 * before a byte is written. The kernel bounds the waits.
 */
#ifndef EXPORT_STICKBLOCK_H
#define EXPORT_STICKBLOCK_H

#include "export/stick.h"

/* Where the kernel tells; NULL in a place is its own. For tests. */
struct stickblock_root {
	const char *sys;       /* /sys */
	const char *mountinfo; /* /proc/self/mountinfo */
	const char *swaps;     /* /proc/swaps */
};

/* Appends the disks behind USB. root NULL: the running system. */
enum err_code stickblock_list(
    const struct stickblock_root *, struct stick_list *, struct err *);
enum stickblock_how {
	STICKBLOCK_READ,
	STICKBLOCK_ALONE, /* reads; nobody else has it or gets it */
	STICKBLOCK_WRITE  /* alone */
};

enum err_code stickblock_open(const struct stick_info *, enum stickblock_how,
    struct stick **, struct err *);

/* The port of the USB device nearest to the disk, from its real path in
 * sysfs; false where the path goes through none. */
bool stickblock_port(const char *path, char *port, size_t room);
/* Does this line of mountinfo name the device? *where and *n: the mount
 * point in the line. */
bool stickblock_mounts(const char *line, unsigned major, unsigned minor,
    const char *node, const char **where, size_t *n);

#endif
