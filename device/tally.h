/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a fleet, from its events: how many machines are where, what
 * was done wrong on purpose, and how long servers took from a machine's first
 * hello to its set-up.
 */
#ifndef DEVICE_TALLY_H
#define DEVICE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "device/fault.h"
#include "device/machine.h"

struct tally {
	size_t hellos, hellos_failed, sessions, refused, handshakes_failed;
	size_t provisioned, failed;
	size_t faults[FAULT_KINDS]; /* times that one showed */
	uint32_t *took_ms;          /* of each set-up; owned */
	size_t n, room;
};

void tally_event(
    struct tally *, struct machine *, const struct machine_event *);
/* The q-th part of all set-ups took at most so long; 0: there was none. */
uint32_t tally_quantile(struct tally *, double q);
void tally_free(struct tally *);

#endif
