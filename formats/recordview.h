/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the OEM provisioning record (OPR1, amtforge-record(5)) where it
 * lies: what formats/record.c reads by, and what a BIOS embeds. It allocates
 * nothing, keeps nothing but what the caller gives it, and calls memcpy and
 * memcmp only; it never reads outside the bytes that it is given. `make
 * recordreader` puts it and base/digestcore.c into one source file.
 *
 *	struct recordview v;
 *
 *	if (!recordview_open(&v, data, size))
 *		return v.why;
 *	n = recordview_text(&v, RECORDVIEW_PPS, pps, sizeof(pps));
 *
 * A record that opens is whole: lengths, CRC-32, SHA-256, order, padding and
 * every value were judged, so the getters cannot fail but by absence. What
 * they hand out may be secret: the caller wipes it.
 */
#ifndef FORMATS_RECORDVIEW_H
#define FORMATS_RECORDVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDVIEW_HEADER 0x48
#define RECORDVIEW_MAX 0x8000 /* bytes of a record */
#define RECORDVIEW_SECRETS 0x1u
#define RECORDVIEW_HASHES 33 /* most entries of 2/8 */
#define RECORDVIEW_EXTRA 512 /* most bytes of entries not named here */

/* Module and variable in one number. */
#define RECORDVIEW_VAR(module, id) ((uint32_t)(module) << 16 | (id))
#define RECORDVIEW_MEBX_CURRENT RECORDVIEW_VAR(1, 1)
#define RECORDVIEW_MEBX_NEW RECORDVIEW_VAR(1, 2)
#define RECORDVIEW_PID RECORDVIEW_VAR(2, 1)
#define RECORDVIEW_PPS RECORDVIEW_VAR(2, 2)
#define RECORDVIEW_PKI_DNS_SUFFIX RECORDVIEW_VAR(2, 3)
#define RECORDVIEW_SERVER_FQDN RECORDVIEW_VAR(2, 4)
#define RECORDVIEW_PKI RECORDVIEW_VAR(2, 5)
#define RECORDVIEW_HASH RECORDVIEW_VAR(2, 8) /* repeats */
#define RECORDVIEW_MODE RECORDVIEW_VAR(2, 16)
#define RECORDVIEW_SERVER_ADDRESS RECORDVIEW_VAR(2, 17) /* 4, reversed */
#define RECORDVIEW_SERVER_PORT RECORDVIEW_VAR(2, 18)
#define RECORDVIEW_TALK RECORDVIEW_VAR(2, 28)
#define RECORDVIEW_OURS 0x4146
#define RECORDVIEW_OTP RECORDVIEW_VAR(RECORDVIEW_OURS, 1)
#define RECORDVIEW_MARKS RECORDVIEW_VAR(RECORDVIEW_OURS, 2)
#define RECORDVIEW_KEY RECORDVIEW_VAR(RECORDVIEW_OURS, 3)
#define RECORDVIEW_CERT RECORDVIEW_VAR(RECORDVIEW_OURS, 4)
#define RECORDVIEW_AMT RECORDVIEW_VAR(RECORDVIEW_OURS, 5) /* major, minor */
#define RECORDVIEW_SERIAL RECORDVIEW_VAR(RECORDVIEW_OURS, 6)
#define RECORDVIEW_ORDER RECORDVIEW_VAR(RECORDVIEW_OURS, 7)
#define RECORDVIEW_UUID RECORDVIEW_VAR(RECORDVIEW_OURS, 8) /* SMBIOS order */
#define RECORDVIEW_ENABLED RECORDVIEW_VAR(RECORDVIEW_OURS, 9)

#define RECORDVIEW_MARK_ACTIVE 1
#define RECORDVIEW_MARK_ONLY 2
#define RECORDVIEW_MARK_OEM 4

struct recordview {
	const uint8_t *p; /* the record; borrowed */
	size_t n;
	uint32_t flags, sequence;
	const char *why; /* what is wrong with it first, or NULL */
	size_t at;       /* where that is */
};

struct recordview_entry {
	uint32_t var;
	const uint8_t *value; /* borrowed from the record */
	size_t n;
	size_t off, size; /* of the whole entry, in the record */
};

/* The magic only: erased flash has none. */
bool recordview_present(const void *, size_t n);
/* How long the record is that begins here, by a header whose checksum is
 * right; 0 if there is none, or it is longer than n bytes. For places where
 * nothing else tells a record's end. */
size_t recordview_length(const void *, size_t n);
/* n is the whole record, and all of it was judged if this returns true. */
bool recordview_open(struct recordview *, const void *, size_t n);
/* Walks the entries of a record that was opened: *at starts as 0. */
bool recordview_next(
    const struct recordview *, size_t *at, struct recordview_entry *);
/* The first entry of that kind. */
bool recordview_find(
    const struct recordview *, uint32_t var, struct recordview_entry *);
/* Copies a text with a NUL behind it; its length, 0 if it is absent or has no
 * room. */
size_t recordview_text(
    const struct recordview *, uint32_t var, char *out, size_t room);
/* A value of one or two bytes; fallback if it is absent. */
unsigned recordview_number(
    const struct recordview *, uint32_t var, unsigned fallback);
/* The i-th root certificate's hash, from 0, with its mark; false behind the
 * last. */
struct recordview_hash {
	uint8_t algorithm;   /* 1 SHA-1, 2 SHA-256, 3 SHA-384 */
	const uint8_t *hash; /* borrowed, as the name is */
	size_t n;
	const char *name; /* without a NUL */
	size_t name_len;
	uint8_t marks;
};
bool recordview_hash(
    const struct recordview *, size_t i, struct recordview_hash *);

#endif
