/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines in one process, behind one listener, told apart by the local
 * address that a server connects to. A fleet of one listens on its own
 * address; one of many on the wildcard, with addresses counted up from a net.
 */
#ifndef DEVICE_FLEET_H
#define DEVICE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "device/machine.h"
#include "device/settings.h"

struct fleet;

struct fleet_setup {
	const struct settings *settings; /* borrowed */
	const char *listen;              /* address of the listener */
	uint16_t port;                   /* 0: any free one */
	int plain_port; /* without TLS, for provisioned ones; -1: none */
	/* Called for each event; stops nothing by itself. */
	void (*event)(
	    void *arg, struct machine *, const struct machine_event *);
	void (*tell)(void *arg); /* SIGUSR1; may be NULL */
	bool activate; /* starts machines in listen mode as an agent would */
	void *arg;
};

enum err_code fleet_new(
    const struct fleet_setup *, struct fleet **, struct err *);
uint16_t fleet_port(const struct fleet *);
int fleet_plain_port(const struct fleet *); /* -1: none */
struct loop *fleet_loop(struct fleet *);
/* Puts a machine with this record there. */
enum err_code fleet_add(struct fleet *, const struct record *,
    const struct machine_place *, struct err *);
size_t fleet_count(const struct fleet *);
struct machine *fleet_machine(const struct fleet *, size_t i); /* borrowed */
/* How many are provisioned, and have told the server so. */
size_t fleet_done(const struct fleet *);
void fleet_each(const struct fleet *,
    void (*fn)(void *arg, const struct machine *), void *arg);
/* Starts all and runs until fleet_stop() or a signal. */
enum err_code fleet_run(struct fleet *, struct err *);
void fleet_stop(struct fleet *);
void fleet_free(struct fleet *); /* NULL is fine */

#endif
