/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine's host interface on a Unix socket, in place of the kernel's MEI
 * driver. A connection is one to the client AMTHI, and PTHI messages may be
 * sent at once; one that begins with the 16 bytes of a client's GUID, which
 * cannot begin a PTHI message, is connected to that client as the driver's
 * ioctl would, and answered with what the ioctl gives: u32 longest message, u8
 * protocol version, 3 zeroes. A client that is not known ends the connection,
 * as does what is no message of the client.
 */
#ifndef DEVICE_MEIPORT_H
#define DEVICE_MEIPORT_H

#include "device/machine.h"

struct meiport;

enum err_code meiport_new(
    struct machine *, const char *path, struct meiport **, struct err *);
void meiport_free(struct meiport *); /* NULL is fine */

#endif
