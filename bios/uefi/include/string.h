/* SPDX-License-Identifier: Apache-2.0 */
/* For firmware builds: what bios/uefi/libc.c has. */
#ifndef BIOS_UEFI_INCLUDE_STRING_H
#define BIOS_UEFI_INCLUDE_STRING_H

#include <stddef.h>

void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
size_t strnlen(const char *, size_t);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
char *strerror(int); /* NULL */
void explicit_bzero(void *, size_t);

#endif
