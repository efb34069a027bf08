/* SPDX-License-Identifier: Apache-2.0 */
/* For fuzzers of large, mostly fixed layouts: the input is a list of changes
 * to a sound sample, u24 offset and u8 value each. */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz.h"

static inline void
mutate(uint8_t *p, size_t n, const uint8_t *in, size_t len)
{
	for (; len >= 4; in += 4, len -= 4)
		p[(in[0] | (size_t)in[1] << 8 | (size_t)in[2] << 16) % n] =
		    in[3];
}

#endif
