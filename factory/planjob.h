/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What image plan, apply, undo and check work on: an image, a map, a unit of
 * the ledger, and the plan that these make. Holds secrets: planjob_free().
 */
#ifndef FACTORY_PLANJOB_H
#define FACTORY_PLANJOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/err.h"
#include "bios/plan.h"
#include "factory/mapfile.h"
#include "factory/order.h"
#include "factory/plandoc.h"
#include "factory/unit.h"

struct planjob {
	const struct cli_args *a;
	const char *path; /* of the image, for messages */
	uint8_t *bytes;   /* owned */
	size_t n;
	uint8_t sha256[SHA256_LEN];
	struct image img;
	struct mapfile *map;
	struct ledger *l;
	struct order *o;
	struct unit u;
	struct record rec;
	struct planner planner;
	struct plan plan;
	struct plandoc doc; /* of the plan */
};

enum err_code planjob_new(
    const struct cli_args *, struct planjob **, struct err *);
void planjob_free(struct planjob *); /* NULL is fine */

/* Of n names that are read no two may be "-", and none may be out (NULL:
 * nothing is written): ERR_USAGE. */
enum err_code planjob_names(
    const char *const *in, size_t n, const char *out, struct err *);
/* Reads and understands the image; "-" is standard input. */
enum err_code planjob_image(struct planjob *, const char *path, struct err *);
/* out: a file that is written, which the ledger must not be, or NULL. */
enum err_code planjob_ledger(
    struct planjob *, const char *path, const char *out, struct err *);
/* The unit with its order and record. */
enum err_code planjob_unit(struct planjob *, const struct uuid *, struct err *);
/* Its secrets may go into an image: not of a unit that is scrapped. */
enum err_code planjob_may_write(const struct planjob *, struct err *);
/* The plan and its document, from image, map and unit. */
enum err_code planjob_derive(struct planjob *, struct err *);
/* n bytes that the plan was applied to: understood again, they carry the
 * ledger's record, are the base elsewhere, and signatures of code are what
 * they were. REASON_IMAGE_DIFFERS. */
enum err_code planjob_verify(
    const struct planjob *, const uint8_t *, size_t n, struct err *);

#endif
