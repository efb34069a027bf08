/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a connection's handshake failed, for people: what TLS tells of it, and
 * what the machine would have taken.
 */
#ifndef DEVICE_HANDSHAKE_H
#define DEVICE_HANDSHAKE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/tls.h"

struct handshake {
	const struct tls_session *tls; /* NULL: without TLS */
	bool managing;                 /* not of a set-up */
	bool known;                    /* the PID was the machine's */
	const char *pid; /* of a set-up by its key; "": by chain */
	const char *end; /* the connection's words */
};

/* The name of its event, NULL if it did not fail; why holds the reason, or is
 * what the judge of chains or keys has said already. */
const char *handshake_failure(const struct handshake *, struct err *why);

#endif
