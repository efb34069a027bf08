/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "bios/image.h"
#include "formats/reason.h"
#include "tests/volumes.h"

#define SIZE 0x4000

static uint8_t vol[SIZE];

/* All items of the volume at the start of p, in words, one a line:
 * depth, kind, offset, end, broken. */
static const char *
walked(const uint8_t *p, size_t n)
{
	static const char *const kinds[] = { "file", "section", "volume",
		"free", "stray" };
	static char out[8192];
	struct ffs_walk w;
	struct ffs_item it;
	struct volume v;
	size_t len = 0;

	out[0] = '\0';
	assert_true(volume_read(p, 0, n, &v));
	assert_null(v.why);
	for (ffs_begin(&w, p, &v); ffs_next(&w, &it);)
		len += (size_t)snprintf(out + len, sizeof(out) - len,
		    "%zu %s %zx-%zx%s%s%s\n", it.depth, kinds[it.kind], it.off,
		    it.end, it.deep ? " deep" : "", it.why != NULL ? ": " : "",
		    it.why != NULL ? it.why : "");
	return out;
}

static struct ffs_item
item(const uint8_t *p, size_t n, size_t skip)
{
	struct ffs_walk w;
	struct ffs_item it;
	struct volume v;

	assert_true(volume_read(p, 0, n, &v));
	ffs_begin(&w, p, &v);
	do
		assert_true(ffs_next(&w, &it));
	while (skip-- > 0);
	return it;
}

/* ---- files ---- */

static void
files_and_free_space_are_listed_in_both_polarities(void **state)
{
	static const uint8_t erased[] = { 0xFF, 0x00 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct volumes v =
		    volumes_make(vol, SIZE, VOLUMES_FFS2, erased[i]);
		struct ffs_item it;

		volumes_file(&v, 1, FFS_RAW, 0, "12345", 5);
		volumes_file(&v, 2, FFS_PAD, 0, "", 0);
		volumes_file(&v, 3, 0xC1, 0x40, "12345678", 8);
		assert_string_equal(walked(vol, SIZE),
		    "0 file 48-65\n0 file 68-80\n0 file 80-a0\n"
		    "0 free a0-4000\n");
		it = item(vol, SIZE, 2);
		assert_int_equal(it.f.guid.b[0], 3);
		assert_int_equal(it.f.type, 0xC1);
		assert_int_equal(it.f.state, FFS_VALID);
		assert_true(it.f.summed);
		assert_int_equal(it.f.body, 0x98);
		assert_int_equal(it.f.body_end, 0xA0);
	}
}

static void
each_state_is_read_in_both_polarities(void **state)
{
	static const struct {
		uint8_t bits;
		enum ffs_state state;
		const char *then; /* the next item's line */
	} rows[] = {
		{ 0x01, FFS_BEGUN, "0 free 60-4000" },
		{ 0x03, FFS_TORN, "0 free 68-4000" },
		{ 0x07, FFS_VALID, "0 free 68-4000" },
		{ 0x0F, FFS_UPDATE, "0 free 68-4000" },
		{ 0x1F, FFS_DELETED, "0 free 68-4000" },
		{ 0x17, FFS_DELETED, "0 free 68-4000" },
		{ 0x21, FFS_BEGUN, "0 free 60-4000" },
		{ 0x47, FFS_VALID, "0 free 68-4000" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t erased = i % 2 ? 0 : 0xFF, body[8];
		struct volumes v =
		    volumes_make(vol, SIZE, VOLUMES_FFS2, erased);
		size_t row = i / 2;

		memset(body, erased, sizeof(body));
		volumes_file(&v, 1, FFS_RAW, 0, body, sizeof(body));
		vol[0x48 + 0x17] = rows[row].bits ^ erased;
		assert_int_equal(item(vol, SIZE, 0).f.state, rows[row].state);
		assert_non_null(strstr(walked(vol, SIZE), rows[row].then));
		assert_null(strstr(walked(vol, SIZE), ": "));
	}
}

static void
a_wrong_sum_is_told_with_its_place_and_the_walk_goes_on(void **state)
{
	static const struct {
		size_t at;
		const char *says;
		size_t where;
	} rows[] = {
		{ 0x48 + 0x00, "a file's header checksum is wrong", 0x58 },
		{ 0x48 + 0x10, "a file's header checksum is wrong", 0x58 },
		{ 0x48 + 0x12, "a file's header checksum is wrong", 0x58 },
		{ 0x48 + 0x18, "a file's body checksum is wrong", 0x59 },
		{ 0x68 + 0x11, "a file's constant checksum is wrong", 0x79 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
		struct ffs_item it;

		volumes_file(&v, 1, FFS_RAW, 0x40, "12345678", 8);
		volumes_file(&v, 2, FFS_RAW, 0, "12345678", 8);
		vol[rows[i].at] ^= 0x04;
		it = item(vol, SIZE, rows[i].at >= 0x68);
		assert_string_equal(it.why, rows[i].says);
		assert_int_equal(it.at, rows[i].where);
		assert_non_null(strstr(walked(vol, SIZE), "0 free 88-4000"));
	}
}

static void
where_no_file_can_be_the_rest_is_stray(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	static const uint8_t zeros[0x400];

	(void)state;
	volumes_file(&v, 1, FFS_RAW, 0, "12345678", 8);
	put_u16le(vol + v.at, 0x1234);
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-68\n0 stray 68-4000: bytes where a file could be, but "
	    "no file's state\n");
	v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	volumes_file(&v, 1, FFS_RAW, 0, "12345678", 8);
	put_u16le(vol + 0x48 + 0x14, SIZE);
	assert_string_equal(walked(vol, SIZE),
	    "0 stray 48-4000: a file is longer than its volume\n");
	put_u16le(vol + 0x48 + 0x14, 23);
	assert_string_equal(walked(vol, SIZE),
	    "0 stray 48-4000: a file is smaller than its header\n");
	v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	vol[0x2000] = 0;
	assert_string_equal(walked(vol, SIZE),
	    "0 free 48-2000\n0 stray 2000-4000: bytes behind the volume's "
	    "free space\n");
	v = volumes_make(vol, 0x400, VOLUMES_FFS2, 0xFF);
	volumes_file(&v, 1, FFS_RAW, 0, zeros, 0x400 - 0x48 - 24 - 16);
	vol[0x3F8] = 0x7F;
	assert_string_equal(walked(vol, 0x400),
	    "0 file 48-3f0\n0 stray 3f0-400: bytes behind the volume's last "
	    "file\n");
}

static void
a_large_file_has_its_size_behind_the_header(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS3, 0xFF);
	struct ffs_item it;

	(void)state;
	volumes_large(&v, 1, "12345678", 8);
	volumes_file(&v, 2, FFS_RAW, 0, "1", 1);
	assert_string_equal(
	    walked(vol, SIZE), "0 file 48-70\n0 file 70-89\n0 free 90-4000\n");
	it = item(vol, SIZE, 0);
	assert_true(it.f.large);
	assert_int_equal(it.f.body, 0x68);
	put_u64le(vol + 0x48 + 24, (uint64_t)1 << 32 | 0x28);
	assert_string_equal(walked(vol, SIZE),
	    "0 stray 48-4000: a file is longer than its volume\n");
	/* in FFS2 it is read, and told */
	v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	volumes_large(&v, 1, "12345678", 8);
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-70: a large file in a volume that is not FFS3\n"
	    "0 free 70-4000\n");
}

static void
the_files_of_old_volumes_have_a_tail_and_another_constant(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS1, 0xFF);
	struct ffs_item it;

	(void)state;
	vol[0x37] = 1;
	volumes_sum(vol);
	v.constant = 0x5A;
	volumes_file(&v, 1, FFS_RAW, 0x01, "12345678", 8);
	it = item(vol, SIZE, 0);
	assert_null(it.why);
	assert_false(it.f.large);
	assert_int_equal(it.f.body, 0x60);
	assert_int_equal(it.f.body_end, 0x66);
	assert_int_equal(it.f.end, 0x68);
}

static void
files_begin_behind_the_extended_header(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	struct volume_info info;
	struct volume got;

	(void)state;
	memset(vol + 0x60, 0x77, 16);
	put_u32le(vol + 0x70, 20);
	put_u16le(vol + 0x34, 0x60);
	volumes_sum(vol);
	v.at = 0x78;
	volumes_file(&v, 1, FFS_RAW, 0, "12345678", 8);
	assert_string_equal(
	    walked(vol, SIZE), "0 file 78-98\n0 free 98-4000\n");
	assert_true(volume_read(vol, 0, SIZE, &got));
	volume_info(vol, &got, &info);
	assert_true(info.named);
	assert_int_equal(info.name.b[0], 0x77);
	assert_int_equal(info.ext, 0x60);
	assert_int_equal(info.blocks, SIZE / 0x100);
	assert_int_equal(info.block, 0x100);
}

/* ---- sections ---- */

static void
sections_are_listed_with_text_and_name(void **state)
{
	static const uint8_t ui[] = { 'D', 0, 'x', 0, 'e', 0, 0xE4, 0, 0, 0 };
	static const uint8_t version[] = { 7, 0, '1', 0, '.', 0, '2', 0, 0, 0 };
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	static uint8_t body[0x100];
	char name[FFS_NAME];
	struct ffs_item it;
	size_t n = 0;

	(void)state;
	volumes_section(body, &n, 0x10, "code!", 5);
	volumes_section(body, &n, 0x15, ui, sizeof(ui));
	volumes_section(body, &n, 0x14, version, sizeof(version));
	volumes_section(body, &n, 0x33, "?", 1);
	volumes_file(&v, 1, 0x07, 0, body, n);
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-91\n1 section 60-69\n1 section 6c-7a\n"
	    "1 section 7c-8a\n1 section 8c-91: a section's type is not "
	    "known\n0 free 98-4000\n");
	it = item(vol, SIZE, 0);
	ffs_name(vol, &it.f, name);
	assert_string_equal(name, "Dxe?");
	it = item(vol, SIZE, 3);
	ffs_text(vol, &it.s, name);
	assert_string_equal(name, "1.2");
	it = item(vol, SIZE, 1);
	ffs_text(vol, &it.s, name);
	assert_string_equal(name, "");
}

static void
what_is_packed_is_not_looked_into(void **state)
{
	static const uint8_t plain[] = { 4, 0, 0, 0, 0, 5, 0, 0, 0x19, 'x' };
	static const uint8_t packed[] = { 4, 0, 0, 0, 1, 5, 0, 0, 0x19, 'x' };
	static const uint8_t short_one[] = { 4, 0, 0, 0 };
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	static uint8_t body[0x100];
	size_t n = 0;

	(void)state;
	volumes_section(body, &n, 0x01, plain, sizeof(plain));
	volumes_section(body, &n, 0x01, packed, sizeof(packed));
	volumes_section(body, &n, 0x01, short_one, sizeof(short_one));
	volumes_file(&v, 1, 0x02, 0, body, n);
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-88\n1 section 60-6e\n2 section 69-6e\n"
	    "1 section 70-7e\n"
	    "1 section 80-88: a compression section has no header\n"
	    "0 free 88-4000\n");
	assert_true(item(vol, SIZE, 3).s.packed);
	assert_string_equal(
	    ffs_packing_name((struct ffs_section[]){ item(vol, SIZE, 3).s }),
	    "standard");
	assert_int_equal(item(vol, SIZE, 3).s.unpacked, 4);
}

/* A CRC-32 section around one raw section, as GenSec makes it. */
static void
a_crc_over_sections_is_judged(void **state)
{
	struct volumes v;
	uint8_t body[0x40], guided[40];
	struct uuid guid;
	size_t n;

	(void)state;
	uuid_parse(&guid, "fc1bcdb0-7d31-49aa-936a-a4600d9dd083");
	memcpy(guided, guid.b, 16);
	put_u16le(guided + 16, 4 + 24); /* data offset */
	put_u16le(guided + 18, 2);
	put_u32le(guided + 24, 8 | 0x19 << 24);
	memcpy(guided + 28, "data", 4);
	put_u32le(guided + 20, digest_crc32(guided + 24, 8));
	for (size_t bad = 0; bad < 3; bad++) {
		if (bad == 1)
			guided[28]++;
		if (bad == 2)
			put_u16le(guided + 16, 0x100);
		n = 0;
		volumes_section(body, &n, 0x02, guided, 32);
		v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
		volumes_file(&v, 1, 0x02, 0, body, n);
		assert_string_equal(walked(vol, SIZE),
		    bad == 0       ? "0 file 48-84\n1 section 60-84\n"
				     "2 section 7c-84\n0 free 88-4000\n"
			: bad == 1 ? "0 file 48-84\n1 section 60-84: a "
				     "section's CRC-32 is wrong\n"
				     "2 section 7c-84\n0 free 88-4000\n"
				   : "0 file 48-84\n1 section 60-84: a "
				     "GUID-defined section's data offset "
				     "leaves it\n0 free 88-4000\n");
	}
}

static void
a_section_may_have_its_size_behind_its_header(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS3, 0xFF);
	static const uint8_t body[] = { 0xFF, 0xFF, 0xFF, 0x19, 11, 0, 0, 0,
		'a', 'b', 'c', 0 };

	(void)state;
	volumes_file(&v, 1, 0x02, 0, body, sizeof(body));
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-6c\n1 section 60-6b\n0 free 70-4000\n");
	assert_int_equal(item(vol, SIZE, 1).s.body, 0x68);
}

static void
bytes_that_are_no_section_are_stray(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);

	(void)state;
	volumes_file(&v, 1, 0x02, 0, "\x0d\0\0\x19 12345678", 12);
	volumes_file(&v, 2, 0x02, 0, "\x03\0\0\x19", 4);
	volumes_file(&v, 3, 0x02, 0, "\0\0\0\0\0", 5); /* padding */
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-6c\n1 stray 60-6c: bytes that are no section\n"
	    "0 file 70-8c\n1 stray 88-8c: bytes that are no section\n"
	    "0 file 90-ad\n0 free b0-4000\n");
}

/* ---- what is nested ---- */

static void
a_volume_in_a_section_or_a_raw_file_is_walked(void **state)
{
	static uint8_t in[0x400], body[0x500];
	struct volumes v = volumes_make(in, sizeof(in), VOLUMES_FFS2, 0xFF);
	size_t n = 0;

	(void)state;
	volumes_file(&v, 9, FFS_RAW, 0, "inner", 5);
	volumes_section(body, &n, 0x17, in, sizeof(in));
	v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	volumes_file(&v, 1, 0x0B, 0, body, n);
	volumes_file(&v, 2, FFS_RAW, 0, in, sizeof(in));
	volumes_file(&v, 3, 0x0B, 0, "\x08\0\0\x17none", 8);
	assert_string_equal(walked(vol, SIZE),
	    "0 file 48-464\n1 section 60-464\n2 volume 64-464\n"
	    "3 file ac-c9\n3 free cc-464\n"
	    "0 file 468-880\n1 volume 480-880\n2 file 4c8-4e5\n"
	    "2 free 4e8-880\n0 file 880-8a0\n"
	    "1 section 898-8a0: no volume in a volume image section\n"
	    "0 free 8a0-4000\n");
}

/* Sections in sections, deeper than the walk goes. */
static void
what_is_nested_too_deep_is_told(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	static uint8_t body[0x400];
	size_t n = 0;
	const char *lines;

	(void)state;
	for (size_t i = 40; i > 0; i--) {
		put_u32le(body + n, (uint32_t)(4 * i) | 3U << 24);
		n += 4;
	}
	volumes_file(&v, 1, 0x02, 0, body, n);
	lines = walked(vol, SIZE);
	assert_non_null(strstr(lines, "23 section"));
	assert_non_null(strstr(lines, " deep\n"));
	assert_null(strstr(lines, "24 "));
	assert_non_null(strstr(lines, "0 free"));
}

static void
a_flat_walk_stays_in_the_volume(void **state)
{
	static const uint8_t section[] = { 8, 0, 0, 0x19, 1, 2, 3, 4 };
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	struct ffs_walk w;
	struct ffs_item it;
	struct volume got;
	size_t n = 0;

	(void)state;
	volumes_file(&v, 1, 0x02, 0, section, sizeof(section));
	volumes_file(&v, 2, 0x02, 0, section, sizeof(section));
	volume_read(vol, 0, SIZE, &got);
	ffs_begin(&w, vol, &got);
	for (w.flat = true; ffs_next(&w, &it); n++)
		assert_int_equal(it.depth, 0);
	assert_int_equal(n, 3);
}

/* ---- a file for a map ---- */

static void
finds(uint8_t guid, const char *says)
{
	struct image *img = calloc(1, sizeof(*img));
	struct ffs_file f;
	struct uuid u;
	struct err e;

	assert_non_null(img);
	memset(u.b, 0x11, sizeof(u.b));
	u.b[0] = guid;
	err_clear(&e);
	assert_int_equal(image_read(vol, SIZE, img, &e), ERR_OK);
	if (says == NULL) {
		assert_int_equal(ffs_find(img, &u, &f, &e), ERR_OK);
		assert_int_equal(f.body_end - f.body, 5);
		assert_memory_equal(vol + f.body, "hello", 5);
	} else {
		assert_int_equal(ffs_find(img, &u, &f, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_TARGET));
		if (strstr(e.msg, says) == NULL)
			fail_msg("no '%s' in: %s", says, e.msg);
	}
	free(img);
}

static void
a_raw_file_is_found_if_it_is_one_and_sound(void **state)
{
	struct volumes v = volumes_make(vol, SIZE, VOLUMES_FFS2, 0xFF);
	size_t off;

	(void)state;
	volumes_file(&v, 1, FFS_RAW, 0, "hello", 5);
	off = volumes_file(&v, 2, FFS_RAW, 0, "hello", 5);
	vol[off + 0x17] = (uint8_t)~0x1F; /* deleted, before its successor */
	volumes_file(&v, 2, FFS_RAW, 0x40, "hello", 5);
	volumes_file(&v, 3, FFS_RAW, 0, "hello", 5);
	volumes_file(&v, 3, FFS_RAW, 0, "hello", 5);
	volumes_file(&v, 4, 0x02, 0, "hello", 5);
	off = volumes_file(&v, 5, FFS_RAW, 0x40, "hello", 5);
	vol[off + 24]++;
	finds(1, NULL);
	finds(2, NULL);
	finds(3, "the second is at 0xc8");
	finds(4, "it is not of type raw: offset 0xe8");
	finds(5, "a file's body checksum is wrong 0x119");
	finds(6, "in no volume");
}

/* ---- names ---- */

static void
every_type_has_a_name_or_is_not_known(void **state)
{
	size_t files = 0, sections = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		files += ffs_type_name((uint8_t)i) != NULL;
		sections += ffs_section_name((uint8_t)i) != NULL;
	}
	assert_int_equal(files, 15 + 1 + 0x20 + 0x10);
	assert_int_equal(sections, 17);
	assert_string_equal(ffs_type_name(7), "DXE driver");
	assert_null(ffs_type_name(0x10));
	assert_string_equal(ffs_state_name(FFS_TORN), "data invalid");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    files_and_free_space_are_listed_in_both_polarities),
		cmocka_unit_test(each_state_is_read_in_both_polarities),
		cmocka_unit_test(
		    a_wrong_sum_is_told_with_its_place_and_the_walk_goes_on),
		cmocka_unit_test(where_no_file_can_be_the_rest_is_stray),
		cmocka_unit_test(a_large_file_has_its_size_behind_the_header),
		cmocka_unit_test(
		    the_files_of_old_volumes_have_a_tail_and_another_constant),
		cmocka_unit_test(files_begin_behind_the_extended_header),
		cmocka_unit_test(sections_are_listed_with_text_and_name),
		cmocka_unit_test(what_is_packed_is_not_looked_into),
		cmocka_unit_test(a_crc_over_sections_is_judged),
		cmocka_unit_test(a_section_may_have_its_size_behind_its_header),
		cmocka_unit_test(bytes_that_are_no_section_are_stray),
		cmocka_unit_test(a_volume_in_a_section_or_a_raw_file_is_walked),
		cmocka_unit_test(what_is_nested_too_deep_is_told),
		cmocka_unit_test(a_flat_walk_stays_in_the_volume),
		cmocka_unit_test(a_raw_file_is_found_if_it_is_one_and_sound),
		cmocka_unit_test(every_type_has_a_name_or_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
