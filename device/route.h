/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the hellos of a machine go, the first that applies (Intel AMT SDK):
 * an option's server, else the server's address in its record, else the
 * server's name there, else the host "provisionserver" under each DNS suffix
 * that is known; under none if there is none. An option's name is asked for
 * at the start; the others before each hello, in the loop, since names move.
 */
#ifndef DEVICE_ROUTE_H
#define DEVICE_ROUTE_H

#include "base/err.h"
#include "device/machine.h"
#include "formats/record.h"

/* HOST, HOST:PORT or [ADDRESS]:PORT; without a port it is 0. */
enum err_code route_option(
    const char *text, struct machine_server *, struct err *);
/* option's address is empty where there is none. So is the result's where a
 * name is to be asked for. */
void route_find(const struct machine_server *option, const struct record *,
    struct machine_server *);

/* The i-th name to ask for; false if there are no more. */
#define ROUTE_NAME (RECORD_STR + 16)
bool route_name(const struct machine *, size_t i, char out[static ROUTE_NAME]);

#endif
