/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device learns by watching its host's exchanges with DHCP servers
 * (the white paper, step 6): the DNS suffix of option 15, those of DHCPv6's
 * option 24, and the DNS servers. The first answer to the host's own request
 * counts, and no second one; a rogue server's that is first cannot be told from
 * a good one's. Only where the host was never heard to ask (it did before the
 * device listened) is an answer taken without, once. What a request did not
 * ask for, and the answer does not tell, stays as it was. No I/O.
 */
#ifndef DEVICE_HOSTDHCP_H
#define DEVICE_HOSTDHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/machine.h"
#include "formats/dhcp.h"
#include "formats/dhcp6.h"
#include "formats/frame.h"

struct hostdhcp {
	uint8_t mac[FRAME_MAC]; /* the host's, and so the device's */
	bool asked, asked6;     /* requests were heard, with these numbers: */
	bool due, due6;         /* an answer to them is */
	bool known, known6;     /* one was taken */
	bool wants_suffix, wants_dns; /* the request asks for them */
	uint32_t xid, xid6;
	uint8_t server[4]; /* that the request was for; 0: any */
	char suffix[DHCP_NAME];
	size_t nsuffix6;
	char suffix6[DHCP6_NAMES][DHCP6_NAME];
	size_t ndns;
	char dns[MACHINE_DNS][ADDR_LEN];
};

enum hostdhcp_event {
	HOSTDHCP_NOTHING,
	HOSTDHCP_ASKS, /* the host asks: there is one */
	HOSTDHCP_LEARNT
};

void hostdhcp_init(struct hostdhcp *, const uint8_t mac[FRAME_MAC]);
enum hostdhcp_event hostdhcp_take(struct hostdhcp *, const struct frame *);
/* The same from an exchange of the device's own. */
void hostdhcp_facts(struct hostdhcp *, const struct dhcp_facts *);
/* Option 15 or, without it, option 24 (SDK), each suffix once; DNS servers. */
void hostdhcp_put(const struct hostdhcp *, struct machine_lan *);

#endif
