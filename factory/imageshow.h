/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a flash image, for people and for programs; no secret of a
 * record, and no secret byte of a variable.
 */
#ifndef FACTORY_IMAGESHOW_H
#define FACTORY_IMAGESHOW_H

#include "base/cli.h"

/* The verb image show. */
enum err_code imageshow_run(const struct cli_args *, struct err *);

#endif
