/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a job's machine is reached, what it is shown and what it shall be told:
 * from what the store, the tenant and the set-up profile say of it.
 */
#ifndef SERVER_RECIPE_H
#define SERVER_RECIPE_H

#include "server/job.h"

/* All but the callbacks. Holds secrets; what it points to is borrowed. */
void recipe_make(struct job *, struct setup_how *);
/* Our chain for it; NULL: none. */
const struct x509_chain *recipe_chain(const struct job *);
/* How many keys or chains there are to try. */
size_t recipe_ways(const struct job *);
/* The pair for a set-up there; false: there is none. out may be NULL. */
bool recipe_pair(
    const struct store_unit *, const struct job_place *, struct psk *);
/* Pairs that a unit may say hello with, and how many. */
size_t recipe_pairs(const struct store_unit *, struct psk out[static 3]);
/* The one-time password that is expected of it, or "". */
const char *recipe_otp(const struct store_unit *);

#endif
