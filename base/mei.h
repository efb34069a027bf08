/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to the firmware: one connection to one client of the host
 * interface, by the kernel's MEI driver (a character device, the client is
 * chosen by ioctl) or by the Unix socket of a software device (the client's
 * GUID goes first; what the ioctl would give comes back). Messages go whole,
 * one at a time. Every wait is bounded.
 */
#ifndef BASE_MEI_H
#define BASE_MEI_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define MEI_PATH "/dev/mei0"
#define MEI_GUID 16

struct mei;

/* What a failure is refused with; each may be NULL. */
struct mei_reasons {
	const struct reason *absent; /* no device, or nobody answers */
	const struct reason *access; /* it may not be opened */
	const struct reason *client; /* the firmware has no such client */
};

struct mei_target {
	uint8_t guid[MEI_GUID]; /* as the ioctl takes it */
	/* The size of the answer that begins here, 0 while that is not known;
	 * NULL: what comes at once is one answer. Sockets have no other
	 * bounds of messages. */
	size_t (*size)(const void *, size_t n);
	struct mei_reasons why;
};

/* The client is borrowed until mei_close(). */
enum err_code mei_open(
    const char *path, const struct mei_target *, struct mei **, struct err *);
/* Sends one message and appends the answer. */
enum err_code mei_call(
    struct mei *, const void *, size_t n, struct wr *answer, struct err *);
void mei_close(struct mei *); /* NULL is fine */

#endif
