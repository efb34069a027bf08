/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "device/hellos.h"
#include "device/roots.h"
#include "device/route.h"
#include "device/talk.h"
#include "device/visit.h"
#include "formats/hello.h"
#include "formats/reason.h"

#define HELLO_WAIT_MS 10000
/* Of a hello in fragments. */
#define PIECE 5
#define PIECE_MS 50

/* A fault: the next few bytes of it, the rest later. */
static void
send_piece(struct machine *m, struct conn *c, const struct wr *w)
{
	size_t at = m->fault.sent, n = w->len - at;

	if (at == 0)
		machine_tell_fault(m, FAULT_FRAGMENT);
	if (n > PIECE)
		n = PIECE;
	conn_send(c, w->buf + at, n);
	m->fault.sent = (uint16_t)(at + n);
	if (at + n < w->len)
		loop_timer_set(m->talk, PIECE_MS);
	else
		conn_finish(c);
}

static void
hello_ready(void *arg, struct conn *c)
{
	struct machine *m = arg;
	struct hashlist hashes;
	struct wr w;

	visit_expire(m);
	roots_in_force(machine_factory(m), m->state, &hashes);
	wr_grow(&w, HELLO_MAX);
	talk_hello(&w,
	    &(struct talk_who){ machine_factory(m), &hashes, &m->psk },
	    m->state->retry, m->common->settings);
	if (w.failed) {
		conn_finish(c);
	} else if (fault_has(&m->fault, FAULT_FRAGMENT)) {
		send_piece(m, c, &w);
	} else { /* in one piece: peers read the first segment only */
		conn_send(c, w.buf, w.len);
		conn_finish(c);
	}
	wr_free(&w);
}

/* A fault: true if this one is sent a second time, as the same again. */
static bool
twice(struct machine *m)
{
	m->fault.again =
	    !m->fault.again && fault_has(&m->fault, FAULT_DUPLICATE);
	if (m->fault.again) {
		machine_tell_fault(m, FAULT_DUPLICATE);
		loop_timer_set(m->talk, 0);
	}
	return m->fault.again;
}

static void
wait_next(struct machine *m)
{
	unsigned long ms;

	if (talk_wait(m->common->settings, m->state->retry, &ms))
		loop_timer_set(m->talk, machine_real_ms(m, ms));
}

/* Told with the address it went to, or was to go to. */
static void
hello_over(struct machine *m, const struct err *e)
{
	struct machine_event event = { .name = "hello",
		.words = "",
		.peer = m->target[0] != '\0' ? m->target : NULL,
		.retry = m->state->retry };

	if (e->code != ERR_OK) {
		event.name = "hello-failed";
		event.why = e;
	}
	machine_tell(m, &event);
	m->fault.sent = 0;
	if (!m->open || twice(m))
		return;
	wait_next(m);
	m->state->retry++;
}

static void
hello_closed(void *arg, struct conn *c, const struct err *e)
{
	struct machine *m = arg;

	(void)c;
	m->hello = NULL;
	hello_over(m, e);
}

static const struct conn_handler hello_handler = { hello_ready, NULL,
	hello_closed };

static bool
is_v6(const char *address)
{
	return strchr(address, ':') != NULL;
}

/* An address of the other family than the server's cannot be its source. */
static const char *
source(const struct machine *m)
{
	if (m->address[0] == '\0' || is_v6(m->address) != is_v6(m->target))
		return NULL;
	return m->address;
}

static void
call(struct machine *m, const char *address)
{
	struct conn_way way = { NULL, m->target, m->server.port };
	const struct conn_end end = { .h = &hello_handler, .arg = m };
	struct err e = { 0 };

	snprintf(m->target, sizeof(m->target), "%s", address);
	way.from = source(m);
	if (conn_open(m->common->loop, &way, &end, &m->hello, &e) == ERR_OK)
		conn_idle(m->hello, HELLO_WAIT_MS);
	else
		hello_closed(m, NULL, &e);
}

/* By name. */

static void ask_next(struct machine *, const char *why);

/* Each has its turn; of those of the machine's own family, if there are any.
 * IPv4's come first. */
static const char *
choose(const struct machine *m, const struct dns_answer *a)
{
	size_t v4 = 0, from = 0, n = a->n;

	while (v4 < a->n && !is_v6(a->address[v4]))
		v4++;
	if (m->address[0] != '\0' && v4 > 0 && v4 < a->n) {
		from = is_v6(m->address) ? v4 : 0;
		n = is_v6(m->address) ? a->n - v4 : v4;
	}
	return a->address[from + m->state->retry % n];
}

static void
on_found(void *arg, const struct dns_answer *a)
{
	struct machine *m = arg;

	m->query = NULL;
	if (!m->open)
		return;
	if (a->n == 0)
		ask_next(m, a->why);
	else
		call(m, choose(m, a));
}

static void
ask_next(struct machine *m, const char *why)
{
	char name[ROUTE_NAME], last[ROUTE_NAME] = "";
	struct err e = { 0 };

	m->target[0] = '\0';
	if (m->asked > 0)
		route_name(m, m->asked - 1, last);
	if (route_name(m, m->asked++, name)) {
		if (m->common->dns != NULL &&
		    dns_ask(m->common->dns, name, on_found, m, &m->query, &e) ==
			ERR_OK)
			return;
		snprintf(last, sizeof(last), "%s", name);
		why = e.code != ERR_OK ? e.msg : "there is no resolver";
		err_clear(&e);
	}
	err_refuse(&e, ERR_PEER, reason_get(REASON_SERVER_UNRESOLVED), "%s: %s",
	    last, why);
	hello_over(m, &e);
}

static void
on_talk(void *arg)
{
	struct machine *m = arg;

	if (m->hello != NULL && m->fault.sent > 0)
		hello_ready(m, m->hello);
	if (m->hello != NULL || m->query != NULL || !m->open)
		return;
	if (!machine_online(m)) {
		m->overdue = true;
		return;
	}
	if (visit_serving(m)) {
		/* After an un-provisioning the server's session lasts until its
		 * answer is read: the first hello follows it at once. */
		if (m->state->retry == 0)
			m->overdue = true;
		else
			wait_next(m);
		return;
	}
	m->asked = 0;
	if (m->server.address[0] != '\0')
		call(m, m->server.address);
	else
		ask_next(m, "");
}

enum err_code
hellos_new(struct machine *m, struct err *e)
{
	return loop_timer_new(m->common->loop, on_talk, m, &m->talk, e);
}

void
hellos_begin(struct machine *m)
{
	m->state->retry = 0;
	m->overdue = false;
	loop_timer_set(m->talk, m->fault.start_ms);
}

void
hellos_stop(struct machine *m)
{
	m->overdue = false;
	loop_timer_stop(m->talk);
	if (m->query != NULL)
		dns_cancel(m->query);
	m->query = NULL;
}

void
hellos_wake(struct machine *m)
{
	if (m->overdue && m->open)
		loop_timer_set(m->talk, 0);
	m->overdue = false;
}

void
hellos_free(struct machine *m)
{
	if (m->query != NULL)
		dns_cancel(m->query);
	m->query = NULL;
	conn_close(m->hello);
	m->hello = NULL;
	loop_timer_free(m->talk);
	m->talk = NULL;
}
