/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verb boot's way onto a real network: options --interface and --dhcp,
 * and the machine that is told what the wire says (lan.h).
 */
#ifndef DEVICE_WIRE_H
#define DEVICE_WIRE_H

#include "base/err.h"
#include "device/lan.h"
#include "device/rig.h"

struct wire {
	struct rig *rig;
	const char *interface,
	    *suffix; /* options; suffix "" or in place of DHCP's */
	enum lan_dhcp dhcp;
	struct machine_lan facts; /* with the option in them */
	struct lan *lan;
};

/* ERR_USAGE where options do not go together. Without --interface nothing
 * else is done. */
enum err_code wire_options(
    struct wire *, const struct cli_args *, struct err *);
/* After the rig has its one machine. */
enum err_code wire_start(struct wire *, struct rig *, struct err *);
void wire_free(struct wire *); /* before the rig */

#define WIRE_OPTS                                                         \
	{ "--interface", CLI_VALUE, "IF",                                 \
		"the wired interface that it shares with its host" },     \
	{                                                                 \
		"--dhcp", CLI_VALUE, "WHO",                               \
		    "auto, host: only watch it, or own: there is no host" \
	}

#endif
