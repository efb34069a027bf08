/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to one stick: an image is written, or what is on it is
 * overwritten; always read back and compared. One job a port, each in a thread
 * of its own; jobs share nothing.
 *
 * An image is written with its first 64 KiB last, and zeroes there until then,
 * so that a stick that was pulled out half-way is no key to any machine.
 */
#ifndef EXPORT_STICKJOB_H
#define EXPORT_STICKJOB_H

#include <stdatomic.h>

#include "export/stick.h"

struct stickjob {
	/* the caller's; borrowed */
	const struct stick_info *info;
	const struct stick_how *how;
	const struct stick_allow *allow;
	const uint8_t *image; /* NULL: wipe */
	uint64_t sectors;     /* of the image that are written */
	bool whole;           /* wipe: the whole stick */
	/* progress in sectors, for who watches */
	_Atomic uint64_t done, total;
	atomic_bool stop; /* set to give up at the next block */
	atomic_bool over; /* the results below are there */
	/* results */
	enum stick_content content; /* as it was found */
	const char *words;          /* the same, for a person */
	uint64_t capacity;          /* sectors */
	uint64_t bytes;             /* written and compared */
	double seconds;
	struct err err;
};

/* Judges and touches nothing; words, content, capacity and total are set. */
void stickjob_look(struct stickjob *);
/* Judges, writes, reads back. */
void stickjob_run(struct stickjob *);

/* Is this the image of a key? *sectors: up to the last one in use. */
enum err_code stickjob_image(
    const uint8_t *, size_t n, uint64_t *sectors, struct err *);

#endif
