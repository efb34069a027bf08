/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load options: the text that a boot variable or a shell's command line hands
 * to the application. One word counts, wait=SECONDS; a shell's own words, and
 * whatever a boot manager appends, are passed over.
 */
#ifndef BIOS_UEFI_LOADOPT_H
#define BIOS_UEFI_LOADOPT_H

#include <stddef.h>

#define LOADOPT_WAIT_MAX 86400

/* UTF-16, n bytes. How long a question waits; 0, the default, is for ever. */
unsigned loadopt_wait(const void *options, size_t n);

#endif
