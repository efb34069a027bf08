/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP digest, the server's half: MD5 and qop "auth" as the firmware speaks
 * it (RFC 2617, RFC 7616), nc and qop quoted or not, since clients differ. A
 * nonce is known for a while and each of its counts serves once, in rising
 * order, so that a captured request cannot be repeated. Without I/O.
 *
 * The form without a qop (RFC 2069) is refused unless asked for: it has no
 * nonce of the client's, so that whoever stands in the device's place chooses
 * all that the password is hashed with, and can have tables made beforehand. No
 * client that the public sources tell of needs it, since all answer the qop
 * that they are offered.
 */
#ifndef DEVICE_AUTH_H
#define DEVICE_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_REALM 40 /* "Digest:" 32 hex digits NUL */
#define AUTH_HA1 33
#define AUTH_NONCE_BYTES 24
#define AUTH_NONCE 33
#define AUTH_NONCES 8 /* the oldest makes room */

struct auth {
	struct {
		char text[AUTH_NONCE];
		uint32_t nc; /* last count used */
	} nonce[AUTH_NONCES];
	size_t next;
};

enum auth_verdict {
	AUTH_OK,
	AUTH_MISSING, /* no credentials came */
	AUTH_STALE,   /* right, but the nonce is not known any more */
	AUTH_BAD
};

/* "Digest:" and 32 upper-case hex digits. */
void auth_realm(char out[static AUTH_REALM], const uint8_t random[static 16]);
/* Lower-case hex MD5 of user:realm:password. */
void auth_ha1(char out[static AUTH_HA1], const char *user, const char *realm,
    const char *password);
/* A new nonce from random bytes; remembered; borrowed text. */
const char *auth_nonce(
    struct auth *, const uint8_t random[static AUTH_NONCE_BYTES]);

struct auth_ask {
	const char *header; /* the Authorization header's value */
	const char *method, *path;
	const char *user, *realm;
	const char *ha1; /* what the user's must be */
	bool any_qop;    /* none is taken too, as in RFC 2069 */
};
enum auth_verdict auth_check(struct auth *, const struct auth_ask *);

#endif
