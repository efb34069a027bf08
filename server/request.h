/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command asks of the server that runs on a store: a row in the table
 * requests, which the server's loop looks for. A request is kept until it has
 * ended: a server that was killed takes it up again when it starts.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/stamp.h"
#include "server/store.h"

enum request_what {
	REQUEST_SET_UP,
	REQUEST_UNDO,
	REQUEST_UNDO_PARTLY,
	REQUEST_HAND_OVER
};

struct request {
	int64_t n;
	struct uuid uuid;
	enum request_what what;
	char address[ADDR_LEN]; /* "": the last known */
	char made[STAMP_LEN];   /* when it was asked for */
	bool sent;              /* the device may be un-provisioned */
	bool begun;             /* that, or it may have been changed */
	/* The password that the machine has, where it is given, only for
	 * request_add(); else "". */
	char login[STORE_PASSWORD];
	/* its end, state "" while it has none */
	char state[16];
	char reason[32];
	char detail[400];
	enum err_code code;
};

/* n is filled in. */
enum err_code request_add(struct store *, struct request *, struct err *);
/* The first open one behind n. */
enum err_code request_next(
    struct store *, int64_t n, bool *found, struct request *, struct err *);
enum err_code request_get(
    struct store *, int64_t n, struct request *, struct err *);
/* The password that it brought, or "": kept sealed until it has ended. */
enum err_code request_login(struct store *, const struct request *,
    char out[static STORE_PASSWORD], struct err *);
const char *request_name(enum request_what);
enum err_code request_sent(struct store *, int64_t n, struct err *);
/* A set-up is about to change the device; a command is given it. */
enum err_code request_begun(struct store *, int64_t n, struct err *);
/* Has it neither ended nor been cancelled? */
enum err_code request_waits(
    struct store *, int64_t n, bool *waits, struct err *);
/* An open one that has not begun ends here; *gone: it did. Whoever waits for
 * it is told. */
enum err_code request_cancel(
    struct store *, int64_t n, bool *gone, struct err *);
/* An open one that was not carried out is taken back; *kept: it may have
 * been. */
enum err_code request_drop(struct store *, int64_t n, bool *kept, struct err *);
/* What the last try of one that goes on came to. */
enum err_code request_note(
    struct store *, int64_t n, const char *detail, struct err *);
/* e: what stood against it. One that was cancelled stays so. Old ones are
 * forgotten. */
enum err_code request_end(struct store *, int64_t n, enum store_state,
    const struct err *why, struct err *e);

#endif
