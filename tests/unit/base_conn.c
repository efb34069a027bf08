/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conn.h"
#include "base/linger.h"
#include "base/listener.h"
#include "base/loop.h"

/* One end that remembers what happened to it. */
struct end {
	struct loop *loop;
	struct conn *conn;
	struct conn_peer peer;
	const char *say; /* sent when ready */
	char got[64];
	size_t n;
	int ready, closed;
	enum err_code code;
	bool finish_when_ready, close_on_data, answer;
	size_t echo; /* bytes that are answered to any */
	size_t echoes;
};

static void
end_ready(void *arg, struct conn *c)
{
	struct end *d = arg;

	d->conn = c;
	d->ready++;
	d->peer = *conn_peer(c);
	if (d->say != NULL)
		conn_send(c, d->say, strlen(d->say));
	if (d->finish_when_ready)
		conn_finish(c);
}

static const char huge[65536];

static size_t
end_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	struct end *d = arg;

	if (d->echo > 0) {
		d->echoes++;
		conn_send(c, huge, d->echo);
		return n;
	}
	if (n < 3)
		return 0; /* asks for more: see it again with the rest */
	assert_true(d->n + n < sizeof(d->got));
	memcpy(d->got + d->n, p, n);
	d->n += n;
	if (d->close_on_data) {
		conn_close(c);
		loop_stop(d->loop);
	} else if (d->answer) {
		conn_send(c, "answer", 6);
		conn_finish(c);
	}
	return n;
}

static void
end_closed(void *arg, struct conn *c, const struct err *e)
{
	struct end *d = arg;

	(void)c;
	d->closed++;
	d->code = e->code;
	loop_stop(d->loop);
}

static const struct conn_handler handler = { end_ready, end_data, end_closed };

static bool
take(void *arg, const struct conn_peer *p, struct conn_end *end)
{
	(void)p;
	end->h = &handler;
	end->arg = arg;
	return true;
}

static bool
turn_away(void *arg, const struct conn_peer *p, struct conn_end *end)
{
	(void)arg;
	(void)p;
	(void)end;
	return false;
}

struct pair {
	struct loop *loop;
	struct listener *ll;
	struct end server, client;
	struct err e;
};

static void
pair_open(struct pair *p)
{
	struct listener_accept a = { take, &p->server };

	assert_int_equal(loop_new(&p->loop, &p->e), ERR_OK);
	p->server.loop = p->client.loop = p->loop;
	assert_int_equal(
	    listener_new(p->loop, "0.0.0.0", 0, &a, &p->ll, &p->e), ERR_OK);
}

static enum err_code
pair_open_client(struct pair *p, const char *to, uint16_t port, struct conn **c)
{
	const struct conn_way way = { NULL, to, port };
	const struct conn_end end = { &handler, &p->client, NULL, NULL };

	return conn_open(p->loop, &way, &end, c, &p->e);
}

static struct conn *
pair_connect(struct pair *p, const char *from, const char *to)
{
	const struct conn_way way = { from, to, listener_port(p->ll) };
	const struct conn_end end = { &handler, &p->client, NULL, NULL };
	struct conn *c;

	assert_int_equal(conn_open(p->loop, &way, &end, &c, &p->e), ERR_OK);
	return c;
}

static void
pair_close(struct pair *p)
{
	listener_free(p->ll);
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
	assert_int_equal(p.server.peer.local_port, listener_port(p.ll));
	assert_memory_equal(p.server.got, "hello", 5);
	pair_close(&p);
}

static bool
note_peer(void *arg, const struct conn_peer *p, struct conn_end *end)
{
	struct end *d = arg;

	(void)end;
	d->peer = *p;
	loop_stop(d->loop);
	return false;
}

/* A device may say its hello and be gone before it is accepted. */
static void
a_listener_tells_the_source_of_what_was_reset_already(void **state)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct pair p = { .ll = NULL };
	struct listener_accept a = { note_peer, &p.server };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(loop_new(&p.loop, &p.e), ERR_OK);
	p.server.loop = p.loop;
	assert_int_equal(
	    listener_new(p.loop, "127.0.0.1", 0, &a, &p.ll, &p.e), ERR_OK);
	in.sin_port = htons(listener_port(p.ll));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
	    0);
	close(fd);
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_string_equal(p.server.peer.peer, "127.0.0.1");
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

	conn_send(d->conn, "cde", 3);
	conn_finish(d->conn);
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
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	struct pair p = { 0 };
	struct conn *c;
	int fd;

	(void)state;
	pair_open(&p);
	/* Taken, so that no other test listens there meanwhile. */
	assert_true((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	if (pair_open_client(&p, "127.0.0.1", ntohs(at.sin_port), &c) ==
	    ERR_OK) {
		assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
		assert_int_equal(p.client.closed, 1);
		assert_int_equal(p.client.code, ERR_PEER);
	} else {
		assert_int_equal(p.e.code, ERR_PEER);
	}
	close(fd);
	pair_close(&p);
}

static void
a_silent_peer_is_closed_after_the_idle_time(void **state)
{
	struct pair p = { 0 };

	(void)state;
	pair_open(&p);
	conn_idle(pair_connect(&p, NULL, "127.0.0.1"), 30);
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.client.closed, 1);
	assert_int_equal(p.client.code, ERR_PEER);
	pair_close(&p);
}

static void
a_connection_that_is_not_wanted_is_closed_at_once(void **state)
{
	struct listener_accept a = { turn_away, NULL };
	struct pair p = { 0 };

	(void)state;
	assert_int_equal(loop_new(&p.loop, &p.e), ERR_OK);
	p.client.loop = p.loop;
	assert_int_equal(
	    listener_new(p.loop, "127.0.0.1", 0, &a, &p.ll, &p.e), ERR_OK);
	pair_connect(&p, NULL, "127.0.0.1");
	assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_int_equal(p.client.closed, 1);
	pair_close(&p);
}

static void
a_name_is_not_an_address(void **state)
{
	struct pair p = { 0 };
	struct conn *c;

	(void)state;
	pair_open(&p);
	assert_int_equal(pair_open_client(&p, "localhost", 1, &c), ERR_USAGE);
	pair_close(&p);
}

static int
raw_client(const struct pair *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(listener_port(p->ll)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

/* A flood: it writes what goes, every millisecond. */
struct flood {
	struct loop *loop;
	struct loop_timer *timer;
	int fd, turns;
	size_t sent;
	bool reads;
};

static void
flood_on(void *arg)
{
	struct flood *f = arg;
	static char waste[1 << 20];

	ssize_t n = send(f->fd, huge, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);

	f->sent += n > 0 ? (size_t)n : 0;
	if (f->reads)
		(void)!recv(f->fd, waste, sizeof(waste), MSG_DONTWAIT);
	if (--f->turns == 0)
		loop_stop(f->loop);
	else
		loop_timer_set(f->timer, 1);
}

static void
flood_run(struct pair *p, struct flood *f, int turns)
{
	f->turns = turns;
	loop_timer_set(f->timer, 0);
	assert_int_equal(loop_run(p->loop, &p->e), ERR_OK);
}

static void
flood_open(struct pair *p, struct flood *f)
{
	pair_open(p);
	*f = (struct flood){ .loop = p->loop, .fd = raw_client(p) };
	assert_int_equal(
	    loop_timer_new(p->loop, flood_on, f, &f->timer, &p->e), ERR_OK);
}

static void
flood_close(struct pair *p, struct flood *f)
{
	loop_timer_free(f->timer);
	close(f->fd);
	pair_close(p);
}

/* What is not read is not kept without a bound: it would be 60 MB here. Sockets
 * take some, too. */
static void
who_does_not_read_is_not_heard_until_it_does(void **state)
{
	struct pair p = { .server = { .echo = sizeof(huge) } };
	size_t before;
	struct flood f;

	(void)state;
	flood_open(&p, &f);
	flood_run(&p, &f, 1000);
	before = p.server.echoes;
	assert_int_equal(p.server.closed, 0);
	assert_true(before > 0 && before * sizeof(huge) < 20000000);
	f.reads = true;
	flood_run(&p, &f, 1000);
	assert_true(p.server.echoes > before);
	flood_close(&p, &f);
}

/* The end comes, though it is never silent. */
static void
who_goes_on_speaking_after_our_last_word_is_hung_up_on(void **state)
{
	struct pair p = { .server = { .finish_when_ready = true } };
	struct flood f;

	(void)state;
	flood_open(&p, &f);
	f.reads = true;
	flood_run(&p, &f, 1000);
	assert_int_equal(p.server.closed, 1);
	assert_int_equal(p.server.code, ERR_OK);
	assert_true(f.sent > LINGER_BYTES);
	flood_close(&p, &f);
}

static void
hanging_up_ends_all_without_a_callback(void **state)
{
	struct pair p = { .client = { .say = "question" },
		.server = { .answer = true } };

	(void)state;
	pair_open(&p);
	pair_connect(&p, NULL, "127.0.0.1");
	pair_connect(&p, NULL, "127.0.0.1");
	loop_hang_up(p.loop);
	assert_int_equal(p.client.ready, 0);
	assert_int_equal(p.client.closed, 0);
	/* The loop goes on: another is served. */
	pair_connect(&p, NULL, "127.0.0.1");
	while (p.client.closed == 0)
		assert_int_equal(loop_run(p.loop, &p.e), ERR_OK);
	assert_string_equal(p.client.got, "answer");
	pair_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_listener_tells_the_local_address_and_the_source_apart),
		cmocka_unit_test(
		    a_listener_tells_the_source_of_what_was_reset_already),
		cmocka_unit_test(an_answer_arrives_whole_before_the_close),
		cmocka_unit_test(closing_inside_the_data_callback_is_safe),
		cmocka_unit_test(bytes_that_are_not_used_up_come_again),
		cmocka_unit_test(
		    a_port_that_nobody_holds_is_an_unavailable_peer),
		cmocka_unit_test(a_silent_peer_is_closed_after_the_idle_time),
		cmocka_unit_test(
		    a_connection_that_is_not_wanted_is_closed_at_once),
		cmocka_unit_test(a_name_is_not_an_address),
		cmocka_unit_test(who_does_not_read_is_not_heard_until_it_does),
		cmocka_unit_test(
		    who_goes_on_speaking_after_our_last_word_is_hung_up_on),
		cmocka_unit_test(hanging_up_ends_all_without_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
