/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to units, and what was refused to strangers: the newest
 * STORE_EVENTS of each unit, the newest STORE_STRANGERS of all strangers.
 */
#ifndef SERVER_HISTORY_H
#define SERVER_HISTORY_H

#include <stdbool.h>

#include "base/err.h"
#include "formats/reason.h"
#include "server/store.h"

/* Something that happened. A NULL leaves what the unit's row had, but reason:
 * NULL clears it. */
struct history_event {
	enum store_state state;
	const struct reason *reason;
	const char *address;
	bool passing;       /* that address is not the unit's last known one */
	const char *detail; /* what and both values; never a secret */
	const char *version;
	const char *fqdn;
	const char *seen_cert; /* kept only where none was seen before */
};

/* To the unit's row and history, or the strangers' (state is then refused,
 * whatever is given). */
enum err_code history_add(struct store *, const struct uuid *,
    const struct history_event *, struct err *);
/* To the history only: the row keeps its state and reason. */
enum err_code history_note(struct store *, const struct uuid *,
    const struct history_event *, struct err *);

/* The history, newest first; the strings live as long as the call. */
struct history_past {
	const char *time, *state, *reason, *address, *detail;
};
typedef enum err_code history_fn(
    void *arg, const struct history_past *, struct err *);
enum err_code history_each(struct store *, const struct uuid *, bool stranger,
    history_fn *, void *arg, struct err *);

#endif
