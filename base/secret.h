/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for key bytes: a mapping of its own, locked where the limits allow,
 * left out of core dumps, wiped in a forked child and at free. It has no
 * printer; bytes leave it only into a cipher or file_create_secret().
 * For short-lived secrets on the stack use secret_wipe() at the way out.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct secret {
	uint8_t *p; /* NULL while empty */
	size_t len; /* bytes in use */
	size_t cap; /* bytes mapped */
};

/* Maps room for cap bytes, len 0. ERR_RETRY if there is no memory. */
enum err_code secret_new(struct secret *, size_t cap, struct err *);
enum err_code secret_set(struct secret *, const void *, size_t, struct err *);
void secret_free(struct secret *); /* wipes; an empty one is fine */
bool secret_equal(const void *, const void *, size_t n); /* constant time */
void secret_wipe(void *, size_t);

#endif
