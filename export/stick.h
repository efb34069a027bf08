/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB sticks as a factory has them: many at once, named by the port they are
 * plugged into ("1-2.3": bus 1, port 2, and port 3 of the hub there, as Linux
 * names it), because device names change and a place in a hub does not.
 *
 * One small interface and two doors to it: the kernel's block device
 * (export/stickblock.h) and Bulk-Only Transport by libusb
 * (export/stickusb.h). What a stick is and whether it may be written is judged
 * here, the same for both.
 */
#ifndef EXPORT_STICK_H
#define EXPORT_STICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export/sticklist.h"
#include "formats/fat.h"

#define STICK_SECTOR 512
#define STICK_BLOCK 65536 /* what is read or written at once */

/* The window in which a disk is taken for a stick. Larger ones are backup
 * disks with someone's data. Makers count in thousands and then not exactly,
 * so the upper end is 64 GiB. */
#define STICK_MIN_BYTES ((uint64_t)16 * 1000 * 1000)
#define STICK_MAX_BYTES ((uint64_t)64 << 30)

struct stick;

/* The handful of functions that a door is. All waits are bounded. */
struct stick_ops {
	/* whole sectors */
	enum err_code (*read)(
	    void *arg, uint64_t lba, void *, size_t n, struct err *);
	enum err_code (*write)(
	    void *arg, uint64_t lba, const void *, size_t n, struct err *);
	/* What was written is on the medium, and reads come from there. */
	enum err_code (*sync)(void *arg, struct err *);
	void (*close)(void *arg);
};

struct stick {
	const struct stick_ops *ops;
	void *arg;
	struct stick_info info; /* sectors and read_only are known */
};

/* How to look and wait. */
struct stick_how {
	enum stick_via via;
	unsigned timeout_ms; /* of one answer of a stick */
};

/* False: no such word. */
bool stick_via_parse(const char *word, enum stick_via *);

/* All USB disks that are plugged in; nothing is touched. */
enum err_code stick_list_make(
    const struct stick_how *, struct stick_list *, struct err *);

enum stick_open_for {
	STICK_LOOK, /* reads; disturbs as little as can be */
	STICK_READ, /* reads, by the door that was asked for */
	STICK_WRITE /* alone */
};

/* A stick that is held, unfit or not there any more is refused. */
enum err_code stick_open(const struct stick_info *, enum stick_open_for,
    const struct stick_how *, struct stick **, struct err *);
void stick_close(struct stick *); /* NULL is fine */
enum err_code stick_read(
    struct stick *, uint64_t lba, void *, size_t n, struct err *);
enum err_code stick_write(
    struct stick *, uint64_t lba, const void *, size_t n, struct err *);
enum err_code stick_sync(struct stick *, struct err *);

/* ---- judging ---- */

enum stick_content {
	STICK_BLANK,  /* its first and last MiB are zeroes or ones */
	STICK_KEY,    /* a FAT volume with SETUP.BIN and nothing else,
		       * in the only partition or in none */
	STICK_FOREIGN /* anything else */
};

/* *words: a static text for a person. */
enum err_code stick_content(
    struct stick *, enum stick_content *, const char **words, struct err *);

/* What a person has allowed. */
struct stick_allow {
	bool force;    /* to overwrite what is not ours */
	bool any_size; /* outside of the window */
};

/* By what the kernel shows, before it is opened: is it free, in the window,
 * writable? sectors 0 is not judged. */
enum err_code stick_may_use(
    const struct stick_info *, const struct stick_allow *, struct err *);

/* ---- as a disk of formats/fat.h ---- */

/* Reads a block at a time; remembers the error behind a read that failed. */
struct stick_disk {
	struct fat_disk disk;
	struct stick *stick; /* borrowed */
	struct err err;
	uint64_t at; /* LBA of block[]; UINT64_MAX: nothing */
	size_t n;    /* sectors in it */
	uint8_t *block;
};

enum err_code stick_disk_init(
    struct stick_disk *, struct stick *, struct err *);
/* The error of the disk, or else a refusal for what fat_* said. */
enum err_code stick_disk_err(
    const struct stick_disk *, const char *why, struct err *);
void stick_disk_free(struct stick_disk *); /* wipes */

#endif
