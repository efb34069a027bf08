/* SPDX-License-Identifier: Apache-2.0 */
/* Power packages: AMT_SystemPowerScheme, and which of them is current. */
#ifndef DEVICE_AMTPOWER_H
#define DEVICE_AMTPOWER_H

#include "device/amt.h"

amt_instance_fn amtpower_scheme, amtpower_current;
amt_method_fn amtpower_set;
/* The name of the one that is current. */
const char *amtpower_name(const struct state *);

#endif
