/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device boot: one machine that runs until a signal. */
#include <string.h>

#include "device/origin.h"
#include "device/rig.h"
#include "device/verbs.h"
#include "device/wire.h"

static enum err_code
boot(const struct cli_args *args, struct err *e)
{
	const char *listen = cli_value(args, "--listen", NULL), *image;
	const char *key = cli_value(args, "--usb", NULL);
	struct wire w = { .rig = NULL };
	struct rig r = { .lock = STATELOCK_NONE };

	if (key != NULL && strcmp(key, "-") == 0)
		return err_set(e, ERR_USAGE, "--usb: a key is a file");
	if (cli_need(args, "--image", &image, e) == ERR_OK &&
	    blank_options(args, &r.board, e) == ERR_OK &&
	    wire_options(&w, args, e) == ERR_OK &&
	    rig_open(&r, args, listen != NULL ? listen : "0.0.0.0", e) ==
		ERR_OK &&
	    rig_add(&r, image, listen != NULL ? listen : "", e) == ERR_OK &&
	    origin_keep(r.state, image, cli_value(args, "--base", NULL), e) ==
		ERR_OK) {
		flash_free(&r.flash);
		if (rig_mei(&r, e) == ERR_OK && wire_start(&w, &r, e) == ERR_OK)
			rig_until_end(&r, e);
	}
	wire_free(&w);
	rig_free(&r);
	return e->code;
}

static const struct cli_opt boot_opts[] = {
	{ "--image", CLI_VALUE, "IMG",
	    "the factory's image, or a delta; only read" },
	{ "--state", CLI_VALUE, "DIR", "what the machine remembers" },
	{ "--listen", CLI_VALUE, "ADDR",
	    "its address, also of its hellos (default: all)" },
	{ "--usb", CLI_VALUE, "KEY",
	    "a one-touch key that is in at the start; an image of one" },
	{ "--uuid", CLI_VALUE, "UUID",
	    "the board's, where its image holds no record yet" },
	{ "--amt", CLI_VALUE, "X.Y",
	    "AMT version of that board (default: by the key's file)" },
	WIRE_OPTS,
	RIG_OPTS,
};

const struct cli_verb boot_verbs[] = {
	{ "boot", "--image IMG [--base IMG] --state DIR",
	    "run one machine from its image", boot_opts, 0, 0, boot },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
