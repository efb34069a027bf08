/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person does about an error of the system, from one table of its
 * numbers. Those that are not there say enough by themselves.
 */
#ifndef BASE_SYSMEND_H
#define BASE_SYSMEND_H

#include "base/err.h"

/* NULL: nothing is known, or it is no error of the system. */
const char *sysmend(const struct err *);

#endif
