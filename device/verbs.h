/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb tables of amtforge-device, one in each device/NOUN.c. A new table
 * is declared here and named in main.c.
 */
#ifndef DEVICE_VERBS_H
#define DEVICE_VERBS_H

#include "base/cli.h"

extern const struct cli_verb show_verbs[];
extern const struct cli_verb boot_verbs[];
extern const struct cli_verb mebxscreen_verbs[];
extern const struct cli_verb fleetrun_verbs[];

#endif
