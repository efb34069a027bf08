/* SPDX-License-Identifier: Apache-2.0 */
/* What a state owns beside its folder's name: the one list of it. */
#ifndef DEVICE_STATEPARTS_H
#define DEVICE_STATEPARTS_H

#include <stdbool.h>

#include "device/state.h"

/* Of a state that was copied as a struct: copies in place of what its pointers
 * stand for. False, and it owns nothing: no memory. */
bool stateparts_copy(struct state *);
void stateparts_free(struct state *); /* wipes; it owns nothing any more */

#endif
