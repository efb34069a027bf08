/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/verbs.h"

const struct cli_verb stickfile_verbs[] = {
	{ 0 },
};
