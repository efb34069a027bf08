/* SPDX-License-Identifier: Apache-2.0 */
/* A delta that is read is written to the same bytes, its ranges ascend within
 * the image, and applying it and taking it back leaves a base as it was. Bytes
 * that are no delta are also tried with a digest that is right. */
#include <string.h>

#include "base/digest.h"
#include "formats/delta.h"
#include "tests/fuzz.h"

#define IMAGE 0x4000

static void
over_a_base(const struct delta *d)
{
	static uint8_t base[IMAGE], copy[IMAGE];
	static struct delta again;

	if (d->image > IMAGE)
		return;
	memset(base, 0xA5, sizeof(base));
	memcpy(copy, base, sizeof(copy));
	delta_apply(d, copy);
	memset(&again, 0, sizeof(again));
	again.image = d->image;
	for (size_t i = 0; i < d->n; i++) {
		must(memcmp(copy + d->r[i].off, d->r[i].p, d->r[i].len) == 0);
		must(delta_add(&again, &d->r[i], base));
	}
	delta_revert(d, base, copy);
	must(memcmp(copy, base, sizeof(copy)) == 0);
}

static void
again(const uint8_t *p, size_t n)
{
	static uint8_t out[DELTA_MAX];
	static struct delta d;
	uint64_t last = 0;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (!delta_read(&r, &d)) {
		must(r.why != NULL && r.at <= n && d.n == 0);
		return;
	}
	must(delta_present(p, n) && d.n > 0);
	for (size_t i = 0; i < d.n; i++) {
		must(d.r[i].off >= last && d.r[i].len > 0);
		last = d.r[i].off + d.r[i].len;
	}
	must(last <= d.image);
	wr_fixed(&w, out, sizeof(out));
	delta_write(&w, &d);
	must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
	over_a_base(&d);
}

static void
sealed(const uint8_t *p, size_t n)
{
	static uint8_t x[0x10000];

	if (n < DELTA_HEADER || n > sizeof(x) - SHA256_LEN)
		return;
	memcpy(x, p, n);
	digest_sha256(x, n, x + n);
	again(x, n + SHA256_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	again(p, n);
	sealed(p, n);
	if (n > SHA256_LEN)
		sealed(p, n - SHA256_LEN);
	return 0;
}
