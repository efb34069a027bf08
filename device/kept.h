/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct that is mostly zeroes, in little room: runs of zeroes are left out.
 * The records of a fleet's many machines are kept so while nothing happens to
 * them (machine_factory()). Whatever the bytes are, they come back as they
 * were. In memory only: it is no format.
 */
#ifndef DEVICE_KEPT_H
#define DEVICE_KEPT_H

#include <stddef.h>

#define KEPT_MAX 0xffff /* bytes of the struct */

struct kept;

struct kept *kept_new(const void *, size_t n); /* NULL: no memory */
/* Into a struct of the same n bytes. */
void kept_copy(const struct kept *, void *, size_t n);
void kept_free(struct kept *); /* wipes; NULL is fine */

#endif
