/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs boot and fleet stand on: what both know of options, how a
 * machine comes from its image, and the events until the end.
 */
#ifndef DEVICE_RIG_H
#define DEVICE_RIG_H

#include <stdbool.h>

#include "base/cli.h"
#include "base/err.h"
#include "base/secret.h"
#include "device/blank.h"
#include "device/flash.h"
#include "device/fleet.h"
#include "device/meiport.h"
#include "device/settings.h"
#include "device/statelock.h"
#include "device/tally.h"

struct rig {
	const struct cli_args *args;
	bool many;         /* fleet: a state's folder is named by the UUID */
	const char *state; /* folder; NULL where states are volatile */
	struct machine_server server; /* of the option --server, or "" */
	struct statelock lock;
	struct settings settings;
	struct flash flash;
	struct blank board; /* boot only */
	struct fleet *fleet;
	bool exit_when_done;
	struct loop_timer *stay; /* a little, after each that is done */
	struct secret setup;     /* boot only: the Setup.bin of a blank board */
	struct meiport **port;   /* one for each machine, or NULL */
	struct fault_plan faults; /* fleet only */
	struct tally tally;
};

/* Options, settings, the base and the listener; `many` is set before.
 * rig_free() in any case. */
enum err_code rig_open(
    struct rig *, const struct cli_args *, const char *listen, struct err *);
enum err_code rig_add(
    struct rig *, const char *image, const char *address, struct err *);
/* The same of a record that is no image's. */
enum err_code rig_add_record(
    struct rig *, const struct record *, const char *address, struct err *);
/* The host interfaces, if --mei asks for them: of one machine the socket of
 * that name, of many its UUID's in a folder. */
enum err_code rig_mei(struct rig *, struct err *);
/* Starts the machines and runs until a signal, or until all are done. */
enum err_code rig_until_end(struct rig *, struct err *);
void rig_free(struct rig *);

/* The options of both, and the end of a table. */
#define RIG_OPTS                                                             \
	{ "--base", CLI_VALUE, "IMG",                                        \
		"the image that deltas were made from" },                    \
	    { "--server", CLI_VALUE, "HOST:PORT",                            \
		    "where hellos go (default: what the image says)" },      \
	    { "--suffix", CLI_VALUE, "DNS",                                  \
		    "DNS suffix, as DHCP option 15 would tell it" },         \
	    { "--mei", CLI_VALUE, "PATH",                                    \
		    "offer the host interface on this Unix socket; of a "    \
		    "fleet a folder of them" },                              \
	    { "--port", CLI_VALUE, "N", "TLS port (default: 16993)" },       \
	    { "--plain-port", CLI_VALUE, "N",                                \
		    "port without TLS, once provisioned (default: 16992)" }, \
	    { "--config", CLI_VALUE, "FILE", "settings; see device.cfg" },   \
	    { "--exit-when-provisioned", CLI_FLAG, NULL,                     \
		    "end when every machine is set up" },                    \
	{                                                                    \
		NULL, CLI_FLAG, NULL, NULL                                   \
	}

#endif
