/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a hello leads to a set-up: pure, from the hello, the unit it names
 * and the chains there are. The hello is a stranger's claim; what follows
 * (PSK, pinned certificate) must prove it.
 */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/x509.h"
#include "formats/hello.h"
#include "formats/psk.h"
#include "server/pids.h"
#include "server/store.h"

struct admit {
	bool known;            /* is there a unit of this UUID? */
	const struct psk *psk; /* its pairs: factory's, newer, ... */
	size_t npsk;           /* 0: it is set up by certificates */
	bool provisioned;      /* it was set up, and not undone */
	bool otp_missing;      /* it needs a one-time password and has none */
	enum pids_whose pid;   /* whose the hello's PID is */
	const struct x509_chain *const *chain; /* each with its root last */
	size_t nchains;
};

/* By which kinds of hash the hello announces that root: GENERATION_HASH(). */
unsigned admit_announced(const struct hello *, const struct x509 *root);
/* *index: which psk (version 2) or chain (version 3) to use. */
enum err_code admit_hello(
    const struct hello *, const struct admit *, size_t *index, struct err *);

#endif
