/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/tls.h"

/* Two for a record. No honest set-up comes near it in one turn of the loop. */
#define READS_A_TURN 256
#define HEAR_MOST 16 /* reads */

struct tls {
	SSL_CTX *ctx;
	bool server;
	bool psk;
	char *suites; /* of PSK */
	struct tls_age age;
};

/* What hangs on an SSL_CTX: the configuration, copied; psk is wiped. */
struct end {
	tls_judge_fn *judge;
	tls_own_fn *own;
	tls_psk_own_fn *psk_own;
	tls_psk_fn *psk_lookup;
	void *arg;
	char psk_identity[TLS_PSK_ID_MAX + 1];
	uint8_t psk[TLS_PSK_MAX];
	size_t psk_len;
};

/* What hangs on an SSL of ours. */
struct conn {
	void *arg;
	unsigned reads; /* from the socket */
	struct tls_session session;
};

static void
end_free(void *parent, void *p, CRYPTO_EX_DATA *ad, int i, long l, void *arg)
{
	struct end *end = p;

	(void)parent, (void)ad, (void)i, (void)l, (void)arg;
	if (end != NULL)
		secret_wipe(end, sizeof(*end));
	free(end);
}

static void
conn_free(void *parent, void *p, CRYPTO_EX_DATA *ad, int i, long l, void *arg)
{
	(void)parent, (void)ad, (void)i, (void)l, (void)arg;
	free(p);
}

/* OpenSSL's slot numbers: written once, under its own lock. A slot is the one
 * way to have memory freed with an SSL that a library frees for us. */
static CRYPTO_ONCE slots_once = CRYPTO_ONCE_STATIC_INIT;
static int end_slot, conn_slot;

static void
slots_make(void)
{
	end_slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, end_free);
	conn_slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, conn_free);
}

static struct end *
end_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), end_slot);
}

static struct tls_session *
session_of(const SSL *ssl)
{
	struct conn *conn = SSL_get_ex_data(ssl, conn_slot);

	return conn != NULL ? &conn->session : NULL;
}

static void *
arg_of(const SSL *ssl)
{
	struct conn *conn = SSL_get_ex_data(ssl, conn_slot);

	return conn != NULL ? conn->arg : NULL;
}

static void
session_init(struct tls_session *s)
{
	memset(s, 0, sizeof(*s));
	s->sent = s->received = -1;
}

static bool
is_nothing_common(const SSL *ssl, int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
		/* The alert of a client whose hello was heard; before that it
		 * is somebody who speaks no TLS. */
		return SSL_is_server(ssl) &&
		    SSL_client_version(ssl) <= TLS1_3_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
	case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
		return true;
	}
	return false;
}

/* The first reason of a failed handshake; later ones follow from it. */
static void
session_failed(struct tls_session *s, const SSL *ssl)
{
	unsigned long code = ERR_peek_error();
	const char *words = ERR_reason_error_string(code);

	if (code == 0 || s->words[0] != '\0')
		return;
	s->nothing_common = ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    is_nothing_common(ssl, ERR_GET_REASON(code));
	s->no_certificate = ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    ERR_GET_REASON(code) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
	snprintf(s->words, sizeof(s->words), "%s",
	    words != NULL ? words : "unknown TLS failure");
}

static void
on_info(const SSL *ssl, int where, int ret)
{
	struct tls_session *s = session_of(ssl);

	if (s == NULL)
		return;
	if (where & SSL_CB_HANDSHAKE_START && !s->established)
		session_init(s);
	if (where & SSL_CB_HANDSHAKE_DONE) {
		s->established = true;
		snprintf(
		    s->version, sizeof(s->version), "%s", SSL_get_version(ssl));
		snprintf(
		    s->suite, sizeof(s->suite), "%s", SSL_get_cipher_name(ssl));
	}
	if (where & SSL_CB_ALERT && ret >> 8 == SSL3_AL_FATAL) {
		if (where & SSL_CB_WRITE)
			s->sent = ret & 0xff;
		else
			s->received = ret & 0xff;
	}
	if ((where & (SSL_CB_EXIT | SSL_CB_ALERT)) != 0)
		session_failed(s, ssl);
}

/* A verification error whose alert is the wanted one. */
static int
error_for(enum tls_alert alert)
{
	switch (alert) {
	case TLS_ALERT_NONE:
		return X509_V_OK;
	case TLS_ALERT_BAD_CERTIFICATE:
		return X509_V_ERR_HOSTNAME_MISMATCH;
	case TLS_ALERT_UNSUPPORTED_CERTIFICATE:
		return X509_V_ERR_INVALID_PURPOSE;
	case TLS_ALERT_CERTIFICATE_EXPIRED:
		return X509_V_ERR_CERT_HAS_EXPIRED;
	case TLS_ALERT_UNKNOWN_CA:
		return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
	case TLS_ALERT_CERTIFICATE_UNKNOWN:
		return X509_V_ERR_SUBTREE_MINMAX; /* not in OpenSSL's table */
	case TLS_ALERT_HANDSHAKE_FAILURE:
	case TLS_ALERT_UNKNOWN_PSK_IDENTITY:
		break;
	}
	return X509_V_ERR_APPLICATION_VERIFICATION;
}

/* false: more certificates than a chain may have, or no memory. */
static bool
chain_of(X509_STORE_CTX *ctx, struct x509_chain *chain)
{
	STACK_OF(X509) *sk = X509_STORE_CTX_get0_untrusted(ctx);
	int n = sk == NULL ? 0 : sk_X509_num(sk);

	if (n > X509_CHAIN_MAX)
		return false;
	for (int i = 0; i < n; i++) {
		chain->cert[chain->n] = x509_wrap(sk_X509_value(sk, i));
		if (chain->cert[chain->n] == NULL)
			return false;
		chain->n++;
	}
	return true;
}

/* Stands in for OpenSSL's own verification: the judge alone decides. */
static int
on_verify(X509_STORE_CTX *ctx, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
	    ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	enum tls_alert alert = TLS_ALERT_CERTIFICATE_UNKNOWN;
	struct x509_chain chain = { 0 };
	const struct end *end = end_of(ssl);

	(void)arg;
	if (chain_of(ctx, &chain))
		alert = end->judge(end->arg, arg_of(ssl), &chain);
	x509_chain_free(&chain);
	X509_STORE_CTX_set_error(ctx, error_for(alert));
	return alert == TLS_ALERT_NONE;
}

static unsigned
psk_of_conn(SSL *ssl, char *identity, unsigned id_max, unsigned char *psk,
    unsigned psk_max)
{
	const struct end *end = end_of(ssl);
	char id[TLS_PSK_ID_MAX + 1] = "";
	uint8_t key[TLS_PSK_MAX];
	size_t n = end->psk_own(end->arg, arg_of(ssl), id, key);

	if (n > sizeof(key) || n > psk_max || strlen(id) >= id_max)
		n = 0;
	if (n > 0) {
		strcpy(identity, id);
		memcpy(psk, key, n);
	}
	secret_wipe(key, sizeof(key));
	return (unsigned)n;
}

static unsigned
on_psk_client(SSL *ssl, const char *hint, char *identity, unsigned id_max,
    unsigned char *psk, unsigned psk_max)
{
	const struct end *end = end_of(ssl);

	(void)hint;
	if (end->psk_own != NULL)
		return psk_of_conn(ssl, identity, id_max, psk, psk_max);
	if (strlen(end->psk_identity) >= id_max || end->psk_len > psk_max)
		return 0;
	strcpy(identity, end->psk_identity);
	memcpy(psk, end->psk, end->psk_len);
	return (unsigned)end->psk_len;
}

static unsigned
on_psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned max)
{
	const struct end *end = end_of(ssl);
	uint8_t key[TLS_PSK_MAX];
	size_t n = 0;

	if (identity != NULL && strlen(identity) <= TLS_PSK_ID_MAX)
		n = end->psk_lookup(end->arg, arg_of(ssl), identity, key);
	if (n > sizeof(key) || n > max)
		n = 0; /* OpenSSL answers unknown_psk_identity */
	if (n > 0)
		memcpy(psk, key, n);
	secret_wipe(key, sizeof(key));
	return (unsigned)n;
}

static bool
use_chain(SSL_CTX *ctx, const struct tls_config *c)
{
	if (SSL_CTX_use_certificate(ctx, x509_native(c->chain->cert[0])) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, crypto_key_pkey(c->key)) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return false;
	for (size_t i = 1; i < c->chain->n; i++)
		if (SSL_CTX_add1_chain_cert(
			ctx, x509_native(c->chain->cert[i])) != 1)
			return false;
	return true;
}

static bool
use_own(SSL *ssl, const struct x509_chain *chain, const struct crypto_key *key)
{
	if (SSL_use_certificate(ssl, x509_native(chain->cert[0])) != 1 ||
	    SSL_use_PrivateKey(ssl, crypto_key_pkey(key)) != 1)
		return false;
	for (size_t i = 1; i < chain->n; i++)
		if (SSL_add1_chain_cert(ssl, x509_native(chain->cert[i])) != 1)
			return false;
	return true;
}

static int
on_own(SSL *ssl, void *arg)
{
	struct tls_session *s = session_of(ssl);
	const struct end *end = end_of(ssl);
	struct x509_chain chain = { .n = 0 };
	struct crypto_key *key = NULL;
	struct err e = { 0 };
	bool good;

	(void)arg;
	good = end->own(end->arg, arg_of(ssl), &chain, &key, &e) == ERR_OK &&
	    use_own(ssl, &chain, key);
	if (!good && e.code != ERR_OK && s != NULL)
		snprintf(s->words, sizeof(s->words), "%.159s", e.msg);
	x509_chain_free(&chain);
	crypto_key_free(key);
	return good;
}

static bool
use_certificates(SSL_CTX *ctx, const struct tls_config *c)
{
	int verify = SSL_VERIFY_NONE;

	if (c->judge != NULL) {
		verify = SSL_VERIFY_PEER;
		if (c->server)
			verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
		SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
	}
	SSL_CTX_set_verify(ctx, verify, NULL);
	/* A chain goes out as given, with its root. */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if (c->own != NULL)
		SSL_CTX_set_cert_cb(ctx, on_own, NULL);
	return c->chain == NULL || use_chain(ctx, c);
}

static const char *
suites_of(const struct tls_config *c)
{
	return c->psk_suites != NULL ? c->psk_suites : TLS_PSK_SUITES;
}

/* With a suite that proves nobody's key, or has no cipher, the peer needs
 * none. Those of TLS 1.3 are in each list, and are not spoken. */
static bool
all_psk(SSL_CTX *ctx)
{
	STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
	bool good = false;

	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *s = sk_SSL_CIPHER_value(all, i);

		if (SSL_CIPHER_get_auth_nid(s) == NID_auth_any)
			continue;
		if (SSL_CIPHER_get_auth_nid(s) != NID_auth_psk ||
		    SSL_CIPHER_get_cipher_nid(s) == NID_undef)
			return false;
		good = true;
	}
	return good;
}

static bool
use_psk(SSL_CTX *ctx, const struct tls_config *c)
{
	if (c->server)
		SSL_CTX_set_psk_server_callback(ctx, on_psk_server);
	else
		SSL_CTX_set_psk_client_callback(ctx, on_psk_client);
	return SSL_CTX_set_cipher_list(ctx, suites_of(c)) == 1 && all_psk(ctx);
}

#define RSA_SUITES                                                         \
	"AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256:" \
	"AES256-SHA:AES128-SHA"

/* In words: "DEFAULT" is one only at the beginning of a list. */
#define OTHER_SUITES ":ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES"

static int
version_of(enum tls_version v, int usual)
{
	static const int native[] = { 0, TLS1_VERSION, TLS1_1_VERSION,
		TLS1_2_VERSION, TLS1_3_VERSION };

	return v == TLS_USUAL ? usual : native[v];
}

static bool
use_age(SSL_CTX *ctx, const struct tls_age *age, bool psk)
{
	int min = version_of(age->min, TLS1_2_VERSION);
	int max = version_of(age->max, TLS1_3_VERSION);
	const char *suites = NULL;

	SSL_CTX_set_security_level(ctx, age->insecure_old ? 0 : 2);
	if (age->insecure_old)
		SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	else
		SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
	if (min < TLS1_2_VERSION && !age->insecure_old)
		min = TLS1_2_VERSION;
	if (psk && max > TLS1_2_VERSION)
		max = TLS1_2_VERSION;
	if (!psk && age->exchange == TLS_EXCHANGE_RSA)
		suites = RSA_SUITES;
	if (!psk && age->exchange == TLS_EXCHANGE_RSA_FIRST) {
		suites = RSA_SUITES OTHER_SUITES;
		SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	}
	return SSL_CTX_set_min_proto_version(ctx, min) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, max) == 1 &&
	    (suites == NULL || SSL_CTX_set_cipher_list(ctx, suites) == 1);
}

static struct end *
end_new(const struct tls_config *c)
{
	struct end *end = calloc(1, sizeof(*end));

	if (end == NULL)
		return NULL;
	end->judge = c->judge;
	end->own = c->own;
	end->psk_own = c->psk_own;
	end->psk_lookup = c->psk_lookup;
	end->arg = c->arg;
	if (c->psk_identity != NULL)
		strcpy(end->psk_identity, c->psk_identity);
	if (c->psk_len > 0)
		memcpy(end->psk, c->psk, c->psk_len);
	end->psk_len = c->psk_len;
	return end;
}

static bool
is_psk(const struct tls_config *c)
{
	return c->psk_identity != NULL || c->psk_own != NULL ||
	    c->psk_lookup != NULL;
}

static enum err_code
apply(SSL_CTX *ctx, const struct tls_config *c, struct err *e)
{
	bool psk = is_psk(c);
	struct end *end;

	if (CRYPTO_THREAD_run_once(&slots_once, slots_make) != 1)
		return err_mem(e);
	if (c->psk_len > TLS_PSK_MAX ||
	    (c->psk_identity != NULL &&
		strlen(c->psk_identity) > TLS_PSK_ID_MAX))
		return err_set(e, ERR_BUG, "TLS: PSK longer than supported");
	if (!psk && c->judge == NULL && !c->server)
		return err_set(e, ERR_BUG, "TLS: a client without a judge");
	if ((end = end_new(c)) == NULL)
		return err_mem(e);
	if (SSL_CTX_set_ex_data(ctx, end_slot, end) != 1) {
		end_free(NULL, end, NULL, 0, 0, NULL);
		return err_mem(e);
	}
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A fleet's connections are many and idle; a client's are few. */
	if (c->server)
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (!use_age(ctx, &c->age, psk) ||
	    !(psk ? use_psk(ctx, c) : use_certificates(ctx, c)))
		return crypto_err(e, ERR_CONFIG, "TLS set-up");
	return ERR_OK;
}

enum err_code
tls_new(const struct tls_config *c, struct tls **out, struct err *e)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	*out = NULL;
	if (tls == NULL)
		return err_mem(e);
	tls->server = c->server;
	tls->psk = is_psk(c);
	tls->age = c->age;
	tls->suites = strdup(suites_of(c));
	tls->ctx =
	    SSL_CTX_new(c->server ? TLS_server_method() : TLS_client_method());
	if (tls->ctx == NULL || tls->suites == NULL)
		crypto_err(e, ERR_RETRY, "TLS");
	else
		apply(tls->ctx, c, e);
	if (e->code != ERR_OK) {
		tls_free(tls);
		return e->code;
	}
	*out = tls;
	return ERR_OK;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls->suites);
	free(tls);
}

static bool
same_age(const struct tls_age *a, const struct tls_age *b)
{
	return a->min == b->min && a->max == b->max &&
	    a->exchange == b->exchange && a->insecure_old == b->insecure_old;
}

/* Certificates by their addresses: the context keeps its own from being used
 * again. */
bool
tls_fits(const struct tls *tls, const struct tls_config *c)
{
	STACK_OF(X509) *rest = NULL;
	int n;

	if (tls->server != c->server || tls->psk != is_psk(c) ||
	    !same_age(&tls->age, &c->age))
		return false;
	if (tls->psk)
		return strcmp(tls->suites, suites_of(c)) == 0;
	if (c->chain == NULL)
		return SSL_CTX_get0_certificate(tls->ctx) == NULL;
	SSL_CTX_get0_chain_certs(tls->ctx, &rest);
	n = rest == NULL ? 0 : sk_X509_num(rest);
	if (SSL_CTX_get0_certificate(tls->ctx) !=
		x509_native(c->chain->cert[0]) ||
	    SSL_CTX_get0_privatekey(tls->ctx) != crypto_key_pkey(c->key) ||
	    (size_t)n + 1 != c->chain->n)
		return false;
	for (int i = 0; i < n; i++)
		if (sk_X509_value(rest, i) !=
		    x509_native(c->chain->cert[i + 1]))
			return false;
	return true;
}

void *
tls_conn_new(struct tls *tls, void *conn_arg)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	SSL *ssl = SSL_new(tls->ctx);

	if (conn == NULL || ssl == NULL ||
	    SSL_set_ex_data(ssl, conn_slot, conn) != 1) {
		free(conn);
		SSL_free(ssl);
		return NULL;
	}
	conn->arg = conn_arg;
	session_init(&conn->session);
	if (tls->server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

const struct tls_session *
tls_conn_session(const void *ssl)
{
	return session_of(ssl);
}

static long
on_socket(BIO *b, int what, const char *p, size_t len, int i, long l, int ret,
    size_t *done)
{
	struct conn *conn;

	(void)p, (void)len, (void)i, (void)l, (void)done;
	if (what != BIO_CB_READ)
		return ret;
	conn = (struct conn *)(void *)BIO_get_callback_arg(b);
	if (++conn->reads % READS_A_TURN != 0)
		return ret;
	BIO_clear_retry_flags(b);
	BIO_set_retry_read(b);
	return -1;
}

void
tls_conn_fair(void *ssl)
{
	BIO *b = SSL_get_rbio(ssl);

	if (b == NULL)
		return;
	BIO_set_callback_arg(
	    b, (char *)(void *)SSL_get_ex_data(ssl, conn_slot));
	BIO_set_callback_ex(b, on_socket);
}

/* Of a connection that lasts, and is one of many: what only the handshake
 * needs. The certificate shown stays in the session, its chain need not. */
void
tls_conn_ready(void *ssl)
{
	STACK_OF(X509) * chain;
	X509 *cert;

	if (ssl == NULL || !SSL_is_server(ssl))
		return;
	SSL_certs_clear(ssl);
	chain = SSL_get_peer_cert_chain(ssl);
	while ((cert = sk_X509_pop(chain)) != NULL)
		X509_free(cert);
}

void
tls_conn_shutdown(void *ssl)
{
	SSL_shutdown(ssl);
	ERR_clear_error();
}

size_t
tls_conn_write(void *ssl, const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t all = 0, one = 0;

	ERR_clear_error();
	while (all < n && SSL_write_ex(ssl, from + all, n - all, &one) == 1)
		all += one;
	ERR_clear_error();
	return all;
}

void
tls_conn_hear(void *ssl)
{
	struct conn *conn = SSL_get_ex_data(ssl, conn_slot);
	uint8_t waste[4096];
	size_t n;

	conn->reads = 0; /* none of ours is one that tls_conn_fair() puts off */
	ERR_clear_error();
	for (int i = 0; i < HEAR_MOST; i++)
		if (SSL_read_ex(ssl, waste, sizeof(waste), &n) != 1)
			break;
	secret_wipe(waste, sizeof(waste));
	ERR_clear_error();
}

void
tls_conn_free(void *ssl)
{
	SSL_free(ssl);
}
