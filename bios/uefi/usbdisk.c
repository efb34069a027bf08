/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "bios/uefi/usbdisk.h"

#define PAGE 4096
#define NODES_MAX 64 /* of a path: a broken one must end too */

static uint8_t *
memory(const struct usbdisk *d)
{
	return (uint8_t *)(uintptr_t)d->page;
}

/* Drivers allocate and align as they like: sectors go through memory of our
 * own that is aligned for any of them. */
static bool
read_sector(void *arg, uint64_t lba, void *sector)
{
	struct usbdisk *d = arg;

	if (d->io->read(d->io, d->media_id, lba, FAT_SECTOR, memory(d)) !=
	    EFI_SUCCESS)
		return false;
	memcpy(sector, memory(d), FAT_SECTOR);
	return true;
}

static bool
write_sector(void *arg, uint64_t lba, const void *sector)
{
	struct usbdisk *d = arg;

	memcpy(memory(d), sector, FAT_SECTOR);
	return d->io->write(d->io, d->media_id, lba, FAT_SECTOR, memory(d)) ==
	    EFI_SUCCESS;
}

/* Reads where the disk hangs off its path; false if not on USB. Ports count
 * from 0 in a path, from 1 on a label. */
static bool
read_place(const uint8_t *node, char place[static USBDISK_PLACE])
{
	bool usb = false;
	size_t len = 0;

	for (int i = 0; i < NODES_MAX && node[0] != EFI_PATH_END; i++) {
		size_t n = get_u16le(node + 2);

		if (n < 4)
			break;
		if (node[0] == EFI_PATH_MESSAGING && node[1] == EFI_PATH_USB &&
		    n >= 6) {
			int k = snprintf(place + len, USBDISK_PLACE - len,
			    usb ? ".%u" : "port %u", node[4] + 1u);

			if (k > 0 && (size_t)k < USBDISK_PLACE - len)
				len += (size_t)k;
			usb = true;
		}
		node += n;
	}
	return usb;
}

static void *
protocol(struct efi_boot *boot, efi_handle h, const struct efi_guid *guid)
{
	void *p;

	return boot->handle_protocol(h, guid, &p) == EFI_SUCCESS ? p : NULL;
}

static bool
open_disk(struct efi_boot *boot, efi_handle h, struct usbdisk *d)
{
	static const struct efi_guid block_io = EFI_BLOCK_IO_GUID;
	static const struct efi_guid path = EFI_DEVICE_PATH_GUID;
	const uint8_t *node = protocol(boot, h, &path);
	const struct efi_media *m;

	memset(d, 0, sizeof(*d));
	d->boot = boot;
	d->io = protocol(boot, h, &block_io);
	if (d->io == NULL || node == NULL || !read_place(node, d->place))
		return false;
	m = d->io->media;
	if (m->partition || !m->present || m->io_align > PAGE ||
	    boot->allocate_pages(0, EFI_LOADER_DATA, 1, &d->page) !=
		EFI_SUCCESS)
		return false;
	d->media_id = m->media_id;
	d->sector = m->block_size;
	d->read_only = m->read_only;
	d->disk.read = read_sector;
	d->disk.write = d->read_only ? NULL : write_sector;
	d->disk.arg = d;
	d->disk.sectors = m->last_block + 1;
	return true;
}

static void
connect_all(struct efi_boot *boot)
{
	efi_handle *all;
	size_t n;

	if (boot->locate_handle_buffer(EFI_ALL_HANDLES, NULL, NULL, &n, &all) !=
	    EFI_SUCCESS)
		return;
	for (size_t i = 0; i < n; i++)
		boot->connect_controller(all[i], NULL, NULL, true);
	boot->free_pool(all);
}

static size_t
path_len(const uint8_t *node)
{
	size_t len = 0, n;

	for (int i = 0; i < NODES_MAX && node[len] != EFI_PATH_END; i++) {
		if ((n = get_u16le(node + len + 2)) < 4)
			break;
		len += n;
	}
	return len;
}

/* Does a hang before b: at an earlier controller or port? */
static bool
before(struct efi_boot *boot, efi_handle a, efi_handle b)
{
	static const struct efi_guid path = EFI_DEVICE_PATH_GUID;
	const uint8_t *p = protocol(boot, a, &path);
	const uint8_t *q = protocol(boot, b, &path);
	size_t np, nq;
	int order;

	if (p == NULL || q == NULL)
		return p != NULL;
	np = path_len(p);
	nq = path_len(q);
	order = memcmp(p, q, np < nq ? np : nq);
	return order != 0 ? order < 0 : np < nq;
}

/* Firmware lists handles as it made them: a slow stick, or one that was tried
 * twice, comes last wherever it hangs. */
static void
sort_by_place(struct usbdisk_list *l)
{
	for (size_t i = 1; i < l->n; i++) {
		efi_handle h = l->handles[i];
		size_t k = i;

		for (; k > 0 && before(l->boot, h, l->handles[k - 1]); k--)
			l->handles[k] = l->handles[k - 1];
		l->handles[k] = h;
	}
}

void
usbdisk_list(struct usbdisk_list *l, struct efi_boot *boot)
{
	static const struct efi_guid block_io = EFI_BLOCK_IO_GUID;

	memset(l, 0, sizeof(*l));
	l->boot = boot;
	connect_all(boot);
	if (boot->locate_handle_buffer(EFI_BY_PROTOCOL, &block_io, NULL, &l->n,
		&l->handles) != EFI_SUCCESS) {
		l->handles = NULL;
		l->n = 0;
	}
	sort_by_place(l);
}

bool
usbdisk_next(struct usbdisk_list *l, struct usbdisk *d)
{
	while (l->at < l->n)
		if (open_disk(l->boot, l->handles[l->at++], d))
			return true;
	return false;
}

void
usbdisk_list_free(struct usbdisk_list *l)
{
	if (l->handles != NULL)
		l->boot->free_pool(l->handles);
	memset(l, 0, sizeof(*l));
}

/* Firmware that caches nothing says so by success. */
bool
usbdisk_flush(struct usbdisk *d)
{
	return d->io->flush(d->io) == EFI_SUCCESS;
}

void
usbdisk_close(struct usbdisk *d)
{
	if (d->page != 0) {
		secret_wipe(memory(d), PAGE);
		d->boot->free_pages(d->page, 1);
	}
	memset(d, 0, sizeof(*d));
}
