/* SPDX-License-Identifier: Apache-2.0 */
/* AMT_ProvisioningCertificateHash: the hashes of device/roots.h. For
 * device/amt.c. */
#ifndef DEVICE_AMTHASHES_H
#define DEVICE_AMTHASHES_H

#include "device/amt.h"

amt_instance_fn amthashes_instance;
amt_method_fn amthashes_put, amthashes_create, amthashes_remove;

#endif
