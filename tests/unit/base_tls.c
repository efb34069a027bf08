/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/tls.h"

/* Intel's published example pair (AMT SDK, PID/PPS checksum page). */
static const char pid[] = "0000037M";
static const char pps[] = "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ";

/* Two ends and a pipe between them, driven until neither moves. */
struct pair {
	SSL *client, *server;
	int client_rc, server_rc;
	bool sockets; /* in place of memory, and the client does not read */
	int fd[2];
};

static void
pair_shake(struct pair *p)
{
	for (int i = 0; i < 10; i++) {
		p->client_rc = SSL_do_handshake(p->client);
		p->server_rc = SSL_do_handshake(p->server);
	}
}

static void
pair_run(struct pair *p, struct tls *client, struct tls *server, void *arg)
{
	BIO *a = NULL, *b = NULL;

	p->client = tls_conn_new(client, NULL);
	p->server = tls_conn_new(server, arg);
	assert_non_null(p->client);
	assert_non_null(p->server);
	if (p->sockets) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd),
		    0);
		SSL_set_fd(p->client, p->fd[0]);
		SSL_set_fd(p->server, p->fd[1]);
		pair_shake(p);
		return;
	}
	assert_int_equal(BIO_new_bio_pair(&a, 1 << 16, &b, 1 << 16), 1);
	SSL_set_bio(p->client, a, a);
	SSL_set_bio(p->server, b, b);
	pair_shake(p);
	/* TLS 1.3: a refusal reaches the client with its first read. */
	if (p->client_rc == 1) {
		char c;

		SSL_read(p->client, &c, 1);
	}
}

static void
pair_free(struct pair *p)
{
	SSL_free(p->client);
	SSL_free(p->server);
}

static size_t
look_up(void *arg, void *conn_arg, const char *identity,
    uint8_t key[static TLS_PSK_MAX])
{
	(void)arg;
	if (strcmp(identity, pid) != 0)
		return 0;
	memcpy(key, conn_arg, strlen(conn_arg));
	return strlen(conn_arg);
}

static void
psk_try(const char *identity, const char *client_pps, struct pair *p)
{
	struct tls_config c = { .psk_identity = identity,
		.psk = (const uint8_t *)client_pps,
		.psk_len = strlen(client_pps) };
	struct tls_config s = { .server = true, .psk_lookup = look_up };
	struct tls *client = NULL, *server = NULL;
	struct err e = { 0 };

	assert_int_equal(tls_new(&c, &client, &e), ERR_OK);
	assert_int_equal(tls_new(&s, &server, &e), ERR_OK);
	pair_run(p, client, server, (void *)(uintptr_t)pps);
	tls_free(client);
	tls_free(server);
}

static void
the_right_key_opens_a_plain_psk_session(void **state)
{
	const struct tls_session *s;
	struct pair p = { 0 };

	(void)state;
	psk_try(pid, pps, &p);
	assert_int_equal(p.client_rc, 1);
	assert_int_equal(p.server_rc, 1);
	s = tls_conn_session(p.server);
	assert_true(s->established);
	assert_string_equal(s->version, "TLSv1.2");
	assert_string_equal(s->suite, "PSK-AES128-CBC-SHA");
	pair_free(&p);
}

static void
a_wrong_key_is_a_bad_record_for_both(void **state)
{
	struct pair p = { 0 };

	(void)state;
	psk_try(pid, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XK", &p);
	assert_int_not_equal(p.client_rc, 1);
	assert_false(tls_conn_session(p.server)->established);
	assert_int_equal(tls_conn_session(p.server)->sent, 20);
	assert_int_equal(tls_conn_session(p.client)->received, 20);
	pair_free(&p);
}

static void
an_unknown_identity_is_named_by_its_alert(void **state)
{
	struct pair p = { 0 };

	(void)state;
	psk_try("0000038N", pps, &p);
	assert_int_equal(tls_conn_session(p.client)->received,
	    TLS_ALERT_UNKNOWN_PSK_IDENTITY);
	pair_free(&p);
}

/* A root and a leaf under it, and what a judge saw. */
struct pki {
	struct crypto_key *root_key, *key;
	struct x509_chain chain;
};

struct bench {
	enum tls_alert verdict;
	size_t seen;
	int calls;
};

static void
pki_new(struct pki *p, const char *cn)
{
	struct x509_make root = { .cn = "Test Root", .days = 30, .ca = true };
	struct x509_make leaf = { .cn = cn, .days = 30 };
	struct err e = { 0 };

	memset(p, 0, sizeof(*p));
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &p->root_key, &e), 0);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &p->key, &e), 0);
	assert_int_equal(
	    x509_new(&root, p->root_key, NULL, NULL, &p->chain.cert[1], &e), 0);
	assert_int_equal(x509_new(&leaf, p->key, p->chain.cert[1], p->root_key,
			     &p->chain.cert[0], &e),
	    0);
	p->chain.n = 2;
}

static void
pki_free(struct pki *p)
{
	crypto_key_free(p->root_key);
	crypto_key_free(p->key);
	x509_chain_free(&p->chain);
}

static enum tls_alert
judge(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	struct bench *b = arg;

	(void)conn_arg;
	b->calls++;
	b->seen = peer->n;
	return b->verdict;
}

static void
mutual_try(struct bench *client_judge, struct bench *server_judge,
    bool client_chain, struct pair *p)
{
	struct tls_config c = { .judge = judge, .arg = client_judge };
	struct tls_config s = {
		.server = true, .judge = judge, .arg = server_judge
	};
	struct tls *client = NULL, *server = NULL;
	struct err e = { 0 };
	struct pki us, device;

	pki_new(&us, "prov.example.com");
	pki_new(&device, "device");
	if (client_chain) {
		c.chain = &us.chain;
		c.key = us.key;
	}
	s.chain = &device.chain;
	s.key = device.key;
	assert_int_equal(tls_new(&c, &client, &e), ERR_OK);
	assert_int_equal(tls_new(&s, &server, &e), ERR_OK);
	pair_run(p, client, server, NULL);
	tls_free(client);
	tls_free(server);
	pki_free(&us);
	pki_free(&device);
}

static void
both_judges_see_whole_chains_with_their_roots(void **state)
{
	struct bench c = { TLS_ALERT_NONE, 0, 0 }, s = { TLS_ALERT_NONE, 0, 0 };
	struct pair p = { 0 };

	(void)state;
	mutual_try(&c, &s, true, &p);
	assert_int_equal(p.server_rc, 1);
	assert_int_equal(c.seen, 2);
	assert_int_equal(s.seen, 2);
	assert_true(tls_conn_session(p.client)->established);
	pair_free(&p);
}

static void
the_alert_a_judge_chooses_reaches_the_peer(void **state)
{
	static const enum tls_alert alerts[] = { TLS_ALERT_HANDSHAKE_FAILURE,
		TLS_ALERT_BAD_CERTIFICATE, TLS_ALERT_UNSUPPORTED_CERTIFICATE,
		TLS_ALERT_CERTIFICATE_EXPIRED, TLS_ALERT_CERTIFICATE_UNKNOWN,
		TLS_ALERT_UNKNOWN_CA };

	(void)state;
	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		struct bench ok = { TLS_ALERT_NONE, 0, 0 };
		struct bench no = { alerts[i], 0, 0 };
		struct pair p = { 0 };

		mutual_try(&ok, &no, true, &p);
		assert_int_not_equal(p.server_rc, 1);
		assert_int_equal(tls_conn_session(p.server)->sent, alerts[i]);
		assert_int_equal(
		    tls_conn_session(p.client)->received, alerts[i]);
		pair_free(&p);
		ok.verdict = alerts[i]; /* the client distrusts the server */
		no.verdict = TLS_ALERT_NONE;
		no.calls = 0;
		mutual_try(&ok, &no, true, &p);
		assert_int_not_equal(p.client_rc, 1);
		assert_int_equal(
		    tls_conn_session(p.server)->received, alerts[i]);
		assert_int_equal(no.calls, 0);
		pair_free(&p);
	}
}

/* TLS 1.3: who refuses may be gone before the client's request is written. */
static void
the_alert_of_a_peer_that_is_gone_is_heard(void **state)
{
	struct bench ok = { TLS_ALERT_NONE, 0, 0 };
	struct bench no = { TLS_ALERT_UNKNOWN_CA, 0, 0 };
	struct pair p = { .sockets = true };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	mutual_try(&ok, &no, true, &p);
	assert_int_equal(p.client_rc, 1);
	assert_int_not_equal(p.server_rc, 1);
	SSL_free(p.server);
	close(p.fd[1]);
	assert_int_equal(tls_conn_write(p.client, "request", 7), 0);
	assert_int_equal(tls_conn_session(p.client)->received, -1);
	tls_conn_hear(p.client);
	assert_int_equal(
	    tls_conn_session(p.client)->received, TLS_ALERT_UNKNOWN_CA);
	tls_conn_hear(p.client); /* nothing more: no harm */
	SSL_free(p.client);
	close(p.fd[0]);
}

static void
a_client_without_a_chain_is_refused_unjudged(void **state)
{
	struct bench c = { TLS_ALERT_NONE, 0, 0 }, s = { TLS_ALERT_NONE, 0, 0 };
	struct pair p = { 0 };

	(void)state;
	mutual_try(&c, &s, false, &p);
	assert_int_not_equal(p.server_rc, 1);
	assert_int_equal(s.calls, 0);
	assert_true(tls_conn_session(p.server)->no_certificate);
	pair_free(&p);
}

static void
a_client_that_judges_nobody_is_not_made(void **state)
{
	struct tls_config c = { 0 };
	struct tls *client = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(tls_new(&c, &client, &e), ERR_BUG);
	assert_null(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_key_opens_a_plain_psk_session),
		cmocka_unit_test(a_wrong_key_is_a_bad_record_for_both),
		cmocka_unit_test(an_unknown_identity_is_named_by_its_alert),
		cmocka_unit_test(both_judges_see_whole_chains_with_their_roots),
		cmocka_unit_test(the_alert_a_judge_chooses_reaches_the_peer),
		cmocka_unit_test(the_alert_of_a_peer_that_is_gone_is_heard),
		cmocka_unit_test(a_client_without_a_chain_is_refused_unjudged),
		cmocka_unit_test(a_client_that_judges_nobody_is_not_made),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
