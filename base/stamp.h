/* SPDX-License-Identifier: Apache-2.0 */
/* A time as text: RFC 3339, UTC, whole seconds: 2026-01-31T12:00:00Z. */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <time.h>

#define STAMP_LEN 24 /* room for it; ends in NUL */

void stamp_utc(char out[static STAMP_LEN], time_t);
void stamp_now(char out[static STAMP_LEN]);

#endif
