/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/rand.h"
#include "base/secret.h"
#include "device/age.h"
#include "device/amthosted.h"
#include "device/amthttp.h"
#include "device/attempt.h"
#include "device/hellos.h"
#include "device/identity.h"
#include "device/loss.h"
#include "device/machine.h"
#include "device/period.h"
#include "device/pin.h"
#include "device/stateowner.h"
#include "device/visit.h"
#include "device/world.h"

void
machine_tell(struct machine *m, const struct machine_event *event)
{
	m->common->event(m->common->arg, m, event);
}

void
machine_tell_fault(struct machine *m, enum fault_kind k)
{
	machine_tell(m,
	    &(struct machine_event){
		.name = "fault", .words = fault_name(k), .retry = -1 });
}

void
machine_tell_words(struct machine *m, const char *name, const char *words)
{
	machine_tell(m,
	    &(struct machine_event){
		.name = name, .words = words, .retry = -1 });
}

void
machine_tell_failure(struct machine *m, const struct err *e)
{
	machine_tell(m,
	    &(struct machine_event){
		.name = "failed", .words = "", .why = e, .retry = -1 });
}

enum err_code
machine_psk_tls(const struct settings *s, struct tls **out, struct err *e)
{
	const struct tls_config c = { .server = true,
		.age = age_psk(s),
		.psk_lookup = visit_psk,
		.psk_suites = s->psk_suites };

	return tls_new(&c, out, e);
}

/* On a wire, the wired interface only, and the machine's own host, for which
 * Intel's LMS listens on the loopback. */
static bool
is_here(const struct machine *m, const struct conn_peer *peer)
{
	return m->lan == NULL || addr_is_loopback(peer->local) ||
	    strcmp(peer->local, m->lan->address) == 0;
}

/* Small-business mode needs no TLS (the white paper); what an administrator
 * set counts then as ever. */
static bool
takes_tls(const struct machine *m)
{
	if (m->state->phase != STATE_POST)
		return m->open;
	return machine_factory(m)->mode == RECORD_ENTERPRISE ||
	    m->state->tls_enabled[0];
}

/* A program on this machine's own host, once it has asked for its account. */
static bool
is_host(const struct machine *m, const struct conn_peer *peer)
{
	return (addr_is_loopback(peer->peer) ||
		   strcmp(peer->peer, peer->local) == 0) &&
	    machine_enabled(m) && amthosted_login(m->amt) != NULL;
}

/* Whom a port without TLS serves: the administrator of a machine that is set up
 * and takes such connections, and its host. */
bool
machine_accept_plain(
    struct machine *m, const struct conn_peer *peer, struct conn_end *end)
{
	bool admin = m->state->phase == STATE_POST &&
	    (!m->state->tls_enabled[0] || m->state->tls_plain[0]);

	if (!is_here(m, peer) || (!admin && !is_host(m, peer)))
		return false;
	end->arg =
	    is_host(m, peer) ? visit_host(m, peer, admin) : visit_new(m, peer);
	if (end->arg == NULL)
		return false;
	end->self = visit_self(end->arg);
	end->h = &visit_handler;
	return true;
}

bool
machine_accept(
    struct machine *m, const struct conn_peer *peer, struct conn_end *end)
{
	bool silent = fault_has(&m->fault, FAULT_SILENT);
	struct err e = { 0 };

	if (!is_here(m, peer) || !takes_tls(m))
		return false;
	if (silent) {
		machine_tell_fault(m, FAULT_SILENT);
	} else if ((end->tls = identity_tls(m, &e)) == NULL) {
		machine_tell_failure(m, &e);
		return false;
	}
	if ((end->arg = visit_new(m, peer)) == NULL)
		return false;
	end->self = visit_self(end->arg);
	end->h = silent ? &visit_silent : &visit_handler;
	return true;
}

/* The image's values, or a one-touch key's. */

const struct record *
machine_factory(const struct machine *m)
{
	struct machine_scratch *s = m->common->scratch;

	if (s->awake != m)
		kept_copy(m->factory, &s->factory, sizeof(s->factory));
	s->awake = m;
	return &s->factory;
}

static void
go_to_sleep(const struct machine *m)
{
	struct machine_scratch *s = m->common->scratch;

	if (s->awake != m)
		return;
	s->awake = NULL;
	record_wipe(&s->factory);
}

static enum err_code
keep(const struct record *r, struct kept **out, struct err *e)
{
	*out = kept_new(r, sizeof(*r));
	return *out != NULL ? ERR_OK : err_mem(e);
}

/* Once, at the start. */
static enum err_code
use_records(struct machine *m, const struct record *image, struct err *e)
{
	struct record *r = malloc(sizeof(*r));

	if (r == NULL)
		return err_mem(e);
	*r = *image;
	fault_alter(&m->fault, r);
	if (keep(r, &m->factory, e) == ERR_OK &&
	    state_onetouch(m->state, machine_factory(m), r)) {
		go_to_sleep(m);
		m->image = m->factory;
		m->factory = NULL;
		keep(r, &m->factory, e);
	}
	record_wipe(r);
	free(r);
	return e->code;
}

/* What a key set is gone with a full un-provisioning. */
static void
drop_key(struct machine *m)
{
	if (m->image == NULL || m->state->onetouch.n > 0)
		return;
	go_to_sleep(m);
	kept_free(m->factory);
	m->factory = m->image;
	m->image = NULL;
	m->server = m->image_server;
}

unsigned long
machine_real_ms(const struct machine *m, uint64_t ms)
{
	uint64_t real = ms / m->common->settings->time_scale;

	return real < ULONG_MAX ? (unsigned long)real : ULONG_MAX;
}

void
machine_save(struct machine *m)
{
	struct err e = { 0 };

	m->unsaved_ms = 0;
	if (state_save(m->state, &e) != ERR_OK)
		machine_tell_failure(m, &e);
}

/* Open and closed. */

bool
machine_enabled(const struct machine *m)
{
	return state_enabled(m->state, machine_factory(m));
}

bool
machine_online(const struct machine *m)
{
	return m->lan == NULL || m->lan->address[0] != '\0';
}

void
machine_start(struct machine *m)
{
	m->psk = *amt_psk(machine_factory(m), m->state);
	if (m->state->phase == STATE_POST)
		machine_tell_words(m, "started", "provisioned before");
	else
		period_start(m);
}

enum amt_status
machine_saved(struct machine *m, struct attempt *t)
{
	struct err e = { 0 };

	state_save(m->state, &e);
	attempt_end(t, m->state, e.code == ERR_OK);
	if (e.code != ERR_OK)
		machine_tell_failure(m, &e);
	return e.code == ERR_OK ? AMT_OK : AMT_FLASH_LIMIT;
}

enum amt_status
machine_unprovision(struct machine *m)
{
	enum amt_status status;
	struct attempt *t;

	if (m->state->phase != STATE_POST)
		return AMT_BAD_STATE;
	if (state_control(m->state) != STATE_CONTROL_CLIENT)
		return AMT_NOT_PERMITTED;
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	state_reset(m->state, false);
	if ((status = machine_saved(m, t)) == AMT_OK)
		machine_reset(m);
	return status;
}

enum amt_status
machine_enable(struct machine *m, bool enable)
{
	enum amt_status status;
	struct attempt *t;

	if (m->state->phase == STATE_POST && !enable)
		return AMT_BAD_STATE;
	if (!enable && (m->state->phase == STATE_IN || m->making) &&
	    (status = period_stop(m)) != AMT_OK)
		return status;
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	m->state->enabled = enable;
	return machine_saved(m, t);
}

void
machine_suffix(struct machine *m, const char *text)
{
	m->dhcp_suffix = text;
}

enum amt_status
machine_host_suffix(struct machine *m, const char *text)
{
	struct attempt *t;

	if (m->state->phase == STATE_POST)
		return AMT_BAD_STATE;
	if (strlen(text) >= sizeof(m->state->suffix))
		return AMT_BAD_DOMAIN;
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return AMT_BAD_DOMAIN;
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	snprintf(m->state->suffix, sizeof(m->state->suffix), "%s", text);
	return machine_saved(m, t);
}

/* Set through MEBx or a key it counts before what the host set, and that
 * before what it said when it started set-up for one server, and that before
 * DHCP (SDK: "secure DNS"). */
const char *
machine_suffix_nth(const struct machine *m, size_t i)
{
	const char *from = machine_factory(m)->pki_dns_suffix;

	if (from[0] == '\0')
		from = m->state->suffix;
	if (from[0] == '\0' && pin_suffix(&m->state->pin, 0) != NULL)
		return pin_suffix(&m->state->pin, i);
	if (from[0] == '\0' && i > 0)
		return m->lan != NULL && i < m->lan->nsuffix ? m->lan->suffix[i]
							     : NULL;
	if (from[0] == '\0')
		from = m->dhcp_suffix;
	return i == 0 && from[0] != '\0' ? from : NULL;
}

void
machine_network(struct machine *m, const struct machine_lan *lan)
{
	struct err e = { 0 };

	m->lan = lan;
	if (m->common->dns != NULL &&
	    dns_servers(m->common->dns, lan->dns, lan->ndns, &e) != ERR_OK)
		machine_tell_failure(m, &e);
	snprintf(m->address, sizeof(m->address), "%s", lan->address);
	machine_suffix(m, lan->nsuffix > 0 ? lan->suffix[0] : "");
	if (machine_online(m))
		hellos_wake(m);
}

void
machine_committed(struct machine *m)
{
	state_blob_free(&m->state->pin);
	loss_free(&m->amt->loss);
	period_shut(m);
	visit_end_all(m);
}

void
machine_reset(struct machine *m)
{
	period_shut(m);
	visit_end_all(m);
	drop_key(m);
	loss_free(&m->amt->loss);
	amthosted_renew(m->amt);
	machine_tell_words(m, "unprovisioned", "");
	machine_start(m);
}

/* Life. */

void
machine_scratch_init(struct machine_scratch *s)
{
	memset(s, 0, sizeof(*s));
	wr_grow(&s->body, AMTHTTP_BODY_MAX);
	wr_grow(&s->soap, VISIT_ANSWER_MAX);
	wr_grow(&s->out, VISIT_ANSWER_MAX + AMTHTTP_HEAD_MAX);
}

void
machine_scratch_free(struct machine_scratch *s)
{
	wr_free(&s->body);
	wr_free(&s->soap);
	wr_free(&s->out);
	secret_wipe(&s->item, sizeof(s->item));
	record_wipe(&s->factory);
	identity_ends_free(&s->ends);
}

static bool
parts_new(struct machine *m)
{
	m->state = calloc(1, sizeof(*m->state));
	m->amt = calloc(1, sizeof(*m->amt));
	return m->state != NULL && m->amt != NULL;
}

static void
parts_free(struct machine *m)
{
	if (m->state != NULL)
		state_free(m->state);
	if (m->amt != NULL) {
		amthosted_free(m->amt);
		loss_free(&m->amt->loss);
	}
	if (m->amt != NULL)
		secret_wipe(m->amt, sizeof(*m->amt));
	if (m->auth != NULL)
		secret_wipe(m->auth, sizeof(*m->auth));
	kept_free(m->factory);
	kept_free(m->image);
	free(m->auth);
	free(m->state);
	free(m->amt);
}

static void
place(struct machine *m, const struct machine_place *p)
{
	snprintf(m->address, sizeof(m->address), "%s", p->address);
	m->dhcp_suffix = p->suffix;
	m->server = p->server;
	m->image_server = p->image_server;
	m->blank = p->blank;
	m->fault = p->fault;
}

static enum err_code
open_state(struct state *s, const struct machine_place *p,
    const struct uuid *uuid, struct err *e)
{
	uint8_t random[16];

	if (rand_bytes(random, sizeof(random), e) != ERR_OK ||
	    state_begin(s, p->state_dir, p->care, random, e) != ERR_OK ||
	    stateowner_bind(s, uuid, e) != ERR_OK || p->care != STATE_DURABLE ||
	    !s->unsaved)
		return e->code;
	s->unsaved = false;
	return state_save(s, e);
}

enum err_code
machine_new(const struct machine_common *common, const struct record *r,
    const struct machine_place *p, struct machine **out, struct err *e)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (m != NULL)
		m->common = common;
	if (m == NULL || !parts_new(m)) {
		machine_free(m);
		return err_mem(e);
	}
	place(m, p);
	if (open_state(m->state, p, &r->uuid, e) != ERR_OK ||
	    use_records(m, r, e) != ERR_OK || hellos_new(m, e) != ERR_OK ||
	    period_new(m, e) != ERR_OK) {
		machine_free(m);
		return e->code;
	}
	m->amt->state = m->state;
	m->amt->item = &common->scratch->item;
	world_of(m, &m->host);
	m->amt->host = &m->host;
	*out = m;
	return ERR_OK;
}

void
machine_free(struct machine *m)
{
	if (m == NULL)
		return;
	if (m->state != NULL)
		period_keep(m);
	if (m->state != NULL && m->state->unsaved)
		machine_save(m);
	while (m->sessions != NULL)
		visit_free(m->sessions);
	hellos_free(m);
	period_free(m);
	go_to_sleep(m);
	parts_free(m);
	secret_wipe(m, sizeof(*m));
	free(m);
}
