/* SPDX-License-Identifier: Apache-2.0 */
/* For firmware builds: there is no heap; who asks is told so. */
#ifndef BIOS_UEFI_INCLUDE_STDLIB_H
#define BIOS_UEFI_INCLUDE_STDLIB_H

#include <stddef.h>

void *malloc(size_t); /* NULL */
void free(void *);    /* of NULL */

#endif
