/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge station run. */
#include "factory/verbs.h"

const struct cli_verb stationfile_verbs[] = { { 0 } };
