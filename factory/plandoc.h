/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as a file, to be reviewed, kept and undone: one line of canonical
 * JSON. It tells the base by size and SHA-256, has the map's own text, and for
 * each range the old bytes and the new ones; those that are secret have the
 * unit and the record's sequence instead, and the ledger makes them again.
 * Nor is there a digest of the result, by which a short password could be
 * guessed.
 *
 *   {"plan":1,"uuid","order","record":N,"base":{"size","sha256"},
 *    "map":{"name","sha256","text"},"clears_only":true,"writes":[
 *     {"offset","length","old":hex or "old_fill":byte,
 *      "new":hex or "secret":{"unit","record"},"why"}, ...]}
 *
 * Strict: what is read is written again to the same bytes.
 */
#ifndef FACTORY_PLANDOC_H
#define FACTORY_PLANDOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "bios/plan.h"
#include "factory/mapfile.h"
#include "formats/uuid.h"

#define PLANDOC_MAX 0x1000000 /* bytes of a file */

struct plandoc_write {
	size_t off, len;
	bool secret;
	bool fill; /* all old bytes are byte */
	uint8_t byte;
	size_t old, new; /* where they are in the document's bytes */
	char why[PLAN_WHY];
};

/* Holds no secret. Large: keep it on the heap; plandoc_free() its parts. */
struct plandoc {
	struct uuid uuid;
	char order[64];
	uint32_t sequence;
	size_t size; /* of the base */
	uint8_t sha256[SHA256_LEN];
	char map_name[MAP_NAME];
	uint8_t map_sha256[SHA256_LEN];
	char *map_text; /* owned */
	bool clears_only;
	size_t n;
	struct plandoc_write w[PLAN_WRITES];
	struct wr bytes;
};

/* Of a plan for that unit's record; sha256 is the base's. */
enum err_code plandoc_make(struct plandoc *, const struct planner *,
    const struct plan *, const struct record *, const struct mapfile *,
    const uint8_t sha256[static SHA256_LEN], struct err *);
void plandoc_write(struct wr *, const struct plandoc *);
/* REASON_PLAN_UNSOUND for what plandoc_write() would not write so. */
enum err_code plandoc_read(
    const void *, size_t n, struct plandoc *, struct err *);
/* REASON_PLAN_DIFFERS names the first difference of a plan that is given from
 * the one that was made now. */
enum err_code plandoc_same(
    const struct plandoc *given, const struct plandoc *now, struct err *);
/* Puts the old bytes into n bytes of an image. */
enum err_code plandoc_revert(
    const struct plandoc *, uint8_t *, size_t n, struct err *);
void plandoc_free(struct plandoc *);

#endif
