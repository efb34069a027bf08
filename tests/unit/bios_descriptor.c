/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "bios/descriptor.h"
#include "bios/guard.h"
#include "bios/image.h"
#include "formats/reason.h"

#define SAMPLES "../shared/samples/"

/* Of a flash of that size without an ME. */
static void
make_of(uint8_t p[static DESCRIPTOR_SIZE], size_t flash)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(descriptor_make(p,
			     &(struct descriptor_sizes){
				 .flash = flash, .me = 0, .bios = 0x1000 },
			     &e),
	    ERR_OK);
}

static void
made_descriptor_reads_back(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    descriptor_make(p,
		&(struct descriptor_sizes){
		    .flash = 0x800000, .me = 0x10000, .bios = 0x200000 },
		&e),
	    ERR_OK);
	assert_true(descriptor_present(p, sizeof(p)));
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
	assert_int_equal(d.version, DESCRIPTOR_V1);
	assert_int_equal(d.flash, 0x800000);
	assert_int_equal(d.region[REGION_DESCRIPTOR].limit, 0xFFF);
	assert_int_equal(d.region[REGION_ME].base, 0x1000);
	assert_int_equal(d.region[REGION_ME].limit, 0x10FFF);
	assert_int_equal(d.region[REGION_BIOS].base, 0x600000);
	assert_int_equal(d.region[REGION_BIOS].limit, 0x7FFFFF);
	for (size_t i = 3; i < DESCRIPTOR_REGIONS; i++)
		assert_false(d.region[i].used);
}

static void
made_descriptor_without_me_has_no_me_region(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	for (size_t size = 0x80000; size <= 0x1000000; size *= 2) {
		make_of(p, size);
		assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
		assert_int_equal(d.flash, size);
		assert_false(d.region[REGION_ME].used);
	}
}

static void
sizes_that_no_chip_has_are_refused(void **state)
{
	static const size_t sizes[][3] = { { 0, 0, 0x1000 },
		{ 0x300000, 0, 0x1000 }, { 0x8000000, 0, 0x1000 },
		{ 0x800000, 0, 0x800000 }, { 0x800000, 0x400000, 0x400000 },
		{ 0x800000, 0x1001, 0x1000 }, { 0x800000, 0, 0x1001 },
		{ 0x800000, 0, 0 }, { 0x800000, (size_t)-0x1000, 0x1000 } };
	uint8_t p[DESCRIPTOR_SIZE];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		err_clear(&e);
		assert_int_equal(
		    descriptor_make(p,
			&(struct descriptor_sizes){ .flash = sizes[i][0],
			    .me = sizes[i][1],
			    .bios = sizes[i][2] },
			&e),
		    ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_COMPOSE));
	}
}

static void
every_broken_table_is_named_with_its_offset(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		size_t said;
	} bad[] = {
		{ 0x18, 0x12100205, 0x18 }, /* FMBA - FRBA = 0x10 */
		{ 0x18, 0x12100203, 0x18 }, /* masters before regions */
		{ 0x14, 0x02FF0003, 0x18 }, /* regions behind masters */
		{ 0x14, 0x02040203, 0x14 }, /* 3 chips */
		{ 0x18, 0x13100206, 0x30 }, /* 4-bit density of 0xA */
	};
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		make_of(p, 0x400000);
		put_u32le(p + 0x30, 0xA);
		put_u32le(p + bad[i].at, bad[i].value);
		assert_int_equal(
		    descriptor_read(p, sizeof(p), &d, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_UNKNOWN));
		assert_int_equal(e.offset, bad[i].said);
	}
}

static void
region_table_at_the_very_end_is_read(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	make_of(p, 0x400000);
	put_u32le(p + 0x14, 0x02FD0003); /* regions 0xFD0: 0x20 would fit */
	put_u32le(p + 0x18, 0x121002FF); /* masters 0xFF0 */
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
}

static void
short_or_unsigned_bytes_are_refused(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	make_of(p, 0x400000);
	assert_int_equal(descriptor_read(p, sizeof(p) - 1, &d, &e), ERR_DATA);
	memset(p, 0, 0x20);
	err_clear(&e);
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_DATA);
	assert_int_equal(e.offset, 0);
}

static void
old_descriptor_has_its_signature_first(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	make_of(p, 0x400000);
	memmove(p, p + 0x10, 0x10);
	memset(p + 0x10, 0xFF, 0x10);
	assert_true(descriptor_present(p, sizeof(p)));
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
	assert_int_equal(d.flash, 0x400000);
}

static void
two_chips_add_up(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;
	struct err e;

	(void)state;
	err_clear(&e);
	make_of(p, 0x800000);
	put_u32le(p + 0x14, 0x02040103);
	put_u32le(p + 0x30, 4 | 3 << 3);
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
	assert_int_equal(d.flash, 0xC00000);
	put_u32le(p + 0x18, 0x13100206); /* v1.5: 4-bit densities */
	put_u32le(p + 0x30, 4 | 0xF << 4);
	assert_int_equal(descriptor_read(p, sizeof(p), &d, &e), ERR_OK);
	assert_int_equal(d.version, DESCRIPTOR_V15);
	assert_int_equal(d.flash, 0x800000);
}

/* What ifdtool and the boards' public documents say of each sample. */
static const struct sample {
	const char *file;
	enum descriptor_version version;
	size_t flash;
	size_t bios[2], me[2];
	int used;
	enum descriptor_me straps;
	uint16_t host_reads, host_writes;
	size_t vscc;
} samples[] = {
	{ "cb_google_link_descriptor.bin", DESCRIPTOR_V1, 0x800000,
	    { 0x200000, 0x7FFFFF }, { 0x1000, 0x1FFFFF }, 3, DESCRIPTOR_ME_ON,
	    0x0B, 0x0A, 2 },
	{ "cb_google_butterfly_descriptor.bin", DESCRIPTOR_V1, 0x800000,
	    { 0x200000, 0x7FFFFF }, { 0x1000, 0x1FFFFF }, 3, DESCRIPTOR_ME_ON,
	    0x0B, 0x0A, 2 },
	{ "cb_ocp_tiogapass_descriptor.bin", DESCRIPTOR_V2, 0x2000000,
	    { 0x1000000, 0x1FFFFFF }, { 0x3000, 0xA25FFF }, 7, DESCRIPTOR_ME_ON,
	    0x0CFB, 0x0C7B, 25 },
	{ "cb_erying_tgl_descriptor.bin", DESCRIPTOR_V2, 0x1000000,
	    { 0x500000, 0xFFFFFF }, { 0x1000, 0x4FFFFF }, 3, DESCRIPTOR_ME_OFF,
	    0xFFFF, 0xFFFF, 3 },
};

static void
real_descriptors_are_read(void **state)
{
	struct descriptor d;
	char path[128];
	uint8_t *p;
	size_t n;
	struct err e;

	(void)state;
	if (!file_exists(SAMPLES))
		skip();
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		int used = 0;

		err_clear(&e);
		snprintf(path, sizeof(path), SAMPLES "%s", s->file);
		assert_int_equal(file_read(path, 0x10000, &p, &n, &e), ERR_OK);
		assert_int_equal(descriptor_read(p, n, &d, &e), ERR_OK);
		assert_int_equal(d.version, s->version);
		assert_int_equal(d.flash, s->flash);
		assert_int_equal(d.region[REGION_BIOS].base, s->bios[0]);
		assert_int_equal(d.region[REGION_BIOS].limit, s->bios[1]);
		assert_int_equal(d.region[REGION_ME].base, s->me[0]);
		assert_int_equal(d.region[REGION_ME].limit, s->me[1]);
		for (size_t r = 0; r < DESCRIPTOR_REGIONS; r++)
			used += d.region[r].used;
		assert_int_equal(used, s->used);
		assert_int_equal(descriptor_me_off(p, n, &d).me, s->straps);
		assert_int_equal(d.master[MASTER_HOST].reads, s->host_reads);
		assert_int_equal(d.master[MASTER_HOST].writes, s->host_writes);
		assert_int_equal(d.nvscc, s->vscc);
		free(p);
	}
}

/* A made descriptor: v1 of 8 MiB, or v2 of 32. */
static void
make(uint8_t *p, bool v2)
{
	struct descriptor_sizes s = { .flash = v2 ? 0x2000000 : 0x800000,
		.me = 0x10000,
		.gbe = 0x2000,
		.pdr = 0x4000,
		.bios = 0x100000 };
	struct err e;

	err_clear(&e);
	assert_int_equal(descriptor_make(p, &s, &e), ERR_OK);
}

static void
must_read(const uint8_t *p, struct descriptor *d)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(descriptor_read(p, DESCRIPTOR_SIZE, d, &e), ERR_OK);
}

static void
image_of(struct image *img, const uint8_t *p)
{
	memset(img, 0, sizeof(*img));
	img->p = p;
	img->n = DESCRIPTOR_SIZE;
	img->kind = IMAGE_WHOLE;
}

static void
parts_lie_behind_each_other_in_either_version(void **state)
{
	static const struct {
		size_t region, base, limit;
	} rows[] = { { REGION_DESCRIPTOR, 0, 0xFFF },
		{ REGION_ME, 0x1000, 0x10FFF },
		{ REGION_GBE, 0x11000, 0x12FFF },
		{ REGION_PDR, 0x13000, 0x16FFF } };
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	for (int v2 = 0; v2 < 2; v2++) {
		int used = 0;

		make(p, v2);
		must_read(p, &d);
		assert_int_equal(d.version, v2 ? DESCRIPTOR_V2 : DESCRIPTOR_V1);
		assert_int_equal(d.flash, v2 ? 0x2000000 : 0x800000);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const struct descriptor_region *r =
			    &d.region[rows[i].region];

			assert_int_equal(r->base, rows[i].base);
			assert_int_equal(r->limit, rows[i].limit);
		}
		assert_int_equal(d.region[REGION_BIOS].limit, d.flash - 1);
		assert_int_equal(
		    d.region[REGION_BIOS].base, d.flash - 0x100000);
		for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
			used += d.region[i].used;
		assert_int_equal(used, 5);
	}
}

static void
parts_that_do_not_fit_together_are_refused(void **state)
{
	static const struct descriptor_sizes sizes[] = {
		{ 0x800000, 0x7FE000, 0x1000, 0x1000, 0x1000 },
		{ 0x800000, 0, (size_t)-0x1000, 0x1000, 0x1000 },
		{ 0x800000, 0, 0x1000, (size_t)-0x1000, 0x1000 },
		{ 0x800000, 0, 0x1FFF, 0, 0x1000 },
		{ 0x800000, 0, 0, 0x10, 0x1000 },
	};
	uint8_t p[DESCRIPTOR_SIZE];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		err_clear(&e);
		assert_int_equal(descriptor_make(p, &sizes[i], &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_COMPOSE));
	}
}

/* ---- masters ---- */

static void
v1_masters_have_eight_regions_and_a_requester(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, false);
	put_u32le(p + 0x60, 0x0A0B0000); /* as a production board has it */
	put_u32le(p + 0x68, 0x08080118);
	must_read(p, &d);
	assert_int_equal(d.master[MASTER_HOST].reads, 0x0B);
	assert_int_equal(d.master[MASTER_HOST].writes, 0x0A);
	assert_int_equal(d.master[2].requester, 0x118);
	assert_true(descriptor_may_read(&d, MASTER_HOST, REGION_DESCRIPTOR));
	assert_false(descriptor_may_write(&d, MASTER_HOST, REGION_DESCRIPTOR));
	assert_false(descriptor_may_read(&d, MASTER_HOST, REGION_ME));
	assert_true(descriptor_may_write(&d, MASTER_HOST, REGION_GBE));
	assert_true(descriptor_may_write(&d, MASTER_ME, REGION_ME));
	assert_false(descriptor_may_read(&d, 3, REGION_DESCRIPTOR));
	assert_false(descriptor_may_read(&d, DESCRIPTOR_MASTERS, 0));
	/* v1 has no region 8, whatever a word's bits. */
	assert_false(descriptor_may_read(&d, MASTER_ME, 8));
}

static void
v2_masters_have_sixteen_regions(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, true);
	for (size_t reg = 0; reg < DESCRIPTOR_REGIONS; reg++) {
		uint32_t read = reg < 12 ? 0x100u << reg : 1u << (reg - 12);
		uint32_t write =
		    reg < 12 ? 0x100000u << reg : 0x10u << (reg - 12);

		put_u32le(p + 0x80, read);
		put_u32le(p + 0x84, write);
		must_read(p, &d);
		for (size_t r = 0; r < DESCRIPTOR_REGIONS; r++) {
			assert_int_equal(
			    descriptor_may_read(&d, 0, r), r == reg);
			assert_int_equal(
			    descriptor_may_write(&d, 1, r), r == reg);
			assert_false(descriptor_may_write(&d, 0, r));
			assert_false(descriptor_may_read(&d, 1, r));
		}
	}
}

static void
masters_without_a_name_are_listed_where_they_are_in_use(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, true);
	must_read(p, &d);
	assert_false(d.master[3].used);
	assert_true(d.master[4].used);
	assert_false(d.master[5].used);
	put_u32le(p + 0x8C, 0xA20A2000);
	put_u32le(p + 0x94, 0x40040000);
	must_read(p, &d);
	assert_true(d.master[3].used);
	assert_int_equal(d.master[5].reads, 0x400);
	assert_string_equal(descriptor_master_name(4), "ec");
	assert_string_equal(descriptor_master_name(DESCRIPTOR_MASTERS), "?");
	make(p, false);
	must_read(p, &d);
	assert_false(d.master[3].used);
	assert_false(d.master[4].used);
}

static void
masters_behind_the_end_are_not_there(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, true);
	memset(p + 0xFB0, 0, 0x50);
	put_u32le(p + 0x14, 0x00FB0003);
	put_u32le(p + 0x18, 0x131002FF);
	put_u32le(p + 0xFFC, 0x00000100);
	must_read(p, &d);
	assert_true(d.master[0].used);
	assert_true(d.master[3].used);
	assert_false(d.master[4].used);
}

/* ---- regions ---- */

static void
every_form_of_unused_is_unused(void **state)
{
	static const uint32_t v1[] = { 0x1FFF, 0xFFF, 0xFFFFFFFF, 0 };
	static const uint32_t v2[] = { 0x7FFF, 0xFFFFFFFF, 0, 0x00010002 };
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		make(p, false);
		put_u32le(p + 0x44, v1[i]);
		must_read(p, &d);
		assert_false(d.region[REGION_BIOS].used);
		make(p, true);
		put_u32le(p + 0x44, v2[i]);
		must_read(p, &d);
		assert_false(d.region[REGION_BIOS].used);
	}
}

static void
reserved_bits_of_a_region_are_no_address(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, false);
	put_u32le(p + 0x44, 0xE7FFE700);
	must_read(p, &d);
	assert_int_equal(d.region[REGION_BIOS].base, 0x700000);
	assert_int_equal(d.region[REGION_BIOS].limit, 0x7FFFFF);
	make(p, true);
	put_u32le(p + 0x44, 0x9FFF9F00);
	must_read(p, &d);
	assert_int_equal(d.region[REGION_BIOS].base, 0x1F00000);
	assert_int_equal(d.region[REGION_BIOS].limit, 0x1FFFFFF);
}

static void
regions_above_eight_are_read_in_v2_alone(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, true);
	put_u32le(p + 0x40 + 4 * 15, 0x01000080);
	put_u32le(p + 0x40 + 4 * 8, 0x00500040);
	must_read(p, &d);
	assert_int_equal(d.slots, 16);
	assert_true(d.region[15].used);
	assert_int_equal(d.region[15].base, 0x80000);
	assert_int_equal(d.region[8].limit, 0x50FFF);
	assert_string_equal(descriptor_region_name(15), "ptt");
	assert_string_equal(descriptor_region_name(8), "ec");
}

/* ---- straps ---- */

/* version, signature first, FLMAP1, FLMAP2, a word and its value: what is
 * said. */
static const struct {
	bool v2, old;
	uint32_t flmap1, flmap2;
	size_t at;
	uint32_t value;
	enum descriptor_me me;
	const char *name;
	size_t off;
} rows[] = {
	/* ICH9: 2 straps, one of the MCH */
	{ false, true, 0x02100206, 0x00000120, 0x100, 0, DESCRIPTOR_ME_ON,
	    "ICHSTRP0 bit 0 (MeDisable)", 0x100 },
	{ false, true, 0x02100206, 0x00000120, 0x100, 1, DESCRIPTOR_ME_OFF,
	    "ICHSTRP0 bit 0 (MeDisable)", 0x100 },
	{ false, true, 0x02100206, 0x00000120, 0x200, 1, DESCRIPTOR_ME_OFF,
	    "MCHSTRP0 bit 0 (MeDisable)", 0x200 },
	{ false, true, 0x02100206, 0x00000120, 0x200, 0x80, DESCRIPTOR_ME_OFF,
	    "MCHSTRP0 bit 7 (AltMeDisable)", 0x200 },
	{ false, true, 0x02100206, 0x00000120, 0x200, 0x7E, DESCRIPTOR_ME_ON,
	    "ICHSTRP0 bit 0 (MeDisable)", 0x100 },
	/* ICH8 has no straps of an MCH: what lies there says nothing */
	{ false, true, 0x02100206, 0x00000020, 0x200, 0x81, DESCRIPTOR_ME_ON,
	    "ICHSTRP0 bit 0 (MeDisable)", 0x100 },
	/* no straps at all */
	{ false, true, 0x00100206, 0x00000020, 0x100, 1, DESCRIPTOR_ME_UNKNOWN,
	    NULL, 0 },
	/* signature first, but the straps of a later one */
	{ false, true, 0x10100206, 0x00000120, 0x100, 1, DESCRIPTOR_ME_UNKNOWN,
	    NULL, 0 },
	/* 5 series; 6 series */
	{ false, false, 0x10100206, 0x00000120, 0x128, 0x80, DESCRIPTOR_ME_OFF,
	    "PCHSTRP10 bit 7 (AltMeDisable)", 0x128 },
	{ false, false, 0x12100206, 0x00210120, 0x128, 0x80, DESCRIPTOR_ME_OFF,
	    "PCHSTRP10 bit 7 (AltMeDisable)", 0x128 },
	{ false, false, 0x12100206, 0x00210120, 0x128, 0xFFFFFF7F,
	    DESCRIPTOR_ME_ON, "PCHSTRP10 bit 7 (AltMeDisable)", 0x128 },
	/* fewer straps than that; Bay Trail; nobody's */
	{ false, false, 0x0A100206, 0x00210120, 0x128, 0x80,
	    DESCRIPTOR_ME_UNKNOWN, NULL, 0 },
	{ false, false, 0x11100206, 0x00210020, 0x128, 0x80,
	    DESCRIPTOR_ME_UNKNOWN, NULL, 0 },
	{ false, false, 0x12100206, 0x00310130, 0x128, 0x80,
	    DESCRIPTOR_ME_UNKNOWN, NULL, 0 },
	/* Sunrise Point; Apollo Lake */
	{ true, false, 0x13100208, 0x00310130, 0x100, 0x10000,
	    DESCRIPTOR_ME_OFF, "PCHSTRP0 bit 16 (HAP)", 0x100 },
	{ true, false, 0x13100208, 0x00310130, 0x100, 0xFFFEFFFF,
	    DESCRIPTOR_ME_ON, "PCHSTRP0 bit 16 (HAP)", 0x100 },
	{ true, false, 0x13100208, 0x00000000, 0x100, 0x10000,
	    DESCRIPTOR_ME_UNKNOWN, NULL, 0 },
};

static void
straps_of_each_generation_are_found(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct descriptor_me_strap s;
		struct descriptor d;

		make(p, rows[i].v2);
		put_u32le(p + 0x18, rows[i].flmap1);
		put_u32le(p + 0x1C, rows[i].flmap2);
		put_u32le(p + rows[i].at, rows[i].value);
		if (rows[i].old) {
			memmove(p, p + 0x10, 0x10);
			memset(p + 0x10, 0xFF, 0x10);
		}
		must_read(p, &d);
		s = descriptor_me_off(p, sizeof(p), &d);
		if (s.me != rows[i].me)
			fail_msg("row %zu: %s", i, descriptor_me_name(s.me));
		if (rows[i].name == NULL)
			assert_null(s.name);
		else
			assert_string_equal(s.name, rows[i].name);
		assert_int_equal(s.off, rows[i].off);
	}
}

static void
a_base_whose_me_is_strapped_off_is_refused(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	static struct image img;
	struct err e;

	(void)state;
	err_clear(&e);
	image_of(&img, p);
	make(p, false);
	must_read(p, &img.desc);
	assert_int_equal(descriptor_need_me(&img, &e), ERR_OK);
	put_u32le(p + 0x128, 0x80);
	assert_int_equal(descriptor_need_me(&img, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_ME_OFF));
	assert_int_equal(e.offset, 0x128);
	assert_non_null(strstr(e.msg, "PCHSTRP10 bit 7 (AltMeDisable)"));
	/* A bare BIOS region has no straps. */
	err_clear(&e);
	img.kind = IMAGE_BIOS;
	assert_int_equal(descriptor_need_me(&img, &e), ERR_OK);
}

static void
protected_ranges_are_where_each_generation_has_them(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor_gpr g;
	struct descriptor d;

	(void)state;
	make(p, true);
	put_u32le(p + 0x140, 0x850000A0); /* word 0x10: write protection */
	put_u32le(p + 0x148, 0x0500A001); /* word 0x12: read protection */
	must_read(p, &d);
	assert_true(descriptor_gpr(p, sizeof(p), &d, 0, &g));
	assert_int_equal(g.off, 0x140);
	assert_int_equal(g.base, 0xA0000);
	assert_int_equal(g.limit, 0x500FFF);
	assert_true(g.no_write && !g.no_read);
	assert_true(descriptor_gpr(p, sizeof(p), &d, 1, &g));
	assert_true(g.no_read && !g.no_write);
	assert_int_equal(g.base, 0x2001000);
	/* 0x13 straps end before the word 0x15. */
	assert_false(descriptor_gpr(p, sizeof(p), &d, 2, &g));
	assert_false(descriptor_gpr(p, sizeof(p), &d, DESCRIPTOR_GPRS, &g));
	make(p, false);
	must_read(p, &d);
	assert_false(descriptor_gpr(p, sizeof(p), &d, 0, &g));
}

/* ---- the rest ---- */

static void
strap_and_vscc_tables_are_cut_where_they_end(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor d;

	(void)state;
	make(p, true);
	put_u32le(p + 0x18, 0xFFFF0208); /* 255 straps at 0xFF0 */
	put_u32le(p + 0x1C, 0x0031FFFE); /* 255 at 0xFE0 */
	put_u32le(p + 0xEFC, 0x05DF);
	must_read(p, &d);
	assert_int_equal(d.pch.n, 4);
	assert_int_equal(d.cpu.n, 8);
	assert_int_equal(d.vscc, 0xDF0);
	assert_int_equal(d.nvscc, 2);
	put_u32le(p + 0xEFC, 0x44DF); /* 34 entries, up to 0xF00 */
	must_read(p, &d);
	assert_int_equal(d.nvscc, 0);
	put_u32le(p + 0xEFC, 0xFFFFFFFF);
	must_read(p, &d);
	assert_int_equal(d.nvscc, 0);
}

static void
an_oem_section_is_empty_or_used(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];

	(void)state;
	make(p, false);
	assert_false(descriptor_oem_used(p, sizeof(p)));
	p[0xFFF] = 'x';
	assert_true(descriptor_oem_used(p, sizeof(p)));
	assert_false(descriptor_oem_used(p, sizeof(p) - 1));
	memset(p + 0xF00, 0, 0x100);
	assert_false(descriptor_oem_used(p, sizeof(p)));
	p[0xF00] = 0xFF;
	assert_true(descriptor_oem_used(p, sizeof(p)));
	p[0xF00] = 0;
	p[0xEFF] = 'x';
	assert_false(descriptor_oem_used(p, sizeof(p)));
}

/* May off be written, as the guards of img have it? */
static bool
may(const struct image *img, size_t off)
{
	static struct guard g;
	struct err e;

	err_clear(&e);
	memset(&g, 0, sizeof(g));
	descriptor_guards(img, &g);
	return guard_check(&g, off, 1, &e) == ERR_OK;
}

static void
only_the_oem_section_of_a_descriptor_may_be_written(void **state)
{
	uint8_t p[DESCRIPTOR_SIZE];
	static struct image img;

	(void)state;
	image_of(&img, p);
	make(p, true);
	must_read(p, &img.desc);
	for (size_t off = 0; off < 0x1100; off++)
		assert_int_equal(may(&img, off), off >= 0xF00);
	put_u32le(p + 0x40, 0x00030000); /* 16 KiB */
	must_read(p, &img.desc);
	for (size_t off = 0; off < 0x4100; off += 0x80)
		assert_int_equal(may(&img, off),
		    (off >= 0xF00 && off < 0x1000) || off >= 0x4000);
	memset(&img.desc, 0, sizeof(img.desc));
	assert_true(may(&img, 0));
}

static void
region_names_are_found_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
		assert_int_equal(
		    descriptor_region_find(descriptor_region_name(i)), i);
	assert_int_equal(descriptor_region_find("nvram"), DESCRIPTOR_REGIONS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_descriptor_reads_back),
		cmocka_unit_test(made_descriptor_without_me_has_no_me_region),
		cmocka_unit_test(sizes_that_no_chip_has_are_refused),
		cmocka_unit_test(every_broken_table_is_named_with_its_offset),
		cmocka_unit_test(region_table_at_the_very_end_is_read),
		cmocka_unit_test(short_or_unsigned_bytes_are_refused),
		cmocka_unit_test(old_descriptor_has_its_signature_first),
		cmocka_unit_test(two_chips_add_up),
		cmocka_unit_test(real_descriptors_are_read),
		cmocka_unit_test(parts_lie_behind_each_other_in_either_version),
		cmocka_unit_test(parts_that_do_not_fit_together_are_refused),
		cmocka_unit_test(v1_masters_have_eight_regions_and_a_requester),
		cmocka_unit_test(v2_masters_have_sixteen_regions),
		cmocka_unit_test(
		    masters_without_a_name_are_listed_where_they_are_in_use),
		cmocka_unit_test(masters_behind_the_end_are_not_there),
		cmocka_unit_test(every_form_of_unused_is_unused),
		cmocka_unit_test(reserved_bits_of_a_region_are_no_address),
		cmocka_unit_test(regions_above_eight_are_read_in_v2_alone),
		cmocka_unit_test(straps_of_each_generation_are_found),
		cmocka_unit_test(a_base_whose_me_is_strapped_off_is_refused),
		cmocka_unit_test(
		    protected_ranges_are_where_each_generation_has_them),
		cmocka_unit_test(strap_and_vscc_tables_are_cut_where_they_end),
		cmocka_unit_test(an_oem_section_is_empty_or_used),
		cmocka_unit_test(
		    only_the_oem_section_of_a_descriptor_may_be_written),
		cmocka_unit_test(region_names_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
