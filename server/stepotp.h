/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of set-up: the device's state with its one-time password, and the
 * window that ends or goes on by it. */
#ifndef SERVER_STEPOTP_H
#define SERVER_STEPOTP_H

#include "server/step.h"

step_take_fn stepotp_take_service, stepotp_take_shut;
step_fill_fn stepotp_fill_shut, stepotp_fill_extend;
step_wanted_fn stepotp_wants_shut, stepotp_wants_extend;

#endif
