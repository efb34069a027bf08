/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One server at a time runs on a store: two would set one machine up with two
 * sets of passwords. The lock is the kernel's, on the file "server.lock" in
 * the store's folder, so it ends with the process, however that ends.
 */
#ifndef SERVER_LOCK_H
#define SERVER_LOCK_H

#include <sys/types.h>

#include "base/err.h"

/* *fd is held until lock_drop(). REASON_SERVER_BUSY names who has it. The
 * process must not open the file a second time: closing it there would let
 * go of the lock. */
enum err_code lock_take(const char *dir, int *fd, struct err *);
void lock_drop(int fd); /* -1 is fine */
/* The process that has it, or 0. */
enum err_code lock_owner(const char *dir, pid_t *, struct err *);

#endif
