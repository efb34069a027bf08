/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of set-up: who the device is, its passwords, clock, pre-shared key. */
#ifndef SERVER_STEPSELF_H
#define SERVER_STEPSELF_H

#include "server/step.h"

step_take_fn stepself_take_general, stepself_take_software, stepself_take_uuid,
    stepself_take_time;
step_fill_fn stepself_fill_mebx, stepself_fill_admin, stepself_fill_time,
    stepself_fill_psk;
step_wanted_fn stepself_wants_time, stepself_clock_is_off, stepself_wants_psk;

#endif
