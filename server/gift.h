/* SPDX-License-Identifier: Apache-2.0 */
/* What a set-up gives to a machine by its profile: for the engine of jobs.c. */
#ifndef SERVER_GIFT_H
#define SERVER_GIFT_H

#include "server/job.h"

/* j->fqdn: its name, which no other machine of the tenant may have, in the
 * store or in a set-up that is under way. */
enum err_code gift_name(struct job *, struct err *);
/* j->fresh: the secrets that are to be set: those of an earlier try, since the
 * device may have them already, or new ones. */
enum err_code gift_secrets(struct job *, struct err *);
/* By the CA that the profile names, for the name that the machine gets. */
session_certify_fn gift_certify; /* arg: the struct job * */
/* Is this one of those, and as it would be made now? */
session_judge_fn gift_judge;
/* Was this one given to another unit? */
setup_other_fn gift_other;

#endif
