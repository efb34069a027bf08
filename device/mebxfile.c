/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/file.h"
#include "bios/container.h"
#include "device/mebxfile.h"

enum err_code
mebxfile_load(const char *image, struct secret *out, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	struct container_hit hit;
	const uint8_t *p = NULL;
	size_t n = 0;

	if (img == NULL)
		return err_mem(e);
	if (file_map(image, &p, &n, e) == ERR_OK &&
	    image_read(p, n, img, e) == ERR_OK && container_setup(img, &hit) &&
	    hit.len > 0 && secret_new(out, hit.len, e) == ERR_OK)
		secret_set(out, p + hit.at, hit.len, e);
	file_unmap(p, n);
	free(img);
	return e->code;
}
