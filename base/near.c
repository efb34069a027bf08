/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "base/near.h"

#define WORD 64

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance with swaps of neighbours ("optimal string
 * alignment"); three rows of its table are kept. */
size_t
near_distance(const char *a, const char *b)
{
	size_t rows[3][WORD], n = strlen(b);
	size_t *above2 = rows[0], *above = rows[1], *row = rows[2], *spare;

	if (n >= WORD || strlen(a) >= WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= strlen(a); i++) {
		spare = above2;
		above2 = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(
			    row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return row[n];
}

bool
near_word(const char *a, const char *b)
{
	size_t n = strlen(a + strspn(a, "-")), d = near_distance(a, b);

	return d <= (n < 6 ? 1 : n / 3) && 2 * d <= n;
}

/* In a sentence. */

void
near_try(struct near *n, const char *word, const char *as, const char *name)
{
	size_t d = near_distance(word, as);

	if (d < n->d && near_word(word, as)) {
		n->name = name;
		n->d = d;
	}
}

enum err_code
near_usage(const struct near *n, const char *what, struct err *e)
{
	if (n->name != NULL)
		return err_set(e, ERR_USAGE, "no %s %s (did you mean %s?)",
		    what, n->want, n->name);
	return err_set(e, ERR_USAGE, "no %s %s (see --help)", what, n->want);
}

enum err_code
near_refuse(const struct near *n, const struct reason *why, const char *what,
    const char *see, struct err *e)
{
	if (n->name != NULL)
		return err_refuse(e, ERR_DATA, why,
		    "no %s \"%.100s\" (did you mean \"%.100s\"?)", what,
		    n->want, n->name);
	return err_refuse(e, ERR_DATA, why, "no %s \"%.100s\" (%s lists them)",
	    what, n->want, see);
}
