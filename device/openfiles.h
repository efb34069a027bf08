/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many files this process may have open: each connection takes one. The
 * soft limit is raised as far as the hard one allows, and that where the
 * process may (root).
 */
#ifndef DEVICE_OPENFILES_H
#define DEVICE_OPENFILES_H

#include <stddef.h>

#include "base/err.h"

/* So many connections at a time. ERR_CONFIG, files-limit, with the numbers. */
enum err_code openfiles_need(size_t connections, struct err *);

#endif
