/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small vsnprintf for firmware: %% %c %s %d %u %x with width, - and 0 (not
 * with %d), precision of %s (also as *), and the lengths hh h ll z. No l:
 * a long has another width in firmware.
 * Returns what the whole would have taken, without its NUL, or -1 for a
 * conversion that it does not know; out always ends in NUL if n is not 0.
 */
#ifndef BIOS_UEFI_PLAINFMT_H
#define BIOS_UEFI_PLAINFMT_H

#include <stdarg.h>
#include <stddef.h>

int plainfmt(char *out, size_t n, const char *fmt, va_list)
    __attribute__((format(printf, 3, 0)));

#endif
