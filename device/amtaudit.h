/* SPDX-License-Identifier: Apache-2.0 */
/* The log of how the device was set up, of one record at most, and its two
 * readers by method. The records themselves: amtfacts.h. */
#ifndef DEVICE_AMTAUDIT_H
#define DEVICE_AMTAUDIT_H

#include "device/amt.h"

amt_instance_fn amtaudit_log;
amt_method_fn amtaudit_clear, amtaudit_get;

#endif
