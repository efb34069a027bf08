/* SPDX-License-Identifier: Apache-2.0 */
/* Redirection: serial over LAN, IDE redirection, and, from AMT 6 on, KVM. */
#ifndef DEVICE_AMTREDIRECT_H
#define DEVICE_AMTREDIRECT_H

#include "device/amt.h"

amt_instance_fn amtredirect_service, amtredirect_kvm, amtredirect_settings;
amt_method_fn amtredirect_put, amtredirect_state, amtredirect_kvm_state,
    amtredirect_put_settings;

#endif
