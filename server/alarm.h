/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody should look at: a PID used before, a one-time password that
 * differs, a machine set up by someone else. One alarm for each unit and
 * reason, counted, with the newest address and words, so that a storm of the
 * same does not bury the rest; of strangers the newest ALARM_STRANGERS of each
 * reason, so that UUIDs which somebody invents push out only one another.
 */
#ifndef SERVER_ALARM_H
#define SERVER_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "server/store.h"

#define ALARM_STRANGERS 1024

/* Is a refusal for this reason one? psk: of a machine that says a PID. */
bool alarm_wanted(const struct reason *, bool psk);
/* Within the caller's transaction, if one is open. */
enum err_code alarm_raise(struct store *, const struct uuid *,
    const struct reason *, const char *address, const char *detail,
    struct err *);

#endif
