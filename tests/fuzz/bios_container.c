/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever an image has in its containers: each hit lies in the image, one at
 * most counts, it is whole and none is newer; a place for another is erased. */
#include "tests/board.h"
#include "tests/mutate.h"

static void
judge(const struct image *img, const struct container_list *l)
{
	const struct container_hit *best = NULL;
	struct recordview v;

	for (size_t i = 0; i < l->n; i++) {
		const struct container_hit *h = &l->hit[i];

		must(h->at <= img->n && h->len <= img->n - h->at);
		must(h->why == NULL || h->why_at <= img->n);
		if (h->counts) {
			must(best == NULL && !l->more);
			best = h;
		}
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct container_hit *h = &l->hit[i];

		if (h->why != NULL || h->kind == CONTAINER_SETUP)
			continue;
		must(recordview_open(&v, img->p + h->at, h->len));
		must(v.sequence == h->sequence);
		must(l->more ||
		    (best != NULL && best->kind != CONTAINER_SETUP &&
			best->sequence >= h->sequence));
	}
}

static void
try(const uint8_t *p, size_t n)
{
	static struct container_list l;
	static struct image img;
	static struct record rec;
	struct container_hit hit;
	struct err e;

	err_clear(&e);
	if (image_read(p, n, &img, &e) != ERR_OK)
		return;
	container_find(&img, &l);
	judge(&img, &l);
	must(container_live(&img, &hit) == (l.n > 0));
	if (container_record(&img, &rec, &hit, &e) == ERR_OK)
		must(rec.sequence == hit.sequence && hit.counts &&
		    !container_setup(&img, &hit));
	else
		must(e.reason != NULL);
	record_wipe(&rec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t base[BOARD_SIZE], p[BOARD_SIZE];
	size_t part;

	if (base[0x10] == 0) {
		must(board_make(base));
		part = board_part(base);
		must(part != 0);
		board_put(base, part, 3);
		board_put(base, BOARD_PDR, 1);
		board_put(base, BOARD_PDR + 0x2000, 2);
		board_oem(base, 3);
		board_variable(base, CONTAINER_SETUP_NAME, "x", 1);
	}
	memcpy(p, base, sizeof(p));
	mutate(p, 0x1000, in, len / 4 & ~(size_t)3);
	mutate(p + BOARD_ME, 0x100, in, len / 2 & ~(size_t)3);
	mutate(p + BOARD_PDR, 0x3000, in, len);
	mutate(p + BOARD_BIOS, STORE_SIZE, in, len);
	try(p, sizeof(p));
	try(in, len);
	return 0;
}
