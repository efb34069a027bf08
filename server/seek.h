/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person names: a unit, a tenant, an order, a state, a time. A name that
 * there is not is refused with the one that was probably meant, since an empty
 * answer would be taken for a true one.
 */
#ifndef SERVER_SEEK_H
#define SERVER_SEEK_H

#include "base/err.h"
#include "base/stamp.h"
#include "server/store.h"

/* A unit's UUID; *found false: well formed, but of no unit. One that is none is
 * REASON_UUID_MALFORMED; a serial number is told the UUID that it goes with. */
enum err_code seek_uuid(
    struct store *, const char *text, struct uuid *, struct err *);
/* REASON_UUID_UNKNOWN, with what was probably meant; the caller adds the UUID.
 */
enum err_code seek_unknown(struct store *, const struct uuid *, struct err *);
/* The unit; as above. The caller wipes it. */
enum err_code seek_unit(
    struct store *, const char *text, struct store_unit *, struct err *);
/* One that has units, or that a server was configured for; "" is the default
 * one's. REASON_TENANT_UNKNOWN. */
enum err_code seek_tenant(struct store *, const char *name, struct err *);
/* One that a manifest was imported of. REASON_ORDER_UNKNOWN. */
enum err_code seek_order(struct store *, const char *id, struct err *);
/* ERR_USAGE for a word that is no state. */
enum err_code seek_state(const char *word, enum store_state *, struct err *);
/* A time or a day, UTC (2026-01-31T12:00:00Z, 2026-01-31), or how long ago
 * that is (45m, 6h, 7d). ERR_USAGE. */
enum err_code seek_time(
    const char *text, char out[static STAMP_LEN], struct err *);

#endif
