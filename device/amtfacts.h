/* SPDX-License-Identifier: Apache-2.0 */
/* Classes that only tell: settings, versions, hashes, the record. */
#ifndef DEVICE_AMTFACTS_H
#define DEVICE_AMTFACTS_H

#include "device/amt.h"

amt_instance_fn amtfacts_software, amtfacts_record, amtfacts_manual,
    amtfacts_admin, amtfacts_client;

#endif
