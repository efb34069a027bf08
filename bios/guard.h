/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of an image that no write may touch, collected from what the readers
 * found: code that is signed, ranges that a hash protects, what a map forbids.
 * Fails closed: where the list is full, nothing may be written. Pure.
 */
#ifndef BIOS_GUARD_H
#define BIOS_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define GUARD_RANGES 256
#define GUARD_WHAT 128

enum guard_kind {
	GUARD_SIGNED,    /* by Intel or the OEM: REASON_IMAGE_SIGNED */
	GUARD_PROTECTED, /* a hash covers it: REASON_IMAGE_PROTECTED */
	GUARD_FORBIDDEN, /* by the map: REASON_IMAGE_FORBIDDEN */
	GUARD_UNKNOWN    /* bytes whose owner nobody knows; only a map that says
			  * what must be there (expect) may write:
			  * REASON_IMAGE_FORBIDDEN */
};

struct guard_range {
	size_t off, len;
	enum guard_kind kind;
	char what[GUARD_WHAT]; /* "partition FTPR (Intel-signed code)" */
};

struct guard {
	size_t n;
	bool full;
	struct guard_range r[GUARD_RANGES];
};

void guard_add(struct guard *, enum guard_kind, size_t off, size_t len,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* May off..off+len-1 be written? The refusal names the range it falls in. */
enum err_code guard_check(
    const struct guard *, size_t off, size_t len, struct err *);
/* The same for a write whose old bytes the map names: GUARD_UNKNOWN lets it
 * pass. */
enum err_code guard_check_named(
    const struct guard *, size_t off, size_t len, struct err *);

#endif
