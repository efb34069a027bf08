/* SPDX-License-Identifier: Apache-2.0 */
/* A machine on loopback, and the HTTP client as its server: both ends are
 * real. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http.h"
#include "device/judge.h"
#include "device/machine.h"
#include "device/visit.h"
#include "formats/hello.h"
#include "formats/reason.h"
#include "formats/wsman.h"

#define PID "0000037M"
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"

static struct settings settings;
static struct keypool keys;
static struct machine_common common;
static struct machine_scratch scratch;
static struct loop_listener *port, *hellos;
static struct machine *m;
static struct http *http;
static struct loop_timer *late;
static char dir[64];
static struct record rec;

/* The server's chain. */
static struct crypto_key *root_key, *leaf_key;
static struct x509_chain chain;

/* What happened. */
static char events[1024];   /* "hello session refused:no-amt-mark " */
static const char *stop_at; /* an event that stops the loop */
static int done, status;
static char answer[65536];
static uint8_t hello[64];
static size_t hello_len;
static int hello_count;

static void
on_event(void *arg, struct machine *who, const struct machine_event *e)
{
	(void)arg;
	assert_ptr_equal(who, m);
	strcat(events, e->name);
	if (e->why != NULL && e->why->reason != NULL) {
		strcat(events, ":");
		strcat(events, e->why->reason->code);
	}
	strcat(events, " ");
	if (stop_at != NULL && strcmp(stop_at, e->name) == 0)
		loop_stop(common.loop);
}

static bool
on_accept(void *arg, const struct loop_peer *peer,
    const struct loop_handler **h, void **conn_arg, struct tls **tls)
{
	(void)arg;
	return machine_accept(m, peer, h, conn_arg, tls);
}

static size_t
hello_data(void *arg, struct loop_conn *c, const uint8_t *p, size_t n)
{
	(void)arg;
	(void)c;
	assert_true(n <= sizeof(hello));
	memcpy(hello, p, n);
	hello_len = n;
	hello_count++;
	return n;
}

static bool
hello_accept(void *arg, const struct loop_peer *peer,
    const struct loop_handler **h, void **conn_arg, struct tls **tls)
{
	static const struct loop_handler handler = { NULL, hello_data, NULL };

	(void)arg;
	(void)peer;
	(void)conn_arg;
	(void)tls;
	*h = &handler;
	return true;
}

static void
on_late(void *arg)
{
	(void)arg;
	loop_stop(common.loop);
}

static void
run(unsigned long ms)
{
	struct err e = { 0 };

	loop_timer_set(late, ms);
	assert_int_equal(loop_run(common.loop, &e), ERR_OK);
}

/* Until n hellos came, however slow this machine is. */
static void
run_hellos(int n)
{
	for (int i = 0; i < 1000 && hello_count < n; i++)
		run(5);
	assert_int_equal(hello_count, n);
}

static struct crypto_key *
key(void)
{
	struct crypto_key *k = NULL;
	struct err e = { 0 };

	assert_int_equal(crypto_key_new(CRYPTO_RSA2048, &k, &e), ERR_OK);
	return k;
}

/* A leaf with this mark under the one root. */
static void
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

static int
start_all(void **unused)
{
	(void)unused;
	root_key = key();
	leaf_key = key();
	chain_make("prov.example.com", true);
	return 0;
}

static int
end_all(void **unused)
{
	(void)unused;
	x509_chain_free(&chain);
	crypto_key_free(root_key);
	crypto_key_free(leaf_key);
	return 0;
}

static int
start(void **unused)
{
	const struct loop_accept accept = { on_accept, NULL };
	const struct loop_accept takes_hellos = { hello_accept, NULL };
	struct err e = { 0 };
	const uint8_t *der;
	size_t n;

	(void)unused;
	strcpy(dir, "/tmp/amtforge-machine.XXXXXX");
	assert_non_null(mkdtemp(dir));
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
	    loop_listen(common.loop, "127.0.0.1", 0, &accept, &port, &e),
	    ERR_OK);
	assert_int_equal(loop_listen(common.loop, "127.0.0.1", 0, &takes_hellos,
			     &hellos, &e),
	    ERR_OK);
	assert_int_equal(
	    loop_timer_new(common.loop, on_late, NULL, &late, &e), ERR_OK);
	memset(&rec, 0, sizeof(rec));
	rec.amt_major = 3;
	rec.enabled = rec.talk = rec.pki = true;
	rec.uuid.b[0] = 1;
	der = x509_der(chain.cert[1], &n);
	hashlist_of_der(&rec.hashes.e[0], HASH_SHA256, der, n);
	rec.hashes.n = 1;
	events[0] = '\0';
	stop_at = NULL;
	done = status = hello_count = 0;
	return 0;
}

static int
end(void **unused)
{
	char command[96];

	(void)unused;
	http_free(http);
	machine_free(m);
	m = NULL;
	loop_timer_free(late);
	loop_listener_free(port);
	loop_listener_free(hellos);
	tls_free(common.psk);
	machine_scratch_free(&scratch);
	loop_free(common.loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
machine_up(bool says_hello)
{
	const struct machine_server at = { "127.0.0.1",
		says_hello ? loop_listener_port(hellos) : 9 };
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = at,
		.image_server = at,
		.suffix = "example.com" };
	struct err e = { 0 };

	assert_int_equal(machine_new(&common, &rec, &p, &m, &e), ERR_OK);
	machine_start(m);
}

static enum tls_alert
trusting(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	(void)arg;
	(void)conn_arg;
	(void)peer;
	return TLS_ALERT_NONE;
}

static void
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

static struct http_peer *
peer_new(const struct tls_config *c, const char *password)
{
	struct http_peer *p = NULL;
	struct err e = { 0 };

	assert_int_equal(http_peer_new(http, "127.0.0.1",
			     loop_listener_port(port), c, &p, &e),
	    ERR_OK);
	assert_int_equal(
	    http_peer_login(p, password != NULL ? "admin" : NULL, password, &e),
	    ERR_OK);
	return p;
}

static void
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
	    http_post(p, "/wsman", w.buf, w.len, 5000, on_done, NULL, &e),
	    ERR_OK);
	wr_free(&w);
	while (done == 0)
		run(8000);
}

/* One request by certificates; then waits for the named event, if any. */
static void
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
		run(3000);
}

static void
a_server_with_a_good_chain_is_answered(void **unused)
{
	(void)unused;
	machine_up(false);
	visit(true, NULL);
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer, m->state->realm));
	assert_int_equal(m->requests, 1);
}

static void
refused(bool with_chain, const char *reason)
{
	machine_up(false);
	visit(with_chain, "refused");
	assert_non_null(strstr(events, reason));
	assert_null(strstr(events, "session"));
	assert_int_equal(status, 0);
	assert_int_equal(m->requests, 0);
}

static void
no_ws_man_is_read_from_a_server_without_the_mark(void **unused)
{
	(void)unused;
	chain_make("prov.example.com", false);
	refused(true, "refused:no-amt-mark");
	chain_make("prov.example.com", true);
}

static void
no_ws_man_is_read_from_a_server_of_another_domain(void **unused)
{
	(void)unused;
	chain_make("prov.example.org", true);
	refused(true, "refused:suffix-mismatch");
	chain_make("prov.example.com", true);
}

/* DHCPv6 may tell several; one that was set in the device counts alone. */
static void
each_suffix_that_the_network_tells_counts(void **unused)
{
	static const struct machine_lan lan = { .address = "127.0.0.1",
		.nsuffix = 3,
		.suffix = { "a.example", "b.example", "example.com" } };

	(void)unused;
	machine_up(false);
	machine_network(m, &lan);
	visit(true, NULL);
	assert_int_equal(status, 200);
	assert_int_equal(machine_host_suffix(m, "a.example"), AMT_OK);
	visit(true, "refused");
	assert_non_null(strstr(events, "refused:"));
}

static void
no_ws_man_is_read_from_a_server_whose_root_is_not_listed(void **unused)
{
	(void)unused;
	hashlist_of_der(&rec.hashes.e[0], HASH_SHA256, "other", 5);
	refused(true, "refused:root-not-listed");
}

static void
no_ws_man_is_read_from_a_server_without_a_chain(void **unused)
{
	(void)unused;
	refused(false, "refused:chain-missing");
}

static struct http_peer *
psk_peer(const char *pid, const char *pps, const char *password)
{
	const struct tls_config c = {
		.psk_identity = pid, .psk = (const uint8_t *)pps, .psk_len = 32
	};

	return peer_new(&c, password);
}

static void
a_pre_shared_key_opens_the_way_to_the_challenge(void **unused)
{
	struct http_peer *p;

	(void)unused;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	p = psk_peer(PID, PPS, NULL);
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 401);
	assert_int_equal(m->requests, 0);
	http_peer_free(p);
	p = psk_peer(PID, PPS, "admin");
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 200);
	http_peer_free(p);
	assert_int_equal(m->requests, 1);
}

static void
the_images_mebx_password_answers_the_challenge(void **unused)
{
	struct http_peer *p;

	(void)unused;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	strcpy(rec.mebx_new, "Strong#1");
	machine_up(false);
	p = psk_peer(PID, PPS, "admin");
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 401);
	http_peer_free(p);
	p = psk_peer(PID, PPS, "Strong#1");
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 200);
	http_peer_free(p);
}

static void
a_wrong_pps_or_pid_reads_no_ws_man(void **unused)
{
	struct http_peer *p;

	(void)unused;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	p = psk_peer(PID, "XXXXG5DCRRNQE9YZZIJL7LFLVJED69XJ", "admin");
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 0);
	http_peer_free(p);
	p = psk_peer("0000000C", PPS, "admin");
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	assert_int_equal(status, 0);
	http_peer_free(p);
	stop_at = "refused";
	if (strstr(events, "refused") == NULL)
		run(3000);
	assert_non_null(strstr(events, "handshake-failed "));
	assert_non_null(strstr(events, "refused:psk-identity "));
	assert_int_equal(m->requests, 0);
}

static void
set_up(struct http_peer *p)
{
	const struct wsman_field mebx = { "Password", "P@ssw0rd1", NULL };
	const char *service = "AMT_SetupAndConfigurationService";

	ask(p, service, "SetMEBxPassword", &mebx, 1);
	assert_int_equal(status, 200);
	ask(p, service, "CommitChanges", NULL, 0);
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer, "ReturnValue>0<"));
}

/* What a server that was killed at the wrong moment asks. */
static void
a_machine_that_was_set_up_answers_its_administrator_after_a_restart(
    void **unused)
{
	const struct tls_config by_chain = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	const struct tls_config plain = { .judge = trusting };
	struct http_peer *p;

	(void)unused;
	machine_up(false);
	p = peer_new(&by_chain, NULL);
	set_up(p);
	http_peer_free(p);
	stop_at = "provisioned";
	if (strstr(events, "provisioned") == NULL)
		run(3000);
	assert_non_null(strstr(events, "provisioned "));
	machine_free(m);
	machine_up(false);
	p = peer_new(&plain, "wrong");
	ask(p, "AMT_SetupAndConfigurationService", NULL, NULL, 0);
	assert_int_equal(status, 401);
	http_peer_free(p);
	assert_int_equal(m->requests, 0);
	p = peer_new(&plain, "P@ssw0rd1");
	ask(p, "AMT_SetupAndConfigurationService", NULL, NULL, 0);
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer, "ProvisioningState>2<"));
	ask(p, "IPS_TLSProvisioningRecord", NULL, NULL, 0);
	assert_non_null(strstr(answer, "ProvServerFQDN>prov.example.com<"));
	http_peer_free(p);
}

static void
hellos_rise_in_their_counter_and_start_over_with_the_machine(void **unused)
{
	(void)unused;
	machine_up(true);
	run_hellos(6); /* the sixth after 5 x 30 ms */
	assert_int_equal(hello_len, 25 + 34);
	assert_int_equal(hello[4], 5);
	machine_free(m);
	machine_up(true);
	run_hellos(7);
	assert_int_equal(hello[4], 0);
}

static void
no_hello_is_sent_while_a_session_is_open(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	struct http_peer *p;
	int before;

	(void)unused;
	settings.step[0].every_ms = 100;
	machine_up(true);
	p = peer_new(&c, NULL);
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	before = hello_count;
	run(250);
	assert_int_equal(hello_count, before);
	http_peer_free(p);
	run(250);
	assert_true(hello_count > before);
}

/* 100 s later comes the second: the first does not wait so long. */
static void
the_first_hello_follows_the_session_that_un_provisioned(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	struct http_peer *p;
	int before;

	(void)unused;
	settings.step[0].every_ms = 100000;
	machine_up(true);
	run_hellos(1);
	p = peer_new(&c, NULL);
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	before = hello_count;
	state_reset(m->state, false);
	machine_reset(m);
	assert_non_null(m->sessions);
	run_hellos(before + 1);
	http_peer_free(p);
	assert_int_equal(hello[4], 0);
}

static void
turned_away(const char *why)
{
	machine_up(true);
	visit(true, NULL);
	assert_string_equal(events, why);
	assert_int_equal(status, 0);
	assert_int_equal(hello_count, 0);
}

static void
a_machine_in_listen_mode_is_closed_and_silent(void **unused)
{
	(void)unused;
	rec.talk = false;
	turned_away("silent ");
}

static void
a_disabled_machine_is_closed_and_silent(void **unused)
{
	(void)unused;
	rec.enabled = false;
	turned_away("silent ");
}

static void
the_period_for_set_up_ends(void **unused)
{
	(void)unused;
	settings.bare_metal_ms = 50;
	machine_up(false);
	stop_at = "window-closed";
	run(2000);
	assert_non_null(strstr(events, "window-closed "));
	visit(true, NULL);
	assert_int_equal(status, 0);
}

static bool
plain_is_taken(void)
{
	const struct loop_peer peer = { .local = "127.0.0.1",
		.peer = "127.0.0.1" };
	const struct loop_handler *h;
	void *arg = NULL;
	bool taken = machine_accept_plain(m, &peer, &h, &arg);

	if (taken)
		visit_free(arg);
	return taken;
}

static void
without_tls_it_answers_only_once_it_is_set_up_and_may(void **unused)
{
	(void)unused;
	machine_up(false);
	assert_true(m->open);
	assert_false(plain_is_taken());
	m->state->phase = STATE_POST;
	assert_true(plain_is_taken());
	m->state->tls_enabled[0] = true;
	assert_false(plain_is_taken());
	m->state->tls_plain[0] = true;
	assert_true(plain_is_taken());
}

/* The first time its certificate is made before. */
static void
start_by_agent(void)
{
	enum amt_status answered = machine_start_configuration(m);

	stop_at = NULL;
	if (answered != AMT_CERT_NOT_READY)
		assert_int_equal(answered, AMT_OK);
	for (int i = 0; i < 4000 && !m->open; i++)
		run(5);
	assert_true(m->open);
	assert_int_equal(m->state->window.granted_ms, 6 * 3600000u);
}

static void
up_time_is_counted_over_restarts_and_the_next_window_is_an_agents(void **unused)
{
	(void)unused;
	settings.time_scale = 10000; /* an hour is 360 ms */
	settings.bare_metal_ms = 2 * 3600000u;
	machine_up(false);
	run(300);
	machine_free(m);
	machine_up(false);
	assert_true(m->state->window.spent_ms >= 2000000u);
	stop_at = "window-closed";
	run(4000);
	assert_non_null(strstr(events, "window-closed "));
	machine_free(m);
	machine_up(false);
	assert_non_null(strstr(events, "silent "));
	assert_int_equal(m->state->phase, STATE_IN);
	settings.time_scale = 1;
	start_by_agent();
	stop_at = "stopped";
	assert_int_equal(machine_stop_configuration(m), AMT_OK);
	assert_int_equal(machine_stop_configuration(m), AMT_BAD_MODE);
	assert_false(m->open);
	machine_free(m);
	machine_up(false);
	assert_false(m->open);
}

static void
an_agent_starts_what_listens_or_was_disabled(void **unused)
{
	(void)unused;
	rec.enabled = rec.talk = false;
	machine_up(true);
	assert_int_equal(machine_start_configuration(m), AMT_NOT_PERMITTED);
	assert_int_equal(machine_enable(m, true), AMT_OK);
	assert_false(m->open);
	machine_suffix(m, "");
	assert_int_equal(machine_start_configuration(m), AMT_NOT_READY);
	assert_int_equal(machine_host_suffix(m, "a/b"), AMT_BAD_DOMAIN);
	assert_int_equal(machine_host_suffix(m, "host.example"), AMT_OK);
	machine_suffix(m, "dhcp.example");
	assert_string_equal(m->suffix, "host.example");
	start_by_agent();
	run_hellos(1);
	machine_free(m);
	machine_up(false); /* the window goes on */
	assert_true(m->open);
	assert_string_equal(m->suffix, "host.example");
	state_reset(m->state, false);
	machine_reset(m);
	assert_false(m->open);
	assert_string_equal(m->suffix, "example.com");
	assert_int_equal(machine_host_suffix(m, "host.example"), AMT_OK);
	state_reset(m->state, true);
	machine_reset(m);
	assert_true(m->open);
	m->state->phase = STATE_POST;
	assert_int_equal(machine_start_configuration(m), AMT_BAD_STATE);
	assert_int_equal(machine_host_suffix(m, ""), AMT_BAD_STATE);
	assert_int_equal(machine_enable(m, false), AMT_BAD_STATE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

static void
what_a_key_set_counts_until_a_full_un_provisioning(void **unused)
{
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = { "127.0.0.1", 9 },
		.image_server = { "127.0.0.2", 10 },
		.suffix = "example.com" };
	struct record *keys_own = test_malloc(sizeof(*keys_own));
	static struct state s;
	struct err e = { 0 };

	(void)unused;
	*keys_own = rec;
	keys_own->sequence++;
	strcpy(keys_own->psk.pid, PID);
	strcpy(keys_own->psk.pps, PPS);
	strcpy(keys_own->pki_dns_suffix, "key.example");
	assert_int_equal(state_open(&s, dir, (const uint8_t[16]){ 1 }, &e), 0);
	assert_int_equal(state_onetouch_set(&s, keys_own, &e), ERR_OK);
	assert_int_equal(state_save(&s, &e), ERR_OK);
	state_free(&s);
	test_free(keys_own);
	assert_int_equal(machine_new(&common, &rec, &p, &m, &e), ERR_OK);
	machine_start(m);
	assert_string_equal(m->psk.pid, PID);
	assert_string_equal(m->suffix, "key.example");
	state_reset(m->state, true);
	machine_reset(m);
	assert_string_equal(m->psk.pid, PID);
	assert_string_equal(m->server.address, "127.0.0.1");
	state_reset(m->state, false);
	machine_reset(m);
	assert_string_equal(m->psk.pid, "");
	assert_string_equal(m->suffix, "example.com");
	assert_string_equal(m->server.address, "127.0.0.2");
	assert_int_equal(m->server.port, 10);
}

static void
a_blank_board_is_silent_again_after_a_full_un_provisioning(void **unused)
{
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = { "127.0.0.1", 9 },
		.blank = true,
		.suffix = "" };
	struct record *r = test_calloc(2, sizeof(*r));
	static struct state s;
	struct err e = { 0 };

	(void)unused;
	r[0].uuid = rec.uuid;
	r[1] = rec;
	r[1].sequence = 1;
	strcpy(r[1].psk.pid, PID);
	strcpy(r[1].psk.pps, PPS);
	assert_int_equal(state_open(&s, dir, (const uint8_t[16]){ 1 }, &e), 0);
	assert_int_equal(state_onetouch_set(&s, &r[1], &e), ERR_OK);
	assert_int_equal(state_save(&s, &e), ERR_OK);
	state_free(&s);
	assert_int_equal(machine_new(&common, &r[0], &p, &m, &e), ERR_OK);
	machine_start(m);
	assert_true(m->open);
	state_reset(m->state, true);
	machine_reset(m);
	assert_true(m->open);
	state_reset(m->state, false);
	machine_reset(m);
	assert_false(m->open);
	assert_int_equal(m->state->phase, STATE_PRE);
	assert_string_equal(m->psk.pid, "");
	test_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_server_with_a_good_chain_is_answered),
		CASE(no_ws_man_is_read_from_a_server_without_the_mark),
		CASE(no_ws_man_is_read_from_a_server_of_another_domain),
		CASE(each_suffix_that_the_network_tells_counts),
		CASE(no_ws_man_is_read_from_a_server_whose_root_is_not_listed),
		CASE(no_ws_man_is_read_from_a_server_without_a_chain),
		CASE(a_pre_shared_key_opens_the_way_to_the_challenge),
		CASE(the_images_mebx_password_answers_the_challenge),
		CASE(a_wrong_pps_or_pid_reads_no_ws_man),
		CASE(
		    a_machine_that_was_set_up_answers_its_administrator_after_a_restart),
		CASE(
		    hellos_rise_in_their_counter_and_start_over_with_the_machine),
		CASE(no_hello_is_sent_while_a_session_is_open),
		CASE(the_first_hello_follows_the_session_that_un_provisioned),
		CASE(a_machine_in_listen_mode_is_closed_and_silent),
		CASE(a_disabled_machine_is_closed_and_silent),
		CASE(the_period_for_set_up_ends),
		CASE(without_tls_it_answers_only_once_it_is_set_up_and_may),
		CASE(
		    up_time_is_counted_over_restarts_and_the_next_window_is_an_agents),
		CASE(an_agent_starts_what_listens_or_was_disabled),
		CASE(what_a_key_set_counts_until_a_full_un_provisioning),
		CASE(
		    a_blank_board_is_silent_again_after_a_full_un_provisioning),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
