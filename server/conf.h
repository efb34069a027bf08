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

#include "base/crypto.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/x509.h"

#define CONF_CHAINS 16
#define CONF_PATH 1024

/* A provisioning certificate: leaf first, root last and self-signed. */
struct conf_chain {
	struct x509_chain chain;
	struct crypto_key *key;
};

struct conf {
	char state[CONF_PATH];
	char listen[LOOP_ADDR_LEN];
	uint16_t port;
	uint16_t device_port;
	size_t nchains;
	struct conf_chain chain[CONF_CHAINS];
	bool pinned_only;      /* device_certificate = "pinned" */
	bool tls_certificate;  /* give each device a certificate of ours */
	bool otp_required;     /* otp = "required" */
	unsigned window_hours; /* told to commands, with recover */
	char recover[16];
	char hand_over[512]; /* "": none */
	unsigned hand_seconds, hand_most, hand_tries;
	bool check_record;
	char psk_suites[256];
	unsigned sessions;        /* set-ups at a time */
	unsigned hellos;          /* hello connections at a time */
	unsigned long hello_ms;   /* for a whole hello */
	unsigned long request_ms; /* for each request to a device */
	unsigned tries;           /* for a device that vanishes */
};

enum err_code conf_read(const char *path, struct conf *, struct err *);
void conf_free(struct conf *);

#endif
