/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the versions of AMT are documented to have and to take: one table, and
 * whoever asks "from which version on" reads it. A version between two rows
 * takes the nearest older one.
 *
 * Sources: Intel AMT SDK (root certificate hashes; acquiring a provisioning
 * certificate; PKI certificate verification methods; PSK; TLS), SCCM's
 * out-of-band pages (key sizes), Intel support 000090051 (SHA-1) and 000059996
 * (MEBx), Intel's USBFile pages (Setup.bin). Where public sources are silent
 * the field says so, and whoever uses it has a setting.
 *
 * Pure, and compiles freestanding: a BIOS's reader of USB keys asks it.
 */
#ifndef FORMATS_GENERATION_H
#define FORMATS_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/domain.h"

enum generation_tls {
	GENERATION_TLS_1_0,
	GENERATION_TLS_1_1,
	GENERATION_TLS_1_2,
	GENERATION_TLS_1_3
};

/* Which root hashes a technician can type at the set-up screen. */
enum generation_screen {
	GENERATION_SCREEN_ALL,
	GENERATION_SCREEN_SHA1, /* longer ones do not fit */
	GENERATION_SCREEN_NONE
};

/* Bits of the hash masks below, for enum hash_type. */
#define GENERATION_HASH(type) (1u << (type))

struct generation {
	uint8_t major, minor; /* the first version that has this row */
	/* Of roots: what is documented, and what nobody says for this age. */
	uint8_t hashes, hashes_unsaid;
	/* AMT 15 has done with SHA-1 and with RSA below 2048 where the chip
	 * set is of the H kind; on others it has not. */
	bool differs_by_chipset;
	uint16_t rsa_min, rsa_max; /* bits, of every certificate of a chain */
	bool ec;                   /* EC keys are heard of */
	enum generation_tls tls_min, tls_max;
	bool rsa_exchange; /* below TLS 1.3 the key exchange is RSA's */
	bool psk;          /* set-up by PID and PPS */
	/* A program on the host may start set-up for one server's certificate
	 * (StartConfigurationHBased). */
	bool host_start;
	/* A machine's host may set it up (IPS_HostBasedSetupService); and with
	 * a server's signature by AdminSetup, which later versions gave up. */
	bool host_setup, no_admin_setup;
	/* Rooms for root hashes: the OEM's, and those that the customer adds;
	 * how many a hello names. */
	uint8_t oem_hashes, own_hashes, announced;
	enum domain_rule domain;
	/* The newest Setup.bin that is read. */
	uint8_t setupbin_major, setupbin_minor;
	bool no_manual_item; /* Setup.bin 2/29 does nothing any more */
	enum generation_screen screen;
};

/* The row of a version; the first row for what is older than it. */
const struct generation *generation_of(unsigned major, unsigned minor);
/* Row i, oldest first; NULL at the end. */
const struct generation *generation_nth(size_t i);
/* The first version that reads Setup.bin files of this version. */
const struct generation *generation_reading(uint8_t major, uint8_t minor);
const char *generation_tls_name(enum generation_tls); /* "TLS 1.0" */
/* "3.0"; at most 7 characters. */
void generation_text(const struct generation *, char out[static 8]);

#endif
