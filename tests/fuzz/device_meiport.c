/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs on a machine's socket in place of a MEI device: which client they
 * mean, and where their messages end. The input is pieces, each a byte for the
 * connection, one for its length (0: the connection ends) and bytes. Only whole
 * messages reach the client that was meant, and however a stream is cut, what
 * comes of it is the same.
 */
#include <string.h>

#include "base/listener.h"
#include "device/hostif.h"
#include "device/meiport.h"
#include "tests/fuzz.h"

#define CONNS 20
#define STREAM 65536

/* The Makefile has calls of these come here. */
enum err_code __wrap_listener_new_unix(struct loop *, const char *,
    const struct listener_accept *, struct listener **, struct err *);
void __wrap_listener_free(struct listener *);
void __wrap_conn_send(struct conn *, const void *, size_t);
void __wrap_conn_finish(struct conn *);
void __wrap_conn_close(struct conn *);
void __wrap_conn_idle(struct conn *, unsigned long ms);
bool __wrap_hostif_answer(
    struct hostif *, enum hostif_client, const uint8_t *, size_t, struct wr *);

/* What struct conn is to the port here. */
struct end {
	struct conn_end self;
	bool open, finishing, hurried;
	size_t used;
	struct wr in, out;
};

static struct {
	struct listener_accept accept;
	struct end end[CONNS];
} play;

enum err_code
__wrap_listener_new_unix(struct loop *loop, const char *path,
    const struct listener_accept *accept, struct listener **out, struct err *e)
{
	(void)loop;
	(void)path;
	(void)out;
	(void)e;
	play.accept = *accept;
	return ERR_OK;
}

void
__wrap_listener_free(struct listener *l)
{
	must(l == NULL);
}

static struct end *
end_of(struct conn *c)
{
	struct end *end = (struct end *)(void *)c;

	must(end->open);
	return end;
}

void
__wrap_conn_send(struct conn *c, const void *p, size_t n)
{
	struct end *end = end_of(c);

	must(!end->finishing && !end->hurried);
	wr_bytes(&end->out, p, n);
	must(!end->out.failed);
}

void
__wrap_conn_finish(struct conn *c)
{
	end_of(c)->finishing = true;
}

void
__wrap_conn_close(struct conn *c)
{
	end_of(c)->open = false;
}

void
__wrap_conn_idle(struct conn *c, unsigned long ms)
{
	end_of(c)->hurried = ms > 0;
}

/* The message comes back behind a byte for its client. */
bool
__wrap_hostif_answer(struct hostif *h, enum hostif_client client,
    const uint8_t *p, size_t n, struct wr *w)
{
	must(h->machine != NULL && n > 0 && n <= HOSTIF_MESSAGE_MAX);
	must((client == HOSTIF_WD ? pthi_wd_size(p, n) : pthi_size(p, n)) == n);
	wr_u8(w, (uint8_t)client);
	wr_bytes(w, p, n);
	return p[n - 1] != 0xee;
}

static bool
dial(struct end *end)
{
	static const struct conn_peer nobody;

	if (!play.accept.accept(play.accept.arg, &nobody, &end->self))
		return false;
	wr_grow(&end->in, STREAM);
	wr_grow(&end->out, 2 * STREAM);
	end->open = true;
	end->self.h->ready(end->self.arg, (struct conn *)(void *)end);
	must(end->hurried);
	return true;
}

static void
hang_up(struct end *end)
{
	struct err e = { 0 };

	end->self.h->closed(end->self.arg, (struct conn *)(void *)end, &e);
	end->open = false;
}

/* As base/conn.c does. */
static void
deliver(struct end *end, const uint8_t *p, size_t n)
{
	size_t used;

	wr_bytes(&end->in, p, n);
	must(!end->in.failed);
	while (!end->finishing && (n = end->in.len - end->used) > 0) {
		used = end->self.h->data(end->self.arg,
		    (struct conn *)(void *)end, end->in.buf + end->used, n);
		must(used <= n);
		if (used == 0)
			break;
		end->used += used;
	}
}

static void
end_free(struct end *end)
{
	wr_free(&end->in);
	wr_free(&end->out);
	memset(end, 0, sizeof(*end));
}

/* The same stream in one piece. */
static void
again(const struct end *was)
{
	struct end whole = { .used = 0 };

	must(dial(&whole));
	deliver(&whole, was->in.buf, was->in.len);
	must(whole.finishing == was->finishing);
	must(whole.out.len == was->out.len);
	must(was->out.len == 0 ||
	    memcmp(whole.out.buf, was->out.buf, was->out.len) == 0);
	hang_up(&whole);
	end_free(&whole);
}

static void
piece(struct rd *r)
{
	struct end *end = &play.end[rd_u8(r) % CONNS];
	size_t n = rd_u8(r);

	if (!end->open && !dial(end))
		return;
	if (n > rd_left(r))
		n = rd_left(r);
	if (n > 0) {
		deliver(end, rd_bytes(r, n), n);
		return;
	}
	hang_up(end);
	again(end);
	end_free(end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct machine_common common;
	static struct machine m = { .common = &common };
	struct meiport *port = NULL;
	struct err e = { 0 };
	struct rd r;

	if (n > STREAM)
		return 0;
	must(meiport_new(&m, "mei", &port, &e) == ERR_OK);
	rd_init(&r, p, n);
	while (rd_left(&r) > 2)
		piece(&r);
	meiport_free(port);
	for (size_t i = 0; i < CONNS; i++) {
		must(!play.end[i].open);
		end_free(&play.end[i]);
	}
	return 0;
}
