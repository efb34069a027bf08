/* SPDX-License-Identifier: Apache-2.0 */
/* PIDs: whose they are, and those that set-ups have replaced. */
#ifndef SERVER_PIDS_H
#define SERVER_PIDS_H

#include "base/err.h"
#include "formats/uuid.h"
#include "server/store.h"

/* Whose PID it is, as issued or given by a set-up, now or once. */
enum pids_whose {
	PIDS_FREE,     /* nobody's, or the unit's own in force */
	PIDS_REPLACED, /* the unit's, but a set-up has replaced it */
	PIDS_OTHER,    /* another unit's */
	PIDS_TENANT    /* that of another tenant's unit */
};
enum err_code pids_find(struct store *, const char *pid, const struct uuid *,
    enum pids_whose *, struct err *);
/* What set-ups have replaced may be used once more: until the next one. */
enum err_code pids_allow(struct store *, const struct uuid *, struct err *);
/* For store_settle(): the pair that this set-up puts another in the place of
 * is not used again. */
enum err_code pids_ended(struct store *, const struct uuid *, struct err *);

#endif
