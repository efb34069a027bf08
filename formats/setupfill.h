/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a Setup.bin record, from what a machine is to have: for a key
 * that an order has (factory/keyfill.h) and for a file in an image
 * (bios/setupblob.h). Ascending by module and variable, which satisfies every
 * rule of order that is known. Pure.
 */
#ifndef FORMATS_SETUPFILL_H
#define FORMATS_SETUPFILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/generation.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/setupbin.h"
#include "formats/setupvar.h"

#define SETUPFILL_HASHES 3 /* that one record can add */

/* All borrowed. A text is left out where it is empty, a number where it is 0.
 */
struct setupfill {
	const char *current,
	    *mebx; /* MEBx passwords: of now, and the new one */
	bool enabled, pki, talk;
	const struct psk *psk;         /* where it is not pki */
	const struct hashlist *hashes; /* where it is */
	const char *suffix, *fqdn;
	const uint8_t *server_ip; /* 4, network order */
	uint16_t server_port;
	uint8_t smb; /* the value that says so, or 0 */
};

/* Called for a value that this version of the file does not know. */
typedef void setupfill_left(void *arg, const struct setupvar *);

/* Which of the hashes a record carries: the only one, or the first. */
size_t setupfill_hashes(const struct hashlist *,
    const struct hash_entry *out[static SETUPFILL_HASHES]);
/* One that needs a file of 3.0: any but SHA-1. NULL: none does. */
const struct hash_entry *setupfill_needs_3(const struct hashlist *);
/* The newest that machines of a generation read, but 3.0 where hashes (NULL:
 * none are carried) need it. */
void setupfill_version(const struct generation *, const struct hashlist *,
    uint8_t *major, uint8_t *minor);
/* Appends the entries; false if they do not fit. left may be NULL. The record
 * holds secrets afterwards. */
bool setupfill_entries(const struct setupfill *, const struct setupbin *head,
    struct setupbin_record *, setupfill_left *left, void *arg);

#endif
