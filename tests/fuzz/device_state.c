/* SPDX-License-Identifier: Apache-2.0 */
/* A state's file of any bytes: what is read is saved, and read again to the
 * same file; what is refused leaves nothing behind. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "device/state.h"
#include "tests/fuzzconf.h"

#define FIRST "amtforge-device-state 1\n"
#define MOST 0x40000

static void
put(const void *p, size_t n, const char *first)
{
	FILE *f = fopen(fuzzconf_beside, "w");

	must(f != NULL);
	fputs(first, f);
	must(n == 0 || fwrite(p, n, 1, f) == 1);
	must(fclose(f) == 0);
}

/* Reads the file and saves it; false: it is refused. */
static bool
again(uint8_t **p, size_t *n)
{
	static const uint8_t random[16] = { 1 };
	struct err e = { 0 };
	struct state s;

	if (state_begin(&s, fuzzconf_dir, STATE_LOOSE, random, &e) != ERR_OK) {
		must(e.code == ERR_DATA && e.msg[0] != '\0');
		must(s.dir == NULL && s.key.p == NULL && s.switches == NULL);
		return false;
	}
	must(!s.unsaved && s.credential < STATE_CERTS);
	must(s.phase <= STATE_POST);
	must(state_save(&s, &e) == ERR_OK);
	must(file_read(fuzzconf_beside, MOST, p, n, &e) == ERR_OK);
	state_free(&s);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *one = NULL, *two = NULL;
	size_t n1 = 0, n2 = 0;

	fuzzconf_put_beside("state", "", 0);
	put(p, n, n > 0 && p[0] == 'a' ? "" : FIRST);
	if (again(&one, &n1)) {
		must(n == 0 || memchr(p, '\0', n) == NULL);
		must(again(&two, &n2));
		must(n1 == n2 && memcmp(one, two, n1) == 0);
	}
	free(one);
	free(two);
	return 0;
}
