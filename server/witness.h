/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we know of a set-up of ours, kept with the unit, and whether the record
 * that the device keeps of its set-up tells the same. Pure.
 */
#ifndef SERVER_WITNESS_H
#define SERVER_WITNESS_H

#include <time.h>

#include "base/x509.h"
#include "server/session.h"
#include "server/store.h"

/* chain: that it was done with, root last; NULL: a pre-shared key. from:
 * before the first change; 0: the device's clock, by which it dates its record,
 * is left as it is. */
void witness_make(
    char out[static STORE_BY], const struct x509_chain *chain, time_t from);
/* to: after the commit. */
void witness_close(char by[static STORE_BY], time_t to);
/* Refuses with REASON_RECORD_DIFFERS and both values; what either side does
 * not say is not compared. */
enum err_code witness_judge(
    const char *by, const struct session_record *, struct err *);

#endif
