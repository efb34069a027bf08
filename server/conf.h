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

#include "base/err.h"
#include "base/loop.h"
#include "server/tenant.h"

#define CONF_TENANTS 1024
#define CONF_PATH 1024

struct conf {
	char state[CONF_PATH];
	char listen[LOOP_ADDR_LEN];
	uint16_t port;
	uint16_t device_port;
	struct tenant top; /* the default one */
	size_t ntenants;
	struct tenant *tenant; /* the others */
	bool otp_required;     /* otp = "required" */
	unsigned window_hours; /* told to commands, with recover */
	char recover[16];
	char hand_over[512]; /* "": none */
	unsigned hand_seconds, hand_most, hand_tries;
	bool check_record;
	char psk_suites[256];
	uint32_t legacy;          /* insecure_legacy_amt: legacy.h */
	unsigned sessions;        /* set-ups at a time */
	unsigned hellos;          /* hello connections at a time */
	unsigned long hello_ms;   /* for a whole hello */
	unsigned long request_ms; /* for each request to a device */
	unsigned tries;           /* for a device that vanishes */
};

enum err_code conf_read(const char *path, struct conf *, struct err *);
/* The tenant of that name, NULL if there is none; "" is the default one. */
struct tenant *conf_tenant(struct conf *, const char *name);
/* What is read again while the server runs: tables of names. */
void conf_refresh(struct conf *);
void conf_free(struct conf *);

#endif
