/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flash image: a whole one with a descriptor, or the bare file of one
 * region. Pure; the bytes are borrowed from the caller and never changed.
 *
 * Where the factory's record can lie tells bios/container.h. As a UEFI variable
 * it has the attributes NV+BS: the running system's variable service does not
 * show it, but whoever reads the flash does.
 */
#ifndef BIOS_IMAGE_H
#define BIOS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/descriptor.h"
#include "bios/me.h"
#include "bios/varstore.h"
#include "bios/volume.h"
#include "formats/record.h"

#define IMAGE_MAX 0x8000000 /* 128 MiB: two of the largest chips */
#define IMAGE_VOLUMES 64
#define IMAGE_STORES 32

#define IMAGE_OEM_GUID "1862c8ba-49e6-4001-97f3-351bb07e8fd8"
#define IMAGE_OEM_NAME "AmtOemRecord"
#define IMAGE_OEM_ATTRS 0x3 /* NV+BS */

enum image_kind {
	IMAGE_WHOLE,     /* descriptor and what it lays out */
	IMAGE_BIOS,      /* a bare BIOS region, or volumes of one */
	IMAGE_ME,        /* a bare ME region: $FPT, or a layout table */
	IMAGE_DESCRIPTOR /* a bare descriptor region */
};

struct image {
	const uint8_t *p; /* borrowed */
	size_t n;
	enum image_kind kind;
	struct descriptor desc; /* a bare file: its one region, from 0 */
	struct me me;
	size_t nvolumes;
	struct volume volume[IMAGE_VOLUMES];
	size_t nstores; /* in the order of their volumes, and in those */
	struct varstore store[IMAGE_STORES];
};

/* Understands an image. REASON_IMAGE_UNKNOWN with the offset if it is none,
 * or is cut short. Broken stores are no failure here. */
enum err_code image_read(
    const uint8_t *, size_t n, struct image *, struct err *);
const char *image_kind_name(enum image_kind);
/* REASON_IMAGE_NO_STORE, or ERR_OK if there is a store. */
enum err_code image_need_store(const struct image *, struct err *);

/* The record that counts, as container_record() has it. out holds secrets:
 * record_wipe() it. */
enum err_code image_record(
    const uint8_t *, size_t n, struct record *out, struct err *);
/* The same of an image that was read; *at: its or its variable's offset. */
enum err_code image_find_record(
    const struct image *, struct record *out, size_t *at, struct err *);
void image_oem_name(struct varstore_name *);

/* Parts of a new image; p NULL where absent. BIOS must be there. */
struct image_part {
	const uint8_t *p;
	size_t n;
};
struct image_parts {
	struct image_part descriptor, me, gbe, pdr, bios;
};
/* Lays the parts into out, size bytes, FF between. BIOS is put at its region's
 * end (the reset vector is there), all else at its region's start. Without a
 * descriptor a minimal one is made. REASON_IMAGE_COMPOSE if parts do not fit
 * or regions overlap. */
enum err_code image_compose(
    const struct image_parts *, uint8_t *out, size_t size, struct err *);

#endif
