/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical POSIX ustar: regular files only, names of 1..99 characters
 * without a folder, mode 0644, owner and group 0 with no names, time 0, zero
 * padding, exactly two end blocks, nothing behind. Any other byte is refused,
 * so an archive has one form only and its digest means its content.
 */
#ifndef FORMATS_USTAR_H
#define FORMATS_USTAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define USTAR_BLOCK 512
#define USTAR_NAME 100

struct ustar_member {
	char name[USTAR_NAME];
	const uint8_t *data; /* borrowed from the archive */
	size_t n;
};

/* One member, header and padding. */
void ustar_write(struct wr *, const char *name, const void *, size_t n);
void ustar_finish(struct wr *); /* the two end blocks */
/* The next member; false at the end of the archive or on failure: then
 * rd_end() tells which. */
bool ustar_next(struct rd *, struct ustar_member *);
/* Header block alone, for streaming writers. */
bool ustar_header(uint8_t out[static USTAR_BLOCK], const char *name, size_t n);

#endif
