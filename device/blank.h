/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blank board: its image holds no record, as if it had never been written.
 * Its UUID is told, as SMBIOS would tell it; what it has of settings comes from
 * a one-touch key alone. From then on its state has both. A full
 * un-provisioning takes them away again, and the board is as blank as before.
 */
#ifndef DEVICE_BLANK_H
#define DEVICE_BLANK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/err.h"
#include "formats/record.h"

/* What the command line tells of a board. */
struct blank {
	bool has_uuid;
	struct uuid uuid;
	uint8_t amt_major, amt_minor; /* major 0: not told */
};

enum err_code blank_options(
    const struct cli_args *, struct blank *, struct err *);
/* Refuses where a record that is there says otherwise. */
enum err_code blank_agrees(
    const struct blank *, const struct record *, struct err *);
/* rec is UUID and AMT version, of the state if a key was applied before, else
 * as told. With *e the refusal of an image without record, which stays where
 * there is nothing to start from: no state, and not both UUID and key. */
enum err_code blank_board(const struct blank *, const char *state_dir,
    bool with_key, struct record *rec, struct err *);

#endif
