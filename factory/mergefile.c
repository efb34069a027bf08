/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge image merge: a base and a delta become the whole image. */
#include "factory/verbs.h"

const struct cli_verb mergefile_verbs[] = { { 0 } };
