/* SPDX-License-Identifier: Apache-2.0 */
/* For firmware builds: formatting only, as bios/uefi/plainfmt.h has it. */
#ifndef BIOS_UEFI_INCLUDE_STDIO_H
#define BIOS_UEFI_INCLUDE_STDIO_H

#include <stdarg.h>
#include <stddef.h>

int vsnprintf(char *, size_t, const char *, va_list)
    __attribute__((format(printf, 3, 0)));
int snprintf(char *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));

#endif
