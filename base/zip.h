/* SPDX-License-Identifier: Apache-2.0 */
/* The door to zlib: gzip members (RFC 1952) with zero time and no name. */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

enum err_code zip_gzip(const void *, size_t, struct wr *out, struct err *);
/* Exactly one member, nothing behind it; out's max bounds the size. */
enum err_code zip_gunzip(const void *, size_t, struct wr *out, struct err *);

#endif
