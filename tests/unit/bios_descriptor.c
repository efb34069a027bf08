/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "bios/descriptor.h"
#include "formats/reason.h"

#define SAMPLES "../shared/samples/"

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
		assert_int_equal(
		    descriptor_make(p,
			&(struct descriptor_sizes){
			    .flash = size, .me = 0, .bios = 0x1000 },
			&e),
		    ERR_OK);
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
		{ 0x18, 0x12100207, 0x18 }, /* FMBA - FRBA = 0x30 */
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
		descriptor_make(p,
		    &(struct descriptor_sizes){
			.flash = 0x400000, .me = 0, .bios = 0x1000 },
		    &e);
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
	descriptor_make(p,
	    &(struct descriptor_sizes){
		.flash = 0x400000, .me = 0, .bios = 0x1000 },
	    &e);
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
	descriptor_make(p,
	    &(struct descriptor_sizes){
		.flash = 0x400000, .me = 0, .bios = 0x1000 },
	    &e);
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
	descriptor_make(p,
	    &(struct descriptor_sizes){
		.flash = 0x400000, .me = 0, .bios = 0x1000 },
	    &e);
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
	descriptor_make(p,
	    &(struct descriptor_sizes){
		.flash = 0x800000, .me = 0, .bios = 0x1000 },
	    &e);
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
} samples[] = {
	{ "cb_google_link_descriptor.bin", DESCRIPTOR_V1, 0x800000,
	    { 0x200000, 0x7FFFFF }, { 0x1000, 0x1FFFFF }, 3 },
	{ "cb_google_butterfly_descriptor.bin", DESCRIPTOR_V1, 0x800000,
	    { 0x200000, 0x7FFFFF }, { 0x1000, 0x1FFFFF }, 3 },
	{ "cb_ocp_tiogapass_descriptor.bin", DESCRIPTOR_V2, 0x2000000,
	    { 0x1000000, 0x1FFFFFF }, { 0x3000, 0xA25FFF }, 7 },
	{ "cb_erying_tgl_descriptor.bin", DESCRIPTOR_V2, 0x1000000,
	    { 0x500000, 0xFFFFFF }, { 0x1000, 0x4FFFFF }, 3 },
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
		free(p);
	}
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
		cmocka_unit_test(region_names_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
