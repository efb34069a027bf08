/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/listener.h"
#include "device/fleet.h"
#include "device/period.h"

struct fleet {
	struct machine_common common;
	struct keypool keys;
	struct machine_scratch scratch;
	struct loop *loop;
	struct listener *listener, *plain;
	void (*tell)(void *arg);
	struct loop_watch *usr1;
	bool activate;
	struct machine **machine; /* owned */
	size_t n, room;
	/* By the hash of its address: a machine's index plus 1, or 0; a power
	 * of two, at least half of it free. */
	uint32_t *slot;
	size_t slots;
};

/* FNV-1a. */
static size_t
address_hash(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

static void
slot_put(struct fleet *f, size_t index)
{
	size_t i = address_hash(f->machine[index]->address);

	while (f->slot[i & (f->slots - 1)] != 0)
		i++;
	f->slot[i & (f->slots - 1)] = (uint32_t)index + 1;
}

static enum err_code
slots_grow(struct fleet *f, struct err *e)
{
	size_t slots = 2 * f->room;
	uint32_t *slot = calloc(slots, sizeof(*slot));

	if (slot == NULL)
		return err_mem(e);
	free(f->slot);
	f->slot = slot;
	f->slots = slots;
	for (size_t i = 0; i < f->n; i++)
		slot_put(f, i);
	return ERR_OK;
}

/* One machine owns its listener; many are told apart by their addresses. */
static struct machine *
machine_at(const struct fleet *f, const char *local)
{
	if (f->n == 1)
		return f->machine[0];
	for (size_t i = address_hash(local);; i++) {
		uint32_t at = f->slot[i & (f->slots - 1)];

		if (at == 0)
			return NULL;
		if (strcmp(f->machine[at - 1]->address, local) == 0)
			return f->machine[at - 1];
	}
}

static bool
on_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	struct machine *m = machine_at(arg, peer->local);

	return m != NULL && machine_accept(m, peer, end);
}

static bool
on_accept_plain(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	struct machine *m = machine_at(arg, peer->local);

	return m != NULL && machine_accept_plain(m, peer, end);
}

static enum err_code
listen_plain(struct fleet *f, const struct fleet_setup *setup, struct err *e)
{
	const struct listener_accept accept = { on_accept_plain, f };

	if (setup->plain_port < 0)
		return ERR_OK;
	return listener_new(f->loop, setup->listen, (uint16_t)setup->plain_port,
	    &accept, &f->plain, e);
}

enum err_code
fleet_new(const struct fleet_setup *setup, struct fleet **out, struct err *e)
{
	struct fleet *f = calloc(1, sizeof(*f));
	struct listener_accept accept = { on_accept, f };

	if (f == NULL)
		return err_mem(e);
	f->common.settings = setup->settings;
	f->common.event = setup->event;
	f->common.arg = setup->arg;
	f->tell = setup->tell;
	f->activate = setup->activate;
	f->common.keys = &f->keys;
	machine_scratch_init(&f->scratch);
	f->common.scratch = &f->scratch;
	if (loop_new(&f->loop, e) != ERR_OK ||
	    listener_new(f->loop, setup->listen, setup->port, &accept,
		&f->listener, e) != ERR_OK ||
	    listen_plain(f, setup, e) != ERR_OK ||
	    dns_new(f->loop, &f->common.dns, e) != ERR_OK ||
	    keypool_fill_insecure(
		&f->keys, setup->settings->insecure_key_pool, e) != ERR_OK ||
	    machine_psk_tls(setup->settings, &f->common.psk, e) != ERR_OK) {
		fleet_free(f);
		return e->code;
	}
	f->common.loop = f->loop;
	*out = f;
	return ERR_OK;
}

uint16_t
fleet_port(const struct fleet *f)
{
	return listener_port(f->listener);
}

int
fleet_plain_port(const struct fleet *f)
{
	return f->plain == NULL ? -1 : listener_port(f->plain);
}

struct loop *
fleet_loop(struct fleet *f)
{
	return f->loop;
}

enum err_code
fleet_add(struct fleet *f, const struct record *r,
    const struct machine_place *p, struct err *e)
{
	struct machine **more;
	size_t room = f->room == 0 ? 16 : 2 * f->room;

	if (f->n == f->room) {
		more = realloc(f->machine, room * sizeof(struct machine *));
		if (more == NULL)
			return err_mem(e);
		f->machine = more;
		f->room = room;
		if (slots_grow(f, e) != ERR_OK)
			return e->code;
	}
	if (machine_new(&f->common, r, p, &f->machine[f->n], e) != ERR_OK)
		return e->code;
	slot_put(f, f->n++);
	return ERR_OK;
}

size_t
fleet_count(const struct fleet *f)
{
	return f->n;
}

struct machine *
fleet_machine(const struct fleet *f, size_t i)
{
	return f->machine[i];
}

size_t
fleet_done(const struct fleet *f)
{
	size_t done = 0;

	for (size_t i = 0; i < f->n; i++)
		done += f->machine[i]->state->phase == STATE_POST &&
		    !f->machine[i]->parting;
	return done;
}

enum err_code
fleet_run(struct fleet *f, struct err *e)
{
	if (loop_stop_on_signals(f->loop, e) != ERR_OK ||
	    (f->tell != NULL &&
		loop_watch_signal(f->loop, SIGUSR1, f->tell, f->common.arg,
		    &f->usr1, e) != ERR_OK))
		return e->code;
	for (size_t i = 0; i < f->n; i++) {
		machine_start(f->machine[i]);
		if (f->activate && !f->machine[i]->open)
			period_start_host(f->machine[i]);
	}
	return loop_run(f->loop, e);
}

void
fleet_each(const struct fleet *f, void (*fn)(void *, const struct machine *),
    void *arg)
{
	for (size_t i = 0; i < f->n; i++)
		fn(arg, f->machine[i]);
}

void
fleet_stop(struct fleet *f)
{
	loop_stop(f->loop);
}

void
fleet_free(struct fleet *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++)
		machine_free(f->machine[i]);
	free(f->machine);
	free(f->slot);
	tls_free(f->common.psk);
	keypool_free(&f->keys);
	machine_scratch_free(&f->scratch);
	listener_free(f->listener);
	listener_free(f->plain);
	loop_watch_free(f->usr1);
	/* The loop turns once more for names that were asked for: nobody is
	 * there for connections any more. */
	if (f->loop != NULL)
		loop_hang_up(f->loop);
	dns_free(f->common.dns);
	loop_free(f->loop);
	free(f);
}
