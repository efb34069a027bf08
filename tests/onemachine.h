/* SPDX-License-Identifier: Apache-2.0 */
/* A machine on loopback, and the HTTP client as its server: both ends are
 * real. */
#ifndef TESTS_ONEMACHINE_H
#define TESTS_ONEMACHINE_H

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "base/listener.h"
#include "device/judge.h"
#include "device/machine.h"
#include "device/visit.h"
#include "formats/hello.h"
#include "formats/reason.h"
#include "formats/wsman.h"
#include "tests/onefolder.h"

#define PID "0000037M"
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"

static struct settings settings;
static struct keypool keys;
static struct machine_common common;
static struct machine_scratch scratch;
static struct listener *port, *hellos;
static struct machine *m, *neighbour; /* one sleeps while the other wakes */
static struct http *http;
static struct loop_timer *late;
static struct record rec;

/* The server's chain. */
static struct crypto_key *root_key, *leaf_key;
static struct x509_chain chain;

/* What happened. */
static char events[65536];      /* "hello session refused:no-amt-mark " */
static char refusal_words[400]; /* why the last was refused */
static const char *stop_at;     /* an event that stops the loop */
static char set_up_by[256];     /* what "provisioned" said */
static int done, status;
static char answer[65536];
static uint8_t hello[64];
static size_t hello_len;
static int hello_count;

static inline void
on_event(void *arg, struct machine *who, const struct machine_event *e)
{
	(void)arg;
	assert_ptr_equal(who, m);
	machine_factory(neighbour);
	assert_true(strlen(events) + 128 < sizeof(events));
	strcat(events, e->name);
	if (e->why != NULL && e->why->reason != NULL) {
		strcat(events, ":");
		strcat(events, e->why->reason->code);
		if (strcmp(e->name, "refused") == 0)
			snprintf(refusal_words, sizeof(refusal_words), "%s",
			    e->why->msg);
	}
	strcat(events, " ");
	if (strcmp(e->name, "provisioned") == 0)
		snprintf(set_up_by, sizeof(set_up_by), "%s", e->words);
	if (stop_at != NULL && strcmp(stop_at, e->name) == 0)
		loop_stop(common.loop);
}

static inline bool
on_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	(void)arg;
	machine_factory(neighbour);
	return machine_accept(m, peer, end);
}

static inline size_t
hello_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	(void)arg;
	(void)c;
	assert_true(n <= sizeof(hello));
	memcpy(hello, p, n);
	hello_len = n;
	hello_count++;
	return n;
}

static inline bool
hello_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	static const struct conn_handler handler = { NULL, hello_data, NULL };

	(void)arg;
	(void)peer;
	end->h = &handler;
	return true;
}

static inline void
on_late(void *arg)
{
	(void)arg;
	loop_stop(common.loop);
}

static inline void
run(unsigned long ms)
{
	struct err e = { 0 };

	loop_timer_set(late, ms);
	assert_int_equal(loop_run(common.loop, &e), ERR_OK);
}

/* Until n hellos came, however slow this machine is. */
static inline void
run_hellos(int n)
{
	for (int i = 0; i < 12000 && hello_count < n; i++)
		run(5);
	assert_int_equal(hello_count, n);
}

static inline struct crypto_key *
key(void)
{
	struct crypto_key *k = NULL;
	struct err e = { 0 };

	assert_int_equal(crypto_key_new(CRYPTO_RSA2048, &k, &e), ERR_OK);
	return k;
}

/* A leaf with this mark under the one root. */
static inline void
chain_make(const char *cn, bool mark)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH,
		mark ? PKICH_AMT_OID : NULL, NULL };
	const struct x509_make leaf = { .cn = cn, .days = 9, .eku = eku };
	const struct x509_make root = { .cn = "root", .days = 9, .ca = true };
	struct err e = { 0 };

	if (chain.cert[1] == NULL)
		assert_int_equal(
		    x509_new(&root, root_key, NULL, NULL, &chain.cert[1], &e),
		    ERR_OK);
	x509_free(chain.cert[0]);
	assert_int_equal(x509_new(&leaf, leaf_key, chain.cert[1], root_key,
			     &chain.cert[0], &e),
	    ERR_OK);
	chain.n = 2;
}

static inline int
start_all(void **unused)
{
	(void)unused;
	root_key = key();
	leaf_key = key();
	chain_make("prov.example.com", true);
	return 0;
}

static inline int
end_all(void **unused)
{
	(void)unused;
	x509_chain_free(&chain);
	crypto_key_free(root_key);
	crypto_key_free(leaf_key);
	return 0;
}

static inline int
start(void **unused)
{
	const struct machine_place next = {
		.care = STATE_VOLATILE, .address = "", .suffix = ""
	};
	const struct listener_accept accept = { on_accept, NULL };
	const struct listener_accept takes_hellos = { hello_accept, NULL };
	struct err e = { 0 };
	const uint8_t *der;
	size_t n;

	assert_int_equal(folder_new(unused), 0);
	assert_int_equal(settings_read(&settings, NULL, &e), ERR_OK);
	settings.step[0].every_ms = 30;
	common.settings = &settings;
	common.event = on_event;
	common.keys = &keys;
	machine_scratch_init(&scratch);
	common.scratch = &scratch;
	assert_int_equal(loop_new(&common.loop, &e), ERR_OK);
	assert_int_equal(http_new(common.loop, &http, &e), ERR_OK);
	assert_int_equal(machine_psk_tls(&settings, &common.psk, &e), ERR_OK);
	assert_int_equal(
	    listener_new(common.loop, "127.0.0.1", 0, &accept, &port, &e),
	    ERR_OK);
	assert_int_equal(listener_new(common.loop, "127.0.0.1", 0,
			     &takes_hellos, &hellos, &e),
	    ERR_OK);
	assert_int_equal(
	    loop_timer_new(common.loop, on_late, NULL, &late, &e), ERR_OK);
	memset(&rec, 0, sizeof(rec));
	assert_int_equal(
	    machine_new(&common, &rec, &next, &neighbour, &e), ERR_OK);
	rec.amt_major = 3;
	rec.enabled = rec.talk = rec.pki = true;
	rec.uuid.b[0] = 1;
	der = x509_der(chain.cert[1], &n);
	hashlist_of_der(&rec.hashes.e[0], HASH_SHA256, der, n);
	rec.hashes.n = 1;
	events[0] = refusal_words[0] = set_up_by[0] = '\0';
	stop_at = NULL;
	done = status = hello_count = 0;
	return 0;
}

static inline int
end(void **unused)
{
	http_free(http);
	machine_free(m);
	machine_free(neighbour);
	m = neighbour = NULL;
	loop_timer_free(late);
	listener_free(port);
	listener_free(hellos);
	tls_free(common.psk);
	machine_scratch_free(&scratch);
	loop_free(common.loop);
	return folder_free(unused);
}

static inline void
machine_up(bool says_hello)
{
	const struct machine_server at = { "127.0.0.1",
		says_hello ? listener_port(hellos) : 9 };
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = at,
		.image_server = at,
		.suffix = "example.com" };
	struct err e = { 0 };

	assert_int_equal(machine_new(&common, &rec, &p, &m, &e), ERR_OK);
	machine_start(m);
}

static inline enum tls_alert
trusting(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	(void)arg;
	(void)conn_arg;
	(void)peer;
	return TLS_ALERT_NONE;
}

static inline void
on_done(void *arg, const struct http_answer *a, const struct err *e)
{
	(void)arg;
	(void)e;
	done++;
	status = a->status;
	snprintf(answer, sizeof(answer), "%.*s", (int)a->n,
	    a->n == 0 ? "" : (const char *)a->body);
	loop_stop(common.loop);
}

static inline struct http_peer *
peer_new(const struct tls_config *c, const char *password)
{
	struct http_peer *p = NULL;
	struct err e = { 0 };

	assert_int_equal(
	    http_peer_new(http, "127.0.0.1", listener_port(port), c, &p, &e),
	    ERR_OK);
	assert_int_equal(
	    http_peer_login(p, password != NULL ? "admin" : NULL, password, &e),
	    ERR_OK);
	return p;
}

static inline void
ask(struct http_peer *p, const char *class, const char *method,
    const struct wsman_field *f, size_t n)
{
	const struct wsman_request q = { .op = method != NULL ? WSMAN_INVOKE
							      : WSMAN_GET,
		.class = class,
		.method = method };
	struct err e = { 0 };
	struct wr w;

	wr_grow(&w, 65536);
	wsman_write_request(&w, &q, f, n);
	done = 0;
	assert_int_equal(
	    http_post(p, "/wsman", w.buf, w.len, 60000, on_done, NULL, &e),
	    ERR_OK);
	wr_free(&w);
	while (done == 0)
		run(90000);
}

/* One request by certificates; then waits for the named event, if any. */
static inline void
visit(bool with_chain, const char *event)
{
	const struct tls_config c = { .judge = trusting,
		.chain = with_chain ? &chain : NULL,
		.key = with_chain ? leaf_key : NULL };
	struct http_peer *p = peer_new(&c, NULL);

	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	http_peer_free(p);
	stop_at = event;
	if (event != NULL && strstr(events, event) == NULL)
		run(60000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

#endif
