/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/bytes.h"
#include "device/trickle.h"

#define TICK_MS 50
#define MOST 0x100000

struct trickle {
	struct conn *c; /* borrowed */
	struct loop_timer *timer;
	struct wr w;
	size_t out;  /* of w: gone already */
	size_t each; /* bytes a tick */
	bool finishing;
};

static void
on_tick(void *arg)
{
	struct trickle *t = arg;
	size_t n = t->w.len - t->out;

	if (n > t->each)
		n = t->each;
	if (n > 0)
		conn_send(t->c, t->w.buf + t->out, n);
	t->out += n;
	if (t->out < t->w.len) {
		loop_timer_set(t->timer, TICK_MS);
		return;
	}
	wr_reset(&t->w);
	t->out = 0;
	if (t->finishing)
		conn_finish(t->c);
}

enum err_code
trickle_new(struct loop *l, struct conn *c, unsigned bytes_a_second,
    struct trickle **out, struct err *e)
{
	struct trickle *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_mem(e);
	wr_grow(&t->w, MOST);
	t->c = c;
	t->each = bytes_a_second * TICK_MS / 1000 + 1;
	if (loop_timer_new(l, on_tick, t, &t->timer, e) != ERR_OK) {
		trickle_free(t);
		return e->code;
	}
	*out = t;
	return ERR_OK;
}

void
trickle_send(struct trickle *t, const void *p, size_t n)
{
	bool idle = t->w.len == 0;

	wr_bytes(&t->w, p, n);
	if (t->w.failed)
		conn_finish(t->c);
	else if (idle)
		loop_timer_set(t->timer, TICK_MS);
}

void
trickle_finish(struct trickle *t)
{
	t->finishing = true;
	if (t->w.len == 0)
		conn_finish(t->c);
}

void
trickle_free(struct trickle *t)
{
	if (t == NULL)
		return;
	loop_timer_free(t->timer);
	wr_free(&t->w);
	free(t);
}
