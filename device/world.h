/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine's firmware asks of the world (struct amt_host): random bytes,
 * keys, the clock, its state's file, a judgement on a chain. */
#ifndef DEVICE_WORLD_H
#define DEVICE_WORLD_H

#include "device/machine.h"

/* As that machine has it; the machine is borrowed. */
void world_of(struct machine *, struct amt_host *);

#endif
