/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Setup.bin file that an image has in a variable, for a BIOS that hands
 * one to MEBx (bios/container.h).
 */
#ifndef DEVICE_MEBXFILE_H
#define DEVICE_MEBXFILE_H

#include "base/err.h"
#include "base/secret.h"

/* What it is called where a key has its path. */
#define MEBXFILE_LABEL "AmtSetupBin"

/* Empty if the image has none, or a record, which counts before it. */
enum err_code mebxfile_load(const char *image, struct secret *, struct err *);

#endif
