/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the hellos of a machine go: what an option says, else the server's
 * address in its record, else the server's name there. ERR_PEER if a name is
 * not known.
 */
#ifndef DEVICE_ROUTE_H
#define DEVICE_ROUTE_H

#include "base/err.h"
#include "device/machine.h"
#include "formats/record.h"

/* HOST, HOST:PORT or [ADDRESS]:PORT; without a port it is 0. */
enum err_code route_option(
    const char *text, struct machine_server *, struct err *);
/* option's address is empty where there is none. Nothing known is no error:
 * the address is empty. */
enum err_code route_find(const struct machine_server *option,
    const struct record *, struct machine_server *, struct err *);

#endif
