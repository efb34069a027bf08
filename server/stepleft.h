/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier set-ups of ours left in a device that they did not finish: a
 * server was killed, a connection cut. Firmware keeps what was put, and has
 * room for some keys and certificates only. A certificate that is as it would
 * be made now is used again with its key; others of ours, and keys without any
 * certificate, go. What others put stays.
 *
 * A key without a certificate is not used: a method puts keys from outside,
 * and who did may know it.
 */
#ifndef SERVER_STEPLEFT_H
#define SERVER_STEPLEFT_H

#include "server/step.h"

step_wanted_fn stepleft_wants, stepleft_wants_cert_drop,
    stepleft_wants_key_drop;
step_fill_fn stepleft_fill_cert_drop, stepleft_fill_key_drop;
step_take_fn stepleft_take_keys, stepleft_take_certs, stepleft_take_context;
/* Handles ran out at this step: looks for what is left, once; false: it did
 * before. */
bool stepleft_again(struct session *);

#endif
