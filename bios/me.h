/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ME region of an image: which kind of layout it has, its partitions, whose
 * they are, and which of their bytes nobody may write. Reading is cheap and
 * hashes nothing; signatures are verified by a call of their own. Pure; the
 * image is borrowed.
 *
 * Whose a partition is follows from one table of names (coreboot, me_cleaner,
 * MEAnalyzer, UEFITool); one that has a manifest is signed code whatever its
 * name.
 */
#ifndef BIOS_ME_H
#define BIOS_ME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/fpt.h"
#include "bios/guard.h"
#include "bios/ifwi.h"
#include "bios/mecode.h"

#define ME_OWN "AMTO" /* the partition that this project adds */

enum me_layout {
	ME_ABSENT,  /* the image has no bytes of an ME region */
	ME_ERASED,  /* all FF */
	ME_UNKNOWN, /* neither $FPT nor a layout table */
	ME_VECTOR,  /* ROM bypass vector, $FPT at 0x10 */
	ME_FPT,     /* $FPT at 0 */
	ME_IFWI     /* layout table; $FPT in its data partition, if any */
};

struct me {
	const uint8_t *img; /* borrowed */
	bool present;
	enum me_layout layout;
	size_t base, end; /* of the region in the image */
	struct ifwi ifwi; /* ME_IFWI */
	bool has_fpt;
	struct fpt fpt;
};

enum me_kind {
	ME_CODE,    /* signed by Intel */
	ME_TOKEN,   /* signed by Intel or the OEM: keys and tokens */
	ME_DATA,    /* the firmware's own */
	ME_OEM,     /* fixed offset variables: the OEM's */
	ME_EFFS,    /* file system of ME 6 to 10 */
	ME_MFS,     /* file systems of CSME */
	ME_FITC,    /* the OEM's configuration, CSME 15 on */
	ME_FUSES,   /* emulated fuses */
	ME_OURS,    /* ME_OWN */
	ME_NAMELESS /* not in the table */
};

struct me_part {
	struct fpt_entry e;
	enum me_kind kind;
	bool has_dir, has_man;
	struct mecode_dir dir;
	struct mecode_man man; /* not verified yet */
};

/* Understands the region base..end-1. */
void me_read(const uint8_t *img, size_t base, size_t end, struct me *);
/* Is it a region of a known layout? */
bool me_known(const struct me *);
const char *me_layout_name(enum me_layout);
const char *me_kind_name(enum me_kind);
/* The i-th partition of $FPT; i < fpt.n */
void me_part(const struct me *, size_t i, struct me_part *);
/* Code at from..end-1: its directory and manifest, if it has them. */
void me_code(const uint8_t *img, size_t from, size_t end, struct me_part *);
/* What is wrong with the region, the first of it; NULL if nothing. Looks for
 * manifests in all of its bytes. */
const char *me_fault(const struct me *, size_t *at);
/* Walks bytes that are in no partition or table and are not erased; *at starts
 * as 0. */
bool me_gap(const struct me *, size_t *at, size_t *from, size_t *end);
/* Verifies each manifest once, however many partitions hold it, and hashes no
 * more than a few times what the region has: a table may name the same bytes
 * again and again. */
#define ME_MANIFESTS 96
struct me_checks {
	size_t left; /* bytes */
	size_t n;
	struct me_check {
		size_t off, size;
		enum mecode_verdict verdict;
		const char *scheme, *why;
		size_t at;
	} done[ME_MANIFESTS];
};
void me_checks_init(struct me_checks *, const struct me *);
void me_check(struct me_checks *, struct mecode_man *);

/* Verifies every manifest, those of boot partitions too. */
struct me_signatures {
	size_t verified, wrong, unknown;
	size_t at; /* of the first wrong one */
};
void me_verify(const struct me *, struct me_signatures *);

/* What may not be written. GUARD_SIGNED: partitions with code or tokens, boot
 * partitions, what lies behind a manifest wherever that is, and the whole
 * region where a table of it is damaged or names less than there is.
 * GUARD_UNKNOWN: tables, the firmware's own data, bytes without an owner, an
 * erased region. */
void me_guards(const struct me *, struct guard *);

#endif
