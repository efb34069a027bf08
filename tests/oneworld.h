/* SPDX-License-Identifier: Apache-2.0 */
/* A store, the jobs of a server and one device: the real store, TLS and HTTP on
 * both ends; only the device's side of the dialogue is a script. */
#ifndef TESTS_ONEWORLD_H
#define TESTS_ONEWORLD_H

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/listener.h"
#include "base/text.h"
#include "base/xml.h"
#include "formats/reason.h"
#include "server/jobs.h"
#include "server/session.h"
#include "tests/script.h"

#define PID "0000037M"
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"

struct world {
	char dir[64], state[80];
	struct conf conf;
	struct store *store;
	struct x509 *ca;
	struct crypto_key *ca_key;
	struct loop *loop;
	struct loop_timer *late;
	struct http *http;
	struct jobs *jobs;
	struct store_unit unit;
	/* the device */
	struct listener *listener;
	struct tls *psk, *tls; /* in set-up by PSK; else by certificate */
	struct crypto_key *key;
	struct x509_chain chain;
	struct script script;
	const char *drop;             /* closes at this method, once */
	bool drop_after;              /* having done it */
	bool drop_spoils;             /* and fails when it is asked again */
	bool drops;                   /* again and again */
	const char *garble, *garbage; /* does this method, and says that */
	const char *halt;             /* stops the loop at this method */
	const char *mute;             /* never answers this method */
	bool challenge;               /* asks for a password once committed */
	bool deaf;        /* asks for a password, whatever it hears */
	bool guard;       /* from when it has a password, asks for that */
	bool kerberos;    /* the same, and cannot be answered */
	const char *huge; /* answers this one with more than is taken */
	bool changes_key; /* as soon as it is told another one */
	size_t bytes;
	int connections, denied;
	/* what was told */
	int told;
	bool alarm_told;
	char state_told[16], reason[32], detail[400];
};

static inline size_t
psk_of(void *arg, void *conn_arg, const char *identity,
    uint8_t key[static TLS_PSK_MAX])
{
	const struct world *w = arg;
	bool fresh = w->changes_key && w->script.pid[0] != '\0';

	(void)conn_arg;
	if (strcmp(identity, fresh ? w->script.pid : PID) != 0)
		return 0;
	memcpy(key, fresh ? w->script.pps : PPS, 32);
	return 32;
}

static inline void
device_answer(struct world *w, struct conn *c, const uint8_t *body, size_t n)
{
	static const char huge[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n";
	struct wsman_request q;
	struct xml *x = NULL;
	const char *why;
	struct wr out;
	char head[128];
	struct err e;
	bool drop;

	err_clear(&e);
	assert_int_equal(xml_read(body, n, &x, &e), ERR_OK);
	assert_true(wsman_read_request(xml_root(x), &q, &why));
	drop = w->drop != NULL && q.method != NULL &&
	    strcmp(w->drop, q.method) == 0;
	if (w->halt != NULL && q.method != NULL &&
	    strcmp(w->halt, q.method) == 0)
		loop_stop(w->loop);
	if (w->mute != NULL && q.method != NULL &&
	    strcmp(w->mute, q.method) == 0) {
		xml_free(x);
		return;
	}
	if (w->huge != NULL && q.method != NULL &&
	    strcmp(w->huge, q.method) == 0) {
		conn_send(c, huge, sizeof(huge) - 1);
		xml_free(x);
		return;
	}
	wr_grow(&out, 65536);
	if (!drop || w->drop_after)
		script_answer(&w->script, &q, &out);
	if (drop) {
		if (w->drop_spoils)
			w->script.spoil = w->drop;
		if (!w->drops)
			w->drop = NULL;
		conn_finish(c);
	} else if (w->garble != NULL && q.method != NULL &&
	    strcmp(w->garble, q.method) == 0) {
		w->garble = NULL;
		conn_send(c, w->garbage, strlen(w->garbage));
	} else {
		snprintf(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", out.len);
		conn_send(c, head, strlen(head));
		conn_send(c, out.buf, out.len);
	}
	wr_free(&out);
	xml_free(x);
}

/* What a request says of its log-in: NAME="VALUE", or without quotes. */
static inline void
login_value(const char *head, const char *name, char out[static 64])
{
	const char *at = strstr(head, name);
	size_t n;

	assert_non_null(at);
	at += strlen(name);
	at += *at == '"';
	n = strcspn(at, "\",\r");
	assert_in_range(n, 1, 63);
	memcpy(out, at, n);
	out[n] = '\0';
}

/* RFC 7616, 3.4.1, by the digest that the device was given. */
static inline bool
knows_password(const struct world *w, const char *head)
{
	uint8_t md5[64];
	char a1[33], a2[33], want[33], v[4][64];
	size_t n = sizeof(md5);
	char text[256];

	if (strstr(head, "Authorization: Digest") == NULL)
		return false;
	login_value(head, " uri=", v[0]);
	login_value(head, " nc=", v[1]);
	login_value(head, " cnonce=", v[2]);
	login_value(head, " response=", v[3]);
	assert_true(
	    text_unb64(md5, &n, w->script.digest, strlen(w->script.digest)));
	text_hex(a1, md5, 16);
	snprintf(text, sizeof(text), "POST:%s", v[0]);
	crypto_md5(text, strlen(text), md5);
	text_hex(a2, md5, 16);
	snprintf(
	    text, sizeof(text), "%s:abc:%s:%s:auth:%s", a1, v[1], v[2], a2);
	crypto_md5(text, strlen(text), md5);
	text_hex(want, md5, 16);
	return strcmp(want, v[3]) == 0;
}

static inline bool
denies(const struct world *w, const char *head)
{
	if (w->guard ? w->script.digest[0] != '\0'
		     : w->challenge && w->script.post)
		return !knows_password(w, head);
	return w->deaf;
}

static inline size_t
device_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	static const char deny[] =
	    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
	    "WWW-Authenticate: Digest realm=\"" SCRIPT_REALM
	    "\", nonce=\"abc\","
	    "stale=\"false\",qop=\"auth\"\r\n\r\n";
	static const char other[] =
	    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
	    "WWW-Authenticate: Negotiate\r\n\r\n";
	struct world *w = arg;
	const uint8_t *end = memmem(p, n, "\r\n\r\n", 4);
	const char *length;
	size_t head, body;
	char text[2048];

	if (end == NULL)
		return 0;
	head = (size_t)(end + 4 - p);
	assert_true(head < sizeof(text));
	memcpy(text, p, head);
	text[head] = '\0';
	length = strstr(text, "Content-Length: ");
	body = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
	if (n < head + body)
		return 0;
	w->bytes += head + body;
	if (w->kerberos) {
		conn_send(c, other, sizeof(other) - 1);
	} else if (denies(w, text)) {
		w->denied++;
		conn_send(c, deny, sizeof(deny) - 1);
	} else {
		device_answer(w, c, p + head, body);
	}
	return head + body;
}

static inline bool
device_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	static const struct conn_handler handler = { NULL, device_data, NULL };
	struct world *w = arg;

	(void)peer;
	w->connections++;
	end->h = &handler;
	end->arg = w;
	end->tls = w->psk != NULL && !w->script.post ? w->psk : w->tls;
	return true;
}

static inline void
on_tell(void *arg, const struct jobs_event *ev)
{
	struct world *w = arg;

	w->told++;
	w->alarm_told = ev->alarm;
	snprintf(w->state_told, sizeof(w->state_told), "%s", ev->state);
	snprintf(w->reason, sizeof(w->reason), "%s", ev->reason);
	snprintf(w->detail, sizeof(w->detail), "%s", ev->detail);
	loop_stop(w->loop);
}

static inline void
on_broken(void *arg, const struct err *e)
{
	(void)arg;
	fail_msg("the store broke: %s", e->msg);
}

static inline void
on_late(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

static inline void
open_jobs(struct world *w)
{
	struct jobs_how how = { .conf = &w->conf,
		.store = w->store,
		.loop = w->loop,
		.http = w->http,
		.ca = w->ca,
		.ca_key = w->ca_key,
		.tell = on_tell,
		.broken = on_broken,
		.arg = w };
	struct err e;

	err_clear(&e);
	assert_int_equal(jobs_new(&how, &w->jobs, &e), ERR_OK);
}

static inline void
open_device(struct world *w, bool psk)
{
	struct x509_make make = { .cn = "device", .days = 9 };
	struct tls_config conf = { .server = true };
	struct listener_accept accept = { device_accept, w };
	struct err e;

	err_clear(&e);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &w->key, &e), ERR_OK);
	assert_int_equal(
	    x509_new(&make, w->key, NULL, NULL, &w->chain.cert[0], &e), ERR_OK);
	w->chain.n = 1;
	conf.chain = &w->chain;
	conf.key = w->key;
	assert_int_equal(tls_new(&conf, &w->tls, &e), ERR_OK);
	conf = (struct tls_config){
		.server = true, .psk_lookup = psk_of, .arg = w
	};
	if (psk)
		assert_int_equal(tls_new(&conf, &w->psk, &e), ERR_OK);
	assert_int_equal(
	    listener_new(w->loop, "127.0.0.1", 0, &accept, &w->listener, &e),
	    ERR_OK);
	w->script = script_good();
}

/* One unit in a new store; psk: with the published pair, else a chain of
 * ours is there, which is also announced. */
static inline void
open_world(struct world *w, bool psk, const char *pin)
{
	struct row row = { .uuid = script_unit };
	enum store_added added;
	struct err e;

	memset(w, 0, sizeof(*w));
	err_clear(&e);
	strcpy(w->dir, "/tmp/amtforge-jobs.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->state, sizeof(w->state), "%s/state", w->dir);
	strcpy(row.serial, "1");
	strcpy(row.order, "O");
	strcpy(row.pid, psk ? PID : "");
	strcpy(row.pps, psk ? PPS : "");
	strcpy(row.cert_sha256, pin);
	assert_int_equal(store_init(w->state, &e), ERR_OK);
	assert_int_equal(store_open(w->state, &w->store, &e), ERR_OK);
	assert_int_equal(
	    db_exec(store_db(w->store),
		"INSERT INTO batches (n, sha256, batch, order_id, sequence,"
		" units, signer, imported) VALUES"
		" (1,'d','b','O',1,1,'s','t')",
		&e),
	    ERR_OK);
	assert_int_equal(store_add(w->store, 1, &row, &added, &e), ERR_OK);
	assert_int_equal(store_ca(w->store, &w->ca, &w->ca_key, &e), ERR_OK);
	assert_int_equal(loop_new(&w->loop, &e), ERR_OK);
	assert_int_equal(http_new(w->loop, &w->http, &e), ERR_OK);
	assert_int_equal(
	    loop_timer_new(w->loop, on_late, w, &w->late, &e), ERR_OK);
	open_device(w, psk);
	w->conf.device_port = listener_port(w->listener);
	w->conf.sessions = 4;
	w->conf.request_ms = 60000;
	w->conf.setup_ms = 600000;
	w->conf.tries = 2;
	policy_plain(&w->conf.top.plain, false);
	strcpy(w->conf.psk_suites, TLS_PSK_SUITES);
	open_jobs(w);
}

static inline void
close_world(struct world *w)
{
	char command[128];

	jobs_free(w->jobs);
	listener_free(w->listener);
	loop_timer_free(w->late);
	http_free(w->http);
	loop_free(w->loop);
	tls_free(w->psk);
	tls_free(w->tls);
	crypto_key_free(w->key);
	x509_chain_free(&w->chain);
	x509_free(w->ca);
	crypto_key_free(w->ca_key);
	store_close(w->store);
	store_unit_wipe(&w->unit);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
}

static inline void
turn(struct world *w, unsigned long ms)
{
	struct err e;

	err_clear(&e);
	loop_timer_set(w->late, ms);
	assert_int_equal(loop_run(w->loop, &e), ERR_OK);
}

static inline void
say_pid_from(struct world *w, const char *pid, const char *from)
{
	static struct hello h;

	memset(&h, 0, sizeof(h));
	h.uuid = script_unit;
	h.version = HELLO_PSK;
	strcpy(h.pid, pid);
	jobs_hello(w->jobs, from, &h);
}

static inline void
say_hello_from(struct world *w, const char *from)
{
	say_pid_from(w, PID, from);
}

static inline void
say_hello(struct world *w)
{
	say_hello_from(w, "127.0.0.1");
}

/* A certificate hello; the device needs no chain of ours here. */
static inline void
say_hello_by_certificate(struct world *w)
{
	static struct hello h;
	struct hash_entry entry;
	const uint8_t *der;
	size_t n;

	memset(&h, 0, sizeof(h));
	h.uuid = script_unit;
	h.version = HELLO_PKI;
	h.n = 1;
	h.hash[0].type = HASH_SHA256;
	w->conf.top.nchains = 1;
	w->conf.top.chain[0].chain.cert[0] = w->ca;
	w->conf.top.chain[0].chain.n = 1;
	w->conf.top.chain[0].key = w->ca_key;
	der = x509_der(w->ca, &n);
	hashlist_of_der(&entry, HASH_SHA256, der, n);
	memcpy(h.hash[0].hash, entry.hash, 32);
	jobs_hello(w->jobs, "127.0.0.1", &h);
}

static inline void
load(struct world *w)
{
	bool found = false;
	struct err e;

	err_clear(&e);
	assert_int_equal(
	    store_unit(w->store, &script_unit, &found, &w->unit, &e), ERR_OK);
	assert_true(found);
}

/* The row holds what the device was told. */
static inline void
assert_provisioned(struct world *w)
{
	char digest[SESSION_DIGEST_SIZE];

	assert_int_equal(w->told, 1);
	assert_string_equal(w->state_told, "provisioned");
	load(w);
	assert_int_equal(w->unit.state, STORE_PROVISIONED);
	assert_true(w->script.post);
	assert_string_equal(w->unit.now.mebx_password, w->script.mebx);
	session_digest(
	    digest, "admin", SCRIPT_REALM, w->unit.now.admin_password);
	assert_string_equal(digest, w->script.digest);
	assert_string_equal(w->unit.next.admin_password, "");
}

/* Each is said by a device that did what it was asked. */
static const char *const unreadable[] = {
	"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<Envelope>",
	"HTTP/1.1 500 Oops\r\nContent-Length: 96\r\n\r\n"
	"<Envelope><Body><Fault><Reason><Text>The time is over.</Text></Reason>"
	"</Fault></Body></Envelope>",
};
#define UNREADABLE (sizeof(unreadable) / sizeof(unreadable[0]))

static struct world world;

#endif
