/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fault of a machine: what it sends goes out a few bytes at a time.
 */
#ifndef DEVICE_TRICKLE_H
#define DEVICE_TRICKLE_H

#include <stddef.h>

#include "base/conn.h"
#include "base/err.h"
#include "base/loop.h"

struct trickle;

/* The connection is borrowed, and must outlive it. */
enum err_code trickle_new(struct loop *, struct conn *, unsigned bytes_a_second,
    struct trickle **, struct err *);
/* Copied, behind what is not out yet. */
void trickle_send(struct trickle *, const void *, size_t);
/* conn_finish(), once all is out. */
void trickle_finish(struct trickle *);
void trickle_free(struct trickle *); /* wipes; NULL is fine */

#endif
