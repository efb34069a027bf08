/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware of the machine that this program runs on, asked by PTHI. A
 * failure is refused with its reason: no device, no access, no such client, an
 * answer that is none, or a status.
 */
#ifndef AGENT_FIRMWARE_H
#define AGENT_FIRMWARE_H

#include <stdbool.h>

#include "base/cli.h"
#include "base/err.h"
#include "base/mei.h"
#include "formats/pthi.h"

struct firmware {
	const char *path;
	struct mei_target amt, wd;
	struct mei *mei;
	struct wr answer; /* the last one, whole */
};

/* By --mei. Power that is not needed any more is given up. */
enum err_code firmware_open(
    struct firmware *, const struct cli_args *, struct err *);
/* The same again, after a connection was lost. */
enum err_code firmware_reopen(struct firmware *, struct err *);
void firmware_close(struct firmware *); /* wipes; unopened is fine */

/* Asks what is in m, and puts the answer there; any status is an answer. The
 * caller wipes m where it holds a secret. */
enum err_code firmware_ask(struct firmware *, struct pthi *m, struct err *);
/* Nothing but success is an answer. */
enum err_code firmware_need(struct firmware *, struct pthi *m, struct err *);
/* A question without arguments. */
enum err_code firmware_get(
    struct firmware *, enum pthi_op, struct pthi *m, struct err *);
/* The same, where a firmware need not know it: false without an answer. A
 * connection that is lost is in e. */
bool firmware_knows(
    struct firmware *, enum pthi_op, struct pthi *m, struct err *);
/* The refusal of an answer that is no success. */
enum err_code firmware_refused(
    const struct firmware *, const struct pthi *m, struct err *);

/* Is AMT enabled, and may the host enable it? *known: false where the firmware
 * has no client to ask. */
struct firmware_switch {
	bool known, enabled, allowed, settable;
};
enum err_code firmware_switch(
    struct firmware *, struct firmware_switch *, struct err *);
enum err_code firmware_enable(
    struct firmware *, const struct firmware_switch *, struct err *);

#endif
