/* SPDX-License-Identifier: Apache-2.0 */
/* The services whose methods set a device up, as instances, and what they tell
 * of the administrator's account. There are no other accounts. */
#ifndef DEVICE_AMTSERVICE_H
#define DEVICE_AMTSERVICE_H

#include "device/amt.h"

amt_instance_fn amtservice_authorization, amtservice_time, amtservice_keys;
amt_method_fn amtservice_admin, amtservice_admin_status, amtservice_users;

#endif
