/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where formats/reason.h's rows stand: a table for the factory, one for the
 * set-up over the network and one for one-touch keys, in the order of enum
 * reason_id. NULL is said of an id whose row is in another table.
 */
#ifndef FORMATS_REASONTABLE_H
#define FORMATS_REASONTABLE_H

#include "formats/reason.h"

/* bytes, the ledger, images, the station, manifests */
const struct reason *reasonfactory_get(enum reason_id);
/* what a server, a device and an agent refuse each other */
const struct reason *reasonsetup_get(enum reason_id);
/* Setup.bin, its machines and their set-up screen, sticks, worksheets */
const struct reason *reasonkey_get(enum reason_id);

#endif
