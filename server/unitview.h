/* SPDX-License-Identifier: Apache-2.0 */
/* How a unit is told to programs: the same keys in the same order, whichever
 * verb tells it. */
#ifndef SERVER_UNITVIEW_H
#define SERVER_UNITVIEW_H

#include "base/bytes.h"
#include "server/store.h"

/* "key":value; the first is told with its brace. */
void unitview_put(struct wr *, const char *key, const char *value);
/* { and uuid state reason mode fqdn updated tenant serial order sku macs amt
 * version address, all of them, "" where there is none; without the }. */
void unitview_json(struct wr *, const struct store_unit *);

#endif
