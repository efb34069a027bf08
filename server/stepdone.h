/* SPDX-License-Identifier: Apache-2.0 */
/* Steps with a device that is set up: its state, its own record of who set it
 * up, and the way back. */
#ifndef SERVER_STEPDONE_H
#define SERVER_STEPDONE_H

#include "server/step.h"

step_take_fn stepdone_take_check, stepdone_take_record;
step_fill_fn stepdone_fill_remove;
step_wanted_fn stepdone_wants_record, stepdone_wants_admin_record,
    stepdone_wants_remove;

#endif
