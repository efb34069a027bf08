/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cli.h"
#include "base/crypto.h"
#include "base/sandbox.h"
#include "factory/verbs.h"

static const struct cli_verb *const tables[] = {
	key_verbs,
	hash_verbs,
	imagefile_verbs,
	planfile_verbs,
	scrubfile_verbs,
	mergefile_verbs,
	stationfile_verbs,
	profile_verbs,
	ledger_verbs,
	order_verbs,
	unitfile_verbs,
	manifestfile_verbs,
	setupfile_verbs,
	setupkey_verbs,
	keylist_verbs,
	keyimage_verbs,
	stickfile_verbs,
	worksheet_verbs,
	NULL,
};

int
main(int argc, char **argv)
{
	sandbox_keys();
	crypto_init();
	return cli_main("amtforge",
	    "makes the credentials of a batch of Intel AMT machines, puts "
	    "them into their flash images, and hands them to the customer.",
	    tables, argc, argv);
}
