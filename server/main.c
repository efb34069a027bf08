/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/cli.h"
#include "base/crypto.h"
#include "base/sandbox.h"
#include "server/verbs.h"

static const struct cli_verb *const tables[] = {
	chain_verbs,
	chaincheck_verbs,
	confcheck_verbs,
	import_verbs,
	run_verbs,
	list_verbs,
	explain_verbs,
	account_verbs,
	onetime_verbs,
	vigil_verbs,
	ask_verbs,
	alarm_verbs,
	NULL,
};

int
main(int argc, char **argv)
{
	sandbox_keys();
	crypto_init();
	return cli_main("amtforge-server",
	    "imports what the factory shipped with the machines, and sets "
	    "them up when they say hello.",
	    tables, argc, argv);
}
