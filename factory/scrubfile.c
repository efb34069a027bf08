/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge image scrub. */
#include "factory/verbs.h"

const struct cli_verb scrubfile_verbs[] = { { 0 } };
