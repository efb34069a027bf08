/* SPDX-License-Identifier: Apache-2.0 */
/* The reader on arbitrary disks, and on volumes that we lay out with bytes of
 * their system area changed: it ends, stays on the disk and never gives out a
 * sector outside it. A file of any size that is laid out comes back. The first
 * byte of the input picks. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"
#include "formats/fatplan.h"
#include "tests/fuzz.h"

#define NAME "SETUP   BIN"
#define LAYOUTS 3
#define CHANGES 64

struct disk {
	uint8_t *d;
	uint64_t sectors;
};

static bool
read_sector(void *arg, uint64_t lba, void *sector)
{
	const struct disk *d = arg;

	must(lba < d->sectors);
	memcpy(sector, d->d + lba * FAT_SECTOR, FAT_SECTOR);
	return true;
}

static bool
put(void *arg, uint64_t off, const void *p, size_t n)
{
	struct disk *d = arg;

	must(off + n <= d->sectors * FAT_SECTOR);
	memcpy(d->d + off, p, n);
	return true;
}

static void
walk(struct fat *f, struct fat_file *file, uint64_t sectors)
{
	const char *why;
	uint64_t lba;
	bool whole;

	must(file->size == 0 ||
	    (file->size - 1) / FAT_SECTOR / f->cluster_sectors < f->clusters);
	for (uint32_t i = 0; i < 40; i++)
		if (fat_lba(f, file, i * 7 % 30, &lba, &why))
			must(lba >= f->data && lba < sectors);
		else
			must(why != NULL);
	must(fat_contiguous(f, file, &whole, &why) || why != NULL);
}

/* used: of many clusters that takes long. */
static void
look(struct disk *d, bool used)
{
	struct fat_disk disk = { read_sector, NULL, d, d->sectors };
	struct fat_file file;
	const char *why;
	uint64_t lba;
	struct fat f;

	if (!fat_open(&f, &disk, &why)) {
		must(why != NULL);
		return;
	}
	must(f.clusters > 0 && f.data < d->sectors);
	if (fat_find(&f, NAME, &file, &why))
		walk(&f, &file, d->sectors);
	else
		must(why != NULL);
	if (used)
		must(fat_used(&f, &lba, &why) && lba <= d->sectors);
}

static void
arbitrary(const uint8_t *p, size_t n)
{
	struct disk d = { NULL, n / FAT_SECTOR };

	if ((d.d = malloc(n + 1)) == NULL)
		return;
	memcpy(d.d, p, n);
	look(&d, true);
	free(d.d);
}

/* A disk of each layout, zero or with a file of 16 KiB. */
static struct disk
lay_out(struct fatplan *p, enum fatplan_layout layout, uint32_t size)
{
	static struct disk disks[LAYOUTS];
	struct fatplan_make make = { layout, NAME, size, 7, 33, 0 };
	struct disk *d = &disks[layout];
	const char *why;

	must(fatplan_of(p, &make, &why));
	if (d->d == NULL) {
		d->sectors = p->sectors;
		must((d->d = calloc(p->sectors, FAT_SECTOR)) != NULL);
	}
	must(fatplan_emit(p, put, d));
	return *d;
}

/* Up to the file; the rest is always zero. */
static void
clear(struct disk *d, const struct fatplan *p)
{
	memset(d->d, 0, FAT_SECTOR);
	memset(d->d + p->start * FAT_SECTOR, 0,
	    (size_t)(p->file - p->start) * FAT_SECTOR);
}

static void
changed(enum fatplan_layout layout, const uint8_t *p, size_t n, bool used)
{
	struct fatplan plan;
	struct disk d = lay_out(&plan, layout, 16 * 1024);
	size_t system = (size_t)(plan.file - plan.start) * FAT_SECTOR;

	for (int i = 0; n >= 4 && i < CHANGES; i++, p += 4, n -= 4) {
		size_t at = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;

		/* the upper half of what fits: MBR, boot sector, folder */
		if (at & 0x800000)
			at = at % 4 == 0 ? at / 4 % FAT_SECTOR
			    : at % 4 == 1
			    ? (size_t)(plan.file - 32) * FAT_SECTOR +
				at / 4 % (32 * FAT_SECTOR)
			    : (size_t)plan.start * FAT_SECTOR +
				at / 4 % FAT_SECTOR;
		else
			at = (size_t)plan.start * FAT_SECTOR + at % system;
		d.d[at] = p[3];
	}
	look(&d, used);
	clear(&d, &plan);
}

static void
comes_back(enum fatplan_layout layout, uint32_t size)
{
	struct fatplan plan;
	struct disk d =
	    lay_out(&plan, layout, size % (fatplan_room(layout) + 1));
	struct fat_disk disk = { read_sector, NULL, &d, d.sectors };
	uint32_t n =
	    plan.make.size / FAT_SECTOR + (plan.make.size % FAT_SECTOR != 0);
	struct fat_file file;
	const char *why;
	uint64_t lba;
	struct fat f;
	bool whole;

	must(fat_open(&f, &disk, &why) && fat_find(&f, NAME, &file, &why));
	must(file.first && file.only && !file.long_name && file.slot == 0);
	must(file.size == plan.make.size);
	must(fat_contiguous(&f, &file, &whole, &why) && whole);
	must(n == 0 ||
	    (fat_lba(&f, &file, n - 1, &lba, &why) &&
		lba == plan.file + n - 1));
	must(fat_used(&f, &lba, &why) &&
	    lba == plan.file + plan.used * plan.cluster_sectors);
	clear(&d, &plan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 5)
		return 0;
	if (p[0] % 8 == 0)
		arbitrary(p + 1, n - 1);
	else if (p[0] % 8 == 1)
		comes_back(p[0] / 8 % LAYOUTS, get_u32le(p + 1));
	else
		changed(p[0] / 8 % LAYOUTS, p + 1, n - 1, p[0] % 8 == 2);
	return 0;
}
