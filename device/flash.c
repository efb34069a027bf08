/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/secret.h"
#include "bios/image.h"
#include "bios/container.h"
#include "device/flash.h"
#include "formats/delta.h"
#include "formats/reason.h"

enum err_code
flash_open(struct flash *f, const char *base, struct err *e)
{
	memset(f, 0, sizeof(*f));
	f->path = base;
	if (base == NULL)
		return ERR_OK;
	if (file_load(base, IMAGE_MAX, &f->base, &f->n, e) != ERR_OK)
		return e->code;
	if (delta_present(f->base, f->n))
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
		    "%s: a delta, not the base of one", base);
	if ((f->copy = malloc(f->n)) == NULL)
		return err_mem(e);
	memcpy(f->copy, f->base, f->n);
	return crypto_sha256_of(f->base, f->n, f->sha, e);
}

/* What is wanted of an image: of its bytes, while they are there. */
struct want {
	struct record *rec;   /* flash_record() */
	struct secret *setup; /* flash_setup() */
};

static enum err_code
take_setup(const uint8_t *p, size_t n, struct secret *out, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	struct container_hit hit;

	if (img == NULL)
		return err_mem(e);
	if (image_read(p, n, img, e) == ERR_OK && container_setup(img, &hit) &&
	    hit.len > 0 && secret_new(out, hit.len, e) == ERR_OK)
		secret_set(out, p + hit.at, hit.len, e);
	free(img);
	return e->code;
}

static enum err_code
take(const struct want *w, const uint8_t *p, size_t n, struct err *e)
{
	if (w->rec != NULL)
		return image_record(p, n, w->rec, e);
	return take_setup(p, n, w->setup, e);
}

static enum err_code
over_base(struct flash *f, const uint8_t *p, size_t n, const struct want *w,
    struct err *e)
{
	struct delta *d = calloc(1, sizeof(*d));
	struct rd r;

	if (d == NULL)
		return err_mem(e);
	rd_init(&r, p, n);
	if (!delta_read(&r, d))
		rd_err(&r, reason_get(REASON_DELTA_MALFORMED), e);
	else if (delta_judge(d, f->n, f->sha, e) != ERR_OK)
		err_in(e, "%s", f->path);
	else {
		delta_apply(d, f->copy);
		if (take(w, f->copy, f->n, e) == ERR_OK && w->rec != NULL &&
		    !uuid_equal(&w->rec->uuid, &d->uuid)) {
			record_wipe(w->rec);
			err_refuse(e, ERR_DATA,
			    reason_get(REASON_DELTA_MALFORMED),
			    "it names another unit than its record");
		}
		delta_revert(d, f->base, f->copy);
	}
	free(d);
	return e->code;
}

static enum err_code
look(struct flash *f, const char *path, const struct want *w, struct err *e)
{
	uint8_t *p = NULL;
	size_t n = 0;

	if (file_load(path, IMAGE_MAX, &p, &n, e) != ERR_OK)
		return e->code;
	if (f->path == NULL && delta_present(p, n))
		err_set(e, ERR_USAGE,
		    "a delta: give the image that it was made from as --base");
	else if (f->path == NULL)
		take(w, p, n, e);
	else if (delta_present(p, n))
		over_base(f, p, n, w, e);
	else
		err_refuse(e, ERR_DATA, reason_get(REASON_DELTA_MALFORMED),
		    n == f->n ? "a whole image, which needs no --base: that is "
				"for deltas"
			      : "neither a delta nor an image of that base");
	err_in(e, "%s", path);
	secret_wipe(p, n);
	free(p);
	return e->code;
}

enum err_code
flash_record(
    struct flash *f, const char *path, struct record *out, struct err *e)
{
	return look(f, path, &(struct want){ .rec = out }, e);
}

enum err_code
flash_setup(
    struct flash *f, const char *path, struct secret *out, struct err *e)
{
	return look(f, path, &(struct want){ .setup = out }, e);
}

void
flash_free(struct flash *f)
{
	if (f->copy != NULL)
		secret_wipe(f->copy, f->n);
	free(f->copy);
	free(f->base);
	f->copy = f->base = NULL;
}
