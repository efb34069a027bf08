/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program on the host names when it starts the configuration for one
 * server (StartConfigurationHBased): the hash of that server's own certificate,
 * and the DNS suffixes of the host's network. In the state it is a blob: u8
 * enum hash_type, the hash, then the suffixes, each with its NUL.
 */
#ifndef DEVICE_PIN_H
#define DEVICE_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/amt.h"
#include "device/state.h"
#include "formats/hashlist.h"
#include "formats/pthi.h"

#define PIN_SUFFIXES 4 /* as MeshCentral's client has it */

/* The blob is the caller's. with_suffixes false: they do not count. */
enum amt_status pin_of(
    const struct pthi_host_based *, bool with_suffixes, struct state_blob *);
/* Is it one, after it was read from a file? */
bool pin_sound(const struct state_blob *);
/* NULL where nothing is pinned; borrowed. */
const uint8_t *pin_hash(const struct state_blob *, enum hash_type *);
/* Suffix i, or NULL; borrowed. */
const char *pin_suffix(const struct state_blob *, size_t i);

#endif
