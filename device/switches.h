/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set-up session, or a console after it, may switch in a device: its
 * name, pings, redirection, KVM, power package, the port without TLS. Kept
 * beside the state only where something differs from the factory's values,
 * so that the many machines of a fleet that are as they were take no room.
 *
 * The factory's values are this device's own choice: firmware's differ by
 * maker and version.
 */
#ifndef DEVICE_SWITCHES_H
#define DEVICE_SWITCHES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define SWITCHES_HOST 64 /* a DNS label, with the NUL */
#define SWITCHES_DOMAIN 193
#define SWITCHES_PACKAGES 2

struct switches {
	char host[SWITCHES_HOST]; /* "" none */
	char domain[SWITCHES_DOMAIN];
	bool shared_fqdn, ping, rmcp_ping;
	int idle_wake;     /* minutes */
	unsigned power;    /* index of its power package */
	unsigned redirect; /* EnabledState less 32768: IDE-R 1, SOL 2 */
	bool listener;     /* the redirection port */
	bool kvm, kvm_consent;
	int kvm_timeout; /* minutes */
	unsigned roots;  /* certificates that are trusted roots, by bit */
};

/* To change: *s is made where it is NULL; NULL without memory. */
struct switches *switches_own(struct switches **);
/* What counts: s, or the factory's where it is NULL. */
const struct switches *switches_of(const struct switches *);
void switches_free(struct switches **);

/* Lines "switch.key value" of a state; nothing where s is NULL. */
void switches_put(struct wr *, const struct switches *s);
/* One of them, without "switch."; false if it is not understood. */
bool switches_take(struct switches **, const char *key, const char *value);

#endif
