/* SPDX-License-Identifier: Apache-2.0 */
/* How near two words are: for "did you mean". Pure. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* How many letters are to be changed, added, left out or swapped with their
 * neighbour to make b of a; SIZE_MAX for words of 64 and more. */
size_t near_distance(const char *a, const char *b);
/* Is b what somebody meant who wrote a? A third of the letters may differ, and
 * one of a short word; dashes in front are no letters. */
bool near_word(const char *a, const char *b);

/* The nearest name for a misspelt one; begin with d SIZE_MAX. */
struct near {
	const char *want;
	const char *name; /* NULL: none is near */
	size_t d;
};
/* `word` of what was typed against `as` of what there is, which is part of
 * `name`. */
void near_try(
    struct near *, const char *word, const char *as, const char *name);
/* ERR_USAGE: "no WHAT WANT (did you mean NAME?)". */
enum err_code near_usage(const struct near *, const char *what, struct err *);
/* ERR_DATA for that reason, in the same words; see names a verb that lists
 * what there is. */
enum err_code near_refuse(const struct near *, const struct reason *,
    const char *what, const char *see, struct err *);

#endif
