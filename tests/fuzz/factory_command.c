/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is taken has words, and every place in it is filled with its
 * value, which is never parted nor read again. */
#include <string.h>

#include "factory/command.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *const value[COMMAND_PLACES] = { "/a b/{uuid}", "'d'",
		"\"l\"", "b;c", "$r", "{{", "-s" };
	static struct command_argv argv;
	static struct command c;
	static char text[COMMAND_TEXT + 16];
	struct err e = { 0 };
	size_t i = 0;

	if (n >= sizeof(text))
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	if (command_parse(&c, text, &e) != ERR_OK) {
		must(e.code == ERR_USAGE && e.msg[0] != '\0');
		return 0;
	}
	must(c.n > 0 && c.n <= COMMAND_WORDS);
	if (command_fill(&c, value, &argv, &e) != ERR_OK) {
		must(e.msg[0] != '\0');
		return 0;
	}
	while (argv.argv[i] != NULL) {
		must(argv.argv[i] >= argv.text &&
		    argv.argv[i] < argv.text + sizeof(argv.text));
		must(strpbrk(argv.argv[i], "\001\002") == NULL);
		i++;
	}
	must(i == c.n);
	for (size_t k = 0; k < i; k++)
		if (c.text[c.word[k]] == '{')
			must(argv.argv[k][0] != '-');
	return 0;
}
