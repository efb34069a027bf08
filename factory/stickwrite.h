/* SPDX-License-Identifier: Apache-2.0 */
/* usb write and usb wipe: one job for each port that was named, all at once;
 * a row for each as it is done. */
#ifndef FACTORY_STICKWRITE_H
#define FACTORY_STICKWRITE_H

#include "base/cli.h"
#include "export/stick.h"

/* For the option table of every verb that opens sticks. */
#define STICKWRITE_OPT_VIA                                               \
	{                                                                \
		"--via", CLI_VALUE, "DOOR",                              \
		    "auto (default), block: the kernel's disk, or usb: " \
		    "libusb"                                             \
	}
#define STICKWRITE_OPT_TIMEOUT                                              \
	{                                                                   \
		"--timeout", CLI_VALUE, "SECONDS",                          \
		    "how long one answer of a stick may take by libusb, 1 " \
		    "to 600 (default: 20)"                                  \
	}

/* --via and --timeout. */
enum err_code stickwrite_how(
    const struct cli_args *, struct stick_how *, struct err *);
enum err_code stickwrite_image(const struct cli_args *, struct err *);
enum err_code stickwrite_wipe(const struct cli_args *, struct err *);

#endif
