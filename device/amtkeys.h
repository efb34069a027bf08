/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs, certificates and TLS settings. */
#ifndef DEVICE_AMTKEYS_H
#define DEVICE_AMTKEYS_H

#include "device/amt.h"

amt_instance_fn amtkeys_pair, amtkeys_certificate, amtkeys_tls,
    amtkeys_credential;
amt_method_fn amtkeys_generate, amtkeys_add_certificate, amtkeys_add_root,
    amtkeys_put_tls, amtkeys_create_credential, amtkeys_remove_pair,
    amtkeys_remove_certificate, amtkeys_remove_credential;

#endif
