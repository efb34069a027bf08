/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images for the units of an order: one base is read and judged once, then
 * each unit's record is put into a copy of it. A run that was killed is
 * simply repeated; a unit that fails is named and does not stop the others.
 */
#ifndef FACTORY_IMAGEWRITE_H
#define FACTORY_IMAGEWRITE_H

#include "base/cli.h"

/* The verb image write. */
enum err_code imagewrite_run(const struct cli_args *, struct err *);

#endif
