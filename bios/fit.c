/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/fit.h"

#define POINTER 0x40 /* before the end */
#define ROW 16
#define FOUR_GIB 0x100000000
#define CHECKED 0x80

const char *
fit_type_name(uint8_t type)
{
	switch (type) {
	case 0x01:
		return "microcode";
	case 0x02:
		return "startup ACM";
	case 0x07:
		return "BIOS startup module";
	case 0x08:
		return "TPM policy";
	case 0x09:
		return "BIOS policy";
	case 0x0A:
		return "TXT policy";
	case FIT_KEY_MANIFEST:
		return "key manifest";
	case FIT_BOOT_POLICY:
		return "boot policy manifest";
	case 0x10:
		return "CSE secure boot";
	case 0x2D:
		return "TXT SX policy";
	case 0x2F:
		return "JMP debug policy";
	case 0x7F:
		return "unused";
	default:
		return NULL;
	}
}

bool
fit_place(const struct fit *f, uint64_t address, size_t len, size_t *off)
{
	uint64_t below = FOUR_GIB - address;

	if (address >= FOUR_GIB || below > f->top - f->base || len > below)
		return false;
	*off = f->top - (size_t)below;
	return true;
}

static void
broken(struct fit *f, size_t at, const char *why)
{
	f->why = why;
	f->at = at;
	f->rows = 1;
}

static void
read_header(struct fit *f)
{
	const uint8_t *p = f->img + f->off;

	f->rows = get_u32le(p + 8) & 0xFFFFFF;
	if ((p[14] & 0x7F) != 0)
		broken(f, f->off + 14, "FIT's first row is no header");
	else if (f->rows == 0 || f->rows > FIT_ROWS ||
	    f->rows > (f->top - f->off) / ROW)
		broken(f, f->off + 8, "FIT has more rows than room, or none");
	else if ((p[14] & CHECKED) != 0 && digest_sum8(p, f->rows * ROW) != 0)
		/* the rows are told nevertheless */
		f->why = "FIT's checksum is wrong";
	if (f->why != NULL && f->at == 0)
		f->at = f->off + 15;
}

void
fit_read(const struct image *img, struct fit *f)
{
	const struct descriptor_region *r = &img->desc.region[REGION_BIOS];
	uint64_t pointer;
	size_t off;

	memset(f, 0, sizeof(*f));
	f->img = img->p;
	if (!r->used || r->limit >= img->n || r->limit - r->base < POINTER)
		return;
	f->base = r->base;
	f->top = r->limit + 1;
	pointer = get_u64le(img->p + f->top - POINTER);
	if (!fit_place(f, pointer, ROW, &off) ||
	    memcmp(img->p + off, "_FIT_   ", 8) != 0) {
		/* Other code may have bytes there that are no address. */
		f->lost = pointer != 0 && pointer < FOUR_GIB - 1;
		f->why = f->lost ? "the FIT pointer points to no FIT" : NULL;
		f->at = f->top - POINTER;
		return;
	}
	f->present = true;
	f->off = off;
	read_header(f);
}

bool
fit_next(const struct fit *f, size_t *i, struct fit_row *row)
{
	const uint8_t *p;

	if (!f->present || ++*i >= f->rows)
		return false;
	memset(row, 0, sizeof(*row));
	row->at = f->off + *i * ROW;
	p = f->img + row->at;
	row->address = get_u64le(p);
	row->size = get_u32le(p + 8) & 0xFFFFFF;
	row->version = get_u16le(p + 12);
	row->type = p[14] & 0x7F;
	row->mapped = fit_place(f, row->address, 1, &row->off);
	return true;
}
