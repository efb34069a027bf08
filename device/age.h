/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TLS a device speaks. By itself TLS 1.2 and 1.3, so that servers of today
 * can set up a device of any AMT version; where the version's key exchange is
 * RSA's (the white paper: the device sends its public key, the server encrypts
 * the master key with it), that comes first below TLS 1.3. With the setting
 * insecure_legacy_tls it speaks what its AMT version spoke and nothing else:
 * TLS 1.0 and 1.1 by RSA key exchange up to AMT 11.
 */
#ifndef DEVICE_AGE_H
#define DEVICE_AGE_H

#include "base/tls.h"
#include "device/settings.h"
#include "formats/generation.h"

struct tls_age age_of(const struct settings *, const struct generation *);
/* For a session by pre-shared key; all versions that have it are alike. */
struct tls_age age_psk(const struct settings *);

#endif
