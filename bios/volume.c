/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/volume.h"

#define HEADER_LEAST 0x48 /* with one block-map pair and its end */
#define BLOCK_MAP 0x38
#define EXT_HEADER 20
#define ERASE_POLARITY 0x800

static const struct {
	const char *guid;
	enum volume_fs fs;
} known[] = {
	/* EDK's EfiFirmwareFileSystem.h, PI's FFS 2 and 3 */
	{ "7a9354d9-0468-444a-81ce-0bf617d890df", VOLUME_FFS1 },
	{ "8c8ce578-8a3d-4f1c-9935-896185c32dd3", VOLUME_FFS2 },
	{ "5473c07a-3dcb-4dca-bd6f-1e9689e7349a", VOLUME_FFS3 },
	/* FFS2 under GUIDs of Apple, Intel and Sony (UEFITool) */
	{ "04adeead-61ff-4d31-b6ba-64f8bf901f5a", VOLUME_FFS2 },
	{ "bd001b8c-6a71-487b-a14f-0c2a2dcf7a5d", VOLUME_FFS2 },
	{ "ad3fffff-d28b-44c4-9f13-9ea98a97f9f0", VOLUME_FFS2 },
	{ "d6a1cd70-4b33-4994-a6ea-375f2ccc5437", VOLUME_FFS2 },
	{ "4f494156-aed6-4d64-a537-b8a5557bceec", VOLUME_FFS2 },
	{ VOLUME_NV_GUID, VOLUME_NV },
	/* a second kind, of Insyde and Phoenix (UEFITool, fwupd) */
	{ "00504624-8a59-4eeb-bd0f-6b36e96128e0", VOLUME_NV },
};

enum volume_fs
volume_fs(const struct volume *v)
{
	struct uuid guid;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (uuid_parse(&guid, known[i].guid) &&
		    uuid_equal(&guid, &v->guid))
			return known[i].fs;
	return VOLUME_OTHER;
}

const char *
volume_fs_name(enum volume_fs fs)
{
	switch (fs) {
	case VOLUME_FFS1:
		return "ffs1";
	case VOLUME_FFS2:
		return "ffs2";
	case VOLUME_FFS3:
		return "ffs3";
	case VOLUME_NV:
		return "nvram";
	default:
		return "unknown";
	}
}

bool
volume_is_nv(const struct volume *v)
{
	return volume_fs(v) == VOLUME_NV;
}

static size_t
align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void
broken(struct volume *v, size_t at, const char *why)
{
	v->why = why;
	v->at = v->off + at;
}

static void
odd(struct volume *v, size_t at, const char *what)
{
	if (v->odd != NULL)
		return;
	v->odd = what;
	v->at = v->off + at;
}

/* The blocks that the map counts, and their bytes; size 0 if they differ.
 * False if it does not end in the header. */
static bool
block_map(
    const uint8_t *p, size_t header, uint64_t *bytes, struct volume_info *info)
{
	*bytes = 0;
	for (size_t i = BLOCK_MAP; i + 8 <= header; i += 8) {
		uint32_t n = get_u32le(p + i), size = get_u32le(p + i + 4);

		if (n == 0 && size == 0)
			return true;
		*bytes += (uint64_t)n * size;
		info->block = i == BLOCK_MAP || size == info->block ? size : 0;
		info->blocks += n;
	}
	return false;
}

/* Where the files begin: behind the header or, where there is one, behind
 * the extended header (EDK2 PeiCore, FindFileEx). */
static void
find_first(const uint8_t *p, struct volume *v)
{
	size_t ext = v->revision > 1 ? get_u16le(p + 0x34) : 0;
	uint32_t size;

	v->first = v->off + align8(v->header);
	if (v->first > v->off + v->len)
		v->first = v->off + v->len;
	if (ext == 0)
		return;
	size = ext >= BLOCK_MAP && ext <= v->len - EXT_HEADER
	    ? get_u32le(p + ext + 16)
	    : 0;
	if (size < EXT_HEADER || size > v->len - ext) {
		odd(v, 0x34, "the volume's extended header leaves the volume");
		return;
	}
	if (align8(ext + size) <= v->len && ext + size > v->header)
		v->first = v->off + align8(ext + size);
}

/* The offset and the first bytes are known to be in the window. */
static void
judge(const uint8_t *p, size_t room, struct volume *v)
{
	uint64_t len = get_u64le(p + 0x20), bytes;
	struct volume_info info = { .blocks = 0 };

	memcpy(v->guid.b, p + 0x10, UUID_LEN);
	v->attrs = get_u32le(p + 0x2C);
	v->erased = (v->attrs & ERASE_POLARITY) != 0 ? 0xFF : 0;
	v->header = get_u16le(p + 0x30);
	v->revision = p[0x37];
	v->len = room;
	v->first = v->off;
	if (v->header < HEADER_LEAST || v->header % 2 != 0 || v->header > room)
		broken(v, 0x30, "volume header length is wrong");
	else if (len < v->header || len > room)
		broken(v, 0x20, "volume is longer than what holds it");
	else if (digest_sum16(p, v->header) != 0)
		broken(v, 0x32, "volume header checksum is wrong");
	else if (v->revision != 1 && v->revision != 2)
		broken(v, 0x37, "volume revision is not known");
	else {
		v->len = (size_t)len;
		if (!block_map(p, v->header, &bytes, &info))
			odd(v, BLOCK_MAP, "the volume's block map has no end");
		else if (bytes != len)
			odd(v, BLOCK_MAP,
			    "the volume's block map does not add up to its "
			    "length");
		find_first(p, v);
	}
}

bool
volume_read(const uint8_t *img, size_t off, size_t end, struct volume *v)
{
	memset(v, 0, sizeof(*v));
	if (off > end || end - off < HEADER_LEAST ||
	    memcmp(img + off + 0x28, "_FVH", 4) != 0)
		return false;
	v->off = off;
	judge(img + off, end - off, v);
	return true;
}

bool
volume_next(const uint8_t *img, size_t from, size_t end, struct volume *v)
{
	while (from < end && end - from >= HEADER_LEAST) {
		/* _FVH lies at 0x28; what follows it is in the window too. */
		const uint8_t *hit = memmem(img + from + 0x28,
		    end - from - HEADER_LEAST + 4, "_FVH", 4);
		size_t off;

		if (hit == NULL)
			return false;
		off = (size_t)(hit - img) - 0x28;
		if (off % 4 == 0 && volume_read(img, off, end, v) &&
		    (v->why == NULL || volume_fs(v) != VOLUME_OTHER))
			return true;
		from = off + 1;
	}
	return false;
}

void
volume_info(
    const uint8_t *img, const struct volume *v, struct volume_info *info)
{
	const uint8_t *p = img + v->off;
	size_t ext = v->revision > 1 ? get_u16le(p + 0x34) : 0;
	uint64_t bytes;

	memset(info, 0, sizeof(*info));
	block_map(p, v->header, &bytes, info);
	if (ext < BLOCK_MAP || ext > v->len - EXT_HEADER ||
	    get_u32le(p + ext + 16) < EXT_HEADER ||
	    get_u32le(p + ext + 16) > v->len - ext)
		return;
	info->named = true;
	info->ext = v->off + ext;
	info->ext_size = get_u32le(p + ext + 16);
	memcpy(info->name.b, p + ext, UUID_LEN);
}
