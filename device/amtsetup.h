/* SPDX-License-Identifier: Apache-2.0 */
/* AMT_SetupAndConfigurationService, the administrator, the clock. */
#ifndef DEVICE_AMTSETUP_H
#define DEVICE_AMTSETUP_H

#include "device/amt.h"

/* A password as clients send it: the digest of user, realm and password. */
bool amtsetup_take_digest(
    const struct node *in, const char *name, char ha1[static AUTH_HA1]);

amt_instance_fn amtsetup_service;
amt_method_fn amtsetup_commit, amtsetup_mebx, amtsetup_extend, amtsetup_psk,
    amtsetup_uuid, amtsetup_unprovision, amtsetup_partial, amtsetup_admin,
    amtsetup_get_time, amtsetup_set_time, amtsetup_nothing;

#endif
