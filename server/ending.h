/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a job when a try has ended: it rests and tries again, goes
 * on elsewhere or otherwise, or it is over; and what is then written and told.
 */
#ifndef SERVER_ENDING_H
#define SERVER_ENDING_H

#include "server/job.h"

/* The end of one try to set it up, or to learn whether an earlier one did. A
 * unit that may have committed stays in "setup". */
void ending_set_up(struct job *, struct err *);
/* Within the transaction of this turn: the unit, its history, an alarm, the
 * request; j->why says why. */
enum err_code ending_write(struct job *, enum store_state, struct err *);
/* Now that it is durable. */
void ending_tell(const struct job *);

#endif
