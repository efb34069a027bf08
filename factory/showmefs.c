/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/showmefs.h"

bool
showmefs_tree(struct tree *t, const uint8_t *img, size_t off, size_t len,
    const char *partition)
{
	(void)t;
	(void)img;
	(void)off;
	(void)len;
	(void)partition;
	return false;
}
