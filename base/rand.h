/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel's generator, getrandom(2). */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>

#include "base/err.h"

enum err_code rand_bytes(void *, size_t, struct err *);

#endif
