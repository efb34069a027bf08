/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `amtforge-server run` is told by its configuration file; the keys are
 * explained in configs/server.cfg. Files named in it are relative to it.
 */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "server/tenant.h"

#define CONF_TENANTS 1024
#define CONF_PATH 1024

struct conf {
	char state[CONF_PATH];
	char listen[ADDR_LEN];
	uint16_t port;
	uint16_t device_port;
	struct tenant top; /* the default one */
	size_t ntenants;
	struct tenant *tenant; /* the others */
	unsigned window_hours; /* told to commands, with recover */
	unsigned hand_seconds, hand_most, hand_tries;
	bool check_record;
	char psk_suites[256];
	unsigned sessions;        /* set-ups at a time */
	unsigned hellos;          /* hello connections at a time */
	unsigned long hello_ms;   /* for a whole hello */
	unsigned long request_ms; /* for each request to a device */
	unsigned long setup_ms;   /* for one try to set it up */
	unsigned tries;           /* for a device that vanishes */
};

/* Only which store it names, as a path (of CONF_PATH): no key is read. */
enum err_code conf_state(
    const char *path, char out[static CONF_PATH], struct err *);
enum err_code conf_read(const char *path, struct conf *, struct err *);
/* The tenant of that name, NULL if there is none; "" is the default one. */
struct tenant *conf_tenant(struct conf *, const char *name);
/* Is there a hand-over command, of any tenant? */
bool conf_hands(const struct conf *);
/* What is read again while the server runs: tables of names. */
void conf_refresh(struct conf *);
void conf_free(struct conf *);

#endif
