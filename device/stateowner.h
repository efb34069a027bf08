/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a state is: the machine's whose UUID it names. */
#ifndef DEVICE_STATEOWNER_H
#define DEVICE_STATEOWNER_H

#include "device/state.h"

/* To be asked before anything of a state that was read is used. ERR_DATA with
 * state-other and both UUIDs if it is another machine's; nobody's becomes this
 * one's, in memory, and is then unsaved. */
enum err_code stateowner_bind(
    struct state *, const struct uuid *, struct err *);

#endif
