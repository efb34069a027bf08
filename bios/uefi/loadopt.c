/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/uefi/loadopt.h"

#define WORD 16

/* The word as ASCII; empty if it is longer, or is not ASCII. */
static void
next_word(struct rd *r, char word[static WORD])
{
	size_t n = 0;
	uint16_t c;

	memset(word, 0, WORD);
	while (rd_left(r) >= 2 && (c = rd_u16le(r)) != ' ' && c != 0)
		if (n < WORD - 1 && c < 0x80)
			word[n++] = (char)c;
		else
			n = WORD;
	if (n == WORD)
		word[0] = '\0';
}

unsigned
loadopt_wait(const void *options, size_t n)
{
	unsigned wait = 0;
	char word[WORD];
	struct rd r;

	rd_init(&r, options, options == NULL ? 0 : n);
	while (rd_left(&r) >= 2) {
		const char *p = word + 5;

		next_word(&r, word);
		if (strncmp(word, "wait=", 5) != 0)
			continue;
		for (wait = 0; *p >= '0' && *p <= '9'; p++)
			wait = wait * 10 + (unsigned)(*p - '0');
		if (*p != '\0')
			wait = 0;
		if (wait > LOADOPT_WAIT_MAX)
			wait = LOADOPT_WAIT_MAX;
	}
	return wait;
}
