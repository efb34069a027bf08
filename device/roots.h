/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate hashes in force: the image's (or a one-touch key's), those
 * that IT added over the network, and which of either were switched off. What
 * was added is kept in the state until a full un-provisioning; what the factory
 * wrote stays (Open AMT docs; the white paper).
 *
 * Entries have handles that stay: those of the record come first, in its order,
 * then a place for each that may be added.
 */
#ifndef DEVICE_ROOTS_H
#define DEVICE_ROOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "device/state.h"
#include "formats/hashlist.h"
#include "formats/record.h"

/* The list in force, for hellos, judges and the host interface: without what a
 * set-up that has not ended changed. */
void roots_in_force(
    const struct record *, const struct state *, struct hashlist *out);
/* Entry i of the list, such changes included; *handle names it. false: there
 * is none. */
bool roots_nth(const struct record *, const struct state *, size_t i,
    size_t *handle, struct hash_entry *out);

enum roots_status {
	ROOTS_OK,
	ROOTS_FULL,      /* no room for one more */
	ROOTS_DUPLICATE, /* the hash is there */
	ROOTS_UNFIT,     /* of a kind that this version does not take; a name
			  * that is none */
	ROOTS_FIXED,     /* the factory's, or the only one: it stays */
	ROOTS_ABSENT,    /* no entry has that handle */
	ROOTS_MEMORY
};

/* These change the state in memory. */
enum roots_status roots_add(const struct record *, struct state *,
    const struct hash_entry *, size_t *handle);
enum roots_status roots_set_active(
    const struct record *, struct state *, size_t handle, bool active);
enum roots_status roots_remove(
    const struct record *, struct state *, size_t handle);

#endif
