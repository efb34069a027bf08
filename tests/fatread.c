/* SPDX-License-Identifier: Apache-2.0 */
/* fatread IMG: what our reader finds on a disk image, one line on stderr, and
 * SETUP.BIN's bytes on stdout. Status 1 and the reason where it finds none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/fat.h"

static bool
read_sector(void *arg, uint64_t lba, void *sector)
{
	return fseek(arg, (long)(lba * FAT_SECTOR), SEEK_SET) == 0 &&
	    fread(sector, FAT_SECTOR, 1, arg) == 1;
}

static bool
copy_out(struct fat *f, struct fat_file *file, const char **why)
{
	uint8_t sector[FAT_SECTOR];
	uint64_t lba;

	for (uint32_t i = 0, left = file->size; left > 0; i++) {
		uint32_t n = left < FAT_SECTOR ? left : FAT_SECTOR;

		if (!fat_lba(f, file, i, &lba, why) ||
		    !f->disk->read(f->disk->arg, lba, sector))
			return false;
		fwrite(sector, 1, n, stdout);
		left -= n;
	}
	return true;
}

int
main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct fat_disk disk = { read_sector, NULL, in, 0 };
	struct fat_file file;
	const char *why = NULL;
	struct fat f;
	uint64_t used = 0;
	bool whole = false, ok;

	if (in == NULL || fseek(in, 0, SEEK_END) != 0)
		return 2;
	disk.sectors = (uint64_t)ftell(in) / FAT_SECTOR;
	ok = fat_open(&f, &disk, &why) &&
	    fat_find(&f, "SETUP   BIN", &file, &why) &&
	    fat_contiguous(&f, &file, &whole, &why) &&
	    fat_used(&f, &used, &why) && copy_out(&f, &file, &why);
	fclose(in);
	if (!ok) {
		fprintf(stderr, "%s\n", why != NULL ? why : "not read");
		return 1;
	}
	fprintf(stderr,
	    "fat%d start=%llu slot=%u first=%d only=%d long=%d whole=%d "
	    "used=%llu\n",
	    f.kind, (unsigned long long)f.start, file.slot, file.first,
	    file.only, file.long_name, whole, (unsigned long long)used);
	return 0;
}
