/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was dropped of set-ups that were not committed, by their servers: one
 * that goes on as if nothing had happened is told so by CommitChanges, once it
 * has not set again what it had set. A password that was dropped is wanted
 * again in any case; of the rest it is told once, since it may want less now,
 * and of the clock never.
 *
 * Servers beyond LOSS_SERVERS take the place of the oldest.
 */
#ifndef DEVICE_LOSS_H
#define DEVICE_LOSS_H

#include <stdbool.h>

#include "device/state.h"

#define LOSS_SERVERS 4
#define LOSS_TEXT 200

struct loss;

/* A set-up belongs to who began it, by name and root, however many connections
 * and addresses it has: clients reconnect after a challenge, or for each
 * request. */
bool loss_same_server(const struct state_record *, const struct state_record *);
/* These steps of it (enum state_step) are gone. Without memory it is as if it
 * had not set them. *l is NULL while nobody has lost anything. */
void loss_add(struct loss **l, const struct state_record *, unsigned steps);
/* Is something of its missing that it has not set again by now? NULL: no. */
bool loss_matters(struct loss *, const struct state_record *, unsigned steps);
void loss_free(struct loss **);
/* "SetAdminAclEntryEx, AMT_TLSSettingData" */
void loss_text(char out[static LOSS_TEXT], unsigned steps);

#endif
