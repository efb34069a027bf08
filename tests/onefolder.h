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

#endif
