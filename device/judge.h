/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKI-CH in the device: the chain that a server presents, judged inside the
 * TLS handshake and before any byte of WS-Man, by the rules of
 * formats/pkich.h.
 */
#ifndef DEVICE_JUDGE_H
#define DEVICE_JUDGE_H

#include <time.h>

#include "base/err.h"
#include "base/tls.h"
#include "base/x509.h"
#include "device/machine.h"
#include "formats/pkich.h"

/* ERR_OK: taken, and the verdict says by which root. A refusal carries its
 * reason; the alert to send is in *alert. */
enum err_code judge_chain(const struct pkich_policy *,
    const struct x509_chain *, time_t now, struct pkich_verdict *,
    enum tls_alert *alert, struct err *);
/* The same by what a machine's image, state and settings say; fills what its
 * configuration record keeps of it. */
enum err_code judge_server(const struct machine *, const struct x509_chain *,
    struct state_record *, enum tls_alert *alert, struct err *);

#endif
