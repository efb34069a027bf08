/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/image.h"
#include "bios/stray.h"
#include "formats/reason.h"
#include "tests/region.h"

#define SIZE 0x40000

static uint8_t p[SIZE];
static struct guard guard;

/* An image of BIOS alone, without a volume. */
static struct image *
bare(void)
{
	struct image *img = calloc(1, sizeof(*img));

	assert_non_null(img);
	img->p = p;
	img->n = SIZE;
	img->desc.region[REGION_BIOS].used = true;
	img->desc.region[REGION_BIOS].limit = SIZE - 1;
	memset(&guard, 0, sizeof(guard));
	return img;
}

static bool
is_signed(size_t at)
{
	struct err e;

	err_clear(&e);
	return guard_check_named(&guard, at, 1, &e) != ERR_OK &&
	    e.reason == reason_get(REASON_IMAGE_SIGNED);
}

static void
code_outside_the_me_region_is_signed(void **state)
{
	static const struct {
		size_t base, at;
	} places[] = { { 0x1000, 0x5000 }, { 0x1003, 0x5004 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct image *img = bare();

		memset(p, 0xFF, SIZE);
		region_make(p + places[i].base, REGION_20);
		stray_guards(img, &guard);
		assert_true(is_signed(places[i].at));
		assert_true(is_signed(places[i].base + 0x30));
		assert_false(is_signed(0));
		memset(&guard, 0, sizeof(guard));
		/* In what was read as the ME region it has its own. */
		img->me.present = true;
		img->me.end = SIZE;
		stray_guards(img, &guard);
		assert_int_equal(guard.n, 0);
		free(img);
	}
}

static void
a_manifest_or_directory_needs_no_table(void **state)
{
	struct image *img = bare();

	(void)state;
	memset(p, 0xFF, SIZE);
	region_manifest(p + 0x8000, "$MN2");
	p[0x8000] = 9; /* one of three may be damaged */
	stray_guards(img, &guard);
	assert_false(is_signed(0x7FFF));
	assert_true(is_signed(0x8000));
	assert_true(is_signed(SIZE - 1)); /* modules lie behind it */
	memset(&guard, 0, sizeof(guard));
	memset(p, 0xFF, SIZE);
	region_dir(p + 0x8000, "FTPR", 2);
	stray_guards(img, &guard);
	assert_true(is_signed(0x8000));
	assert_true(is_signed(0x8400 + 0x3FFF));
	/* A size that cannot be: all that holds it. */
	memset(&guard, 0, sizeof(guard));
	memset(p, 0xFF, SIZE);
	region_manifest(p + 0x8000, "$MAN");
	put_u32le(p + 0x8018, 0x7FFFFFF);
	stray_guards(img, &guard);
	assert_true(is_signed(0));
	free(img);
}

static void
four_letters_are_no_header(void **state)
{
	static const char *const tags[] = { "$MN2", "$MAN", "$CPD", "$FPT",
		"\x5A\xA5\xF0\x0F" };
	struct image *img = bare();
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 40; k++)
			memcpy(p + 0x800 + (k * 5 + i) * 0x3F1, tags[i], 4);
	stray_guards(img, &guard);
	assert_int_equal(guard.n, 0);
	free(img);
}

static void
a_descriptor_within_is_found_with_all_it_lays_out(void **state)
{
	const struct descriptor_sizes sizes = { 0x20000, 0, 0, 0, 0x10000 };
	struct image *img = bare();
	struct err e;

	(void)state;
	err_clear(&e);
	memset(p, 0xFF, SIZE);
	if (descriptor_make(p + 0x4803, &sizes, &e) != ERR_OK) {
		const struct descriptor_sizes large = { 0x800000, 0, 0, 0,
			0x200000 };

		err_clear(&e);
		assert_int_equal(
		    descriptor_make(p + 0x4803, &large, &e), ERR_OK);
	}
	assert_int_equal(stray_descriptor(p, 0, SIZE), 0x4803);
	stray_guards(img, &guard);
	assert_true(is_signed(0x4803));
	assert_true(is_signed(0x4803 + 0x11000));
	assert_false(is_signed(0x4802));
	/* A capsule in front of an image is told. */
	assert_int_equal(image_read(p, SIZE, img, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_UNKNOWN));
	assert_non_null(strstr(e.msg, "18435 bytes: a capsule?"));
	memset(p, 0xFF, SIZE);
	assert_int_equal(stray_descriptor(p, 0, SIZE), SIZE);
	free(img);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_outside_the_me_region_is_signed),
		cmocka_unit_test(a_manifest_or_directory_needs_no_table),
		cmocka_unit_test(four_letters_are_no_header),
		cmocka_unit_test(
		    a_descriptor_within_is_found_with_all_it_lays_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
