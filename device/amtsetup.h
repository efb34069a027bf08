/* SPDX-License-Identifier: Apache-2.0 */
/* AMT_SetupAndConfigurationService, the administrator, the clock. */
#ifndef DEVICE_AMTSETUP_H
#define DEVICE_AMTSETUP_H

#include "device/amt.h"

amt_instance_fn amtsetup_service;
amt_method_fn amtsetup_commit, amtsetup_mebx, amtsetup_extend, amtsetup_psk,
    amtsetup_uuid, amtsetup_unprovision, amtsetup_partial, amtsetup_admin,
    amtsetup_get_time, amtsetup_set_time, amtsetup_nothing;

#endif
