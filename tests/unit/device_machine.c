/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in, and when hellos go out. */
#include "tests/onemachine.h"

#include "base/clock.h"
#include "device/loss.h"
#include "device/period.h"
#include "device/roots.h"
#include "device/visit.h"

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

/* As a key or the set-up screen of such a machine has it. */
static void
a_version_that_knows_no_pre_shared_key_has_none(void **unused)
{
	(void)unused;
	rec.amt_major = 11;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	assert_string_equal(m->psk.pid, "");
	visit(true, NULL);
	assert_int_equal(status, 200);
	m->state->phase = STATE_POST;
	m->state->psk = rec.psk;
	state_reset(m->state, true);
	machine_reset(m);
	assert_string_equal(m->psk.pid, "");
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
		run(60000);
	assert_non_null(strstr(events, "refused:psk-rejected "));
	assert_non_null(strstr(events, "refused:psk-identity "));
	assert_int_equal(m->requests, 0);
}

static void
who_comes_by_certificates_where_a_key_is_wanted_is_told_which(void **unused)
{
	(void)unused;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	visit(true, "refused");
	assert_int_equal(status, 0);
	assert_non_null(strstr(events, "refused:tls-version "));
	assert_non_null(
	    strstr(refusal_words, "by its pre-shared key, PID " PID));
	assert_null(strstr(refusal_words, PPS));
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
		run(60000);
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

/* Whatever becomes of the machine before the connection has ended. */
static void
a_commit_is_told_with_its_answer_and_once(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	struct http_peer *p;
	const char *told;

	(void)unused;
	machine_up(false);
	p = peer_new(&c, NULL);
	set_up(p);
	assert_non_null(strstr(events, "provisioned "));
	assert_string_equal(set_up_by, "prov.example.com");
	state_reset(m->state, false);
	machine_reset(m);
	http_peer_free(p);
	for (int i = 0; i < 12000 && m->sessions != NULL; i++)
		run(5);
	assert_null(m->sessions);
	assert_false(m->parting);
	told = strstr(events, " provisioned ");
	assert_non_null(told);
	assert_non_null(strstr(told, " unprovisioned "));
	assert_null(strstr(told + 1, " provisioned "));
}

/* One request on a connection of its own; its ReturnValue. */
static int
ask_once(const struct tls_config *c, const char *password, const char *class,
    const char *method, const struct wsman_field *f)
{
	struct http_peer *p = peer_new(c, password);
	const char *value;

	ask(p, class, method, f, f == NULL ? 0 : f[1].name != NULL ? 2 : 1);
	http_peer_free(p);
	assert_int_equal(status, 200);
	value = strstr(answer, "ReturnValue>");
	assert_non_null(value);
	return atoi(value + strlen("ReturnValue>"));
}

#define SERVICE "AMT_SetupAndConfigurationService"
#define ADMIN "AMT_AuthorizationService"
static const struct wsman_field mebx_fields[] = {
	{ "Password", "P@ssw0rd1", NULL }, { NULL, NULL, NULL }
};
static const struct wsman_field admin_fields[] = { { "Username", "admin",
						       NULL },
	{ "DigestPassword", "00360e4baa903393fa8cc352d0e30083", NULL } };
static const struct wsman_field psk_fields[] = { { "PID", PID, NULL },
	{ "PPS", PPS, NULL } };

/* All that may be set, and then it is gone. */
static void
set_and_vanish(const struct tls_config *c)
{
	const struct hash_entry mine = { .type = HASH_SHA256,
		.hash = { 0x42 },
		.active = true,
		.name = "mine" };
	size_t handle;

	assert_int_equal(
	    ask_once(c, NULL, ADMIN, "SetAdminAclEntryEx", admin_fields), 0);
	assert_int_equal(
	    ask_once(c, NULL, SERVICE, "SetTLSPSK", psk_fields), 0);
	assert_int_equal(
	    ask_once(c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	m->state->clock = 3000000000;
	m->state->tls_enabled[0] = true;
	assert_int_equal(
	    roots_add(machine_factory(m), m->state, &mine, &handle), ROOTS_OK);
	assert_int_equal(
	    roots_set_active(machine_factory(m), m->state, 0, false), ROOTS_OK);
	assert_true(m->state->mebx_set);
}

static void
assert_no_trace(void)
{
	struct hashlist l;

	roots_in_force(machine_factory(m), m->state, &l);
	assert_int_equal(l.n, machine_factory(m)->hashes.n);
	assert_true(l.e[0].active);
	assert_string_equal(m->state->ha1, "");
	assert_string_equal(m->state->psk.pid, "");
	assert_string_equal(m->state->mebx, "");
	assert_false(m->state->mebx_set);
	assert_false(m->state->tls_enabled[0]);
	assert_int_equal(m->state->clock, 0);
	assert_int_equal(m->state->roots.n, 0);
}

/* Of another name under the same root: nor do the root that the first one
 * switched off and its clock keep it out. */
static void
what_a_server_left_is_not_another_ones_to_commit(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};

	(void)unused;
	machine_up(false);
	set_and_vanish(&c);
	chain_make("honest.example.com", true);
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 2057);
	assert_no_trace();
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	assert_int_equal(ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 0);
	chain_make("prov.example.com", true);
	assert_string_equal(m->state->record.fqdn, "honest.example.com");
	assert_string_equal(m->state->psk.pid, "");
	assert_int_equal(m->state->roots.n, 0);
	assert_int_equal(m->state->clock, 0);
}

static void
a_set_up_goes_on_over_as_many_connections_as_its_server_likes(void **unused)
{
	const struct tls_config c = {
		.psk_identity = PID, .psk = (const uint8_t *)PPS, .psk_len = 32
	};

	(void)unused;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	assert_int_equal(
	    ask_once(&c, "admin", ADMIN, "SetAdminAclEntryEx", admin_fields),
	    0);
	assert_int_equal(
	    ask_once(&c, "admin", SERVICE, "SetMEBxPassword", mebx_fields), 0);
	assert_int_equal(
	    ask_once(&c, "admin", SERVICE, "CommitChanges", NULL), 0);
	assert_string_equal(m->state->ha1, "00360e4baa903393fa8cc352d0e30083");
}

static void
a_set_up_that_nobody_goes_on_with_leaves_no_trace(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};

	(void)unused;
	machine_up(false);
	set_and_vanish(&c);
	run(1100);
	settings.idle_ms = 1000; /* which are over */
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 2057);
	assert_no_trace();
	settings.idle_ms = 60000;
	set_and_vanish(&c);
	assert_int_equal(period_stop(m), AMT_OK);
	assert_no_trace();
}

/* As long as one may be idle is over, and nobody is connected. */
static void
let_it_expire(void)
{
	for (int i = 0; i < 12000 && m->sessions != NULL; i++)
		run(5);
	assert_null(m->sessions);
	m->asked_ms = clock_ms() - settings.idle_ms;
}

static void
what_was_dropped_of_a_set_up_is_told_and_not_committed_without(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};

	(void)unused;
	machine_up(false);
	assert_int_equal(
	    ask_once(&c, NULL, ADMIN, "SetAdminAclEntryEx", admin_fields), 0);
	assert_null(strstr(events, "setup-dropped"));
	let_it_expire();
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	assert_non_null(strstr(events, "setup-dropped "));
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 2057);
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 2057);
	assert_int_equal(m->state->phase, STATE_IN);
	assert_int_equal(
	    ask_once(&c, NULL, ADMIN, "SetAdminAclEntryEx", admin_fields), 0);
	assert_int_equal(ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 0);
	assert_string_equal(m->state->ha1, "00360e4baa903393fa8cc352d0e30083");
}

/* Whoever un-provisions it: what was dropped before is no matter then. */
static void
what_was_dropped_is_forgotten_with_an_un_provisioning(void **unused)
{
	(void)unused;
	machine_up(false);
	loss_add(&m->amt->loss, &m->amt->session, STATE_STEP_TLS);
	m->state->phase = STATE_POST;
	m->state->client = true;
	assert_int_equal(machine_unprovision(m), AMT_OK);
	assert_false(loss_matters(m->amt->loss, &m->amt->session, 0));
}

/* Where the factory gave a MEBx password none is missing. */
static void
a_dropped_mebx_password_is_not_the_factorys_by_mistake(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};

	(void)unused;
	strcpy(rec.mebx_new, "Strong#1");
	machine_up(false);
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	let_it_expire();
	assert_int_equal(
	    ask_once(&c, NULL, ADMIN, "SetAdminAclEntryEx", admin_fields), 0);
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 2057);
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	assert_int_equal(ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 0);
	assert_string_equal(m->state->mebx, "P@ssw0rd1");
}

static void
a_server_may_go_on_from_another_address(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};

	(void)unused;
	machine_up(false);
	assert_int_equal(
	    ask_once(&c, NULL, ADMIN, "SetAdminAclEntryEx", admin_fields), 0);
	strcpy(m->amt->session.server_ip, "127.0.0.2");
	assert_int_equal(
	    ask_once(&c, NULL, SERVICE, "SetMEBxPassword", mebx_fields), 0);
	assert_int_equal(ask_once(&c, NULL, SERVICE, "CommitChanges", NULL), 0);
	assert_string_equal(m->state->ha1, "00360e4baa903393fa8cc352d0e30083");
	assert_string_equal(m->state->record.server_ip, "127.0.0.1");
	assert_null(strstr(events, "setup-dropped"));
}

/* By a chain of another name alone, where a log-in is asked for, nothing of
 * the first server's is dropped; and what that set is no way in. */
static void
who_is_not_logged_in_drops_nothing(void **unused)
{
	static const char *const wrong[] = { NULL, "wrong", "P@ssw0rd1" };
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	struct http_peer *p;

	(void)unused;
	settings.challenge = SETTINGS_CHALLENGE_ALWAYS;
	machine_up(false);
	assert_int_equal(
	    ask_once(&c, "admin", SERVICE, "SetMEBxPassword", mebx_fields), 0);
	chain_make("honest.example.com", true);
	for (size_t i = 0; i < 3; i++) {
		p = peer_new(&c, wrong[i]);
		ask(p, SERVICE, NULL, NULL, 0);
		assert_int_equal(status, 401);
		http_peer_free(p);
	}
	assert_string_equal(m->state->mebx, "P@ssw0rd1");
	assert_null(strstr(events, "setup-dropped"));
	p = peer_new(&c, "admin");
	ask(p, SERVICE, NULL, NULL, 0);
	assert_int_equal(status, 200);
	http_peer_free(p);
	chain_make("prov.example.com", true);
	assert_string_equal(m->state->mebx, "");
	assert_non_null(strstr(events, "setup-dropped "));
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
	for (int i = 0; i < 10; i++)
		run(5); /* one that was on its way */
	before = hello_count;
	run(250);
	assert_int_equal(hello_count, before);
	http_peer_free(p);
	run_hellos(before + 1);
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

/* A client that never ends what it began. */
static struct {
	struct conn *c; /* NULL: closed */
	struct loop_timer *more;
	char told[64];
} slow;

static void
slow_more(void *arg)
{
	(void)arg;
	if (slow.c != NULL)
		conn_send(slow.c, "a", 1);
	loop_timer_set(slow.more, 5);
}

static void
slow_ready(void *arg, struct conn *c)
{
	(void)arg;
	conn_send(c, "POST /wsman HTTP/1.1\r\nX: ", 25);
	loop_timer_set(slow.more, 5);
}

static size_t
slow_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	(void)arg;
	(void)c;
	snprintf(slow.told, sizeof(slow.told), "%.*s", (int)n, (const char *)p);
	return n;
}

static void
slow_closed(void *arg, struct conn *c, const struct err *e)
{
	(void)arg;
	(void)c;
	(void)e;
	slow.c = NULL;
	loop_stop(common.loop);
}

static void
slow_open(struct tls *tls)
{
	static const struct conn_handler talks = { slow_ready, slow_data,
		slow_closed };
	static const struct conn_handler mute = { NULL, NULL, slow_closed };
	const struct conn_way way = { NULL, "127.0.0.1", listener_port(port) };
	const struct conn_end us = { .h = tls != NULL ? &talks : &mute,
		.tls = tls };
	struct err e = { 0 };

	memset(&slow, 0, sizeof(slow));
	assert_int_equal(
	    loop_timer_new(common.loop, slow_more, NULL, &slow.more, &e),
	    ERR_OK);
	assert_int_equal(
	    conn_open(common.loop, &way, &us, &slow.c, &e), ERR_OK);
}

static void
a_request_that_trickles_in_is_ended(void **unused)
{
	const struct tls_config c = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	struct tls *tls = NULL;
	struct err e = { 0 };

	(void)unused;
	settings.request_ms = 50; /* and one may be idle for a minute */
	machine_up(false);
	assert_int_equal(tls_new(&c, &tls, &e), ERR_OK);
	slow_open(tls);
	for (int i = 0; i < 60 && slow.c != NULL; i++)
		run(1000);
	assert_null(slow.c);
	assert_null(strstr(slow.told, " 400 "));
	loop_timer_free(slow.more);
	tls_free(tls);
}

static void
who_says_nothing_makes_room_for_another(void **unused)
{
	(void)unused;
	settings.connections = 1;
	machine_up(false);
	slow_open(NULL); /* and never a byte of TLS */
	run(100);
	for (int i = 0; i < 600 && m->sessions == NULL; i++)
		run(100);
	assert_non_null(m->sessions);
	visit(true, NULL);
	assert_int_equal(status, 200);
	assert_non_null(strstr(events, "crowded "));
	for (int i = 0; i < 600 && slow.c != NULL; i++)
		run(100);
	assert_null(slow.c);
	loop_timer_free(slow.more);
}

static void
who_hears_nothing_makes_room_for_another(void **unused)
{
	static struct fault_plan plan;
	const struct conn_peer peer = { .peer = "127.0.0.1" };
	struct conn_end next = { .h = NULL };
	struct err e = { 0 };

	(void)unused;
	settings.connections = 1;
	machine_up(false);
	assert_int_equal(fault_rule(&plan, "silent", &e), ERR_OK);
	fault_deal(&plan, &rec.uuid, &m->fault);
	slow_open(NULL);
	for (int i = 0; i < 600 && strstr(events, "fault ") == NULL; i++)
		run(100);
	assert_non_null(m->sessions);
	assert_true(machine_accept(m, &peer, &next));
	assert_non_null(strstr(events, "crowded "));
	visit_free(next.arg);
	assert_null(m->sessions);
	for (int i = 0; i < 600 && slow.c != NULL; i++)
		run(100);
	assert_null(slow.c);
	loop_timer_free(slow.more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_request_that_trickles_in_is_ended),
		CASE(who_says_nothing_makes_room_for_another),
		CASE(who_hears_nothing_makes_room_for_another),
		CASE(a_server_with_a_good_chain_is_answered),
		CASE(no_ws_man_is_read_from_a_server_without_the_mark),
		CASE(no_ws_man_is_read_from_a_server_of_another_domain),
		CASE(each_suffix_that_the_network_tells_counts),
		CASE(no_ws_man_is_read_from_a_server_whose_root_is_not_listed),
		CASE(no_ws_man_is_read_from_a_server_without_a_chain),
		CASE(a_pre_shared_key_opens_the_way_to_the_challenge),
		CASE(a_version_that_knows_no_pre_shared_key_has_none),
		CASE(the_images_mebx_password_answers_the_challenge),
		CASE(a_wrong_pps_or_pid_reads_no_ws_man),
		CASE(
		    who_comes_by_certificates_where_a_key_is_wanted_is_told_which),
		CASE(
		    a_machine_that_was_set_up_answers_its_administrator_after_a_restart),
		CASE(a_commit_is_told_with_its_answer_and_once),
		CASE(what_a_server_left_is_not_another_ones_to_commit),
		CASE(
		    a_set_up_goes_on_over_as_many_connections_as_its_server_likes),
		CASE(a_set_up_that_nobody_goes_on_with_leaves_no_trace),
		CASE(
		    what_was_dropped_of_a_set_up_is_told_and_not_committed_without),
		CASE(what_was_dropped_is_forgotten_with_an_un_provisioning),
		CASE(a_dropped_mebx_password_is_not_the_factorys_by_mistake),
		CASE(a_server_may_go_on_from_another_address),
		CASE(who_is_not_logged_in_drops_nothing),
		CASE(
		    hellos_rise_in_their_counter_and_start_over_with_the_machine),
		CASE(no_hello_is_sent_while_a_session_is_open),
		CASE(the_first_hello_follows_the_session_that_un_provisioned),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
