/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of HTTP's two directions share: pieces of a head, which lie
 * in the input and do not end in NUL. Pure.
 */
#ifndef BASE_HTTPLINE_H
#define BASE_HTTPLINE_H

#include <stdbool.h>
#include <stddef.h>

struct httpline {
	const char *p;
	size_t n;
};

/* Without blanks and tabs at its ends. */
struct httpline httpline_trim(struct httpline);
bool httpline_is(struct httpline, const char *word); /* in either case */
/* Digits of a base, at most nine, so that nothing overflows. */
bool httpline_number(struct httpline, int base, size_t *out);
/* A header's name, and its value without blanks around it. false: no header,
 * also where it is folded. */
bool httpline_header(
    struct httpline, struct httpline *name, struct httpline *value);

#endif
