/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sticks by libusb: Bulk-Only Transport (export/bot.h) without the kernel's
 * disk. While a stick is open its kernel driver is detached, and its disk is
 * gone, so nothing can mount it; at close the driver gets it back.
 */
#ifndef EXPORT_STICKUSB_H
#define EXPORT_STICKUSB_H

#include "export/stick.h"

/* Appends each USB device with a mass-storage interface; no device is opened,
 * texts come from where the kernel keeps them. */
enum err_code stickusb_list(struct stick_list *, struct err *);
enum err_code stickusb_open(const struct stick_info *, unsigned timeout_ms,
    struct stick **, struct err *);

#endif
