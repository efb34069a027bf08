/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire of one machine: the interface that it shares with its host. Its
 * address is the host's; its DNS suffix is what the host's DHCP exchanges say
 * (hostdhcp.h). Where the host had an address before the machine came, it
 * asks the DHCP server for the rest (DHCPINFORM); where there is no host, it
 * gets an address of its own and gives it to the interface, until a host's
 * request is heard. The cable may be pulled and plugged.
 */
#ifndef DEVICE_LAN_H
#define DEVICE_LAN_H

#include "base/err.h"
#include "base/loop.h"
#include "device/machine.h"

struct lan;

enum lan_dhcp {
	LAN_AUTO,
	LAN_HOST, /* only watches: sends nothing */
	LAN_OWN   /* there is no host: does not wait for one */
};

struct lan_setup {
	struct loop *loop;
	const char *interface;
	enum lan_dhcp dhcp;
	unsigned long wait_ms; /* for a host, before there is none */
	/* What the wire says has changed; the struct is lan's. */
	void (*changed)(void *arg, const struct machine_lan *);
	/* "network", "no-network", "dhcp-silent", ...; why may be NULL. */
	void (*tell)(void *arg, const char *name, const char *words,
	    const struct err *why);
	void *arg;
};

/* Refuses an interface that is none, is not wired Ethernet, or may not be
 * listened to. Nothing is told before the loop runs. */
enum err_code lan_new(const struct lan_setup *, struct lan **, struct err *);
/* What is known before anything is told: its hardware address. */
const struct machine_lan *lan_facts(const struct lan *);
/* An address that it gave the interface is taken away. NULL is fine. */
void lan_free(struct lan *);

#endif
