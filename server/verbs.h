/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb tables of amtforge-server, one in each server/NOUN.c. A new table
 * is declared here and named in main.c.
 */
#ifndef SERVER_VERBS_H
#define SERVER_VERBS_H

#include "base/cli.h"

extern const struct cli_verb chain_verbs[];
extern const struct cli_verb chaincheck_verbs[];
extern const struct cli_verb confcheck_verbs[];
extern const struct cli_verb import_verbs[];
extern const struct cli_verb list_verbs[];
extern const struct cli_verb explain_verbs[];
extern const struct cli_verb run_verbs[];
extern const struct cli_verb account_verbs[];
extern const struct cli_verb alarm_verbs[];
extern const struct cli_verb onetime_verbs[];
extern const struct cli_verb ask_verbs[];
extern const struct cli_verb vigil_verbs[];

#endif
