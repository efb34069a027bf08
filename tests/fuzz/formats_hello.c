/* SPDX-License-Identifier: Apache-2.0 */
/* A hello that is read is written to the same bytes, and its size is known
 * from its own bytes, however they are cut. */
#include <string.h>

#include "formats/hello.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[HELLO_MAX];
	static struct hello h;
	size_t size = hello_size(p, n);
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (hello_read(&r, &h)) {
		wr_fixed(&w, out, sizeof(out));
		hello_write(&w, &h);
		must(!w.failed && w.len == n && memcmp(out, p, n) == 0);
		must(size == n);
	}
	must(size <= HELLO_MAX);
	for (size_t k = 0; k < n && k < 128; k++)
		must(hello_size(p, k) == 0 || hello_size(p, k) == size ||
		    size == 0);
	return 0;
}
