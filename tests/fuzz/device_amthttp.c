/* SPDX-License-Identifier: Apache-2.0 */
/* A request that was read is read again from just its own bytes, and no
 * prefix of it makes another one. */
#include <string.h>

#include "device/amthttp.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct amthttp_request r, again;
	size_t used = 0, same = 0;
	struct wr body, copy;
	int status = 0;

	wr_grow(&body, AMTHTTP_BODY_MAX);
	wr_grow(&copy, AMTHTTP_BODY_MAX);
	switch (amthttp_read(p, n, &r, &body, &used, &status)) {
	case AMTHTTP_DONE:
		must(used > 0 && used <= n);
		must(amthttp_read(p, used, &again, &copy, &same, &status) ==
		    AMTHTTP_DONE);
		must(same == used && copy.len == body.len);
		must(
		    body.len == 0 || memcmp(copy.buf, body.buf, body.len) == 0);
		must(amthttp_read(p, used - 1, &again, &copy, &same, &status) ==
		    AMTHTTP_MORE);
		break;
	case AMTHTTP_BAD:
		must(status == 400 || status == 413 || status == 414 ||
		    status == 500 || status == 501 || status == 505);
		break;
	case AMTHTTP_MORE:
		must(n < AMTHTTP_HEAD_MAX + 8 * AMTHTTP_BODY_MAX);
		break;
	}
	wr_free(&body);
	wr_free(&copy);
	return 0;
}
