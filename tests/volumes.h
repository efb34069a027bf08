/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware volumes made by hand for the tests of bios/: files and sections
 * are appended, and the sums put right. */
#ifndef TESTS_VOLUMES_H
#define TESTS_VOLUMES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ffs.h"
#include "bios/volume.h"

#define VOLUMES_FFS1 "7a9354d9-0468-444a-81ce-0bf617d890df"
#define VOLUMES_FFS2 "8c8ce578-8a3d-4f1c-9935-896185c32dd3"
#define VOLUMES_FFS3 "5473c07a-3dcb-4dca-bd6f-1e9689e7349a"

/* A volume that is being filled. */
struct volumes {
	uint8_t *p;
	size_t n, at; /* bytes; where the next file goes */
	uint8_t erased;
	uint8_t constant; /* body checksum of files without one */
};

static inline void
volumes_sum(uint8_t *p)
{
	put_u16le(p + 0x32, 0);
	put_u16le(
	    p + 0x32, (uint16_t)(0 - digest_sum16(p, get_u16le(p + 0x30))));
}

static inline struct volumes
volumes_make(uint8_t *p, size_t n, const char *guid, uint8_t erased)
{
	struct volumes v = { p, n, 0x48, erased, 0xAA };
	struct uuid u;

	memset(p, erased, n);
	memset(p, 0, 0x48);
	uuid_parse(&u, guid);
	memcpy(p + 0x10, u.b, UUID_LEN);
	put_u64le(p + 0x20, n);
	memcpy(p + 0x28, "_FVH", 4);
	put_u32le(p + 0x2C, erased != 0 ? 0x4FEFF : 0x4F6FF);
	put_u16le(p + 0x30, 0x48);
	p[0x37] = 2;
	put_u32le(p + 0x38, (uint32_t)(n / 0x100));
	put_u32le(p + 0x3C, 0x100);
	volumes_sum(p);
	return v;
}

/* The header's sums of the file at off; its state becomes valid. */
static inline void
volumes_seal(struct volumes *v, size_t off, size_t head, size_t size)
{
	uint8_t *p = v->p + off;

	p[0x10] = p[0x11] = p[0x17] = 0;
	p[0x10] = (uint8_t)(0 - digest_sum8(p, head));
	p[0x11] = (p[0x13] & 0x40) != 0
	    ? (uint8_t)(0 - digest_sum8(p + head, size - head))
	    : v->constant;
	p[0x17] = v->erased ^ 0x07;
}

/* Appends a file whose GUID begins with that byte; its offset. */
static inline size_t
volumes_file(struct volumes *v, uint8_t guid, uint8_t type, uint8_t attrs,
    const void *body, size_t n)
{
	size_t off = v->at, size = 24 + n;
	uint8_t *p = v->p + off;

	memset(p, 0x11, 16);
	p[0] = guid;
	p[0x12] = type;
	p[0x13] = attrs;
	put_u32le(p + 0x14, (uint32_t)size);
	memcpy(p + 24, body, n);
	volumes_seal(v, off, 24, size);
	v->at = (off + size + 7) & ~(size_t)7;
	return off;
}

/* A large file of FFS3. */
static inline size_t
volumes_large(struct volumes *v, uint8_t guid, const void *body, size_t n)
{
	size_t off = v->at, size = 32 + n;
	uint8_t *p = v->p + off;

	memset(p, 0x11, 16);
	p[0] = guid;
	p[0x12] = FFS_RAW;
	p[0x13] = 0x01;
	put_u32le(p + 0x14, 0);
	put_u64le(p + 24, size);
	memcpy(p + 32, body, n);
	volumes_seal(v, off, 32, size);
	v->at = (off + size + 7) & ~(size_t)7;
	return off;
}

/* Appends a section to a stream of *n bytes: head behind the common header,
 * then the body; its offset. */
static inline size_t
volumes_section(
    uint8_t *p, size_t *n, uint8_t type, const void *body, size_t len)
{
	size_t off = (*n + 3) & ~(size_t)3;

	memset(p + *n, 0, off - *n);
	put_u32le(p + off, (uint32_t)(len + 4));
	p[off + 3] = type;
	memcpy(p + off + 4, body, len);
	*n = off + 4 + len;
	return off;
}

#endif
