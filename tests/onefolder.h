/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a case's own, that goes with it. */
#ifndef TESTS_ONEFOLDER_H
#define TESTS_ONEFOLDER_H

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static inline int
folder_new(void **unused)
{
	(void)unused;
	strcpy(dir, "/tmp/amtforge-unit.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static inline int
folder_free(void **unused)
{
	char command[96];

	(void)unused;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* As the working folder too. */
static inline int
folder_enter(void **unused)
{
	umask(022);
	return folder_new(unused) != 0 || chdir(dir) != 0;
}

static inline int
folder_leave(void **unused)
{
	return chdir("/") != 0 || folder_free(unused) != 0;
}

/* A file lies where a folder was, so that nothing is saved there: as on a full
 * disk, but for root too. And the folder as it was. */
static inline void
folder_away(const char *path)
{
	char aside[128];
	FILE *f;

	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fclose(f), 0);
}

static inline void
folder_back(const char *path)
{
	char aside[128];

	snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(remove(path), 0);
	assert_int_equal(rename(aside, path), 0);
}

#endif
