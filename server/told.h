/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of its configuration that a server leaves in its store for commands
 * that work on it: how long a window is, what to do when it closes. For a
 * tenant ("" the default one) or, where none is told for it, for all.
 */
#ifndef SERVER_TOLD_H
#define SERVER_TOLD_H

#include "base/err.h"
#include "server/store.h"

enum err_code told_set(struct store *, const char *name, const char *tenant,
    const char *value, struct err *);
/* "" if no server ever told it. */
enum err_code told_get(struct store *, const char *name, const char *tenant,
    char *out, size_t room, struct err *);

#endif
