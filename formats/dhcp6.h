/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCPv6 messages between a client and a server (RFC 8415): type, a 24-bit
 * transaction and options of u16 code and u16 length. Of the options only the
 * domain search list (24) and the DNS servers (23, RFC 3646) are looked at.
 * Names are not compressed there (RFC 8415, 10); one that is, is refused.
 */
#ifndef FORMATS_DHCP6_H
#define FORMATS_DHCP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547
#define DHCP6_NAME 256
#define DHCP6_NAMES 5 /* AMT looks at no more (Intel AMT SDK) */
#define DHCP6_DNS 3

enum dhcp6_type {
	DHCP6_CONFIRM = 4,
	DHCP6_REPLY = 7,
	DHCP6_RELEASE = 8,
	DHCP6_DECLINE = 9,
	DHCP6_RELAY_FORWARD = 12,
	DHCP6_RELAY_REPLY = 13
};

struct dhcp6 {
	uint8_t type;
	uint32_t xid;           /* 24 bits */
	const uint8_t *options; /* borrowed from the message that was read */
	size_t n;
};

bool dhcp6_read(struct rd *, struct dhcp6 *); /* to the end of the window */
void dhcp6_write(struct wr *, const struct dhcp6 *);
/* The first five names of the search list; all or nothing: a list with one
 * bad name has none. Returns how many. */
size_t dhcp6_names(
    const struct dhcp6 *, char out[static DHCP6_NAMES][DHCP6_NAME]);
size_t dhcp6_dns(const struct dhcp6 *, uint8_t out[static DHCP6_DNS][16]);

#endif
