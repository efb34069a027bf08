/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a batch manifest (formats/manifest.h) whole, in this order: the
 * archive's form; the header; name, size and SHA-256 of every member; the
 * signature over the header and who made it; then, of each chunk, that it
 * opens, and its rows. What a caller does with the rows of a chunk that
 * came first it must be able to undo.
 *
 * CMS and gzip are reached through two calls, so that this stays pure. A
 * refusal names the member, the offset in the file, and the rule.
 */
#ifndef FORMATS_BATCH_H
#define FORMATS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/manifest.h"

struct batch_doors {
	/* Is sig a signature over json by someone who is trusted? */
	enum err_code (*verify)(void *arg, const void *json, size_t n,
	    const uint8_t *sig, size_t nsig, struct err *);
	/* Decrypts and inflates a chunk into out, which bounds it. */
	enum err_code (*open)(
	    void *arg, const uint8_t *, size_t n, struct wr *out, struct err *);
	void *arg;
};

/* The rules that a door's refusal is named by, in the order of base/cms.h's
 * verdicts: good, malformed, bad signature, untrusted, expired, not a
 * recipient, bad tag. */
#define BATCH_RULES 7
void batch_rules(const struct reason *rules[static BATCH_RULES]);

/* Large: allocate it. Borrows the file's bytes. */
struct batch {
	struct manifest m;
	char sha256[65]; /* of manifest.json: the manifest's digest */
	const uint8_t *base;
	const uint8_t *json, *sig;
	size_t njson, nsig;
	const uint8_t *chunk[MANIFEST_CHUNKS];
};

/* All but the rows. */
enum err_code batch_read(struct batch *, const void *, size_t,
    const struct batch_doors *, struct err *);
/* Does the first chunk open? What a key opens of one, it opens of all. */
enum err_code batch_opens(
    const struct batch *, const struct batch_doors *, struct err *);
/* Every row, in order; wiped behind each call. Stops where fn fails. */
typedef enum err_code batch_row_fn(void *arg, const struct row *, struct err *);
enum err_code batch_rows(const struct batch *, const struct batch_doors *,
    batch_row_fn *, void *arg, struct err *);

#endif
