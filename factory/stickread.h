/* SPDX-License-Identifier: Apache-2.0 */
/* usb read: what a key that came back holds, which of its records were taken,
 * and what the ledger says of them. */
#ifndef FACTORY_STICKREAD_H
#define FACTORY_STICKREAD_H

#include "base/cli.h"

enum err_code stickread_run(const struct cli_args *, struct err *);

#endif
