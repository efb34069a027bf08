/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/plan.h"
#include "formats/reason.h"
#include "tests/store.h"

/* A map that takes any image with a variable volume. */
static void
a_map(struct imgmap *m)
{
	struct map_setting *s = &m->setting[0];

	memset(m, 0, sizeof(*m));
	strcpy(m->name, "test");
	m->nmatch = m->nsetting = 1;
	m->match[0].kind = MAP_VOLUME;
	uuid_parse(&m->match[0].guid, VOLUME_NV_GUID);
	strcpy(s->label, "oem_record");
	s->target = MAP_AT_VAR;
	s->encoding = MAP_OPR1;
	image_oem_name(&s->var);
	s->attrs = IMAGE_OEM_ATTRS;
	s->store = -1;
	s->max = 0x1000;
}

static void
fill(struct record *r, unsigned seed)
{
	memset(r, 0, sizeof(*r));
	r->sequence = 1;
	r->amt_major = 3;
	r->talk = seed % 2;
	for (size_t i = 0; i < UUID_LEN; i++)
		r->uuid.b[i] = (uint8_t)(seed * 7 + i);
	strcpy(r->order, "order");
	memset(r->serial, 'A' + (int)(seed % 26), 1 + seed % 60);
	memset(r->server_fqdn, 'a', seed % 200);
	memset(r->otp, '1', seed % 32);
}

static bool
in_plan(const struct plan *p, size_t at)
{
	for (size_t i = 0; i < p->n; i++)
		if (at >= p->w[i].off && at - p->w[i].off < p->w[i].len)
			return true;
	return false;
}

/* The base with the plan applied must be the base everywhere else, only clear
 * bits, and read back as that record; and go back to the base. */
static void
check(const struct image *base, const struct plan *p, const struct record *want)
{
	size_t n = base->n;
	uint8_t *out = malloc(n);
	struct record *got = calloc(1, sizeof(*got));
	struct err e;

	assert_non_null(out);
	assert_non_null(got);
	err_clear(&e);
	memcpy(out, base->p, n);
	assert_int_equal(plan_apply(p, out, n, &e), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(out[i] & ~base->p[i], 0);
		if (!in_plan(p, i))
			assert_int_equal(out[i], base->p[i]);
	}
	assert_int_equal(image_record(out, n, got, &e), ERR_OK);
	assert_memory_equal(&got->uuid, &want->uuid, sizeof(want->uuid));
	assert_string_equal(got->serial, want->serial);
	assert_string_equal(got->server_fqdn, want->server_fqdn);
	assert_string_equal(got->otp, want->otp);
	assert_int_equal(plan_revert(p, base, out, n, &e), ERR_OK);
	assert_memory_equal(out, base->p, n);
	free(got);
	free(out);
}

static void
nothing_changes_outside_the_planned_range(void **state)
{
	static uint8_t p[0x800 + STORE_VOLUME + 0x800];
	struct record *rec = calloc(1, sizeof(*rec));
	static struct imgmap map;
	static struct image img;
	static struct plan plan;
	static struct planner at;
	struct err e;

	(void)state;
	a_map(&map);
	assert_non_null(rec);
	for (unsigned seed = 0; seed < 300; seed++) {

		err_clear(&e);
		memset(p, (int)(seed & 0x7F), sizeof(p));
		store_make(p + 0x800, seed % 3);
		for (unsigned i = 0; i < seed % 7; i++)
			store_put(p + 0x800, STORE_VOLUME, "Other", &seed,
			    1 + (seed + i) % 4);
		fill(rec, seed);
		assert_int_equal(image_read(p, sizeof(p), &img, &e), ERR_OK);
		assert_int_equal(plan_begin(&at, &img, &map, &e), ERR_OK);
		assert_int_equal(plan_make(&at, rec, &plan, &e), ERR_OK);
		check(&img, &plan, rec);
		plan_free(&plan);
	}
	record_wipe(rec);
	free(rec);
}

/* Tries to place a record into p; the refusal. */
static struct err
refusal(const uint8_t *p, size_t n, const struct imgmap *map)
{
	struct record *rec = calloc(1, sizeof(*rec));
	static struct plan plan;
	static struct image img;
	static struct planner at;
	struct err e;

	assert_non_null(rec);
	err_clear(&e);
	fill(rec, 1);
	if (image_read(p, n, &img, &e) == ERR_OK &&
	    plan_begin(&at, &img, map, &e) == ERR_OK) {
		plan_make(&at, rec, &plan, &e);
		plan_free(&plan);
	}
	free(rec);
	return e;
}

static void
a_base_with_a_live_record_is_refused(void **state)
{
	static uint8_t p[STORE_VOLUME];
	static const uint8_t rows[] = { 0x3F, 0x3E };
	static struct imgmap map, other;
	struct record *rec = calloc(1, sizeof(*rec));
	static struct plan plan;
	static struct image img;
	static struct planner at;
	struct err e;

	(void)state;
	a_map(&map);
	assert_non_null(rec);
	err_clear(&e);
	store_make(p, true);
	fill(rec, 2);
	image_read(p, sizeof(p), &img, &e);
	plan_begin(&at, &img, &map, &e);
	assert_int_equal(plan_make(&at, rec, &plan, &e), ERR_OK);
	assert_int_equal(plan_apply(&plan, p, sizeof(p), &e), ERR_OK);
	a_map(&other);
	strcpy(other.setting[0].var.name, "Another");
	for (size_t i = 0; i < sizeof(rows); i++) {
		p[plan.w[0].off + 2] = rows[i];
		e = refusal(p, sizeof(p), &map);
		assert_ptr_equal(
		    e.reason, reason_get(REASON_IMAGE_LIVE_RECORD));
		assert_int_equal(e.offset, plan.w[0].off);
		/* Not by another name either: a device reads this one. */
		e = refusal(p, sizeof(p), &other);
		assert_ptr_equal(
		    e.reason, reason_get(REASON_IMAGE_LIVE_RECORD));
	}
	/* Deleted, but still to be read in the flash; gone, as scrub does it.
	 */
	p[plan.w[0].off + 2] = 0x3C;
	e = refusal(p, sizeof(p), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_LIVE_RECORD));
	memset(p + plan.w[1].off, 0, plan.w[1].len);
	assert_int_equal(refusal(p, sizeof(p), &map).code, ERR_OK);
	plan_free(&plan);
	free(rec);
}

static void
a_base_without_a_store_that_is_fit_is_refused(void **state)
{
	static uint8_t p[STORE_VOLUME], me[0x100], two[2 * STORE_VOLUME];
	static struct imgmap map;
	struct err e;

	(void)state;
	a_map(&map);
	memcpy(me, "$FPT", 4);
	e = refusal(me, sizeof(me), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_NO_STORE));
	store_make(p, true);
	p[STORE_QUEUE] = 0xFE;
	e = refusal(p, sizeof(p), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_FTW_PENDING));
	p[STORE_QUEUE] = 0xFF;
	p[0x2C] ^= 1;
	e = refusal(p, sizeof(p), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_BROKEN));
	store_make(two, true);
	store_make(two + STORE_VOLUME, true);
	e = refusal(two, sizeof(two), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_NO_MATCH));
	assert_non_null(strstr(e.msg, "0x48 and 0x4048"));
}

static void
a_record_too_large_for_store_or_firmware_is_refused(void **state)
{
	static uint8_t p[STORE_VOLUME], data[STORE_SIZE];
	static struct imgmap map;
	struct err e;

	(void)state;
	a_map(&map);
	store_make(p, true);
	map.setting[0].max = 100;
	e = refusal(p, sizeof(p), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_FULL));
	assert_non_null(strstr(e.msg, "takes 100 at most"));
	map.setting[0].max = 0;
	assert_int_equal(refusal(p, sizeof(p), &map).code, ERR_OK);
	assert_true(store_put(p, sizeof(p), "Fill", data, 3900) > 0);
	e = refusal(p, sizeof(p), &map);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_FULL));
	assert_non_null(strstr(e.msg, "are free at offset"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_changes_outside_the_planned_range),
		cmocka_unit_test(a_base_with_a_live_record_is_refused),
		cmocka_unit_test(a_base_without_a_store_that_is_fit_is_refused),
		cmocka_unit_test(
		    a_record_too_large_for_store_or_firmware_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
