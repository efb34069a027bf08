/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a device ended the TLS handshake. It tells by an alert, which is one
 * number for many rules; we know our chain, the unit's AMT version and what
 * its hello announced, and run the device's own rules (formats/pkich.h) over
 * them to find which one it was. The message begins with that rule's code.
 */
#ifndef SERVER_REFUSAL_H
#define SERVER_REFUSAL_H

#include "base/err.h"
#include "base/tls.h"
#include "base/x509.h"
#include "formats/generation.h"

/* All borrowed. */
struct refusal {
	const char *pid;        /* "" where it was by certificates */
	const char *psk_suites; /* that we offered with it */
	const struct x509_chain *chain;
	const struct generation *generation;
	unsigned announced; /* kinds of our root's hash in its hello, by
			     * GENERATION_HASH(); 0: not known */
	const char *domain; /* in which machines are to be, "" not known */
	const struct tls_session *session;
};

/* Was it the handshake that failed, by either end's doing? */
bool refusal_is(const struct tls_session *);
/* Always a refusal. */
enum err_code refusal_explain(const struct refusal *, struct err *);

#endif
