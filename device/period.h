/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What opens and closes the window in which a machine may be set up: its own
 * start, its host, a server that extends it, and time. Up-time is counted when
 * something happens, and kept now and then, not each second.
 */
#ifndef DEVICE_PERIOD_H
#define DEVICE_PERIOD_H

#include "device/machine.h"

enum err_code period_new(struct machine *, struct err *);
void period_free(struct machine *); /* its timers */
/* At a start of a machine that is not set up. */
void period_start(struct machine *);
/* Neither talks nor is open from now on. */
void period_shut(struct machine *);
/* The window was extended by these hours; 0 ends it. */
void period_extend(struct machine *, unsigned hours);
/* At the machine's end: what was spent is to be saved. */
void period_keep(struct machine *);

/* What an agent on the host asks for by MEI; the AMT status is the answer.
 * Start opens the window for six hours, whatever the start mode: not-ready
 * without a network or, with certificates, a DNS suffix; bad-state once it is
 * set up; AMT_CERT_NOT_READY where the certificate is made first, and the start
 * follows by itself. Stop: bad-mode unless set-up is going on. What cannot be
 * saved does not happen: AMT_FLASH_LIMIT. */
enum amt_status period_start_host(struct machine *);
/* The same for the one server that the blob names (pin.h), which is taken over
 * with AMT_OK: no hellos are sent, and the certificate is made at once. */
enum amt_status period_start_pinned(struct machine *, struct state_blob *);
enum amt_status period_stop(struct machine *);

#endif
