/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set-ups that are under way: from a hello to a durable row. One job a
 * unit; so many run at a time, others wait their turn. What they write to the
 * store is committed once for each turn of the loop, and only then told.
 *
 * A killed server loses nothing: the new secrets of a unit are durable, with
 * state "setup", before the device is changed. A device that did not commit
 * goes on saying hello and is set up again with the same secrets; one that
 * did is silent, so units in state "setup" are asked for their state when the
 * server starts, with those secrets, and after a lost answer to CommitChanges.
 *
 * A hello for a unit with a job changes nothing of it; one that is an alarm is
 * told beside it. A provisioned unit that says hello started over; the hello
 * alone changes nothing in its row: only when it has proved itself again (PSK,
 * or the certificate known for it, and its UUID inside TLS) does it become
 * "setup".
 */
#ifndef SERVER_JOBS_H
#define SERVER_JOBS_H

#include <stddef.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/http.h"
#include "base/loop.h"
#include "formats/hello.h"
#include "server/conf.h"
#include "server/handover.h"
#include "server/store.h"

/* What is told when it is durable. */
struct jobs_event {
	char uuid[UUID_TEXT];
	char address[ADDR_LEN];
	const char *state;
	const char *reason;  /* its code, or "" */
	const char *detail;  /* or "" */
	const char *version; /* of the firmware, or "" */
	bool alarm;          /* somebody should look */
};

struct jobs_how {
	struct conf *conf;
	struct store *store;
	struct loop *loop;
	struct http *http;
	const struct x509 *ca; /* signs devices' certificates */
	const struct crypto_key *ca_key;
	struct handover *hand; /* NULL: none */
	void (*tell)(void *arg, const struct jobs_event *);
	/* The store failed: nothing more can be promised. */
	void (*broken)(void *arg, const struct err *);
	void *arg;
};

struct jobs;

enum err_code jobs_new(const struct jobs_how *, struct jobs **, struct err *);
void jobs_hello(struct jobs *, const char *from, const struct hello *);
/* Asks every unit in state "setup" whether it has committed. */
enum err_code jobs_settle(struct jobs *, struct err *);
void jobs_free(struct jobs *); /* cancels all; commits what is written */

#endif
