/* SPDX-License-Identifier: Apache-2.0 */
/* What a base is refused for, and what a plan then does at each target. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "bios/carry.h"
#include "formats/reason.h"
#include "bios/ffs.h"
#include "tests/layouts.h"
#include "tests/volumes.h"

static struct layout l;
static struct image img, after;
static struct planner at;
static struct plan plan;
static struct err e;

/* A whole image of one store, $FPT and 8 KiB of erased platform data; a map
 * without settings. */
static void
a_layout(void)
{
	static uint64_t seed = 1;

	do
		layout_make(&l, seed++);
	while (!l.whole || !l.has_me || !l.has_pdr || l.nbios != 1 ||
	    l.p[l.bios + STORE_QUEUE] != 0xFF);
	memset(l.p + l.pdr, 0xFF, 0x2000);
	memset(l.p + l.me + 0x1000, 0xFF, 0x400);
	l.map.nsetting = l.map.nfixup = l.map.nforbid = 0;
	memset(l.map.setting, 0, sizeof(l.map.setting));
	memset(l.map.fixup, 0, sizeof(l.map.fixup));
	memset(&l.rec, 0, sizeof(l.rec));
	l.rec.sequence = 1;
	l.rec.amt_major = 6;
	l.rec.enabled = l.rec.talk = true;
	strcpy(l.rec.serial, "S-1");
	strcpy(l.rec.otp, "one-time");
}

static struct map_setting *
setting(enum map_value value, enum map_target target,
    enum map_encoding encoding, size_t offset, size_t size)
{
	struct map_setting *s = &l.map.setting[l.map.nsetting];

	snprintf(s->label, MAP_LABEL, "s%zu", l.map.nsetting++);
	s->value = value;
	s->target = target;
	s->encoding = encoding;
	s->offset = offset;
	s->size = size;
	s->region = REGION_PDR;
	s->store = -1;
	s->attrs = IMAGE_OEM_ATTRS;
	uuid_parse(&s->var.guid, IMAGE_OEM_GUID);
	snprintf(s->var.name, 8, "Var%zu", l.map.nsetting);
	return s;
}

static struct map_fixup *
fixup(enum map_fix fix, size_t from, size_t len, size_t where)
{
	struct map_fixup *f = &l.map.fixup[l.map.nfixup++];

	f->fix = fix;
	f->region = REGION_PDR;
	f->from = from;
	f->len = len;
	f->at = where;
	return f;
}

static enum err_code
run(void)
{
	plan_free(&plan);
	err_clear(&e);
	if (image_read(l.p, l.n, &img, &e) == ERR_OK &&
	    plan_begin(&at, &img, &l.map, &e) == ERR_OK)
		plan_make(&at, &l.rec, &plan, &e);
	return e.code;
}

static void
refused(enum reason_id reason, const char *says)
{
	assert_int_equal(run(), ERR_DATA);
	if (e.reason != reason_get(reason) || strstr(e.msg, says) == NULL)
		fail_msg("%s (%s) lacks %s", e.msg, e.reason->code, says);
}

static void
made(void)
{
	if (run() != ERR_OK)
		fail_msg("%s", e.msg);
}

/* The plan goes into the image, which then carries the record. */
static void
applied(void)
{
	made();
	assert_int_equal(plan_apply(&plan, l.p, l.n, &e), ERR_OK);
	assert_int_equal(image_read(l.p, l.n, &after, &e), ERR_OK);
	if (carry_check(&after, &l.map, &l.rec, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
bits_of_one_word_are_one_write(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	l.p[l.pdr + 8] = 0xF0;
	setting(MAP_ENABLED, MAP_AT_PDR, MAP_BITS, 8, 1)->width = 1;
	s = setting(MAP_START, MAP_AT_REGION, MAP_BITS, 8, 1);
	s->bit = 2;
	s->width = 1;
	s = setting(MAP_PKI, MAP_AT_PDR, MAP_BITS, 8, 1);
	s->bit = 7;
	s->width = 1;
	made();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.w[0].len, 1);
	assert_int_equal(plan.bytes.buf[plan.w[0].at], 0x75);
	assert_false(plan.w[0].secret);
	assert_false(plan.clears_only);
	assert_non_null(strstr(plan.w[0].why, "s0: bits 0x1, s1: bits 0x4"));
	s->secret = true;
	made();
	assert_true(plan.w[0].secret);
	s->bit = 2;
	refused(REASON_MAP_UNSOUND, "setting s2 and setting s1 (line");
	s->bit = 7;
	s->secret = false;
	s->size = 2; /* another word over the same byte */
	refused(REASON_MAP_UNSOUND, "setting s2 and setting s0 (line");
}

static void
settings_that_overlap_are_refused(void **state)
{
	(void)state;
	a_layout();
	setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 8, 8);
	setting(MAP_ENABLED, MAP_AT_REGION, MAP_U8, 16, 1);
	made();
	l.map.setting[1].offset = 15;
	refused(REASON_MAP_UNSOUND, "setting s1 and setting s0 (line");
	l.map.setting[1].offset = 100;
	fixup(MAP_CRC32, 0, 8, 12);
	refused(REASON_MAP_UNSOUND, "fixup 1 and setting s0 (line");
}

static void
a_checksum_over_a_secret_is_secret(void **state)
{
	(void)state;
	a_layout();
	setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 0, 16);
	setting(MAP_OTP, MAP_AT_PDR, MAP_ASCII, 32, 16);
	fixup(MAP_SUM8, 0, 32, 0x100);
	fixup(MAP_CRC16, 16, 17, 0x110);
	fixup(MAP_SHA256_OF, 0x110, 2, 0x120); /* of that one */
	applied();
	assert_int_equal(plan.n, 5);
	assert_false(plan.w[0].secret);
	assert_true(plan.w[1].secret);
	assert_false(plan.w[2].secret);
	assert_true(plan.w[3].secret);
	assert_true(plan.w[4].secret);
}

static void
checksums_come_in_an_order_that_holds(void **state)
{
	struct map_fixup *f;

	(void)state;
	a_layout();
	setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 0, 16);
	fixup(MAP_CRC32, 0, 0x20, 0x1C);
	f = fixup(MAP_SUM8, 0, 0x10, 0x18);
	refused(REASON_MAP_UNSOUND, "so it has to come before it");
	f->at = 0x20;
	applied();
	l.map.setting[0].nexpect = 16;
	memcpy(l.map.setting[0].expect, l.p + l.pdr, 16);
	f->holds = true;
	l.p[l.pdr + 0x20] ^= 1;
	refused(REASON_IMAGE_EXPECT, "fixup 2: the sum8 at offset 0x");
}

static void
what_the_map_forbids_or_expects_is_kept(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_ENABLED, MAP_AT_PDR, MAP_U16LE, 0x10, 2);
	s->nexpect = 2;
	memcpy(s->expect, "\xff\x7f", 2);
	refused(REASON_IMAGE_EXPECT, "the map expects 7f, the image has ff");
	assert_int_equal(e.offset, l.pdr + 0x11);
	l.p[l.pdr + 0x11] = 0x7F;
	made();
	l.map.nforbid = 1;
	l.map.forbid[0].region = REGION_PDR;
	l.map.forbid[0].from = 0x11;
	l.map.forbid[0].len = 1;
	refused(REASON_IMAGE_FORBIDDEN, "the map forbids it (forbid 1)");
	l.map.forbid[0].from = 0x12;
	made();
	l.map.forbid[0].len = 0; /* to the end */
	s->offset = 0x1FF0;
	s->nexpect = 0;
	refused(REASON_IMAGE_FORBIDDEN, "forbids");
	strcpy(l.map.forbid[0].part, "NONE");
	refused(REASON_IMAGE_TARGET, "forbid 1: the image has no $FPT part");
}

static void
another_units_secret_is_neither_overwritten_nor_told(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_OTP, MAP_AT_PDR, MAP_ASCII, 0x10, 16);
	applied();
	refused(REASON_IMAGE_LIVE_RECORD, "may hold another unit's secret");
	s->nexpect = 1;
	s->expect[0] = 0xFF;
	refused(REASON_IMAGE_EXPECT, "expects ff, the image has another");
	s->nexpect = 0;
	memset(l.p + l.pdr + 0x10, 0, 16);
	made();
}

static void
places_that_are_not_there_are_refused(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_ENABLED, MAP_AT_PDR, MAP_U16LE, 0x1FFE, 2);
	made();
	s->offset++;
	refused(REASON_IMAGE_TARGET, "do not fit what has 0x2000");
	s->offset = SIZE_MAX;
	refused(REASON_IMAGE_TARGET, "do not fit what has 0x2000");
	s->target = MAP_AT_REGION;
	s->region = REGION_GBE;
	refused(REASON_IMAGE_TARGET, "no region gbe");
	s->target = MAP_AT_FPT;
	strcpy(s->part, "XXXX");
	refused(REASON_IMAGE_TARGET, "no $FPT partition XXXX");
	s->target = MAP_AT_FFS;
	refused(REASON_IMAGE_TARGET, "setting s0: ");
	s->target = MAP_AT_NVAR;
	refused(REASON_IMAGE_NO_STORE, "0 are of a kind");
	s->target = MAP_AT_VAR;
	s->store = 1;
	refused(REASON_IMAGE_NO_STORE, "1 are of a kind");
}

static void
what_nobody_knows_is_written_only_where_the_map_expects_it(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_ENABLED, MAP_AT_REGION, MAP_U8, 0x2010, 1);
	s->region = REGION_ME; /* in FTPR */
	s->nexpect = 1;
	s->expect[0] = l.p[l.me + 0x2010];
	refused(REASON_IMAGE_SIGNED, "FTPR");
	s->offset = 0x34; /* an entry of the table */
	s->nexpect = 0;
	refused(REASON_IMAGE_FORBIDDEN, "a write to 0x");
	s->nexpect = 1;
	s->expect[0] = l.p[l.me + 0x34];
	made();
	s->offset = 0x1000;
	s->region = REGION_BIOS;
	refused(REASON_IMAGE_FORBIDDEN, "where only variables are added");
	s->region = REGION_DESCRIPTOR;
	s->offset = 0x300;
	s->nexpect = 0;
	refused(REASON_IMAGE_FORBIDDEN, "a write to 0x300");
	s->target = MAP_AT_OEM;
	s->offset = 3;
	refused(REASON_IMAGE_FORBIDDEN, "region descriptor: somebody's bytes");
	s->nexpect = 1;
	s->expect[0] = l.p[0xF03];
	made();
	assert_int_equal(plan.w[0].off, 0xF03);
}

/* A volume of files at the end of the BIOS, and a gap before it. */
static void
a_bios_with_code(void)
{
	struct volumes v;

	a_layout();
	l.p[l.bios + STORE_VOLUME - 1] = 0xFF;
	memset(l.p + l.n, 0xFF, 0x13000);
	l.bios = l.n;
	l.n += 0x13000;
	put_u32le(l.p + 0x44, layout_flreg(l.bios, 0x13000));
	v = volumes_make(l.p + l.bios, 0x1000, VOLUMES_FFS2, 0xFF);
	volumes_file(&v, 0x77, FFS_RAW, 0, (const uint8_t *)"text", 4);
	l.map.match[0].kind = MAP_REGION;
	l.map.match[0].region = REGION_BIOS;
	l.map.match[0].size = 0x13000;
}

static void
code_of_the_bios_needs_expect_and_consent(void **state)
{
	static const size_t places[] = { 0, 0x48, 0x800, 0x12FF0 };
	struct map_fixup *f;
	struct map_setting *s;

	(void)state;
	a_bios_with_code();
	s = setting(MAP_ENABLED, MAP_AT_REGION, MAP_U8, 0, 1);
	s->region = REGION_BIOS;
	for (size_t i = 0; i < 4; i++) {
		s->offset = places[i];
		s->nexpect = 0;
		s->consent = true;
		refused(REASON_IMAGE_FORBIDDEN, "somebody's bytes");
		s->nexpect = 1;
		s->expect[0] = l.p[l.bios + places[i]];
		s->consent = false;
		refused(REASON_IMAGE_FORBIDDEN, "(consent = true)");
		s->consent = true;
		made();
	}
	s->offset = 0x2000; /* between them */
	s->consent = false;
	s->expect[0] = 0xFF;
	made();
	s->nexpect = 0;
	refused(REASON_IMAGE_FORBIDDEN, "region bios: somebody's bytes");
	s->region = REGION_PDR;
	s->offset = 0;
	f = fixup(MAP_SUM8, 0x2100, 0x10, 0x12FF0);
	f->region = REGION_BIOS;
	refused(REASON_IMAGE_FORBIDDEN, "fixup 1: ");
	f->holds = true;
	refused(REASON_IMAGE_FORBIDDEN, "(consent = true)");
	f->consent = true;
	l.p[l.bios + 0x12FF0] = 0x10; /* and 16 bytes of FF are 0 */
	made();
}

static void
erased_bytes_of_the_engine_are_nobodys_either(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_ENABLED, MAP_AT_REGION, MAP_U8, 0x2F00, 1);
	s->region = REGION_ME;
	assert_int_equal(l.p[l.me + 0x2F00], 0xFF);
	refused(REASON_IMAGE_FORBIDDEN, "region me: somebody's bytes");
	s->nexpect = 1;
	s->expect[0] = 0xFF;
	made();
	s->nexpect = 0;
	s->offset = 0x1010; /* FOVD is the OEM's */
	made();
}

static void
a_record_anywhere_in_the_base_is_live(void **state)
{
	static const size_t off[] = { 0x100, 0x1801 };
	struct wr w;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		a_layout();
		setting(MAP_ENABLED, MAP_AT_PDR, MAP_U8, 0, 1);
		memcpy(l.p + l.pdr + 0x80, "AMTFORG1 by name", 16);
		made();
		wr_grow(&w, RECORD_MAX);
		record_write(&w, &l.rec);
		memcpy(l.p + l.pdr + off[i], w.buf, w.len);
		wr_free(&w);
		refused(REASON_IMAGE_LIVE_RECORD, "a record lies here");
		assert_int_equal(e.offset, l.pdr + off[i]);
	}
}

static void
what_is_there_already_is_no_write(void **state)
{
	static uint8_t copy[LAYOUT_MAX];
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 0, 0x800);
	s->fill = 0xFF;
	setting(MAP_PPS, MAP_AT_PDR, MAP_ASCII, 0x900, 32)->fill = 0xFF;
	setting(MAP_OTP, MAP_AT_PDR, MAP_ASCII, 0x940, 64)->fill = 0xFF;
	made();
	memcpy(copy, l.p, l.n);
	assert_int_equal(plan_apply(&plan, copy, l.n, &e), ERR_OK);
	assert_int_equal(image_read(copy, l.n, &after, &e), ERR_OK);
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_OK);
	assert_int_equal(plan.n, 2);
	assert_int_equal(plan.w[0].len, 0x100);
	assert_true(plan.w[1].secret);
	assert_int_equal(plan.w[1].len, 64); /* not how long it is */
	assert_int_equal(plan_revert(&plan, &img, copy, l.n, &e), ERR_OK);
	assert_memory_equal(copy, l.p, l.n);
	setting(MAP_PPS, MAP_AT_PDR, MAP_ASCII, 0xA00, 32);
	made(); /* zeroes for FF, and no secret: the unit has none */
	assert_false(plan.w[2].secret);
}

static void
what_a_plan_tells_of_the_base_is_no_secret(void **state)
{
	(void)state;
	a_layout();
	memcpy(l.p + l.pdr + 0x10, "ABCDEFGH", 8);
	setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 0x10, 8);
	refused(REASON_IMAGE_LIVE_RECORD, "may hold another unit's secret");
	l.map.setting[0].nexpect = 8;
	memcpy(l.map.setting[0].expect, "ABCDEFGH", 8);
	made();
	l.map.nsetting = 0;
	fixup(MAP_SHA256_OF, 0, 8, 0x0);
	l.map.fixup[0].from = 0x100;
	refused(REASON_IMAGE_LIVE_RECORD, "may hold another unit's secret");
}

static void
a_variable_is_not_deleted_where_the_map_forbids_it(void **state)
{
	struct varstore_var v;
	struct map_setting *s;
	size_t walk = 0;

	(void)state;
	a_layout();
	s = setting(MAP_SERIAL, MAP_AT_VAR, MAP_ASCII, 0, 0);
	applied();
	assert_true(varstore_find(&after.store[0], &s->var, &walk, &v));
	l.map.nforbid = 1;
	l.map.forbid[0].region = REGION_BIOS;
	l.map.forbid[0].from = v.off - l.bios;
	l.map.forbid[0].len = 4;
	refused(REASON_IMAGE_FORBIDDEN, "the map forbids it (forbid 1)");
}

static void
two_settings_are_one_variable_in_the_same_store(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	setting(MAP_SERIAL, MAP_AT_VAR, MAP_ASCII, 0, 0);
	s = setting(MAP_ORDER, MAP_AT_VAR, MAP_ASCII, 0, 0);
	made();
	s->var = l.map.setting[0].var;
	s->store = 0;
	refused(REASON_MAP_UNSOUND, "settings s0 and s1 are one variable");
}

static void
a_name_that_two_partitions_have_means_none(void **state)
{
	(void)state;
	a_layout();
	strcpy(setting(MAP_ENABLED, MAP_AT_FPT, MAP_U8, 0x10, 1)->part, "FOVD");
	made();
	memcpy(l.p + l.me + 0x50, "FOVD", 4);
	refused(REASON_IMAGE_TARGET, "two $FPT partitions FOVD");
}

static void
another_units_record_is_named(void **state)
{
	char uuid[UUID_TEXT];

	(void)state;
	a_layout();
	setting(MAP_OEM_RECORD, MAP_AT_PDR, MAP_OPR1, 0x1000, 0x800);
	l.rec.uuid.b[0] = 0x42;
	applied();
	uuid_text(&l.rec.uuid, uuid);
	l.rec.uuid.b[0] = 0x43;
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, uuid));
	err_clear(&e);
	/* also by a map that has none */
	l.map.nsetting = 0;
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, uuid));
}

static void
a_partition_is_added_with_its_entry_and_checksum(void **state)
{
	struct map_setting *s;

	(void)state;
	a_layout();
	s = setting(MAP_OEM_RECORD, MAP_AT_FPT, MAP_OPR1, 0, 0x400);
	strcpy(s->part, "AMTO");
	s->add = true;
	s->fill = 0xFF;
	refused(REASON_IMAGE_TARGET, "setting s0"); /* no 4 KiB are free */
}

static void
a_variable_of_that_name_is_replaced_but_never_a_secret_one(void **state)
{
	struct varstore_var v;
	struct map_setting *s;
	size_t walk = 0, n = 0;

	(void)state;
	a_layout();
	s = setting(MAP_SERIAL, MAP_AT_VAR, MAP_ASCII, 0, 0);
	applied();
	assert_int_equal(plan.n, 2);
	assert_true(plan.clears_only);
	strcpy(l.rec.serial, "another");
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_DIFFERS));
	assert_non_null(strstr(e.msg, "the variable has another length"));
	applied();
	assert_int_equal(plan.n, 3);
	assert_true(plan.clears_only);
	while (varstore_find(&after.store[0], &s->var, &walk, &v))
		n++;
	assert_int_equal(n, 1);
	s->secret = true;
	refused(REASON_IMAGE_LIVE_RECORD, "Var1 is there already");
}

static void
a_value_that_the_unit_has_not_leaves_no_variable(void **state)
{
	(void)state;
	a_layout();
	setting(MAP_PPS, MAP_AT_VAR, MAP_ASCII, 0, 0);
	setting(MAP_SERIAL, MAP_AT_VAR, MAP_ASCII, 0, 0);
	setting(MAP_SERVER_PORT, MAP_AT_VAR, MAP_U16LE, 0, 2);
	applied();
	assert_int_equal(plan.n, 2);
	assert_non_null(strstr(plan.w[0].why, "s1: header of variable Var2"));
	l.rec.server_port = 1;
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "setting s2: no live variable Var3"));
}

static void
what_differs_is_named_with_its_place(void **state)
{
	(void)state;
	a_layout();
	setting(MAP_SERIAL, MAP_AT_PDR, MAP_ASCII, 0x20, 8);
	setting(MAP_OEM_RECORD, MAP_AT_PDR, MAP_OPR1, 0x1000, 0x800);
	applied();
	l.p[l.pdr + 0x21] ^= 1;
	assert_int_equal(carry_check(&after, &l.map, &l.rec, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_DIFFERS));
	assert_int_equal(e.offset, l.pdr + 0x21);
	l.p[l.pdr + 0x21] ^= 1;
	err_clear(&e);
	assert_int_equal(carry_record(&after, &l.rec, &e), ERR_OK);
	strcpy(l.rec.otp, "other");
	assert_int_equal(carry_record(&after, &l.rec, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "the record is not the ledger's"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_of_one_word_are_one_write),
		cmocka_unit_test(settings_that_overlap_are_refused),
		cmocka_unit_test(a_checksum_over_a_secret_is_secret),
		cmocka_unit_test(checksums_come_in_an_order_that_holds),
		cmocka_unit_test(what_the_map_forbids_or_expects_is_kept),
		cmocka_unit_test(
		    another_units_secret_is_neither_overwritten_nor_told),
		cmocka_unit_test(places_that_are_not_there_are_refused),
		cmocka_unit_test(
		    what_nobody_knows_is_written_only_where_the_map_expects_it),
		cmocka_unit_test(
		    a_partition_is_added_with_its_entry_and_checksum),
		cmocka_unit_test(
		    a_variable_of_that_name_is_replaced_but_never_a_secret_one),
		cmocka_unit_test(
		    a_value_that_the_unit_has_not_leaves_no_variable),
		cmocka_unit_test(what_differs_is_named_with_its_place),
		cmocka_unit_test(code_of_the_bios_needs_expect_and_consent),
		cmocka_unit_test(erased_bytes_of_the_engine_are_nobodys_either),
		cmocka_unit_test(a_record_anywhere_in_the_base_is_live),
		cmocka_unit_test(what_is_there_already_is_no_write),
		cmocka_unit_test(what_a_plan_tells_of_the_base_is_no_secret),
		cmocka_unit_test(
		    a_variable_is_not_deleted_where_the_map_forbids_it),
		cmocka_unit_test(
		    two_settings_are_one_variable_in_the_same_store),
		cmocka_unit_test(a_name_that_two_partitions_have_means_none),
		cmocka_unit_test(another_units_record_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
