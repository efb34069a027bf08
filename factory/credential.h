/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes what a unit is given: fresh from the kernel's generator, a PID never
 * twice in one ledger.
 */
#ifndef FACTORY_CREDENTIAL_H
#define FACTORY_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"
#include "factory/ledger.h"
#include "formats/passwd.h"
#include "formats/psk.h"
#include "formats/record.h"

/* Call it inside the transaction that inserts the pair: only then is the PID
 * known to be new. */
enum err_code credential_psk(struct ledger *, struct psk *, struct err *);
enum err_code credential_password(
    char out[static PASSWD_LEN + 1], struct err *);
/* A key pair as PKCS#8 DER, and the device's self-signed certificate. */
enum err_code credential_key(enum crypto_type, const char *cn,
    uint8_t key[static RECORD_KEY], size_t *key_len,
    uint8_t cert[static RECORD_CERT], size_t *cert_len, struct err *);

#endif
