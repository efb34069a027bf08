/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/secret.h"
#include "bios/carry.h"
#include "bios/place.h"
#include "factory/planjob.h"
#include "formats/reason.h"

enum err_code
planjob_new(const struct cli_args *a, struct planjob **out, struct err *e)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return err_mem(e);
	(*out)->a = a;
	return ERR_OK;
}

void
planjob_free(struct planjob *j)
{
	if (j == NULL)
		return;
	plandoc_free(&j->doc);
	plan_free(&j->plan);
	mapfile_free(j->map);
	order_free(j->o);
	ledger_close(j->l);
	if (j->bytes != NULL) /* may be an image with a unit's secrets */
		secret_wipe(j->bytes, j->n);
	free(j->bytes);
	secret_wipe(j, sizeof(*j));
	free(j);
}

enum err_code
planjob_names(const char *const *in, size_t n, const char *out, struct err *e)
{
	size_t pipes = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(in[i], "-") == 0)
			pipes++;
		else if (out != NULL && file_same(in[i], out))
			return err_set(e, ERR_USAGE,
			    "%.200s: is read, and would be replaced", out);
	}
	if (pipes > 1)
		return err_set(
		    e, ERR_USAGE, "only one input can be standard input");
	return ERR_OK;
}

enum err_code
planjob_image(struct planjob *j, const char *path, struct err *e)
{
	j->path = strcmp(path, "-") == 0 ? "standard input" : path;
	if (file_read(path, IMAGE_MAX, &j->bytes, &j->n, e) != ERR_OK)
		return e->code;
	if (crypto_sha256_of(j->bytes, j->n, j->sha256, e) != ERR_OK)
		return e->code;
	if (image_read(j->bytes, j->n, &j->img, e) != ERR_OK)
		return err_in(e, "%s", j->path);
	return ERR_OK;
}

enum err_code
planjob_ledger(
    struct planjob *j, const char *path, const char *out, struct err *e)
{
	const char *key = cli_value(j->a, "--key-file", NULL);

	if (ledger_spare(path, key, out, e) != ERR_OK)
		return e->code;
	return ledger_open(path, key, &j->l, e);
}

enum err_code
planjob_unit(struct planjob *j, const struct uuid *uuid, struct err *e)
{
	if (unit_load(j->l, uuid, &j->u, e) == ERR_OK &&
	    order_load(j->l, j->u.order, &j->o, e) == ERR_OK)
		unit_record(j->o, &j->u, &j->rec);
	return e->code;
}

enum err_code
planjob_may_write(const struct planjob *j, struct err *e)
{
	char uuid[UUID_TEXT];

	if (unit_may_image(&j->u, e) == ERR_OK)
		return ERR_OK;
	uuid_text(&j->u.uuid, uuid);
	return err_in(e, "unit %s", uuid);
}

enum err_code
planjob_derive(struct planjob *j, struct err *e)
{
	char uuid[UUID_TEXT];

	if (plan_begin(&j->planner, &j->img, &j->map->map, e) != ERR_OK)
		return err_in(e, "%s", j->path);
	if (plan_make(&j->planner, &j->rec, &j->plan, e) == ERR_OK)
		return plandoc_make(&j->doc, &j->planner, &j->plan, &j->rec,
		    j->map, j->sha256, e);
	uuid_text(&j->rec.uuid, uuid);
	return err_in(e, "%s: unit %s", j->path, uuid);
}

/* ---- verifying ---- */

static enum err_code
same_elsewhere(const struct planjob *j, const uint8_t *p, struct err *e)
{
	size_t at = 0;

	for (size_t i = 0; i <= j->plan.n; i++) {
		size_t end = i == j->plan.n ? j->n : j->plan.w[i].off;

		for (; at < end; at++)
			if (p[at] != j->bytes[at]) {
				err_refuse(e, ERR_DATA,
				    reason_get(REASON_IMAGE_DIFFERS),
				    "offset 0x%zx: changed, but not planned",
				    at);
				return err_at(e, at);
			}
		if (i < j->plan.n)
			at = j->plan.w[i].off + j->plan.w[i].len;
	}
	return ERR_OK;
}

static void
signatures(const struct image *img, struct me_signatures *out)
{
	struct me me;

	memset(out, 0, sizeof(*out));
	if (place_me(img, &me))
		me_verify(&me, out);
}

static enum err_code
same_signatures(const struct planjob *j, const struct image *img, struct err *e)
{
	struct me_signatures was, is;

	signatures(&j->img, &was);
	signatures(img, &is);
	if (was.verified == is.verified && was.wrong == is.wrong &&
	    was.unknown == is.unknown)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "offset 0x%zx: signatures of ME code were %zu right and %zu wrong, "
	    "and now are %zu and %zu",
	    is.at, was.verified, was.wrong, is.verified, is.wrong);
	return err_at(e, is.at);
}

enum err_code
planjob_verify(
    const struct planjob *j, const uint8_t *p, size_t n, struct err *e)
{
	struct image *img = calloc(1, sizeof(*img));

	if (img == NULL)
		return err_mem(e);
	if (n != j->n)
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
		    "%zu bytes were written of %zu", n, j->n);
	else if (same_elsewhere(j, p, e) == ERR_OK &&
	    carry_made(&j->planner, p, &j->rec, img, e) == ERR_OK)
		same_signatures(j, img, e);
	free(img);
	return e->code;
}
