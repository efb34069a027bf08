/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DHCP messages (RFC 2131, RFC 2132): a fixed head of 240 bytes and options.
 * Big-endian. An option may be in several pieces, which are then one (RFC
 * 3396), and some may be in the fields for the file's and the server's name
 * (option 52). Nothing in a message is trusted: texts are taken as domain
 * names only if they look like one.
 */
#ifndef FORMATS_DHCP_H
#define FORMATS_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define DHCP_CLIENT_PORT 68
#define DHCP_SERVER_PORT 67
#define DHCP_MAX 1500
#define DHCP_NAME 256
#define DHCP_DNS 3
#define DHCP_FOR_EVER 0xffffffffu

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM
};

struct dhcp {
	uint8_t op; /* 1 to a server, 2 from one */
	uint8_t hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint8_t ciaddr[4], yiaddr[4], siaddr[4], giaddr[4];
	uint8_t chaddr[16];
	uint8_t sname[64], file[128];
	const uint8_t *options; /* borrowed from the message that was read */
	size_t n;
};

/* Of an Ethernet client only. Each option fits, and there is an end. */
bool dhcp_read(struct rd *, struct dhcp *); /* to the end of the window */
void dhcp_write(struct wr *, const struct dhcp *);

/* The option's bytes, its pieces put together; false if it is not there or
 * has more than room. */
bool dhcp_option(
    const struct dhcp *, uint8_t code, uint8_t *out, size_t room, size_t *n);

/* What a message says; zeroes and "" for what it does not, or says badly. */
struct dhcp_facts {
	uint8_t type; /* enum dhcp_type; 0: plain BOOTP */
	uint8_t server[4], requested[4], mask[4], router[4];
	uint32_t lease, t1, t2; /* seconds */
	size_t ndns;
	uint8_t dns[DHCP_DNS][4];
	char domain[DHCP_NAME]; /* option 15 */
};
void dhcp_facts(const struct dhcp *, struct dhcp_facts *);

/* A client's message. Zeroes leave an option out. */
struct dhcp_ask {
	enum dhcp_type type;
	uint32_t xid;
	uint16_t secs;
	uint8_t mac[6];
	uint8_t client[4]; /* the address it has already */
	uint8_t requested[4], server[4];
	uint8_t id[32]; /* client identifier, option 61 */
	size_t nid;
};
void dhcp_ask_write(struct wr *, const struct dhcp_ask *);

/* domain_is_name(), without a dot at its end. */
bool dhcp_is_name(const char *);

#endif
