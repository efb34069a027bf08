/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command that is given each machine after its set-up, for the next step:
 * an image, an inventory. It is run by a process of its own, forked before the
 * server has read a key or a password and before it gives up the power to
 * start programs; that process ends with the server, and kills what it runs.
 * There are two of them: where one is killed the other one starts another,
 * with a rest that grows, and no order is lost.
 *
 * What is due is in the store, so a server that was killed gives it once more:
 * the command may see a machine twice, never not at all.
 */
#ifndef SERVER_HANDOVER_H
#define SERVER_HANDOVER_H

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "server/conf.h"
#include "server/store.h"

struct handover;

/* The first thing that a server does. */
enum err_code handover_fork(struct handover **, struct err *);
/* What became of one is told when it is durable, as jobs' results are. */
struct handover_how {
	struct conf *conf;
	struct store *store;
	struct loop *loop;
	void (*tell)(void *arg, const struct store_unit *,
	    const struct err *why); /* ERR_OK: done */
	void (*broken)(void *arg, const struct err *);
	void *arg;
};
/* Takes up what is due in the store. */
enum err_code handover_start(
    struct handover *, const struct handover_how *, struct err *);
/* One more: due in the store, or a request (0: none) asks for it again. */
enum err_code handover_push(
    struct handover *, const struct uuid *, int64_t request, struct err *);
/* Is anything due? NULL: no. */
bool handover_busy(const struct handover *);
/* Does a request for it wait here? */
bool handover_has(const struct handover *, const struct uuid *);
void handover_free(struct handover *); /* NULL is fine */

#endif
