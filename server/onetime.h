/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time passwords for delayed set-up: made here, sealed in the store,
 * carried to the machine by its agent, reported by the machine inside TLS.
 * The white paper's console makes them (step 3); the machine's window of six
 * hours is counted from then.
 */
#ifndef SERVER_ONETIME_H
#define SERVER_ONETIME_H

#include <time.h>

#include "server/store.h"

#define ONETIME_LEN 20

/* Makes one in place of an older one; history and audit have a row of it. */
enum err_code onetime_make(struct store *, const struct store_unit *,
    char otp[static ONETIME_LEN + 1], struct err *);
/* Takes back the one that waits; the same rows. Where none does: ERR_DATA. */
enum err_code onetime_withdraw(
    struct store *, const struct store_unit *, struct err *);
/* For how long a window is open, in seconds: what the server that ran last on
 * this store was told (window_hours), else six hours. */
enum err_code onetime_window(struct store *, time_t *seconds, struct err *);
/* Of a stamp; 0 for what is none. */
time_t onetime_seconds(const char *stamp);
/* The line or object that is printed. */
void onetime_put(struct wr *, const struct store_unit *, const char *otp,
    time_t until, bool json);

#endif
