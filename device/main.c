/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/cli.h"
#include "base/crypto.h"
#include "base/sandbox.h"
#include "device/verbs.h"

static const struct cli_verb *const tables[] = {
	show_verbs,
	boot_verbs,
	mebxscreen_verbs,
	fleetrun_verbs,
	NULL,
};

int
main(int argc, char **argv)
{
	sandbox_keys();
	crypto_init();
	return cli_main("amtforge-device",
	    "is an Intel AMT device in software: boots from the image that "
	    "the factory wrote and is set up over the real protocols.",
	    tables, argc, argv);
}
