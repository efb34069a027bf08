/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a C library that the shared sources call, for firmware. Built
 * with -fno-builtin, so that no loop becomes a call of itself. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/uefi/plainfmt.h"

void *
memcpy(void *to, const void *from, size_t n)
{
	const uint8_t *f = from;
	uint8_t *t = to;

	while (n-- > 0)
		*t++ = *f++;
	return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
	const uint8_t *f = from;
	uint8_t *t = to;

	if ((uintptr_t)t - (uintptr_t)f >= n)
		return memcpy(to, from, n);
	while (n-- > 0)
		t[n] = f[n];
	return to;
}

void *
memset(void *to, int v, size_t n)
{
	uint8_t *t = to;

	while (n-- > 0)
		*t++ = (uint8_t)v;
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n > 0; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t
strnlen(const char *s, size_t most)
{
	size_t n = 0;

	while (n < most && s[n] != '\0')
		n++;
	return n;
}

size_t
strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0; n--, a++, b++)
		if (*a != *b || *a == '\0')
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

int
strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

/* err_sys() wants it, and nothing here calls that: there is no errno. */
char *
strerror(int code)
{
	(void)code;
	return NULL;
}

/* Through volatile, or the compiler leaves out what nobody reads again. */
void
explicit_bzero(void *p, size_t n)
{
	volatile uint8_t *v = p;

	while (n-- > 0)
		*v++ = 0;
}

void
secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;
	volatile uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ = (uint8_t)(differ | (p[i] ^ q[i]));
	return differ == 0;
}

void *
malloc(size_t n)
{
	(void)n;
	return NULL;
}

void
free(void *p)
{
	(void)p;
}

int
vsnprintf(char *out, size_t n, const char *fmt, va_list ap)
{
	return plainfmt(out, n, fmt, ap);
}

int
snprintf(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = plainfmt(out, n, fmt, ap);
	va_end(ap);
	return len;
}
