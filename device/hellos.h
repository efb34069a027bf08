/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a machine's hellos go out, and to whom. They stop with the window, wait
 * while a server that was let in is connected (public sources do not say; it
 * speaks for itself), and while there is no network.
 */
#ifndef DEVICE_HELLOS_H
#define DEVICE_HELLOS_H

#include "device/machine.h"

enum err_code hellos_new(struct machine *, struct err *);
/* The first one at once; the counter starts over. */
void hellos_begin(struct machine *);
void hellos_stop(struct machine *);
/* The network is there (again): one that is overdue goes out. */
void hellos_wake(struct machine *);
void hellos_free(struct machine *);

#endif
