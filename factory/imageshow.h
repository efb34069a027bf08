/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a flash image, for people and for programs; no secret of a
 * record is printed. */
#ifndef FACTORY_IMAGESHOW_H
#define FACTORY_IMAGESHOW_H

#include "base/cli.h"
#include "bios/image.h"

/* rec: the live record, or NULL; at: its variable's offset. broken: why the
 * record that is there could not be read, or code ERR_OK. */
struct imageshow {
	const struct image *img;
	const struct record *rec;
	size_t at;
	const struct err *broken;
};

void imageshow_text(const struct imageshow *);
enum err_code imageshow_json(const struct imageshow *, struct err *);

#endif
