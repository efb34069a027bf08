/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of set-up that a profile asks for: the machine's name and pings, roots
 * that it shall trust for set-up, its power package. */
#ifndef SERVER_STEPSET_H
#define SERVER_STEPSET_H

#include "server/step.h"

step_take_fn stepset_take_hashes, stepset_take_hash, stepset_take_power;
step_fill_fn stepset_fill_network, stepset_fill_hash, stepset_fill_power;
step_wanted_fn stepset_wants_network, stepset_wants_hashes, stepset_wants_hash,
    stepset_wants_power;
/* The hash to add next: its name is not another one's in the machine. */
bool stepset_may_have_hash(const struct session *);

#endif
