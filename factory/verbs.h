/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb tables of amtforge, one in each factory/NOUN.c. A new table is
 * declared here and named in main.c.
 */
#ifndef FACTORY_VERBS_H
#define FACTORY_VERBS_H

#include "base/cli.h"

extern const struct cli_verb key_verbs[];
extern const struct cli_verb hash_verbs[];
extern const struct cli_verb profile_verbs[];
extern const struct cli_verb ledger_verbs[];
extern const struct cli_verb order_verbs[];
extern const struct cli_verb unitfile_verbs[];
extern const struct cli_verb imagefile_verbs[];
extern const struct cli_verb planfile_verbs[];
extern const struct cli_verb scrubfile_verbs[];
extern const struct cli_verb mergefile_verbs[];
extern const struct cli_verb stationfile_verbs[];
extern const struct cli_verb manifestfile_verbs[];
extern const struct cli_verb setupfile_verbs[];
extern const struct cli_verb setupkey_verbs[];
extern const struct cli_verb keylist_verbs[];
extern const struct cli_verb keyimage_verbs[];
extern const struct cli_verb stickfile_verbs[];
extern const struct cli_verb worksheet_verbs[];

#endif
