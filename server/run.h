/* SPDX-License-Identifier: Apache-2.0 */
/* The server without its listener: for one request (server/request.h), and
 * what is to be done first; it holds the store's lock meanwhile. */
#ifndef SERVER_RUN_H
#define SERVER_RUN_H

#include <stdint.h>

#include "base/err.h"

/* Ends when it has, or after so many seconds. */
enum err_code run_request(
    const char *config, int64_t request, unsigned long seconds, struct err *);

#endif
