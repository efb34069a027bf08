/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP as an event of the loop: what a program keeps of files is read
 * again. */
#ifndef BASE_HANGUP_H
#define BASE_HANGUP_H

#include "base/err.h"
#include "base/loop.h"

struct hangup;

/* From now on SIGHUP calls fn. */
enum err_code hangup_new(struct loop *, void (*fn)(void *), void *arg,
    struct hangup **, struct err *);
void hangup_free(struct hangup *); /* NULL is fine; SIGHUP stays blocked */

#endif
