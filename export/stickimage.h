/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a stick in a file, as usb image makes them and as a rehearsal
 * with the software device or a virtual machine leaves them: a third door,
 * that only reads.
 */
#ifndef EXPORT_STICKIMAGE_H
#define EXPORT_STICKIMAGE_H

#include "export/stick.h"

/* A file only: a stick is named by its port. ERR_RETRY while a software device
 * takes a record from it. */
enum err_code stickimage_open(const char *path, struct stick **, struct err *);

#endif
