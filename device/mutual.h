/* SPDX-License-Identifier: Apache-2.0 */
/* Who may log in to a device whose TLS is mutual: whoever shows a certificate
 * under one of the roots that set-up gave it. The digest login comes after. */
#ifndef DEVICE_MUTUAL_H
#define DEVICE_MUTUAL_H

#include "base/tls.h"
#include "device/state.h"

enum tls_alert mutual_judge(const struct state *, const struct x509_chain *);

#endif
