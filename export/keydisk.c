/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"
#include "export/keydisk.h"
#include "formats/fat.h"

static const uint8_t zeroes[64 * 1024];

struct disk {
	struct file_out *out;
	struct crypto_sha256 *sha; /* NULL: not wanted */
	uint64_t at;               /* hashed so far */
	struct err *e;
};

/* The hole up to an offset. */
static bool
hash_hole(struct disk *d, uint64_t to)
{
	while (d->sha != NULL && d->at < to) {
		size_t n = to - d->at < sizeof(zeroes) ? (size_t)(to - d->at)
						       : sizeof(zeroes);

		if (crypto_sha256_add(d->sha, zeroes, n, d->e) != ERR_OK)
			return false;
		d->at += n;
	}
	return true;
}

static bool
put(void *arg, uint64_t off, const void *p, size_t n)
{
	struct disk *d = arg;

	if (file_out_write_at(d->out, off, p, n, d->e) != ERR_OK ||
	    !hash_hole(d, off))
		return false;
	d->at = off + n;
	return d->sha == NULL ||
	    crypto_sha256_add(d->sha, p, n, d->e) == ERR_OK;
}

enum err_code
keydisk_write(struct file_out *out, const struct fatplan *plan,
    const void *file, uint8_t *sha, struct err *e)
{
	struct disk d = { out, NULL, 0, e };
	uint64_t size = plan->sectors * FAT_SECTOR;

	if (sha != NULL && crypto_sha256_new(&d.sha, e) != ERR_OK)
		return e->code;
	if (file_out_size(out, size, e) == ERR_OK &&
	    fatplan_emit(plan, put, &d) &&
	    put(&d, plan->file * FAT_SECTOR, file, plan->make.size) &&
	    hash_hole(&d, size) && sha != NULL)
		crypto_sha256_end(d.sha, sha, e);
	crypto_sha256_free(d.sha);
	return e->code;
}
