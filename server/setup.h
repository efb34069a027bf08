/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One set-up over the wire: TLS to a device, its certificate judged in the
 * handshake, then the dialogue of server/session.h over HTTP. Or, instead of
 * the dialogue, a word with a device that is set up: session_kind.
 */
#ifndef SERVER_SETUP_H
#define SERVER_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/http.h"
#include "formats/generation.h"
#include "formats/psk.h"
#include "server/session.h"

#define SETUP_LOGINS 8

/* Is this certificate, by one who signs devices' here, another machine's for
 * sure, and whose? */
typedef bool setup_other_fn(
    void *arg, const struct x509 *, char uuid[static UUID_TEXT]);

/* How to reach the device and what to say. Holds secrets; what it points to
 * is borrowed for the life of the set-up. */
struct setup_how {
	struct http *http;
	char addr[ADDR_LEN];
	uint16_t port;
	unsigned long timeout_ms; /* for each request */
	/* PSK where pid is not empty, else certificates. */
	struct psk psk;
	const char *psk_suites;
	const struct x509_chain *chain; /* with its root; NULL: none shown */
	const struct crypto_key *key;
	const struct generation *generation; /* of the unit's AMT version */
	unsigned announced; /* kinds of our root's hash in its hello; 0: it
			     * is not known */
	const char *domain; /* where the machine is to be; "" not known */
	bool legacy;        /* speak TLS 1.0 and SHA-1 with it */
	/* The device's certificate: pin (SHA-256, hex) or, if empty, one that
	 * the device CA signed, or any where first_use is set. issued: likewise
	 * pinned, what an earlier set-up gave it. */
	char pin[65], issued[65];
	bool pin_seen; /* pin is what was seen first, not the manifest's */
	bool first_use;
	const struct x509 *device_ca[2]; /* NULL: none */
	const char *device_fqdn; /* the common name there, or its UUID */
	setup_other_fn *other;   /* asked in the handshake; NULL: none is */
	/* Passwords for admin, tried in turn where the device asks. */
	char login[SETUP_LOGINS][SESSION_PASSWORD];
	size_t nlogins;
	size_t nfirst; /* so many of them before a set-up changes anything */
	struct session_plan plan;
	/* Called before the first request that changes the device: make the
	 * new secrets durable, then call setup_go(). */
	void (*save)(void *arg);
	/* The end; the set-up may be freed in it. */
	void (*done)(void *arg, const struct err *);
	void *arg;
};

struct setup;

enum err_code setup_new(
    const struct setup_how *, struct setup **, struct err *);
void setup_go(struct setup *); /* the first, and each next request */
/* It took too long: ends it as a device that is gone. */
void setup_late(struct setup *, unsigned long ms);
void setup_free(struct setup *); /* cancels, wipes; NULL is fine */

/* SHA-256 of the certificate the device showed, hex; "" if none was taken. */
const char *setup_cert(const struct setup *);
const char *setup_version(const struct setup *); /* firmware, or "" */
/* "TLSv1.2, SUITE": what the connection really speaks, "" before it does. */
const char *setup_spoken(const struct setup *);
/* The TLS certificate that was issued to the device, DER; *n 0: none. */
const uint8_t *setup_issued(const struct setup *, size_t *n);
/* What the device said of its state, "" if nothing; and its record. */
const char *setup_state(const struct setup *);
const struct session_record *setup_record(const struct setup *);
/* CommitChanges, or an un-provisioning, was sent, and whether it took effect
 * is not known. */
bool setup_unsure(const struct setup *);
/* The last answer was that the device is busy: HTTP status 503. */
bool setup_busy(const struct setup *);

#endif
