/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "export/stick.h"
#include "export/stickblock.h"
#include "export/stickusb.h"
#include "formats/reason.h"
#include "formats/setupbin.h"

#define BLOCK_SECTORS (STICK_BLOCK / STICK_SECTOR)
#define EDGE ((size_t)1 << 20) /* at both ends: where file systems begin */

/* ---- words ---- */

bool
stick_via_parse(const char *word, enum stick_via *out)
{
	static const char *const words[] = { "auto", "block", "usb" };

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum stick_via)i;
			return true;
		}
	return false;
}

/* ---- the list ---- */

/* Digits as numbers: 1-2 is before 1-10. */
static int
port_order(const void *va, const void *vb)
{
	const struct stick_info *a = va, *b = vb;
	int order = strverscmp(a->port, b->port);

	return order != 0 ? order : strcmp(a->node, b->node);
}

static bool
knows(const struct stick_list *l, const char *port)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].port, port) == 0)
			return true;
	return false;
}

/* With libusb wanted, disks of devices that libusb does not know stay out,
 * and those of the others tell their size and who holds them. */
static void
prefer_usb(struct stick_list *disks, const struct stick_list *usb)
{
	size_t kept = 0;

	for (size_t i = 0; i < disks->n; i++)
		for (size_t k = 0; k < usb->n; k++) {
			if (strcmp(disks->at[i].port, usb->at[k].port) != 0)
				continue;
			disks->at[kept] = disks->at[i];
			disks->at[kept].via = STICK_VIA_USB;
			if (disks->at[kept].unfit[0] == '\0')
				strcpy(disks->at[kept].unfit, usb->at[k].unfit);
			kept++;
			break;
		}
	disks->n = kept;
}

/* A card reader shows a disk for each slot at one port. */
static void
mark_twins(struct stick_list *l)
{
	for (size_t i = 1; i < l->n; i++)
		if (strcmp(l->at[i - 1].port, l->at[i].port) == 0) {
			for (size_t k = i - 1; k <= i; k++)
				snprintf(l->at[k].unfit, sizeof(l->at[k].unfit),
				    "the device at this port has several "
				    "disks, so that the port names none");
		}
}

static enum err_code
add_usb(struct stick_list *out, const struct stick_how *how, struct err *e)
{
	struct stick_list usb = { 0 };

	if (stickusb_list(&usb, e) == ERR_OK && how->via == STICK_VIA_USB)
		prefer_usb(out, &usb);
	for (size_t i = 0; e->code == ERR_OK && i < usb.n; i++)
		if (!knows(out, usb.at[i].port))
			sticklist_add(out, &usb.at[i], e);
	sticklist_free(&usb);
	return e->code;
}

enum err_code
stick_list_make(
    const struct stick_how *how, struct stick_list *out, struct err *e)
{
	*out = (struct stick_list){ .via = how->via };
	if (stickblock_list(NULL, out, e) != ERR_OK)
		return e->code;
	if (how->via != STICK_VIA_BLOCK && add_usb(out, how, e) != ERR_OK)
		return e->code;
	if (out->n > 0)
		qsort(out->at, out->n, sizeof(*out->at), port_order);
	mark_twins(out);
	return ERR_OK;
}

/* ---- an open stick ---- */

/* What the kernel shows at this port by now. */
static enum err_code
look_again(struct stick_info *s, struct err *e)
{
	struct stick_list now = { 0 };

	if (stickblock_list(NULL, &now, e) == ERR_OK)
		for (size_t i = 0; i < now.n; i++)
			if (strcmp(now.at[i].port, s->port) == 0)
				*s = now.at[i];
	sticklist_free(&now);
	return e->code;
}

/* The kernel's disk goes away with its driver, also from under whoever uses
 * it. So it is held alone until then: who has it is not disturbed, and nobody
 * gets it meanwhile. */
static enum err_code
open_usb(const struct stick_info *listed, const struct stick_how *how,
    struct stick **out, struct err *e)
{
	struct stick *disk = NULL;
	struct stick_info s = *listed;

	if (s.node[0] == '\0' && look_again(&s, e) != ERR_OK)
		return e->code;
	if (s.held[0] != '\0')
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_HELD),
		    "%s is in use: %s", s.node, s.held);
	if (s.node[0] == '\0' ||
	    stickblock_open(&s, STICKBLOCK_ALONE, &disk, e) == ERR_OK)
		stickusb_open(listed, how->timeout_ms, out, e);
	stick_close(disk);
	return e->code;
}

static enum err_code
judge_free(const struct stick_info *s, struct err *e)
{
	if (s->unfit[0] != '\0')
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "%s", s->unfit);
	if (s->held[0] != '\0')
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_HELD),
		    "%s is in use: %s", s->node, s->held);
	return ERR_OK;
}

enum err_code
stick_open(const struct stick_info *s, enum stick_open_for what,
    const struct stick_how *how, struct stick **out, struct err *e)
{
	bool disk = s->node[0] != '\0';

	*out = NULL;
	if (judge_free(s, e) != ERR_OK)
		return e->code;
	if (disk && (s->via == STICK_VIA_BLOCK || what == STICK_LOOK))
		return stickblock_open(s,
		    what == STICK_WRITE ? STICKBLOCK_WRITE : STICKBLOCK_READ,
		    out, e);
	return open_usb(s, how, out, e);
}

void
stick_close(struct stick *s)
{
	if (s == NULL)
		return;
	s->ops->close(s->arg);
	free(s);
}

enum err_code
stick_read(struct stick *s, uint64_t lba, void *out, size_t n, struct err *e)
{
	return s->ops->read(s->arg, lba, out, n, e);
}

enum err_code
stick_write(
    struct stick *s, uint64_t lba, const void *in, size_t n, struct err *e)
{
	return s->ops->write(s->arg, lba, in, n, e);
}

enum err_code
stick_sync(struct stick *s, struct err *e)
{
	return s->ops->sync(s->arg, e);
}

/* ---- judging ---- */

enum err_code
stick_may_use(
    const struct stick_info *s, const struct stick_allow *allow, struct err *e)
{
	uint64_t bytes = s->sectors * STICK_SECTOR;

	if (judge_free(s, e) != ERR_OK)
		return e->code;
	if (s->read_only)
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_STICK_READ_ONLY),
		    "the stick is write-protected");
	if (s->sectors != 0 && !allow->any_size &&
	    (bytes < STICK_MIN_BYTES || bytes > STICK_MAX_BYTES))
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_SIZE),
		    "%llu bytes are outside of 16 MB to 64 GB",
		    (unsigned long long)bytes);
	return ERR_OK;
}

/* Every sector all zeroes or all ones? */
static bool
is_blank(const uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n; at += STICK_SECTOR)
		if (!bytes_are(p, at, at + STICK_SECTOR, 0) &&
		    !bytes_are(p, at, at + STICK_SECTOR, 0xff))
			return false;
	return true;
}

static enum err_code
area_blank(
    struct stick *s, uint64_t lba, uint64_t sectors, bool *blank, struct err *e)
{
	uint8_t *p = malloc(STICK_BLOCK);

	if (p == NULL)
		return err_mem(e);
	while (*blank && sectors > 0 && e->code == ERR_OK) {
		size_t some =
		    sectors < BLOCK_SECTORS ? (size_t)sectors : BLOCK_SECTORS;

		if (stick_read(s, lba, p, some * STICK_SECTOR, e) == ERR_OK)
			*blank = is_blank(p, some * STICK_SECTOR);
		lba += some;
		sectors -= some;
	}
	secret_wipe(p, STICK_BLOCK);
	free(p);
	return e->code;
}

static enum err_code
all_blank(struct stick *s, bool *blank, struct err *e)
{
	uint64_t edge = EDGE / STICK_SECTOR, n = s->info.sectors;

	*blank = true;
	if (n <= 2 * edge)
		return area_blank(s, 0, n, blank, e);
	if (area_blank(s, 0, edge, blank, e) != ERR_OK)
		return e->code;
	return area_blank(s, n - edge, edge, blank, e);
}

static enum stick_content
fat_content(struct stick_disk *d, const char **words)
{
	struct fat_file file;
	const char *why;
	struct fat fat;

	*words = "something else than a key";
	if (!fat_open(&fat, &d->disk, &why))
		return STICK_FOREIGN;
	*words = "a FAT volume without SETUP.BIN";
	if (!fat_find(&fat, SETUPBIN_NAME, &file, &why))
		return STICK_FOREIGN;
	*words = "a key with other files on it";
	if (!file.only)
		return STICK_FOREIGN;
	*words = "a key and another partition";
	if (!fat.alone)
		return STICK_FOREIGN;
	*words = "a key";
	return STICK_KEY;
}

enum err_code
stick_content(
    struct stick *s, enum stick_content *out, const char **words, struct err *e)
{
	struct stick_disk d;
	bool blank = false;

	*out = STICK_BLANK;
	*words = "blank";
	if (all_blank(s, &blank, e) != ERR_OK || blank)
		return e->code;
	if (stick_disk_init(&d, s, e) != ERR_OK)
		return e->code;
	*out = fat_content(&d, words);
	if (d.err.code != ERR_OK)
		*e = d.err;
	stick_disk_free(&d);
	return e->code;
}

/* ---- as a disk ---- */

/* The block around it, and not from it on: the FAT is also read backwards, as
 * by fat_used(). */
static bool
load_block(struct stick_disk *d, uint64_t lba)
{
	uint64_t at = lba - lba % BLOCK_SECTORS, left = d->disk.sectors - at;

	d->n = left < BLOCK_SECTORS ? (size_t)left : BLOCK_SECTORS;
	d->at = at;
	if (stick_read(d->stick, at, d->block, d->n * STICK_SECTOR, &d->err) ==
	    ERR_OK)
		return true;
	d->n = 0;
	return false;
}

static bool
disk_read(void *arg, uint64_t lba, void *sector)
{
	struct stick_disk *d = arg;

	if (lba >= d->disk.sectors || d->err.code != ERR_OK)
		return false;
	if ((lba < d->at || lba - d->at >= d->n) && !load_block(d, lba))
		return false;
	memcpy(sector, d->block + (lba - d->at) * STICK_SECTOR, STICK_SECTOR);
	return true;
}

enum err_code
stick_disk_init(struct stick_disk *d, struct stick *s, struct err *e)
{
	*d = (struct stick_disk){ .stick = s, .at = UINT64_MAX };
	d->disk.read = disk_read;
	d->disk.arg = d;
	d->disk.sectors = s->info.sectors;
	err_clear(&d->err);
	d->block = malloc(STICK_BLOCK);
	return d->block == NULL ? err_mem(e) : ERR_OK;
}

enum err_code
stick_disk_err(const struct stick_disk *d, const char *why, struct err *e)
{
	if (d->err.code != ERR_OK) {
		*e = d->err;
		return e->code;
	}
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_STICK_NO_KEY), "%s", why);
}

void
stick_disk_free(struct stick_disk *d)
{
	if (d->block != NULL)
		secret_wipe(d->block, STICK_BLOCK);
	free(d->block);
	d->block = NULL;
}
