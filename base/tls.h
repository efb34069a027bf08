/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to OpenSSL's TLS. A struct tls is one configured end, used for any
 * number of connections: a client or a server, by pre-shared key or by
 * certificates. TLS 1.2 and 1.3, where no age says otherwise; PSK is capped at
 * TLS 1.2 with the plain PSK suites of RFC 4279 and RFC 5487 (which suites real
 * devices speak is not public, so the list is a setting). Certificates of the
 * peer are judged by the caller, inside the handshake, before any byte is
 * exchanged. The system's openssl.cnf is not read: crypto_init() sees to it.
 */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/x509.h"

struct tls;

#define TLS_PSK_ID_MAX 128
#define TLS_PSK_MAX 64
#define TLS_PSK_SUITES "PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA"

/* TLS alerts by which a judge tells the peer which rule was broken. */
enum tls_alert {
	TLS_ALERT_NONE = 0,
	TLS_ALERT_HANDSHAKE_FAILURE = 40,
	TLS_ALERT_BAD_CERTIFICATE = 42,
	TLS_ALERT_UNSUPPORTED_CERTIFICATE = 43,
	TLS_ALERT_CERTIFICATE_EXPIRED = 45,
	TLS_ALERT_CERTIFICATE_UNKNOWN = 46,
	TLS_ALERT_UNKNOWN_CA = 48,
	TLS_ALERT_UNKNOWN_PSK_IDENTITY = 115
};

/* Judges the chain the peer presented (leaf first, as presented; also empty).
 * TLS_ALERT_NONE accepts. conn_arg is what tls_conn_new() was given. */
typedef enum tls_alert tls_judge_fn(
    void *arg, void *conn_arg, const struct x509_chain *peer);
/* A server looks up the key for an identity: its length, 0 if unknown. */
typedef size_t tls_psk_fn(void *arg, void *conn_arg, const char *identity,
    uint8_t key[static TLS_PSK_MAX]);
/* A client's identity and key for one connection: the key's length. */
typedef size_t tls_psk_own_fn(void *arg, void *conn_arg,
    char identity[static TLS_PSK_ID_MAX + 1], uint8_t key[static TLS_PSK_MAX]);

/* A server's chain and key for one connection, once its client has said hello:
 * ends that differ in nothing else are one. Both are owned by the caller. */
typedef enum err_code tls_own_fn(void *arg, void *conn_arg, struct x509_chain *,
    struct crypto_key **, struct err *);

enum tls_version {
	TLS_USUAL, /* 1.2 as the lowest, 1.3 as the highest */
	TLS_1_0,
	TLS_1_1,
	TLS_1_2,
	TLS_1_3
};

/* Below TLS 1.3: how the keys are agreed on. */
enum tls_exchange {
	TLS_EXCHANGE_ANY,
	TLS_EXCHANGE_RSA_FIRST, /* a server's wish */
	TLS_EXCHANGE_RSA        /* nothing else */
};

/* What an end speaks. TLS 1.0 and 1.1, and what is signed with SHA-1, only
 * with insecure_old: OpenSSL's security level is 0 then, for this end alone,
 * and a peer that does not know RFC 5746 is spoken to. */
struct tls_age {
	enum tls_version min, max;
	enum tls_exchange exchange;
	bool insecure_old;
};

/* What is known of a session after, or while failing, its handshake. */
struct tls_session {
	bool established;
	bool no_certificate; /* the peer was asked for one and gave none */
	bool nothing_common; /* no version or no suite that both have */
	char version[16];    /* "TLSv1.2" */
	char suite[64];
	int sent;        /* fatal alert that we sent, or -1 */
	int received;    /* fatal alert that the peer sent, or -1 */
	char words[160]; /* OpenSSL's reason of the failure, for the log */
};

struct tls_config {
	bool server;
	/* Certificate mode: own chain and key (a client may have none). */
	const struct x509_chain *chain; /* borrowed during tls_new only */
	const struct crypto_key *key;   /* likewise */
	tls_own_fn *own;                /* a server's, in place of both */
	tls_judge_fn *judge; /* NULL on a server: no client chain asked */
	/* PSK mode: for a client identity and key, or who tells them for each
	 * connection; for a server the look-up. */
	const char *psk_identity;
	const uint8_t *psk;
	size_t psk_len;
	tls_psk_own_fn *psk_own;
	tls_psk_fn *psk_lookup;
	/* NULL: TLS_PSK_SUITES. Refused where one of them is not of a
	 * pre-shared key alone, or has no cipher. */
	const char *psk_suites;
	struct tls_age age; /* all zero: the usual */
	void *arg;          /* for judge, own, psk_own and psk_lookup */
};

enum err_code tls_new(const struct tls_config *, struct tls **, struct err *);
void tls_free(struct tls *); /* NULL is fine; connections hold their own ref */
/* Would tls_new() make the same of it, but for callbacks, identity and key?
 * An end costs as much as a handshake, so that clients share one. */
bool tls_fits(const struct tls *, const struct tls_config *);

/* For the door base/loop.c only. An SSL * with conn_arg
 * attached, in accept or connect state (NULL: out of memory); SSL_free()
 * releases what hangs on it. */
void *tls_conn_new(struct tls *, void *conn_arg);
const struct tls_session *tls_conn_session(const void *ssl);
/* Once it has its socket. OpenSSL reads on by itself while records come that
 * hold no data (KeyUpdate, HelloRequest): a peer that floods with them would
 * keep the loop from everybody else. So a read says now and then that there is
 * nothing more, and the loop comes back when it finds that there is. */
void tls_conn_fair(void *ssl);
/* The handshake is over: what only it needs is let go. NULL is fine. */
void tls_conn_ready(void *ssl);
void tls_conn_shutdown(void *ssl); /* sends close_notify */
void tls_conn_free(void *ssl);
/* Writes what goes out at once: how many bytes. What failed, or would block,
 * does so again for who writes the rest. */
size_t tls_conn_write(void *ssl, const void *, size_t);
/* After a write failed: the alert that the peer left before it went counts as
 * received. What else it left is lost. */
void tls_conn_hear(void *ssl);

#endif
