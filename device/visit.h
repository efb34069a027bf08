/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a machine's port: its TLS is judged, its HTTP requests
 * are authenticated and answered. No WS-Man is looked at before the chain or
 * the pre-shared key was accepted.
 */
#ifndef DEVICE_VISIT_H
#define DEVICE_VISIT_H

#include "device/machine.h"

/* Of an answer's body. */
#define VISIT_ANSWER_MAX 0x40000

/* A new visit; NULL if there is no memory. The loop's handler frees it. Where
 * the machine has as many as the settings allow, the one that is least wanted
 * is closed for it. */
struct machine_session *visit_new(struct machine *, const struct conn_peer *);
/* Where its connection stands, for conn_end. */
struct conn **visit_self(struct machine_session *);
/* Likewise of a program on the machine's host, on the port without TLS, where
 * the administrator may log in too or may not. */
struct machine_session *visit_host(
    struct machine *, const struct conn_peer *, bool admin);
void visit_free(struct machine_session *); /* closes its connection, if any */
/* Is a server here that was let in? Who only connects, or comes from the host,
 * is none. */
bool visit_serving(const struct machine *);
/* Ends all of them, once their answers are out; whose handshake is not over
 * gets no further. */
void visit_end_all(struct machine *);
extern const struct conn_handler visit_handler;
/* Takes what comes, and never answers: without TLS. */
extern const struct conn_handler visit_silent;

/* Drops what a set-up that did not end changed: at once, or where its server
 * has no connection and has asked nothing for as long as one may be idle. That
 * something was dropped, and why, is told. */
void visit_undo(struct machine *, const char *why);
void visit_expire(struct machine *);

/* The two ways in, a console's by certificate, and the machine's own
 * certificate, for tls_config; conn_arg is the visit. */
tls_judge_fn visit_judge;
tls_psk_fn visit_psk;
tls_judge_fn visit_mutual;
tls_own_fn visit_own;

#endif
