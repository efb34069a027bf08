/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into every sanitized program. The sanitizer's table of stacks, 4 MiB
 * nearly empty, is among the variables where the search for leaks looks for
 * pointers: page by page that costs more than all the rest of a short process,
 * in huge pages next to nothing. */
#include <sanitizer/asan_interface.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE ((uintptr_t)4096)

extern char __bss_start[], _end[];

/* The runtime asks for its options here before it uses the table. */
const char *
__asan_default_options(void)
{
	uintptr_t from = ((uintptr_t)__bss_start + PAGE - 1) & ~(PAGE - 1);
	uintptr_t to = (uintptr_t)_end & ~(PAGE - 1);

	/* Where the kernel has none, it is as it was. */
	madvise((void *)from, to - from, MADV_HUGEPAGE);
	return "";
}
