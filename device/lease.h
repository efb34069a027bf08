/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DHCP client (RFC 2131) as a state machine: what comes in and how late it
 * is goes in, what to send comes out. No clock, no I/O.
 *
 * The first offer is taken, from whomever it is: there is nothing to tell a
 * good server from a bad one by. That is the white paper's warning; a preset
 * server name is its remedy.
 */
#ifndef DEVICE_LEASE_H
#define DEVICE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/dhcp.h"

enum lease_phase {
	LEASE_IDLE,
	LEASE_SELECTING,  /* DISCOVER is out */
	LEASE_REQUESTING, /* REQUEST is out, for an offer */
	LEASE_BOUND,
	LEASE_RENEWING,  /* with the server that gave it */
	LEASE_REBINDING, /* with any */
	LEASE_INFORMING  /* asks for options only; the address is the host's */
};

enum lease_event {
	LEASE_NOTHING,
	LEASE_SEND,  /* what lease_write() writes */
	LEASE_GIVEN, /* facts are new; there may be an address with them */
	LEASE_LOST,  /* the address may not be used any more; looks for one */
	LEASE_SILENT /* nobody answered for a while; goes on asking */
};

struct lease {
	enum lease_phase phase;
	uint8_t mac[6];
	uint32_t xid;
	uint8_t address[4], server[4];
	struct dhcp_facts facts; /* of the last acknowledgement */
	uint64_t begun, next;    /* ms; next: when lease_tick() is due */
	uint64_t t1, t2, end;
	unsigned tries;
};

/* now is any clock's ms that never goes back; random makes the transaction. */
void lease_start(
    struct lease *, const uint8_t mac[6], uint64_t now, uint32_t random);
void lease_inform(struct lease *, const uint8_t mac[6],
    const uint8_t address[4], uint64_t now, uint32_t random);
void lease_stop(struct lease *);
/* Time has come: 0 or more calls, until LEASE_NOTHING. */
enum lease_event lease_tick(struct lease *, uint64_t now, uint32_t random);
enum lease_event lease_take(struct lease *, const struct dhcp *, uint64_t now);
bool lease_has_address(const struct lease *);
/* To the server alone, not to all? */
bool lease_unicast(const struct lease *);
void lease_write(const struct lease *, uint64_t now, struct wr *);

#endif
