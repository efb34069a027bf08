/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/container.h"
#include "bios/image.h"
#include "bios/me.h"
#include "formats/reason.h"
#include "tests/region.h"

static uint8_t p[REGION_SIZE];
static struct guard guard;

static void
guards(const struct me *m)
{
	memset(&guard, 0, sizeof(guard));
	me_guards(m, &guard);
	assert_false(guard.full);
}

/* The reason for which a byte may not be written, or NULL. */
static const struct reason *
guarded(size_t at)
{
	struct err e;

	err_clear(&e);
	guard_check(&guard, at, 1, &e);
	return e.reason;
}

static void
each_layout_is_known(void **state)
{
	static const enum me_layout want[REGION_FORMS] = { ME_FPT, ME_VECTOR,
		ME_VECTOR, ME_VECTOR, ME_IFWI, ME_IFWI };

	(void)state;
	for (int f = 0; f < REGION_FORMS; f++) {
		struct me_part part;
		struct me m;
		size_t at, from, end;

		region_make(p, (enum region_form)f);
		me_read(p, 0, REGION_SIZE, &m);
		assert_int_equal(m.layout, want[f]);
		assert_true(me_known(&m));
		assert_null(me_fault(&m, &at));
		assert_true(m.has_fpt);
		at = 0;
		assert_false(me_gap(&m, &at, &from, &end));
		me_part(&m, 0, &part);
		assert_int_equal(part.kind, ME_OEM);
		me_part(&m, 1, &part);
		assert_int_equal(part.kind, f >= REGION_21 ? ME_MFS : ME_EFFS);
		me_part(&m, 2, &part);
		assert_int_equal(part.kind, ME_EFFS);
		me_part(&m, 3, &part);
		assert_int_equal(part.kind, ME_CODE);
		assert_true(part.has_man);
		assert_int_equal(part.has_dir, f >= REGION_21);
	}
}

static void
a_bare_region_of_each_layout_is_an_image(void **state)
{
	(void)state;
	for (int f = 0; f < REGION_FORMS; f++) {
		struct image *img = malloc(sizeof(*img));
		struct err e;

		assert_non_null(img);
		err_clear(&e);
		region_make(p, (enum region_form)f);
		assert_int_equal(image_read(p, REGION_SIZE, img, &e), ERR_OK);
		assert_int_equal(img->kind, IMAGE_ME);
		assert_true(img->me.present);
		free(img);
	}
}

static void
an_added_partition_is_found_as_a_container(void **state)
{
	(void)state;
	for (int f = 0; f < REGION_FORMS; f++) {
		struct image *img = malloc(sizeof(*img));
		size_t from, end;
		struct fpt_add a;
		struct err e;

		assert_non_null(img);
		err_clear(&e);
		region_make(p, (enum region_form)f);
		assert_int_equal(image_read(p, REGION_SIZE, img, &e), ERR_OK);
		assert_false(container_window(img, CONTAINER_FPT, &from, &end));
		assert_int_equal(
		    fpt_add(&img->me.fpt, ME_OWN, 0x1000, &a, &e), ERR_OK);
		for (size_t i = 0; i < a.n; i++)
			memcpy(p + a.p[i].off, a.p[i].bytes, a.p[i].len);
		assert_int_equal(image_read(p, REGION_SIZE, img, &e), ERR_OK);
		assert_true(container_window(img, CONTAINER_FPT, &from, &end));
		assert_int_equal(from, a.from);
		assert_int_equal(end, a.from + a.len);
		guards(&img->me);
		assert_null(guarded(from));
		free(img);
	}
}

static void
kinds_follow_from_names_and_manifests(void **state)
{
	static const struct {
		const char *name;
		enum me_kind kind;
	} rows[] = { { "NPHY", ME_CODE }, { "PCHC", ME_CODE },
		{ "OEMP", ME_TOKEN }, { "STKN", ME_TOKEN }, { "PSVN", ME_DATA },
		{ "GLUT", ME_EFFS }, { "AFSP", ME_MFS }, { "EFS", ME_MFS },
		{ "FITC", ME_FITC }, { "UEPB", ME_FUSES }, { "AMTO", ME_OURS },
		{ "MFSX", ME_NAMELESS }, { "EFSB", ME_NAMELESS },
		{ "PHY", ME_NAMELESS } };
	struct me_part part;
	struct me m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		region_make(p, REGION_21);
		memset(p + 0x30 + 0x20, 0, 4);
		memcpy(p + 0x30 + 0x20, rows[i].name, strlen(rows[i].name));
		region_seal(p, REGION_21);
		me_read(p, 0, REGION_SIZE, &m);
		me_part(&m, 1, &part);
		assert_int_equal(part.kind, rows[i].kind);
		/* With a manifest it is code, but for tokens. */
		region_manifest(p + 0x2000, "$MN2");
		me_part(&m, 1, &part);
		assert_int_equal(
		    part.kind, rows[i].kind == ME_TOKEN ? ME_TOKEN : ME_CODE);
	}
	/* ME 2 had a partition where later ones have a quota. */
	region_make(p, REGION_10);
	memcpy(p + 0x20, "NVKR", 4);
	me_read(p, 0, REGION_SIZE, &m);
	me_part(&m, 0, &part);
	assert_int_equal(part.kind, ME_OEM);
	region_make(p, REGION_20);
	memcpy(p + 0x30, "NVKR", 4);
	me_read(p, 0, REGION_SIZE, &m);
	me_part(&m, 0, &part);
	assert_int_equal(part.kind, ME_NAMELESS);
}

static void
code_and_tables_are_guarded_and_oem_data_is_not(void **state)
{
	const struct reason *code = reason_get(REASON_IMAGE_SIGNED);
	const struct reason *unknown = reason_get(REASON_IMAGE_FORBIDDEN);

	(void)state;
	for (int f = 0; f < REGION_FORMS; f++) {
		size_t base = region_base((enum region_form)f);
		struct me m;

		region_make(p, (enum region_form)f);
		me_read(p, 0, REGION_SIZE, &m);
		guards(&m);
		assert_ptr_equal(guarded(0), unknown);
		assert_ptr_equal(
		    guarded(region_fpt((enum region_form)f) + 0x9F), unknown);
		assert_null(guarded(base + 0x400));
		assert_null(guarded(base + 0xFFF));
		assert_ptr_equal(guarded(base + 0x2000), unknown);
		assert_ptr_equal(guarded(base + 0x4000), code);
		assert_ptr_equal(guarded(base + 0x5FFF), code);
		assert_null(guarded(base + 0x6000)); /* erased */
		if (region_is_ifwi((enum region_form)f)) {
			assert_ptr_equal(guarded(REGION_BOOT), code);
			assert_ptr_equal(guarded(REGION_BOOT + 0x7FFF), code);
			assert_null(guarded(REGION_BOOT + 0x8000));
		}
		if (f == REGION_21)
			assert_ptr_equal(guarded(0x1010), unknown);
	}
}

static void
what_is_not_understood_is_guarded_whole(void **state)
{
	static const struct {
		enum region_form form;
		size_t at;
		uint8_t value;
	} rows[] = { { REGION_20, 0x10, 'X' }, { REGION_20, 0x1B, 0 },
		{ REGION_20, 0x18, 0x30 }, { REGION_20, 0x30 + 0x0B, 0x7F },
		{ REGION_21, 0x40, 0x55 }, { REGION_21, 0x1010, 0 },
		{ REGION_I17, 0x30, 9 }, { REGION_I17, REGION_DATA, 0 },
		{ REGION_10, 0x24, 0x01 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct me m;
		size_t at;

		region_make(p, rows[i].form);
		p[rows[i].at] = rows[i].value;
		if (rows[i].at == 0x24)
			put_u32le(p + 0x28, REGION_SIZE);
		me_read(p, 0, REGION_SIZE, &m);
		assert_non_null(me_fault(&m, &at));
		guards(&m);
		for (size_t k = 0; k < REGION_SIZE; k += 0x400)
			assert_non_null(guarded(k));
	}
	{
		struct me m;

		memset(p, 0xFF, sizeof(p));
		me_read(p, 0, REGION_SIZE, &m);
		assert_int_equal(m.layout, ME_ERASED);
		guards(&m);
		assert_non_null(guarded(0));
		assert_non_null(guarded(REGION_SIZE - 1));
		me_read(p, 5, 5, &m);
		assert_false(m.present);
		guards(&m);
		assert_int_equal(guard.n, 0);
	}
}

/* What a table says no more of may be code: no map may write it, not even one
 * that names the bytes that are there. */
static void
code_of_a_damaged_table_is_guarded_as_signed(void **state)
{
	static const struct {
		enum region_form form;
		size_t at;
		uint32_t value;
	} rows[] = {
		{ REGION_20, 0x10, 0 },           /* no $FPT */
		{ REGION_20, 0x14, 0xFFFF },      /* its count */
		{ REGION_20, 0x14, 3 },           /* FTPR is not counted */
		{ REGION_20, 0x30 + 0x68, 0x40 }, /* it is moved */
		{ REGION_20, 0x30 + 0x6C, REGION_SIZE }, /* too large */
		{ REGION_20, 0x30 + 0x6C, 0 },           /* it has no size */
		{ REGION_20, 0x30 + 0x7C, 2 },           /* it is virtual */
		{ REGION_I17, 0x20, REGION_SIZE },       /* a boot partition */
		{ REGION_I17, 0x24, REGION_SIZE },
		{ REGION_I17, REGION_BOOT, 0 }, /* no BPDT in it */
	};
	struct me m;
	struct err e;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t code;

		region_make(p, rows[i].form);
		code = region_base(rows[i].form) + 0x5000;
		put_u32le(p + rows[i].at, rows[i].value);
		if (rows[i].form == REGION_20 && rows[i].at != 0x10 &&
		    rows[i].value != 0xFFFF)
			region_seal(p, REGION_20);
		me_read(p, 0, REGION_SIZE, &m);
		assert_non_null(me_fault(&m, &at));
		guards(&m);
		err_clear(&e);
		assert_int_not_equal(
		    guard_check_named(&guard, code, 4, &e), ERR_OK);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_SIGNED));
		err_clear(&e);
		assert_int_not_equal(
		    guard_check_named(&guard, REGION_SIZE - 1, 1, &e), ERR_OK);
	}
}

static void
partitions_of_code_share_no_bytes(void **state)
{
	struct me m;
	size_t at;

	(void)state;
	region_make(p, REGION_20);
	region_entry(p + 0x10, "NFTP", 0x5000, 0x2000, 0);
	region_seal(p, REGION_20);
	me_read(p, 0, REGION_SIZE, &m);
	assert_string_equal(
	    me_fault(&m, &at), "partitions of code share bytes");
	/* One in another is how FTUP holds NFTP; the same bytes are not. */
	put_u32le(p + 0x30 + 4 * 0x20 + 12, 0x1000);
	me_read(p, 0, REGION_SIZE, &m);
	assert_null(me_fault(&m, &at));
	put_u32le(p + 0x30 + 4 * 0x20 + 8, 0x4000);
	put_u32le(p + 0x30 + 4 * 0x20 + 12, 0x2000);
	me_read(p, 0, REGION_SIZE, &m);
	assert_non_null(me_fault(&m, &at));
	memcpy(p + 0x30 + 4 * 0x20, "FTUP", 4);
	me_read(p, 0, REGION_SIZE, &m);
	assert_null(me_fault(&m, &at));
}

static void
a_manifest_within_data_makes_its_rest_signed(void **state)
{
	struct me m;
	struct err e;
	size_t at;

	(void)state;
	region_make(p, REGION_20);
	region_manifest(p + 0x2800, "$MN2"); /* in EFFS */
	me_read(p, 0, REGION_SIZE, &m);
	assert_null(me_fault(&m, &at));
	guards(&m);
	err_clear(&e);
	assert_int_equal(guard_check_named(&guard, 0x2700, 4, &e), ERR_OK);
	assert_int_not_equal(guard_check_named(&guard, 0x2E00, 4, &e), ERR_OK);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_SIGNED));
}

static void
fitc_is_the_oems_only_if_it_is_one(void **state)
{
	uint8_t *f = p + 0x2000;
	struct me m;

	(void)state;
	region_make(p, REGION_20);
	memcpy(p + 0x30 + 0x20, "FITC", 4);
	memset(f, 0x11, 0x100);
	me_read(p, 0, REGION_SIZE, &m);
	guards(&m);
	assert_non_null(guarded(0x2000));
	put_u32le(f, 1);
	put_u32le(f + 4, 0);
	put_u32le(f + 8, 0x40);
	put_u32le(f + 4, digest_crc32(f, 12));
	guards(&m);
	assert_null(guarded(0x2000));
}

static void
the_backup_is_read_where_the_table_is_damaged(void **state)
{
	static const size_t places[] = { 0x10, 0x14, 0x18, 0x40 };
	struct me m;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		region_make(p, REGION_21);
		memset(p + places[i], 0xEE, 4);
		me_read(p, 0, REGION_SIZE, &m);
		assert_int_equal(m.layout, ME_VECTOR);
		assert_int_equal(m.fpt.n, 4);
		assert_int_equal(m.fpt.off, 0x1010);
		assert_string_equal(
		    me_fault(&m, &at), "$FPT is damaged: its backup was read");
		assert_int_equal(at, 0x10);
	}
}

static void
a_manifest_is_verified_once_and_bytes_are_bounded(void **state)
{
	struct me_checks c;
	struct mecode_man a, b;
	struct me m;
	size_t left;

	(void)state;
	region_make(p, REGION_20);
	me_read(p, 0, REGION_SIZE, &m);
	me_checks_init(&c, &m);
	assert_true(mecode_man_read(p, 0x4000, REGION_SIZE, &a));
	b = a;
	me_check(&c, &a);
	assert_int_equal(a.verdict, MECODE_WRONG);
	left = c.left;
	assert_true(left < 4 * REGION_SIZE);
	me_check(&c, &b);
	assert_int_equal(b.verdict, MECODE_WRONG);
	assert_int_equal(c.left, left);
	c.left = a.size;
	c.n = 0;
	assert_true(mecode_man_read(p, 0x4000, REGION_SIZE, &b));
	me_check(&c, &b);
	assert_int_equal(b.verdict, MECODE_UNKNOWN);
	assert_non_null(b.why);
}

static void
bytes_without_an_owner_are_found_and_guarded(void **state)
{
	size_t at = 0, from, end;
	struct me m;

	(void)state;
	region_make(p, REGION_20);
	p[0x1800] = 0;
	p[REGION_SIZE - 1] = 0;
	me_read(p, 0, REGION_SIZE, &m);
	assert_true(me_gap(&m, &at, &from, &end));
	assert_int_equal(from, 0x1000);
	assert_int_equal(end, 0x2000);
	assert_true(me_gap(&m, &at, &from, &end));
	assert_int_equal(from, 0x6000);
	assert_int_equal(end, REGION_SIZE);
	assert_false(me_gap(&m, &at, &from, &end));
	guards(&m);
	assert_ptr_equal(guarded(0x1000), reason_get(REASON_IMAGE_FORBIDDEN));
	assert_ptr_equal(guarded(0x8000), reason_get(REASON_IMAGE_FORBIDDEN));
	assert_null(guarded(0x400));
}

static void
manifests_of_boot_partitions_are_verified_too(void **state)
{
	struct me_signatures s;
	struct me m;

	(void)state;
	region_make(p, REGION_I17);
	me_read(p, 0, REGION_SIZE, &m);
	me_verify(&m, &s);
	/* FTPR, and RBEP, FTPR, PMCP of the boot partition: noise all. */
	assert_int_equal(s.wrong, 4);
	assert_int_equal(s.verified, 0);
	assert_int_equal(s.at, REGION_DATA + 0x4080);
}

/* Any one byte of the tables changed: no crash, and either all is as before or
 * the region is guarded, whole or at least where it was. */
static void
a_changed_byte_never_opens_code(void **state)
{
	const struct reason *code = reason_get(REASON_IMAGE_SIGNED);

	(void)state;
	for (int f = 0; f < REGION_FORMS; f++) {
		size_t code_at = region_base((enum region_form)f) + 0x4000;

		region_make(p, (enum region_form)f);
		for (size_t i = 0; i < 0x100; i++) {
			size_t at = i < 0x60
			    ? i
			    : region_fpt((enum region_form)f) + i - 0x60;
			struct me m;

			p[at] ^= 0x5A;
			me_read(p, 0, REGION_SIZE, &m);
			guards(&m);
			/* An entry of $FPT 1.0 and 2.0 has no checksum: the
			 * code's own may be moved by it. */
			if (guarded(code_at) == NULL)
				assert_true(f <= REGION_20S &&
				    i >= 0x60 + 0x20 + 3 * 0x20);
			p[at] ^= 0x5A;
		}
		{
			struct me m;

			me_read(p, 0, REGION_SIZE, &m);
			guards(&m);
			assert_ptr_equal(guarded(code_at), code);
		}
	}
}

static uint8_t *
sample(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *b = malloc(0x200000);

	assert_non_null(b);
	if (f == NULL) {
		free(b);
		return NULL;
	}
	*n = fread(b, 1, 0x200000, f);
	fclose(f);
	return b;
}

static void
real_regions_are_understood(void **state)
{
	static const char *const paths[] = {
		"../shared/samples/cb_google_link_me.bin",
		"../shared/samples/cb_google_butterfly_me.bin"
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct me_signatures s;
		struct fpt_add a;
		struct me m;
		struct err e;
		size_t n = 0, at;
		uint8_t *b = sample(paths[i], &n);

		if (b == NULL) {
			print_message("no %s: skipped\n", paths[i]);
			skip();
		}
		err_clear(&e);
		me_read(b, 0, n, &m);
		assert_int_equal(m.layout, ME_VECTOR);
		assert_null(me_fault(&m, &at));
		assert_int_equal(m.fpt.version, 0x20);
		assert_int_equal(m.fpt.n, 15);
		me_verify(&m, &s);
		assert_int_equal(s.verified, 3);
		assert_int_equal(s.wrong + s.unknown, 0);
		assert_int_equal(
		    fpt_add(&m.fpt, "AMTO", 0x4000, &a, &e), ERR_OK);
		assert_int_equal(a.from, 0x17D000);
		/* One bit of the manifest, and of the modules behind it. */
		b[0x93000 + 0x300] ^= 1;
		me_verify(&m, &s);
		assert_int_equal(s.wrong, 1);
		assert_int_equal(s.at, 0x93000);
		free(b);
	}
}

/* The regions as DIR/0.bin, 1.bin, ..., for tests/interop/mecode.sh. */
static int
dump(const char *dir)
{
	for (int f = 0; f < REGION_FORMS; f++) {
		char path[512];
		FILE *out;

		snprintf(path, sizeof(path), "%s/%d.bin", dir, f);
		region_make(p, (enum region_form)f);
		if ((out = fopen(path, "wb")) == NULL ||
		    fwrite(p, 1, sizeof(p), out) != sizeof(p) ||
		    fclose(out) != 0)
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layout_is_known),
		cmocka_unit_test(a_bare_region_of_each_layout_is_an_image),
		cmocka_unit_test(an_added_partition_is_found_as_a_container),
		cmocka_unit_test(kinds_follow_from_names_and_manifests),
		cmocka_unit_test(
		    code_and_tables_are_guarded_and_oem_data_is_not),
		cmocka_unit_test(what_is_not_understood_is_guarded_whole),
		cmocka_unit_test(code_of_a_damaged_table_is_guarded_as_signed),
		cmocka_unit_test(partitions_of_code_share_no_bytes),
		cmocka_unit_test(a_manifest_within_data_makes_its_rest_signed),
		cmocka_unit_test(fitc_is_the_oems_only_if_it_is_one),
		cmocka_unit_test(the_backup_is_read_where_the_table_is_damaged),
		cmocka_unit_test(
		    a_manifest_is_verified_once_and_bytes_are_bounded),
		cmocka_unit_test(bytes_without_an_owner_are_found_and_guarded),
		cmocka_unit_test(manifests_of_boot_partitions_are_verified_too),
		cmocka_unit_test(a_changed_byte_never_opens_code),
		cmocka_unit_test(real_regions_are_understood),
	};

	if (argc == 2)
		return dump(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
