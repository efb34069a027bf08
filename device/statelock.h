/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One user at a time of a state's folder: the machine that runs from it, or
 * the set-up screen. A fleet holds the folder above those of its machines,
 * since a lock for each would be a descriptor for each. The lock goes with the
 * process.
 */
#ifndef DEVICE_STATELOCK_H
#define DEVICE_STATELOCK_H

#include "base/err.h"

struct statelock {
	int fd; /* -1: none */
};

#define STATELOCK_NONE ((struct statelock){ -1 })

/* Takes none of a folder that is not there yet; again where one is held is
 * fine. Refused with the reason state-busy while another has it, or has the
 * folder above. statelock_free() in any case. */
enum err_code statelock_take(struct statelock *, const char *dir, struct err *);
void statelock_free(struct statelock *);

#endif
