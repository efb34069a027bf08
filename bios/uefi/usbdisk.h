/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB disks as the firmware's BlockIO shows them: a handle with a USB node in
 * its device path and a whole disk with a medium behind it. Sticks that speak
 * only UAS are seen if the firmware has a driver for them; OVMF has none.
 */
#ifndef BIOS_UEFI_USBDISK_H
#define BIOS_UEFI_USBDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/uefi/efi.h"
#include "formats/fat.h"

#define USBDISK_PLACE 24

struct usbdisk {
	struct efi_boot *boot;
	struct efi_block_io *io;
	uint32_t media_id; /* of the medium that was found: another one is
			    * not read or written */
	uint32_t sector;   /* bytes; only FAT_SECTOR can be used */
	bool read_only;
	uint64_t page;             /* aligned memory for a sector */
	char place[USBDISK_PLACE]; /* "port 3", "port 1.2" behind a hub */
	struct fat_disk disk;      /* write is NULL if read_only */
};

struct usbdisk_list {
	struct efi_boot *boot;
	efi_handle *handles;
	size_t n, at;
};

/* Has the firmware bind its drivers to all there is, then lists BlockIO
 * handles. An empty list is fine. */
void usbdisk_list(struct usbdisk_list *, struct efi_boot *);
/* The next USB disk, in the order of controllers and ports; false after the
 * last. One that is given is the caller's to close. */
bool usbdisk_next(struct usbdisk_list *, struct usbdisk *);
void usbdisk_list_free(struct usbdisk_list *);
/* Has the disk write what it may still hold. */
bool usbdisk_flush(struct usbdisk *);
void usbdisk_close(struct usbdisk *); /* wipes the sector's memory */

#endif
