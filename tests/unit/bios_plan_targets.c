/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for stores of AMI's and for raw files of a firmware volume. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "bios/carry.h"
#include "bios/container.h"
#include "bios/ffs.h"
#include "bios/plan.h"
#include "formats/reason.h"
#include "tests/vendor.h"
#include "tests/volumes.h"

#define SIZE 0x4000

static uint8_t base[SIZE], out[SIZE];
static struct image img, after;
static struct imgmap map;
static struct planner at;
static struct plan plan;
static struct record rec;
static struct err e;

static void
a_map(void)
{
	memset(&map, 0, sizeof(map));
	strcpy(map.name, "test");
	map.nmatch = 1;
	map.match[0].kind = MAP_VOLUME;
	uuid_parse(&map.match[0].guid, VOLUMES_FFS2);
	memset(&rec, 0, sizeof(rec));
	rec.sequence = 1;
	rec.amt_major = 6;
	strcpy(rec.serial, "S-1");
	strcpy(rec.order, "A17");
}

static struct map_setting *
setting(enum map_value value, enum map_target target, enum map_encoding how)
{
	struct map_setting *s = &map.setting[map.nsetting++];

	snprintf(s->label, MAP_LABEL, "s%zu", map.nsetting);
	s->value = value;
	s->target = target;
	s->encoding = how;
	s->store = -1;
	s->attrs = IMAGE_OEM_ATTRS;
	uuid_parse(&s->var.guid, IMAGE_OEM_GUID);
	snprintf(s->var.name, 8, "Var%zu", map.nsetting);
	return s;
}

static enum err_code
run(void)
{
	plan_free(&plan);
	err_clear(&e);
	if (image_read(base, SIZE, &img, &e) == ERR_OK &&
	    plan_begin(&at, &img, &map, &e) == ERR_OK)
		plan_make(&at, &rec, &plan, &e);
	return e.code;
}

static void
applied(void)
{
	if (run() != ERR_OK)
		fail_msg("%s", e.msg);
	memcpy(out, base, SIZE);
	assert_int_equal(plan_apply(&plan, out, SIZE, &e), ERR_OK);
	assert_int_equal(image_read(out, SIZE, &after, &e), ERR_OK);
	if (carry_check(&after, &map, &rec, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
refused(enum reason_id reason, const char *says)
{
	assert_int_equal(run(), ERR_DATA);
	if (e.reason != reason_get(reason) || strstr(e.msg, says) == NULL)
		fail_msg("%s lacks %s", e.msg, says);
}

static void
entries_are_added_to_an_nvar_store_behind_each_other(void **state)
{
	struct container_hit hit;

	(void)state;
	a_map();
	vendor_nvar_make(base);
	setting(MAP_SERIAL, MAP_AT_NVAR, MAP_ASCII);
	setting(MAP_ORDER, MAP_AT_NVAR, MAP_UTF16);
	image_oem_name(&setting(MAP_OEM_RECORD, MAP_AT_NVAR, MAP_OPR1)->var);
	applied();
	assert_int_equal(plan.n, 6);
	assert_true(plan.clears_only);
	for (size_t i = 1; i < plan.n; i++) /* without padding */
		assert_int_equal(
		    plan.w[i].off, plan.w[i - 1].off + plan.w[i - 1].len);
	assert_true(plan.w[5].secret && !plan.w[4].secret);
	assert_true(container_live(&after, &hit));
	assert_int_equal(hit.kind, CONTAINER_VARIABLE);
	assert_int_equal(plan_revert(&plan, &img, out, SIZE, &e), ERR_OK);
	assert_memory_equal(out, base, SIZE);
}

static void
an_nvar_that_is_there_is_not_replaced(void **state)
{
	(void)state;
	a_map();
	vendor_nvar_make(base);
	setting(MAP_SERIAL, MAP_AT_NVAR, MAP_ASCII);
	applied();
	memcpy(base, out, SIZE);
	refused(REASON_IMAGE_TARGET, "is only added, not replaced");
	map.setting[0].secret = true;
	refused(REASON_IMAGE_LIVE_RECORD, "Var1 is there already");
	map.setting[0].target = MAP_AT_VAR;
	map.setting[0].secret = false;
	refused(REASON_IMAGE_NO_STORE, "0 are of a kind that target uefi-var");
}

static void
a_files_checksum_follows_its_body(void **state)
{
	static const uint8_t body[64] = { 1, 2, 3 };
	struct map_setting *s;
	struct volumes v;
	struct ffs_file f;
	size_t file;

	(void)state;
	for (int summed = 0; summed < 2; summed++) {
		a_map();
		v = volumes_make(base, SIZE, VOLUMES_FFS2, 0xFF);
		file = volumes_file(
		    &v, 0x77, FFS_RAW, summed ? 0x40 : 0, body, sizeof(body));
		s = setting(MAP_SERIAL, MAP_AT_FFS, MAP_ASCII);
		memcpy(s->var.guid.b, base + file, UUID_LEN);
		s->offset = 8;
		s->size = 16;
		s = setting(MAP_ORDER, MAP_AT_FFS, MAP_ASCII);
		memcpy(s->var.guid.b, base + file, UUID_LEN);
		s->offset = 48;
		s->size = 16;
		applied();
		assert_int_equal(plan.n, 2 + (size_t)summed);
		assert_int_equal(
		    ffs_find(&after, &s->var.guid, &f, &e), ERR_OK);
		assert_null(f.why);
		assert_memory_equal(out + file + 24 + 8, "S-1", 4);
		if (summed)
			assert_int_equal(plan.w[0].off, file + 0x11);
		s->offset = 49;
		refused(REASON_IMAGE_TARGET, "do not fit what has 0x40");
		s->var.guid.b[0]++;
		refused(REASON_IMAGE_TARGET, "setting s2");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    entries_are_added_to_an_nvar_store_behind_each_other),
		cmocka_unit_test(an_nvar_that_is_there_is_not_replaced),
		cmocka_unit_test(a_files_checksum_follows_its_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
