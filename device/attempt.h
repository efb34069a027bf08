/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of a state that may fail, as its save does where the disk is full:
 * what memory says and what the file says stay the same. The state as it was
 * is set aside before the change, and counts again after a failure.
 */
#ifndef DEVICE_ATTEMPT_H
#define DEVICE_ATTEMPT_H

#include "device/state.h"

struct attempt;

/* NULL: no memory, and nothing may be changed. */
struct attempt *attempt_new(const struct state *);
/* Frees it; unless the change is kept, the state is as it was. NULL is fine. */
void attempt_end(struct attempt *, struct state *, bool kept);

#endif
