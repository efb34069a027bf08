/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One network interface of this host: what it is, whether its cable is in,
 * which address it has, and how to give it one. Addresses are numeric text,
 * or four bytes in network order.
 */
#ifndef BASE_NETIF_H
#define BASE_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NETIF_NAME 16
#define NETIF_ADDR 46

struct netif {
	char name[NETIF_NAME];
	unsigned index;
	bool ethernet, wireless;
	uint8_t mac[6];
};

/* ERR_NOINPUT if there is none of that name. */
enum err_code netif_find(const char *name, struct netif *, struct err *);
bool netif_has_carrier(const struct netif *); /* it is up, and so is the link */
/* Its first IPv4 address, else its first IPv6 one of more than link scope;
 * "" if it has neither. */
void netif_address(const struct netif *, char out[static NETIF_ADDR]);

/* A descriptor that can be read when links or addresses change;
 * netif_changes_drain() then makes it quiet again. */
enum err_code netif_changes(int *fd, struct err *);
void netif_changes_drain(int fd);

/* Gives it this one IPv4 address, and a default route unless the router is
 * 0.0.0.0. ERR_PERM where the user may not. */
enum err_code netif_set_address(const struct netif *, const uint8_t address[4],
    const uint8_t mask[4], const uint8_t router[4], struct err *);
/* Takes its IPv4 address away. */
enum err_code netif_clear_address(const struct netif *, struct err *);

#endif
