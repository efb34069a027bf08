/* SPDX-License-Identifier: Apache-2.0 */
/* For readers of libconfig files, and others of a file: the input as a file in
 * a folder of its own, which goes with the process. */
#ifndef TESTS_FUZZCONF_H
#define TESTS_FUZZCONF_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz.h"

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses what it had begun to read where it meets an error. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yy";
}

static char fuzzconf_dir[64], fuzzconf_path[96], fuzzconf_beside[96];

static inline void
fuzzconf_forget(void)
{
	unlink(fuzzconf_path);
	if (fuzzconf_beside[0] != '\0')
		unlink(fuzzconf_beside);
	rmdir(fuzzconf_dir);
}

static inline void
fuzzconf_write(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	must(f != NULL);
	must(n == 0 || fwrite(p, n, 1, f) == 1);
	must(fclose(f) == 0);
}

static inline void
fuzzconf_begin(void)
{
	if (fuzzconf_dir[0] != '\0')
		return;
	snprintf(fuzzconf_dir, sizeof(fuzzconf_dir), "%s/amtforge-conf.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(fuzzconf_dir) != NULL);
	snprintf(fuzzconf_path, sizeof(fuzzconf_path), "%s/conf", fuzzconf_dir);
	atexit(fuzzconf_forget);
}

/* A second file that the input may name: once. */
static inline void
fuzzconf_put_beside(const char *name, const void *p, size_t n)
{
	fuzzconf_begin();
	if (fuzzconf_beside[0] != '\0')
		return;
	snprintf(fuzzconf_beside, sizeof(fuzzconf_beside), "%.60s/%.20s",
	    fuzzconf_dir, name);
	fuzzconf_write(fuzzconf_beside, p, n);
}

/* The input's path. One with a slash may name files elsewhere: NULL. */
static inline const char *
fuzzconf_put(const void *p, size_t n)
{
	if (n > 0 && memchr(p, '/', n) != NULL)
		return NULL;
	fuzzconf_begin();
	fuzzconf_write(fuzzconf_path, p, n);
	return fuzzconf_path;
}

#endif
