/* SPDX-License-Identifier: Apache-2.0 */
/* What a host may know of its machine. */
#ifndef DEVICE_HOSTFACTS_H
#define DEVICE_HOSTFACTS_H

#include "device/hostif.h"

hostif_fn hostfacts_mode, hostfacts_provisioning, hostfacts_versions,
    hostfacts_security, hostfacts_macs, hostfacts_tls_mode, hostfacts_handles,
    hostfacts_hash, hostfacts_rng, hostfacts_ztc, hostfacts_suffix,
    hostfacts_pid, hostfacts_suffix_list, hostfacts_remote, hostfacts_power,
    hostfacts_lan, hostfacts_server, hostfacts_audit, hostfacts_fqdn,
    hostfacts_uuid, hostfacts_control, hostfacts_ehbc, hostfacts_amt_state,
    hostfacts_features, hostfacts_reset;

#endif
