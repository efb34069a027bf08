/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a TLS listener of the loop: both ends are real. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/listener.h"

struct side {
	struct loop *loop;
	struct http *http;
	struct tls *tls;
	struct listener *listener;
	struct loop_timer *late;
	struct crypto_key *key;
	struct x509_chain chain;
	/* the server's script and notes */
	bool challenge, drop;
	bool drop_next;         /* this request only, without an answer */
	bool by_connection;     /* each has a nonce of its own */
	const char *raw;        /* what is answered instead */
	const char *challenges; /* WWW-Authenticate headers, if others */
	size_t bytes;           /* of HTTP that arrived */
	int connections, requests;
	char last[4096];
	/* the judge's */
	enum tls_alert verdict;
	int judged;
	/* the answer */
	int done, status;
	bool unanswerable, too_long;
	char asks[HTTPAUTH_SCHEMES];
	char body[64], server[96];
	struct tls_session session;
	struct err e;
};

static void
reply(struct conn *c, const char *status, const char *more, const char *body)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
	    "HTTP/1.1 %s\r\nServer: Test 1.0\r\n%s"
	    "Transfer-Encoding: chunked\r\n\r\n%04X\r\n%s\r\n0000\r\n\r\n",
	    status, more, (unsigned)strlen(body), body);

	conn_send(c, text, (size_t)n);
}

/* 401, unless it has the nonce of the newest connection. */
static void
ask(struct side *s, struct conn *c)
{
	char nonce[32], more[128];

	snprintf(nonce, sizeof(nonce), "nonce=\"of-%d\"", s->connections);
	snprintf(more, sizeof(more),
	    "WWW-Authenticate: Digest realm=\"r\", %s, qop=\"auth\"\r\n",
	    nonce);
	if (strstr(s->last, nonce) != NULL)
		reply(c, "200 OK", "", "fine");
	else
		reply(c, "401 Unauthorized", more, "who?");
}

static size_t
serve(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	struct side *s = arg;
	const char *end, *length;
	size_t head, body;

	if (n >= sizeof(s->last))
		return n;
	memcpy(s->last, p, n);
	s->last[n] = '\0';
	end = strstr(s->last, "\r\n\r\n");
	length = strstr(s->last, "Content-Length: ");
	if (end == NULL || length == NULL)
		return 0;
	head = (size_t)(end + 4 - s->last);
	body = strtoul(length + 16, NULL, 10);
	if (n < head + body)
		return 0;
	s->last[head + body] = '\0';
	s->bytes += head + body;
	s->requests++;
	if (s->drop || s->drop_next)
		conn_finish(c);
	else if (s->raw != NULL)
		conn_send(c, s->raw, strlen(s->raw));
	else if (s->by_connection)
		ask(s, c);
	else if (s->challenge && strstr(s->last, "Authorization:") == NULL)
		reply(c, "401 Unauthorized",
		    s->challenges != NULL
			? s->challenges
			: "WWW-Authenticate: Digest realm=\"Digest:A4\", "
			  "nonce=\"abcdefgh\",stale=\"false\",qop=\"auth\"\r\n",
		    "who?");
	else
		reply(c, "200 OK", "", "fine");
	s->drop_next = false;
	return head + body;
}

static bool
take(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	static const struct conn_handler handler = { NULL, serve, NULL };
	struct side *s = arg;

	(void)peer;
	s->connections++;
	*end = (struct conn_end){ .h = &handler, .arg = s, .tls = s->tls };
	return true;
}

static void
on_late(void *arg)
{
	struct side *s = arg;

	loop_stop(s->loop);
}

static size_t
lookup(void *arg, void *conn_arg, const char *identity,
    uint8_t key[static TLS_PSK_MAX])
{
	(void)arg;
	(void)conn_arg;
	if (strcmp(identity, "0000037M") != 0)
		return 0;
	memset(key, 'k', 32);
	return 32;
}

static void
side_open(struct side *s, bool psk)
{
	struct x509_make make = { .cn = "device", .days = 9 };
	struct tls_config conf = { .server = true };
	struct listener_accept accept = { take, s };
	struct err e;

	memset(s, 0, sizeof(*s));
	err_clear(&e);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &s->key, &e), ERR_OK);
	assert_int_equal(
	    x509_new(&make, s->key, NULL, NULL, &s->chain.cert[0], &e), ERR_OK);
	s->chain.n = 1;
	conf.chain = &s->chain;
	conf.key = s->key;
	if (psk)
		conf =
		    (struct tls_config){ .server = true, .psk_lookup = lookup };
	assert_int_equal(tls_new(&conf, &s->tls, &e), ERR_OK);
	assert_int_equal(loop_new(&s->loop, &e), ERR_OK);
	assert_int_equal(http_new(s->loop, &s->http, &e), ERR_OK);
	assert_int_equal(
	    loop_timer_new(s->loop, on_late, s, &s->late, &e), ERR_OK);
	assert_int_equal(
	    listener_new(s->loop, "127.0.0.1", 0, &accept, &s->listener, &e),
	    ERR_OK);
}

static void
side_close(struct side *s)
{
	listener_free(s->listener);
	loop_timer_free(s->late);
	http_free(s->http);
	loop_free(s->loop);
	tls_free(s->tls);
	x509_chain_free(&s->chain);
	crypto_key_free(s->key);
}

static enum tls_alert
judge(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	struct side *s = arg;

	(void)conn_arg;
	assert_int_equal(peer->n, 1);
	s->judged++;
	return s->verdict;
}

static void
on_done(void *arg, const struct http_answer *a, const struct err *e)
{
	struct side *s = arg;

	s->done++;
	s->status = a->status;
	s->session = a->session;
	s->unanswerable = a->unanswerable;
	s->too_long = a->too_long;
	memcpy(s->asks, a->asks, sizeof(s->asks));
	s->e = *e;
	snprintf(s->body, sizeof(s->body), "%.*s", (int)a->n,
	    a->n == 0 ? "" : (const char *)a->body);
	snprintf(s->server, sizeof(s->server), "%s", a->server);
	loop_stop(s->loop);
}

static struct http_peer *
peer_open(struct side *s, const char *identity)
{
	static const uint8_t key[33] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
	struct tls_config conf = { .judge = judge, .arg = s };
	struct http_peer *p = NULL;
	struct err e;

	err_clear(&e);
	if (identity != NULL)
		conf = (struct tls_config){
			.psk_identity = identity, .psk = key, .psk_len = 32
		};
	assert_int_equal(http_peer_new(s->http, "127.0.0.1",
			     listener_port(s->listener), &conf, &p, &e),
	    ERR_OK);
	return p;
}

static void
post(struct side *s, struct http_peer *p, const char *body)
{
	struct err e;
	int before = s->done;

	err_clear(&e);
	assert_int_equal(
	    http_post(p, "/wsman", body, strlen(body), 60000, on_done, s, &e),
	    ERR_OK);
	loop_timer_set(s->late, 90000);
	assert_int_equal(loop_run(s->loop, &e), ERR_OK);
	assert_int_equal(s->done, before + 1);
}

static void
posts_share_one_judged_connection(void **state)
{
	struct http_peer *p;
	struct side s;

	(void)state;
	side_open(&s, false);
	p = peer_open(&s, NULL);
	post(&s, p, "one");
	assert_int_equal(s.e.code, ERR_OK);
	assert_int_equal(s.status, 200);
	assert_string_equal(s.body, "fine");
	assert_string_equal(s.server, "Test 1.0");
	assert_true(s.session.established);
	post(&s, p, "two");
	assert_non_null(strstr(s.last, "POST /wsman HTTP/1.1\r\n"));
	assert_non_null(strstr(s.last, "\r\n\r\ntwo"));
	assert_null(strstr(s.last, "Expect:"));
	assert_int_equal(s.connections, 1);
	assert_int_equal(s.judged, 1);
	http_peer_free(p);
	side_close(&s);
}

static void
another_peer_never_inherits_a_connection(void **state)
{
	struct http_peer *p, *q;
	struct side s;

	(void)state;
	side_open(&s, false);
	p = peer_open(&s, NULL);
	q = peer_open(&s, NULL);
	post(&s, p, "one");
	post(&s, q, "two");
	assert_int_equal(s.connections, 2);
	assert_int_equal(s.judged, 2);
	http_peer_free(p);
	http_peer_free(q);
	side_close(&s);
}

static void
a_refused_certificate_gets_no_byte_of_http(void **state)
{
	struct http_peer *p;
	struct side s;

	(void)state;
	side_open(&s, false);
	s.verdict = TLS_ALERT_BAD_CERTIFICATE;
	p = peer_open(&s, NULL);
	post(&s, p, "secret");
	assert_int_equal(s.e.code, ERR_PEER);
	assert_int_equal(s.status, 0);
	assert_int_equal(s.judged, 1);
	assert_int_equal(s.session.sent, TLS_ALERT_BAD_CERTIFICATE);
	assert_int_equal(s.bytes, 0);
	http_peer_free(p);
	side_close(&s);
}

static void
digest_is_answered_and_kept(void **state)
{
	struct http_peer *p;
	struct side s;
	struct err e;

	(void)state;
	err_clear(&e);
	side_open(&s, false);
	s.challenge = true;
	p = peer_open(&s, NULL);
	post(&s, p, "one");
	assert_int_equal(s.status, 401);
	assert_int_equal(http_peer_login(p, "admin", "P@ssw0rd1", &e), ERR_OK);
	post(&s, p, "one");
	assert_int_equal(s.status, 200);
	assert_non_null(strstr(s.last, "realm=\"Digest:A4\""));
	assert_non_null(strstr(s.last, "\r\n\r\none"));
	assert_null(strstr(s.last, "P@ssw0rd1"));
	s.requests = 0;
	post(&s, p, "two");
	assert_int_equal(s.status, 200);
	assert_int_equal(s.requests, 1);
	http_peer_free(p);
	side_close(&s);
}

/* A password that was right is not taken for a wrong one. */
static void
a_new_connection_may_ask_anew(void **state)
{
	struct http_peer *p;
	struct side s;
	struct err e;

	(void)state;
	err_clear(&e);
	side_open(&s, false);
	s.by_connection = true;
	p = peer_open(&s, NULL);
	assert_int_equal(http_peer_login(p, "admin", "pw", &e), ERR_OK);
	post(&s, p, "one");
	assert_int_equal(s.status, 200);
	s.drop_next = true;
	post(&s, p, "two");
	assert_int_equal(s.status, 200);
	assert_int_equal(s.connections, 2);
	http_peer_free(p);
	side_close(&s);
}

/* RFC 7616, 3.7, and 9110, 11.6.1: in any header, beside any other. */
static void
the_challenge_that_is_understood_is_answered(void **state)
{
	static const char *const lists[] = {
		"WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", "
		"algorithm=SHA-512-256\r\n"
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\"\r\n",
		"WWW-Authenticate: Negotiate, Digest realm = \"r\", "
		"nonce = \"abc\"\r\n",
	};
	struct http_peer *p;
	struct side s;
	struct err e;

	(void)state;
	err_clear(&e);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		side_open(&s, false);
		s.challenge = true;
		s.challenges = lists[i];
		p = peer_open(&s, NULL);
		assert_int_equal(http_peer_login(p, "admin", "pw", &e), ERR_OK);
		post(&s, p, "one");
		assert_int_equal(s.status, 200);
		assert_non_null(strstr(s.last, "realm=\"r\", nonce=\"abc\""));
		http_peer_free(p);
		side_close(&s);
	}
}

static void
challenges_that_cannot_be_answered_are_told(void **state)
{
	struct http_peer *p;
	struct side s;
	struct err e;

	(void)state;
	err_clear(&e);
	side_open(&s, false);
	s.challenge = true;
	s.challenges = "WWW-Authenticate: Negotiate\r\n"
		       "WWW-Authenticate: Basic realm=\"b\"\r\n";
	p = peer_open(&s, NULL);
	assert_int_equal(http_peer_login(p, "admin", "pw", &e), ERR_OK);
	post(&s, p, "one");
	assert_int_equal(s.status, 401);
	assert_true(s.unanswerable);
	assert_string_equal(s.asks, "Negotiate, Basic");
	assert_null(strstr(s.last, "Authorization:"));
	assert_int_equal(s.requests, 1);
	s.challenges = NULL; /* digest */
	post(&s, p, "two");
	assert_int_equal(s.status, 200);
	assert_false(s.unanswerable);
	http_peer_free(p);
	side_close(&s);
}

/* More than is taken is told apart from what is no answer. */
static void
an_answer_that_is_too_long_is_told(void **state)
{
	static char text[300000];
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
	};
	struct http_peer *p;
	struct side s;

	(void)state;
	side_open(&s, false);
	p = peer_open(&s, NULL);
	for (int i = 0; i < 3; i++) {
		memset(text, 'x', sizeof(text) - 1);
		memcpy(text, heads[i], strlen(heads[i]) + (i != 1));
		s.raw = text;
		post(&s, p, "one");
		assert_int_equal(s.e.code, ERR_PEER);
		assert_int_equal(s.status, 0);
		assert_int_equal(s.too_long, i < 2);
	}
	s.raw = NULL;
	post(&s, p, "two");
	assert_int_equal(s.status, 200);
	assert_false(s.too_long);
	http_peer_free(p);
	side_close(&s);
}

static void
a_shared_key_opens_and_a_wrong_identity_is_told_by_its_alert(void **state)
{
	struct http_peer *p;
	struct side s;

	(void)state;
	side_open(&s, true);
	p = peer_open(&s, "0000037M");
	post(&s, p, "one");
	assert_int_equal(s.status, 200);
	assert_string_equal(s.session.version, "TLSv1.2");
	http_peer_free(p);
	p = peer_open(&s, "12345674");
	s.bytes = 0;
	post(&s, p, "one");
	assert_int_equal(s.e.code, ERR_PEER);
	assert_int_equal(s.session.received, TLS_ALERT_UNKNOWN_PSK_IDENTITY);
	assert_int_equal(s.bytes, 0);
	http_peer_free(p);
	side_close(&s);
}

static void
a_dropped_connection_is_an_error_and_a_free_cancels(void **state)
{
	struct http_peer *p;
	struct side s;
	struct err e;

	(void)state;
	err_clear(&e);
	side_open(&s, false);
	s.drop = true;
	p = peer_open(&s, NULL);
	post(&s, p, "one");
	assert_int_equal(s.e.code, ERR_PEER);
	assert_int_equal(
	    http_post(p, "/wsman", "x", 1, 5000, on_done, &s, &e), ERR_OK);
	http_peer_free(p);
	loop_timer_set(s.late, 50);
	assert_int_equal(loop_run(s.loop, &e), ERR_OK);
	assert_int_equal(s.done, 1);
	side_close(&s);
}

static void
after_the_last_connection_no_other_is_made(void **state)
{
	struct http_peer *p;
	struct side s;

	(void)state;
	side_open(&s, false);
	p = peer_open(&s, NULL);
	post(&s, p, "one");
	http_peer_last(p);
	post(&s, p, "two");
	assert_int_equal(s.status, 200);
	s.drop = true;
	post(&s, p, "three");
	assert_int_equal(s.e.code, ERR_PEER);
	post(&s, p, "four");
	assert_int_equal(s.e.code, ERR_PEER);
	assert_int_equal(s.connections, 1);
	http_peer_free(p);
	side_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_share_one_judged_connection),
		cmocka_unit_test(another_peer_never_inherits_a_connection),
		cmocka_unit_test(a_refused_certificate_gets_no_byte_of_http),
		cmocka_unit_test(digest_is_answered_and_kept),
		cmocka_unit_test(a_new_connection_may_ask_anew),
		cmocka_unit_test(an_answer_that_is_too_long_is_told),
		cmocka_unit_test(the_challenge_that_is_understood_is_answered),
		cmocka_unit_test(challenges_that_cannot_be_answered_are_told),
		cmocka_unit_test(
		    a_shared_key_opens_and_a_wrong_identity_is_told_by_its_alert),
		cmocka_unit_test(after_the_last_connection_no_other_is_made),
		cmocka_unit_test(
		    a_dropped_connection_is_an_error_and_a_free_cancels),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
