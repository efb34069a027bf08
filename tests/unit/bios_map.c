/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/map.h"
#include "formats/reason.h"
#include "tests/store.h"

#define SIZE 0x80000

static uint8_t flash[SIZE];

/* An image with a descriptor, and a map of one rule of that kind. */
static struct imgmap *
setup(struct image *img, enum map_kind kind)
{
	static struct imgmap m;
	static uint8_t bios[STORE_VOLUME];
	struct image_parts parts = { .bios = { bios, sizeof(bios) } };
	struct err e;

	err_clear(&e);
	store_make(bios, true);
	assert_int_equal(image_compose(&parts, flash, SIZE, &e), ERR_OK);
	assert_int_equal(image_read(flash, SIZE, img, &e), ERR_OK);
	memset(&m, 0, sizeof(m));
	strcpy(m.name, "test");
	m.nmatch = 1;
	m.match[0].kind = kind;
	return &m;
}

static bool
matches(const struct imgmap *map, const struct image *img, const char *says)
{
	struct err e;

	err_clear(&e);
	if (map_matches(map, img, &e) == ERR_OK)
		return true;
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_NO_MATCH));
	if (strstr(e.msg, says) == NULL)
		fail_msg("%s lacks %s", e.msg, says);
	return false;
}

static void
the_descriptor_version_is_compared(void **state)
{
	static struct image img, bare;
	struct imgmap *m = setup(&img, MAP_IFD);
	struct err e;

	(void)state;
	err_clear(&e);
	assert_true(matches(m, &img, ""));
	m->match[0].version = DESCRIPTOR_V2;
	assert_false(matches(m, &img, "wanted 2, the image has 1"));
	image_read(flash + SIZE - STORE_VOLUME, STORE_VOLUME, &bare, &e);
	assert_false(matches(m, &bare, "no descriptor"));
}

static void
the_size_of_a_region_is_compared(void **state)
{
	static struct image img;
	struct imgmap *m = setup(&img, MAP_REGION);

	(void)state;
	m->match[0].region = REGION_BIOS;
	m->match[0].size = STORE_VOLUME;
	assert_true(matches(m, &img, ""));
	m->match[0].size++;
	assert_false(matches(
	    m, &img, "region bios: wanted 0x4001, the image has 0x4000"));
	m->match[0].region = REGION_ME;
	assert_false(matches(m, &img, "has none"));
}

static void
a_volume_is_found_by_guid_and_size(void **state)
{
	static struct image img;
	struct imgmap *m = setup(&img, MAP_VOLUME);

	(void)state;
	uuid_parse(&m->match[0].guid, VOLUME_NV_GUID);
	assert_true(matches(m, &img, ""));
	m->match[0].size = STORE_VOLUME;
	assert_true(matches(m, &img, ""));
	m->match[0].size = 1;
	assert_false(matches(m, &img, "of 0x4000 bytes at 0x7c000"));
	m->match[0].guid.b[0]++;
	assert_false(matches(m, &img, "none of that GUID"));
}

static void
the_digest_of_a_part_is_compared(void **state)
{
	static struct image img;
	struct imgmap *m = setup(&img, MAP_SHA256);
	struct map_match *r = &m->match[0];

	(void)state;
	r->region = REGION_BIOS;
	r->offset = 0x28;
	r->size = 4;
	digest_sha256("_FVH", 4, r->sha256);
	assert_true(matches(m, &img, ""));
	r->offset = 0x29;
	assert_false(matches(m, &img, "4 bytes at 0x29 of bios"));
	r->offset = STORE_VOLUME - 3;
	assert_false(matches(m, &img, "no such bytes"));
	r->offset = SIZE_MAX;
	assert_false(matches(m, &img, "no such bytes"));
	r->offset = 0;
	r->size = SIZE_MAX;
	assert_false(matches(m, &img, "no such bytes"));
}

static void
every_rule_must_hold_and_the_first_that_does_not_is_named(void **state)
{
	static struct image img;
	struct imgmap *m = setup(&img, MAP_IFD);

	(void)state;
	m->nmatch = 2;
	m->match[1].kind = MAP_REGION;
	m->match[1].region = REGION_BIOS;
	assert_false(matches(m, &img, "map test, rule 2:"));
	m->match[0].version = DESCRIPTOR_V15;
	assert_false(matches(m, &img, "map test, rule 1:"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_descriptor_version_is_compared),
		cmocka_unit_test(the_size_of_a_region_is_compared),
		cmocka_unit_test(a_volume_is_found_by_guid_and_size),
		cmocka_unit_test(the_digest_of_a_part_is_compared),
		cmocka_unit_test(
		    every_rule_must_hold_and_the_first_that_does_not_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
