/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into every sanitized program: the leaks that are not ours, and what
 * makes a short process cheaper. The sanitizer's own variables, 5 MiB nearly
 * empty, are among those where the search for leaks looks for pointers: page by
 * page that costs more than all the rest, in huge pages next to nothing. Where
 * the kernel has none, all is as it was. */
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <stddef.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* <linux/mman.h>, 6.1 */
#endif

#define HUGE_SIZE 0x200000

extern char __bss_start[];

/* So aligned, and last, it lets .bss begin and end with a huge page. */
static __attribute__((aligned(HUGE_SIZE))) char last[1];

/* The runtime asks for its options before it uses its variables, but not before
 * the loader has called malloc: pages that were touched are made one. */
const char *
__asan_default_options(void)
{
	madvise(__bss_start, (size_t)(last - __bss_start), MADV_HUGEPAGE);
	for (char *p = __bss_start; p < last; p += HUGE_SIZE)
		madvise(p, HUGE_SIZE, MADV_COLLAPSE);
	return "detect_leaks=1";
}

const char *
__lsan_default_options(void)
{
	return "print_suppressions=0";
}

/* fontconfig keeps its patterns for the whole process; cairo, which asks it for
 * fonts, is never unloaded (export/sheet.c). */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}
