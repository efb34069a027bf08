/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hello, and the job that it starts, or goes on with, or is refused by. For
 * server/jobs.c. Many machines say hello again and again, some of them for
 * ever, and anybody can: what repeats itself is neither begun twice nor
 * written down each time.
 */
#ifndef SERVER_KNOCK_H
#define SERVER_KNOCK_H

#include "server/job.h"

/* Takes up a unit where it was heard from while it had a job elsewhere. */
void knock_place(
    struct jobs *, const struct uuid *, const struct job_place *, unsigned n);
void knock_hello(struct jobs *, const char *from, const struct hello *);
/* What was refused beside a job, now that it is durable; or never. */
void knock_tell(struct jobs *, bool told);

#endif
