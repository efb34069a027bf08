/* SPDX-License-Identifier: Apache-2.0 */
#include "device/hellos.h"
#include "device/roots.h"
#include "device/talk.h"
#include "formats/hello.h"

#define HELLO_WAIT_MS 10000

static void
hello_ready(void *arg, struct loop_conn *c)
{
	struct machine *m = arg;
	struct hashlist hashes;
	struct wr w;

	roots_in_force(m->factory, m->state, &hashes);
	wr_grow(&w, HELLO_MAX);
	talk_hello(&w, &(struct talk_who){ m->factory, &hashes, &m->psk },
	    m->state->retry, m->common->settings);
	if (!w.failed) /* in one piece: peers read the first segment only */
		loop_conn_send(c, w.buf, w.len);
	wr_free(&w);
	loop_conn_finish(c);
}

static void
wait_next(struct machine *m)
{
	unsigned long ms;

	if (talk_wait(m->common->settings, m->state->retry, &ms))
		loop_timer_set(m->talk, machine_real_ms(m, ms));
}

static void
hello_closed(void *arg, struct loop_conn *c, const struct err *e)
{
	struct machine *m = arg;
	struct machine_event event = { .name = "hello",
		.words = "",
		.peer = m->server.address,
		.retry = m->state->retry };

	(void)c;
	m->hello = NULL;
	if (e->code != ERR_OK) {
		event.name = "hello-failed";
		event.why = e;
	}
	machine_tell(m, &event);
	if (!m->open)
		return;
	wait_next(m);
	m->state->retry++;
}

static const struct loop_handler hello_handler = { hello_ready, NULL,
	hello_closed };

static void
on_talk(void *arg)
{
	struct machine *m = arg;
	struct err e = { 0 };

	if (m->hello != NULL || !m->open)
		return;
	if (!machine_online(m)) {
		m->overdue = true;
		return;
	}
	if (m->sessions != NULL) {
		wait_next(m);
		return;
	}
	if (loop_connect(m->common->loop,
		m->address[0] == '\0' ? NULL : m->address, m->server.address,
		m->server.port, &hello_handler, m, &m->hello, &e) == ERR_OK)
		loop_conn_idle(m->hello, HELLO_WAIT_MS);
	else
		hello_closed(m, NULL, &e);
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
	loop_timer_set(m->talk, 0);
}

void
hellos_stop(struct machine *m)
{
	m->overdue = false;
	loop_timer_stop(m->talk);
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
	if (m->hello != NULL)
		loop_conn_close(m->hello);
	m->hello = NULL;
	loop_timer_free(m->talk);
	m->talk = NULL;
}
