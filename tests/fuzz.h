/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz harness has: its entry, and a claim that is a crash where it
 * does not hold. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static inline void
must(bool held)
{
	if (!held)
		abort();
}

#endif
