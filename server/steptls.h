/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of set-up: a key pair made in the device, its certificate, and TLS
 * with them. */
#ifndef SERVER_STEPTLS_H
#define SERVER_STEPTLS_H

#include "server/step.h"

#define STEPTLS_SETTINGS "Intel(r) AMT 802.3 TLS Settings"

step_take_fn steptls_take_key, steptls_take_key_read, steptls_take_cert,
    steptls_take_tls, steptls_take_root;
step_fill_fn steptls_fill_key, steptls_fill_cert, steptls_fill_context,
    steptls_fill_tls, steptls_fill_root;
step_wanted_fn steptls_wants_certificate, steptls_wants_key,
    steptls_wants_context, steptls_wants_root;

#endif
