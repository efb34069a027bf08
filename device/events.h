/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What machines tell, in the words or objects of a verb: a line on stderr, or
 * with --json an object on stdout, for each event.
 */
#ifndef DEVICE_EVENTS_H
#define DEVICE_EVENTS_H

#include <stdint.h>

#include "base/cli.h"
#include "device/fleet.h"
#include "device/machine.h"
#include "device/tally.h"
#include "device/usbkey.h"
#include "formats/uuid.h"

void events_tell(const struct cli_args *, const struct machine *,
    const struct machine_event *);
/* What came of a one-touch key, before the machine starts; path names it. */
void events_usb(const struct cli_args *, const struct uuid *, const char *path,
    const struct usbkey *);
/* Of a fleet: how many machines are in which state, what they told, and how
 * long from hello to set-up. */
void events_summary(
    const struct cli_args *, const struct fleet *, struct tally *);
/* Before the start of a fleet: its size and what repeats it. */
void events_fleet(const struct cli_args *, size_t n, const struct fault_plan *);
void events_listening(const struct cli_args *, uint16_t port, int plain_port);

#endif
