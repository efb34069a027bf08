/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables of Setup.bin: module 1 is ME and MEBx in general, module 2
 * configuration and provisioning. Names are MeshCommander's. Where no public
 * source tells a variable's layout it is raw bytes; what a source only
 * suggests is marked in the table.
 *
 * Values on disk: texts are printable ASCII without a terminator; integers
 * are little-endian of exactly their width; an IPv4 address has its octets
 * reversed; a GUID is 16 bytes as they lie there; a hash entry is
 * formats/hashlist.h's.
 */
#ifndef FORMATS_SETUPVAR_H
#define FORMATS_SETUPVAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/setupbin.h"

enum setupvar_type {
	SETUPVAR_TEXT,
	SETUPVAR_UINT, /* min_len == max_len bytes: 1, 2 or 4 */
	SETUPVAR_GUID,
	SETUPVAR_IPV4,
	SETUPVAR_HASH,
	SETUPVAR_PID,
	SETUPVAR_PPS,
	SETUPVAR_BYTES /* layout not public */
};

struct setupvar {
	uint16_t module, id;
	const char *name;
	enum setupvar_type type;
	uint16_t min_len, max_len; /* bytes of the value */
	uint32_t min, max;         /* UINT: legal values */
	uint32_t bits; /* UINT: if not 0, legal values as bits 1 << value,
			* and max; for sets with gaps */
	uint8_t from_major, from_minor; /* lowest file version */
	bool secret;   /* never shown unasked: passwords, PPS, passcode */
	bool repeats;  /* 2/8 only */
	bool inferred; /* the lowest version is; no source says it */
};

enum setupvar_fault {
	SETUPVAR_OK,
	SETUPVAR_LENGTH,
	SETUPVAR_RANGE,
	SETUPVAR_CHARS, /* not printable ASCII; not 0-9A-Z of a PID or PPS */
	SETUPVAR_HASH_TYPE,
	SETUPVAR_HASH_LENGTH, /* parts do not add up, or name over 32 */
};

/* Which rule an entry breaks by what stands before it (MeshCommander's notes);
 * ascending order breaks none. */
enum setupvar_order {
	SETUPVAR_IN_ORDER,
	SETUPVAR_ORDER_PASSWORD,  /* 1/1, then 1/2, before all else */
	SETUPVAR_ORDER_SELECTION, /* 1/3 before module 2 */
	SETUPVAR_ORDER_HASH,      /* 2/7 before 2/8 */
	SETUPVAR_ORDER_ACTIVATE   /* 2/3, 2/4 and 2/17 before 2/28 */
};

/* NULL: unknown, raw bytes are kept. */
const struct setupvar *setupvar_find(uint16_t module, uint16_t id);
/* The i-th in ascending order; NULL behind the last. */
const struct setupvar *setupvar_nth(size_t i);
/* The entry is one of the record's. Unknown ones before it do not come before
 * a password. */
enum setupvar_order setupvar_order(
    const struct setupbin_record *, const struct setupbin_entry *);
enum setupvar_fault setupvar_judge(
    const struct setupvar *, const void *value, size_t n);
/* Is this value of legal length, width and range? *why says what is wrong,
 * never the value. 1/1 and 1/2: length and character set only; the password
 * rule is formats/passwd.h's, the check characters of a PID or PPS psk.h's. */
bool setupvar_check(
    const struct setupvar *, const void *value, size_t n, const char **why);

#endif
