/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

/* One end that remembers what happened to it. */
struct end {
	struct loop *loop;
	struct loop_conn *conn;
	struct loop_peer peer;
	const char *say; /* sent when ready */
	char got[64];
	size_t n;
	int ready, closed;
	enum err_code code;
	bool finish_when_ready, close_on_data, answer;
};

static void
end_ready(void *arg, struct loop_conn *c)
{
	struct end *d = arg;

	d->conn = c;
	d->ready++;
	d->peer = *loop_conn_peer(c);
	if (d->say != NULL)
		loop_conn_send(c, d->say, strlen(d->say));
	if (d->finish_when_ready)
		loop_conn_finish(c);
}

static size_t
end_data(void *arg, struct loop_conn *c, const uint8_t *p, size_t n)
{
	struct end *d = arg;

	if (n < 3)
		return 0; /* asks for more: see it again with the rest */
	assert_true(d->n + n < sizeof(d->got));
	memcpy(d->got + d->n, p, n);
	d->n += n;
	if (d->close_on_data) {
		loop_conn_close(c);
		loop_stop(d->loop);
	} else if (d->answer) {
		loop_conn_send(c, "answer", 6);
		loop_conn_finish(c);
	}
	return n;
}

static void
end_closed(void *arg, struct loop_conn *c, const struct err *e)
{
	struct end *d = arg;

	(void)c;
	d->closed++;
	d->code = e->code;
	loop_stop(d->loop);
}

static const struct loop_handler handler = { end_ready, end_data, end_closed };

static bool
take(void *arg, const struct loop_peer *p, const struct loop_handler **h,
    void **conn_arg, struct tls **tls)
{
	(void)p;
	(void)tls;
	*h = &handler;
	*conn_arg = arg;
	return true;
}

static bool
turn_away(void *arg, const struct loop_peer *p, const struct loop_handler **h,
    void **conn_arg, struct tls **tls)
{
	(void)arg;
	(void)p;
	(void)h;
	(void)conn_arg;
	(void)tls;
	return false;
}

struct pair {
	struct loop *loop;
	struct loop_listener *ll;
	struct end server, client;
	struct err e;
};

static void
pair_open(struct pair *p)
{
	struct loop_accept a = { take, &p->server };

	assert_int_equal(loop_new(&p->loop, &p->e), ERR_OK);
	p->server.loop = p->client.loop = p->loop;
	assert_int_equal(
	    loop_listen(p->loop, "0.0.0.0", 0, &a, &p->ll, &p->e), ERR_OK);
}

static void
pair_connect(struct pair *p, const char *from, const char *to)
{
	struct loop_conn *c;

	assert_int_equal(
	    loop_connect(p->loop, from, to, loop_listener_port(p->ll), &handler,
		&p->client, &c, &p->e),
	    ERR_OK);
}

static void
pair_close(struct pair *p)
{
	loop_listener_free(p->ll);
	loop_free(p->loop);
}

static void
a_listener_tells_the_local_address_and_the_source_apart(void **state)
{
	struct pair p = { .client = { .say = "hello" },
		.server = { .answer = true } };

	(void)state;
	pair_open(&p);
	pair_connect(&p, "127.81.0.7", "127.81.0.9");
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_string_equal(p.server.peer.local, "127.81.0.9");
	assert_string_equal(p.server.peer.peer, "127.81.0.7");
	assert_int_equal(p.server.peer.local_port, loop_listener_port(p.ll));
	assert_memory_equal(p.server.got, "hello", 5);
	pair_close(&p);
}

static void
an_answer_arrives_whole_before_the_close(void **state)
{
	struct pair p = { .client = { .say = "hello" },
		.server = { .answer = true } };

	(void)state;
	pair_open(&p);
	pair_connect(&p, NULL, "127.0.0.1");
	while (p.client.closed == 0)
		assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_memory_equal(p.client.got, "answer", 6);
	assert_int_equal(p.client.code, ERR_OK);
	pair_close(&p);
}

static void
closing_inside_the_data_callback_is_safe(void **state)
{
	struct pair p = { .client = { .say = "hello" },
		.server = { .close_on_data = true } };

	(void)state;
	pair_open(&p);
	pair_connect(&p, NULL, "127.0.0.1");
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.server.n, 5);
	assert_int_equal(p.server.closed, 0);
	pair_close(&p);
}

static void
say_the_rest(void *arg)
{
	struct end *d = arg;

	loop_conn_send(d->conn, "cde", 3);
	loop_conn_finish(d->conn);
}

static void
bytes_that_are_not_used_up_come_again(void **state)
{
	struct pair p = { .client = { .say = "ab" } };
	struct loop_timer *t;

	(void)state;
	pair_open(&p);
	pair_connect(&p, NULL, "127.0.0.1");
	assert_int_equal(
	    loop_timer_new(p.loop, say_the_rest, &p.client, &t, &p.e), ERR_OK);
	loop_timer_set(t, 30);
	while (p.server.closed == 0)
		assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.server.n, 5);
	assert_memory_equal(p.server.got, "abcde", 5);
	loop_timer_free(t);
	pair_close(&p);
}

static void
a_port_that_nobody_holds_is_an_unavailable_peer(void **state)
{
	struct pair p = { 0 };
	struct loop_conn *c;
	uint16_t port;

	(void)state;
	pair_open(&p);
	port = loop_listener_port(p.ll);
	loop_listener_free(p.ll);
	p.ll = NULL;
	if (loop_connect(p.loop, NULL, "127.0.0.1", port, &handler, &p.client,
		&c, &p.e) == ERR_OK) {
		assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
		assert_int_equal(p.client.closed, 1);
		assert_int_equal(p.client.code, ERR_PEER);
	} else {
		assert_int_equal(p.e.code, ERR_PEER);
	}
	pair_close(&p);
}

static void
a_silent_peer_is_closed_after_the_idle_time(void **state)
{
	struct pair p = { 0 };
	struct loop_conn *c;

	(void)state;
	pair_open(&p);
	assert_int_equal(
	    loop_connect(p.loop, NULL, "127.0.0.1", loop_listener_port(p.ll),
		&handler, &p.client, &c, &p.e),
	    ERR_OK);
	loop_conn_idle(c, 30);
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.client.closed, 1);
	assert_int_equal(p.client.code, ERR_PEER);
	pair_close(&p);
}

static void
a_connection_that_is_not_wanted_is_closed_at_once(void **state)
{
	struct loop_accept a = { turn_away, NULL };
	struct pair p = { 0 };

	(void)state;
	assert_int_equal(loop_new(&p.loop, &p.e), ERR_OK);
	p.client.loop = p.loop;
	assert_int_equal(
	    loop_listen(p.loop, "127.0.0.1", 0, &a, &p.ll, &p.e), ERR_OK);
	pair_connect(&p, NULL, "127.0.0.1");
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.client.closed, 1);
	pair_close(&p);
}

static void
a_name_is_not_an_address(void **state)
{
	struct pair p = { 0 };
	struct loop_conn *c;

	(void)state;
	pair_open(&p);
	assert_int_equal(loop_connect(p.loop, NULL, "localhost", 1, &handler,
			     &p.client, &c, &p.e),
	    ERR_USAGE);
	pair_close(&p);
}

static void
tick(void *arg)
{
	struct end *d = arg;

	d->ready++;
	loop_stop(d->loop);
}

static void
a_timer_fires_once_for_each_setting(void **state)
{
	struct pair p = { 0 };
	struct loop_timer *t;

	(void)state;
	pair_open(&p);
	assert_int_equal(
	    loop_timer_new(p.loop, tick, &p.client, &t, &p.e), ERR_OK);
	loop_timer_set(t, 1);
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	loop_timer_set(t, 1);
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.client.ready, 2);
	loop_timer_free(t);
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_listener_tells_the_local_address_and_the_source_apart),
		cmocka_unit_test(an_answer_arrives_whole_before_the_close),
		cmocka_unit_test(closing_inside_the_data_callback_is_safe),
		cmocka_unit_test(bytes_that_are_not_used_up_come_again),
		cmocka_unit_test(
		    a_port_that_nobody_holds_is_an_unavailable_peer),
		cmocka_unit_test(a_silent_peer_is_closed_after_the_idle_time),
		cmocka_unit_test(
		    a_connection_that_is_not_wanted_is_closed_at_once),
		cmocka_unit_test(a_name_is_not_an_address),
		cmocka_unit_test(a_timer_fires_once_for_each_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
