/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "agent/verbs.h"
#include "base/sandbox.h"

static const struct cli_verb *const tables[] = {
	info_verbs,
	hashes_verbs,
	activate_verbs,
	await_verbs,
	NULL,
};

int
main(int argc, char **argv)
{
	sandbox_keys();
	return cli_main("amtforge-agent",
	    "runs on a machine and asks its Intel AMT firmware, over the "
	    "machine's own MEI, who it is, and to let itself be set up.",
	    tables, argc, argv);
}
