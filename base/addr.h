/* SPDX-License-Identifier: Apache-2.0 */
/* Numeric addresses ("127.0.0.1", "::1") and what sockets take for them. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

#define ADDR_LEN 46

/* ERR_USAGE where the text is no address. */
enum err_code addr_parse(const char *text, uint16_t port,
    struct sockaddr_storage *, socklen_t *, struct err *);
/* "" and 0 for a family that has none. */
void addr_text(
    const struct sockaddr_storage *, char out[static ADDR_LEN], uint16_t *port);

/* 127.0.0.0/8 and ::1; false for what is no address. */
bool addr_is_loopback(const char *text);

/* Of the two ends of a socket; left as they are where there is none. */
void addr_local(int fd, char out[static ADDR_LEN], uint16_t *port);
void addr_remote(int fd, char out[static ADDR_LEN], uint16_t *port);

#endif
