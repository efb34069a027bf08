/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From which image a state's machine last started, so that its set-up screen
 * need not be told: the file "image" in the state's folder, two lines, the
 * paths of the image and of the base, empty if it is no delta.
 */
#ifndef DEVICE_ORIGIN_H
#define DEVICE_ORIGIN_H

#include <stdbool.h>

#include "base/err.h"

#define ORIGIN_PATH 4096

struct origin {
	char image[ORIGIN_PATH];
	char base[ORIGIN_PATH]; /* "" none */
};

/* base may be NULL. Writes only what is not there already. */
enum err_code origin_keep(
    const char *state_dir, const char *image, const char *base, struct err *);
/* False: nothing is known. */
bool origin_find(const char *state_dir, struct origin *);

#endif
