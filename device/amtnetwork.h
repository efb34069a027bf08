/* SPDX-License-Identifier: Apache-2.0 */
/* AMT_GeneralSettings: the device's name, pings. */
#ifndef DEVICE_AMTNETWORK_H
#define DEVICE_AMTNETWORK_H

#include "device/amt.h"

amt_instance_fn amtnetwork_general;
amt_method_fn amtnetwork_put;

#endif
