/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of a BIOS region that a hash covers: a machine may refuse to start
 * if they change. Pure.
 *
 * Found and read: Boot Guard's boot policy manifests, by their rows in the
 * FIT: the segments of the initial boot block, Microsoft's list in them
 * ("PMDA"); AMI's hash file of two ranges. Found, but what they cover is not
 * public or not certain: the hash over what follows the initial boot block,
 * key manifests without a policy, AMI's other hash files, Phoenix's.
 *
 * Layouts as UEFITool reads them (intel_acbp_v1.ksy, intel_acbp_v2.ksy,
 * ffsparser.cpp); UEFIExtract agrees on each (tests/interop/trees.sh).
 *
 *   policy, version below 0x20: "__ACBP__", u8 version, 7 bytes; elements of
 *   8 bytes name, u8 version, ...: "__IBBS__": 3 bytes, u32 flags, 40 bytes,
 *   hash behind it, u32 entry, hash, u8 count, segments; "__PMDA__": u16 size,
 *   u32 version 1 or 2, u32 count, entries; "__PMSG__" ends
 *   version 0x20 and above: "__ACBP__", u8 version, u8, u16 size 0x14, 8
 *   bytes; elements of 8 bytes name, u8 version, u8, u16 size with these 12:
 *   "__IBBS__": 4 bytes, u32 flags, 40 bytes, hash behind it, u32 entry, u16
 *   size of the digests, u16 count, digests, hash of the OEM's block, 3 bytes,
 *   u8 count, segments; "__PMDA__": 4 bytes, u32 version 3, u32 count, entries
 *   hash: u16 algorithm (TPM's numbers), u16 length, bytes
 *   segment: u16, u16 flags (bit 0: not in the hash), u32 address, u32 size
 *   PMDA entry 1: u32 address, u32 size, 32 bytes SHA-256; 2: the same with a
 *   hash; 3: u32, u32 address, u32 size, u32, hash
 *   AMI: twice 32 bytes SHA-256, u32 address, u32 size
 */
#ifndef BIOS_PROTECT_H
#define BIOS_PROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/guard.h"
#include "bios/image.h"

#define PROTECT_FOUND 16
#define PROTECT_RANGES 64

enum protect_kind {
	PROTECT_KEY,     /* Boot Guard key manifest */
	PROTECT_POLICY,  /* Boot Guard boot policy manifest */
	PROTECT_AMI,     /* AMI hash file */
	PROTECT_PHOENIX, /* Phoenix hash file */
	PROTECT_TABLE    /* a FIT that is broken, or lost */
};

enum protect_verdict {
	PROTECT_UNCHECKED, /* no hash of a kind that is known here */
	PROTECT_MATCHES,
	PROTECT_DIFFERS
};

/* What says that something is protected. */
struct protect_found {
	enum protect_kind kind;
	size_t off, end;
	uint8_t version; /* of a manifest */
	/* What of it is not understood; there is always something, see above,
	 * but for AMI's file of two ranges. */
	const char *why;
	size_t at;
};

struct protect_range {
	size_t off, end;
	const char *what; /* "initial boot block", ... */
	bool hashed;      /* false: a segment outside the hash */
	enum protect_verdict verdict;
};

struct protect {
	size_t nfound, nrange;
	bool more; /* than there is room for */
	struct protect_found found[PROTECT_FOUND];
	struct protect_range range[PROTECT_RANGES];
};

void protect_read(const struct image *, struct protect *);
/* Guards each range; and if anything was found whose ranges are not all
 * known, the BIOS region but for its variable volumes and stores. Before that,
 * as signed, what bios/stray.h finds. */
void protect_guards(const struct image *, struct guard *);
const char *protect_kind_name(enum protect_kind);
const char *protect_verdict_name(enum protect_verdict);

#endif
