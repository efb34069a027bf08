/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate-hash list of a device: hashes of root certificates' DER
 * (Intel AMT SDK, root certificate hashes). The white paper has room for 20;
 * newer profiles 30. One may be marked as the only one to use.
 */
#ifndef FORMATS_HASHLIST_H
#define FORMATS_HASHLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum hash_type {
	HASH_SHA1 = 1,
	HASH_SHA256 = 2,
	HASH_SHA384 = 3
};

#define HASHLIST_MAX 33
#define HASHLIST_NAME 31 /* MeshCommander's Setup.bin form; MEBx: 32 */
#define HASHLIST_HASH 48

struct hash_entry {
	enum hash_type type;
	uint8_t hash[HASHLIST_HASH];
	char name[HASHLIST_NAME + 1];
	bool active; /* announced and accepted */
	bool only;   /* this one alone is used; at most one in a list */
	bool oem;    /* a default: survives un-provisioning */
};

struct hashlist {
	size_t n;
	struct hash_entry e[HASHLIST_MAX];
};

size_t hashlist_hash_len(enum hash_type); /* 20, 32, 48; 0: none of these */
const char *hashlist_type_name(enum hash_type); /* "sha256" */
bool hashlist_type_parse(const char *, enum hash_type *);
/* The entry for a root certificate's DER. */
void hashlist_of_der(
    struct hash_entry *, enum hash_type, const void *der, size_t n);
/* An "only" entry, or NULL. */
const struct hash_entry *hashlist_only(const struct hashlist *);
/* NULL if sound, else what is wrong (two marked only, a duplicate, ...). */
const char *hashlist_check(const struct hashlist *, size_t most);
/* The Setup.bin 2.8 value: type, hash, name length, name. */
void hashlist_entry_write(struct wr *, const struct hash_entry *);
void hashlist_entry_read(struct rd *, struct hash_entry *);

#endif
