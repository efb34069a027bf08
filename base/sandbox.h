/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up power early. sandbox_keys() is the first thing a main() that
 * holds keys does: standard descriptors open, umask 077, no core dump, not
 * dumpable, no new privileges. sandbox_daemon() follows once sockets and files
 * are open: no exec, no ptrace, no mounts, no module loading (libseccomp,
 * default allow minus a deny list that answers EPERM).
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/err.h"

void sandbox_keys(void);
enum err_code sandbox_daemon(struct err *);

#endif
