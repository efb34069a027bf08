/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a batch manifest (formats/manifest.h) from rows that come one by one.
 * Memory holds one chunk: chunks go, encrypted, to a file without a name
 * beside the target, and behind the header when all are there. Nothing is at
 * the target before maker_finish() succeeds, and then all of it.
 */
#ifndef EXPORT_MAKER_H
#define EXPORT_MAKER_H

#include "base/crypto.h"
#include "base/err.h"
#include "base/x509.h"
#include "formats/manifest.h"

/* All is borrowed until maker_free(). */
struct maker_how {
	const char *path;
	int file_how; /* enum file_how bits */
	const struct crypto_key *key;
	const struct x509_chain *signer;
	const struct x509_chain *to;
	/* Filled in but for oem, units, recipients and chunks, which the
	 * maker fills. */
	struct manifest *m;
};

struct maker;

enum err_code maker_new(
    const struct maker_how *, struct maker **, struct err *);
enum err_code maker_row(struct maker *, const struct row *, struct err *);
/* Signs and publishes. sha256: the manifest's digest. */
enum err_code maker_finish(
    struct maker *, char sha256[static 65], struct err *);
void maker_free(struct maker *); /* gives up what is not finished; wipes */

#endif
