/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb tables of amtforge-agent, one in each agent/NOUN.c. A new table is
 * declared here and named in main.c.
 */
#ifndef AGENT_VERBS_H
#define AGENT_VERBS_H

#include "base/cli.h"
#include "base/mei.h"

extern const struct cli_verb info_verbs[];
extern const struct cli_verb hashes_verbs[];
extern const struct cli_verb activate_verbs[];
extern const struct cli_verb await_verbs[];

/* Of each verb. */
#define VERBS_MEI                                                \
	{                                                        \
		"--mei", CLI_VALUE, "PATH",                      \
		    "MEI device, or a software device's socket " \
		    "(default: " MEI_PATH ")"                    \
	}
#define VERBS_END                          \
	{                                  \
		NULL, CLI_FLAG, NULL, NULL \
	}

#endif
