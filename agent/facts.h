/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts as a verb prints them: a line each for people, one JSON object for
 * programs. Texts come from firmware: what cannot be printed becomes '?'.
 */
#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cli.h"

struct facts {
	struct wr w;
	bool json;
};

void facts_begin(struct facts *, bool json);
/* Nothing for an empty text. */
void facts_text(struct facts *, const char *key, const char *value);
/* Of n bytes at most, and to a NUL. */
void facts_bytes(struct facts *, const char *key, const void *, size_t n);
void facts_number(struct facts *, const char *key, uint64_t);
void facts_bool(struct facts *, const char *key, bool); /* yes, no */
/* Not known: null for programs, nothing for people. */
void facts_null(struct facts *, const char *key);
/* names[value], or the number. */
void facts_word(struct facts *, const char *key, const char *const *names,
    size_t n, uint32_t value);
/* Prints and frees; more objects may follow. */
enum err_code facts_end(struct facts *, struct err *);

#endif
