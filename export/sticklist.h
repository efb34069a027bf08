/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a USB stick that is plugged in, and lists of that: below
 * the doors (export/stickblock.h, export/stickusb.h), which fill them.
 */
#ifndef EXPORT_STICKLIST_H
#define EXPORT_STICKLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum stick_via {
	STICK_VIA_AUTO, /* the block device where the kernel shows a disk */
	STICK_VIA_BLOCK,
	STICK_VIA_USB
};

struct stick_info {
	char port[64];
	uint16_t vid, pid;
	char vendor[64], product[64], serial[128];
	uint8_t bus, address; /* of USB; 0 unknown */
	enum stick_via via;   /* the door it would be opened by; not AUTO */
	/* As the kernel shows it; node is "" where it shows no disk. */
	char node[64];   /* /dev/sdb */
	char sysfs[512]; /* real path of its folder in /sys */
	uint32_t major, minor;
	uint64_t diskseq; /* 0: not known */
	uint64_t sectors; /* 0: not known */
	bool read_only;
	char held[128];  /* "mounted at /mnt", or "" */
	char unfit[128]; /* why it can never be used, or "" */
};

struct stick_list {
	struct stick_info *at; /* owned; by rising port */
	size_t n, room;
	enum stick_via via; /* that was asked for */
};

/* "1-2.3": is it the name of a port? */
bool sticklist_is_port(const char *);
/* The first line of dir/name as printable ASCII, "" where there is none: what
 * a stick says of itself goes to terminals and files. */
void sticklist_attr(const char *dir, const char *name, char *out, size_t room);

enum err_code sticklist_add(
    struct stick_list *, const struct stick_info *, struct err *);
/* ERR_NOINPUT if nothing that could be a stick is at this port. */
enum err_code sticklist_find(const struct stick_list *, const char *port,
    const struct stick_info **, struct err *);
/* Why an empty list is empty, for a person. A static text. */
const char *sticklist_none(const struct stick_list *);
void sticklist_free(struct stick_list *);

#endif
