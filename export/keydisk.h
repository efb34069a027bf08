/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A USB key's disk as an image file with holes: what formats/fatplan.h lays
 * out, and the file in it. Only what is not zero is written, so an image of
 * 64 MiB takes some KiB on disk.
 */
#ifndef EXPORT_KEYDISK_H
#define EXPORT_KEYDISK_H

#include "base/file.h"
#include "formats/fatplan.h"

/* file: plan->make.size bytes. out is new and is the caller's to commit, born
 * FILE_SECRET where the file holds secrets. sha: of the whole image, holes
 * included, which costs more time than the writing; NULL: not wanted. */
enum err_code keydisk_write(struct file_out *out, const struct fatplan *plan,
    const void *file, uint8_t *sha, struct err *);

#endif
