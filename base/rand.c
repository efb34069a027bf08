/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/rand.h"

enum err_code
rand_bytes(void *buf, size_t n, struct err *e)
{
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, ERR_RETRY, "random generator");
		p += got;
		n -= (size_t)got;
	}
	return ERR_OK;
}
