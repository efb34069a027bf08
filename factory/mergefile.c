/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge image merge: a base and a delta become the whole image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/secret.h"
#include "bios/image.h"
#include "factory/verbs.h"
#include "formats/delta.h"
#include "formats/reason.h"

#define SECTOR 0x1000 /* the smallest that SPI flash erases */

struct merge {
	const char *img, *delta, *out;
	const char *layout; /* NULL if none is wanted */
	uint8_t *image, *file;
	size_t n, file_n;
	struct delta d;
};

/* An input that is overwritten cannot be merged a second time. */
static enum err_code
judge_paths(const struct merge *m, struct err *e)
{
	const char *out[] = { m->out, m->layout };

	for (size_t i = 0; i < 2; i++) {
		if (out[i] == NULL)
			continue;
		if (file_same(out[i], m->img) || file_same(out[i], m->delta))
			return err_set(e, ERR_USAGE,
			    "%s: an input; it is not written over", out[i]);
	}
	if (m->layout != NULL &&
	    (strcmp(m->layout, m->out) == 0 || file_same(m->layout, m->out)))
		return err_set(e, ERR_USAGE,
		    "%s: image and layout go to two files", m->out);
	return ERR_OK;
}

/* The two are easily mixed up. */
static bool
is_image(const uint8_t *p, size_t n)
{
	struct image *img = malloc(sizeof(*img));
	bool is = false;
	struct err none;

	err_clear(&none);
	if (img != NULL)
		is = !delta_present(p, n) &&
		    image_read(p, n, img, &none) == ERR_OK;
	free(img);
	return is;
}

static enum err_code
load_delta(struct merge *m, struct err *e)
{
	struct rd r;

	if (file_load(m->delta, IMAGE_MAX, &m->file, &m->file_n, e) != ERR_OK)
		return e->code;
	rd_init(&r, m->file, m->file_n);
	if (delta_read(&r, &m->d))
		return ERR_OK;
	if (is_image(m->file, m->file_n))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_DELTA_MALFORMED),
		    "%s: a whole image, not a delta: there is nothing to merge",
		    m->delta);
	rd_err(&r, reason_get(REASON_DELTA_MALFORMED), e);
	return err_in(e, "%s", m->delta);
}

static enum err_code
load_base(struct merge *m, struct err *e)
{
	uint8_t sha[32];

	if (file_load(m->img, IMAGE_MAX, &m->image, &m->n, e) != ERR_OK)
		return e->code;
	if (delta_present(m->image, m->n))
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
		    "%s: a delta, not the base of one", m->img);
	if (crypto_sha256_of(m->image, m->n, sha, e) == ERR_OK &&
	    delta_judge(&m->d, m->n, sha, e) != ERR_OK)
		err_in(e, "%s: %s", m->delta, m->img);
	return e->code;
}

/* The sectors that hold a range, as regions of flashrom's layout file. What is
 * in them beside the ranges is the base's. */
static enum err_code
write_layout(const struct merge *m, int how, struct err *e)
{
	size_t from = 0, to = 0, regions = 0;
	struct wr w;

	wr_grow(&w, DELTA_RANGES * 64);
	for (size_t i = 0; i <= m->d.n; i++) {
		const struct delta_range *r = &m->d.r[i];
		size_t start = 0, end = 0;

		if (i < m->d.n) {
			start = (size_t)r->off / SECTOR * SECTOR;
			end = ((size_t)r->off + r->len + SECTOR - 1) / SECTOR *
			    SECTOR;
			end = end < m->n ? end : m->n;
		}
		if (i > 0 && i < m->d.n && start <= to) {
			to = end;
			continue;
		}
		if (i > 0)
			wr_fmt(&w, "%08zx:%08zx delta%zu\n", from, to - 1,
			    regions++);
		from = start;
		to = end;
	}
	if (w.failed)
		err_mem(e);
	else
		file_write(m->layout, how, w.buf, w.len, e);
	wr_free(&w);
	return e->code;
}

static enum err_code
tell(const struct cli_args *a, const struct merge *m, struct err *e)
{
	bool clears = delta_clears(&m->d);
	char uuid[UUID_TEXT];
	size_t bytes = 0;
	struct wr w;

	uuid_text(&m->d.uuid, uuid);
	for (size_t i = 0; i < m->d.n; i++)
		bytes += m->d.r[i].len;
	wr_grow(&w, 512);
	if (a->json)
		wr_fmt(&w,
		    "{\"uuid\":\"%s\",\"ranges\":%zu,\"bytes\":%zu,"
		    "\"clears_only\":%s}\n",
		    uuid, m->d.n, bytes, clears ? "true" : "false");
	else
		wr_fmt(&w, "%s: %zu bytes in %zu %s, %s\n", uuid, bytes, m->d.n,
		    m->d.n == 1 ? "range" : "ranges",
		    clears ? "which only clear bits: no erase is needed"
			   : "which set bits: sectors are erased");
	return cli_print(&w, e);
}

static enum err_code
write_all(const struct cli_args *a, struct merge *m, struct err *e)
{
	int how = cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW;

	delta_apply(&m->d, m->image);
	/* The layout holds no secret, and a killed run is to leave no image
	 * that lacks it. */
	if ((m->layout == NULL || write_layout(m, how, e) == ERR_OK) &&
	    file_write(m->out, how | FILE_SECRET, m->image, m->n, e) ==
		ERR_OK &&
	    strcmp(m->out, "-") != 0)
		tell(a, m, e);
	return e->code;
}

static enum err_code
run_merge(const struct cli_args *a, struct err *e)
{
	struct merge *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_mem(e);
	m->img = a->pos[0];
	m->delta = a->pos[1];
	m->out = a->pos[2];
	m->layout = cli_value(a, "--layout", NULL);
	if (judge_paths(m, e) == ERR_OK && load_delta(m, e) == ERR_OK &&
	    load_base(m, e) == ERR_OK)
		write_all(a, m, e);
	if (m->image != NULL)
		secret_wipe(m->image, m->n);
	if (m->file != NULL)
		secret_wipe(m->file, m->file_n);
	free(m->image);
	free(m->file);
	free(m);
	return e->code;
}

static const struct cli_opt merge_opts[] = {
	{ "--layout", CLI_VALUE, "FILE",
	    "also write a flashrom layout of the sectors that differ" },
	{ "--force", CLI_FLAG, NULL, "replace OUT and the layout" },
	{ 0 },
};

const struct cli_verb mergefile_verbs[] = {
	{ "image merge", "IMG DELTA OUT [--layout FILE]",
	    "make a unit's whole image of base and delta", merge_opts, 3, 3,
	    run_merge },
	{ 0 },
};
