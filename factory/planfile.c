/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge image plan, apply, undo and check. */
#include "factory/verbs.h"

const struct cli_verb planfile_verbs[] = { { 0 } };
