/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which key and certificate a machine is known: during set-up its own,
 * which it makes where the image brings none, or the pre-shared key; after it
 * what the server issued.
 */
#ifndef DEVICE_IDENTITY_H
#define DEVICE_IDENTITY_H

#include "base/err.h"
#include "base/tls.h"
#include "device/machine.h"

/* Is what a set-up shows there, or must it be made, which takes its time? */
bool identity_ready(const struct machine *);
enum err_code identity_make(struct machine *, struct err *);
/* The TLS end for a connection that comes now, shared with machines of the
 * same age; borrowed. NULL with the error. */
struct tls *identity_tls(struct machine *, struct err *);
/* What the machine shows on it; the caller's. */
enum err_code identity_own(
    struct machine *, struct crypto_key **, struct x509_chain *, struct err *);
/* The hash of the certificate that it shows while it is set up. */
enum err_code identity_hash(
    struct machine *, enum hash_type, uint8_t out[static 48], struct err *);
/* Those of a scratch. */
void identity_ends_free(struct machine_end **);

#endif
