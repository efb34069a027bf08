/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>

#include "bios/mfs.h"
#include "tests/mfsmake.h"

#define FILE_A 6
#define FILE_B 7
#define FILE_C 40

static struct mm mm;
static uint8_t volume[MM_SIZE + MM_PAGE];
static uint8_t bytes[4096];

/* A volume with three files of so many bytes. */
static void
make(size_t a, size_t b, size_t c)
{
	uint32_t x = 7;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	mm_begin(&mm, volume);
	mm_file(&mm, FILE_A, bytes, a);
	mm_file(&mm, FILE_B, bytes + 1, b);
	mm_file(&mm, FILE_C, bytes + 2, c);
}

static void
read_all(struct mfs *m)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(mfs_read(volume, MM_SIZE, m, &e), ERR_OK);
}

static void
must_hold(const struct mfs *m, size_t id, const uint8_t *want, size_t n)
{
	struct wr w;

	assert_int_equal(m->file[id].state, MFS_STORED);
	assert_int_equal(m->file[id].size, n);
	wr_grow(&w, 0x10000);
	assert_true(mfs_load(m, id, &w));
	assert_int_equal(w.len, n);
	assert_memory_equal(w.buf, want, n);
	wr_free(&w);
}

static bool
has_fault(const struct mfs *m, size_t at, const char *what)
{
	for (size_t i = 0; i < m->nfaults && i < MFS_FAULTS; i++)
		if (m->fault[i].at == at &&
		    strstr(m->fault[i].what, what) != NULL)
			return true;
	return false;
}

static void
files_of_any_length_are_read(void **state)
{
	static const size_t sizes[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1000,
		4000 };
	struct mfs m;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make(sizes[i], 64, 0);
		mm_end(&mm);
		assert_true(mfs_present(volume, MM_SIZE));
		read_all(&m);
		assert_int_equal(m.nfaults, 0);
		assert_int_equal(m.npages, MM_PAGES);
		assert_int_equal(m.nsystem, MM_SYSTEM);
		assert_int_equal(m.ndata, MM_DATA);
		assert_int_equal(m.nscratch, 1);
		assert_int_equal(m.good_pages, MM_PAGES);
		assert_int_equal(
		    m.good_chunks, 40 + MM_AREA + (sizes[i] + 63) / 64 + 1);
		assert_int_equal(m.bad_pages + m.bad_chunks, 0);
		assert_int_equal(m.first_data, MM_AREA);
		assert_int_equal(m.nfiles, MM_FILES);
		assert_int_equal(m.size, MM_SIZE);
		must_hold(&m, FILE_A, bytes, sizes[i]);
		must_hold(&m, FILE_B, bytes + 1, 64);
		assert_int_equal(m.file[FILE_C].state, MFS_EMPTY);
		assert_int_equal(m.file[0].state, MFS_UNUSED);
		mfs_free(&m);
	}
}

static void
what_is_not_stored_is_not_loaded(void **state)
{
	struct mfs m;
	struct wr w;

	(void)state;
	make(10, 10, 0);
	mm_set_fat(&mm, 90, 0xFFFE);
	mm_end(&mm);
	read_all(&m);
	wr_grow(&w, 0x1000);
	assert_int_equal(m.file[90].state, MFS_ERASED);
	assert_false(mfs_load(&m, 0, &w));
	assert_false(mfs_load(&m, FILE_C, &w));
	assert_false(mfs_load(&m, 90, &w));
	assert_false(mfs_load(&m, MM_FILES, &w));
	assert_int_equal(w.len, 0);
	wr_free(&w);
	mfs_free(&m);
}

/* The made volume has rubbish for chunks that were written again; here the
 * last write is the rubbish, in the page with the higher number. */
static void
the_last_write_of_a_chunk_is_the_one_that_counts(void **state)
{
	uint8_t none[64] = { 0 };
	struct mfs m;

	(void)state;
	make(10, 10, 10);
	mm_end(&mm);
	mm_put_system(&mm, 1, 0, none);
	read_all(&m);
	assert_false(m.volume);
	assert_int_equal(mfs_state(&m), MFS_NO_VOLUME);
	assert_true(has_fault(&m, m.chunk[0], "no header of a volume"));
	mfs_free(&m);
	mm_put_system(&mm, 1, 0, mm.area);
	read_all(&m);
	must_hold(&m, FILE_A, bytes, 10);
	mfs_free(&m);
}

static void
a_broken_copy_leaves_the_one_before(void **state)
{
	uint8_t none[64] = { 0 };
	struct mfs m;
	uint8_t *chunk;

	(void)state;
	make(10, 10, 10);
	mm_end(&mm);
	chunk = mm_chunk_of(&mm, 1, mm.slot[1]);
	mm_put_system(&mm, 1, 0, none);
	chunk[5] ^= 1;
	read_all(&m);
	assert_int_equal(m.bad_chunks, 1);
	assert_true(has_fault(
	    &m, (size_t)(chunk - volume) + 64, "CRC-16 of a chunk is wrong"));
	must_hold(&m, FILE_A, bytes, 10);
	mfs_free(&m);
}

static void
every_byte_of_a_chunk_is_under_its_crc(void **state)
{
	struct mfs m;
	uint8_t *at;

	(void)state;
	make(200, 10, 10);
	mm_end(&mm);
	at = mm_byte(&mm, FILE_A, 64);
	for (size_t i = 0; i < 66; i++) {
		at[i] ^= 0x10;
		read_all(&m);
		assert_int_equal(m.bad_chunks, 1);
		assert_int_equal(m.file[FILE_A].state, MFS_BROKEN);
		assert_string_equal(
		    m.file[FILE_A].why, "a chunk is missing or broken");
		must_hold(&m, FILE_B, bytes + 1, 10);
		mfs_free(&m);
		at[i] ^= 0x10;
	}
}

/* The CRC has the index in it: a chunk in another's place is broken. */
static void
a_chunk_in_the_place_of_another_is_broken(void **state)
{
	struct mfs m;

	(void)state;
	make(64, 64, 10);
	mm_end(&mm);
	memcpy(mm_byte(&mm, FILE_A, 0), mm_byte(&mm, FILE_B, 0), 66);
	read_all(&m);
	assert_int_equal(m.bad_chunks, 1);
	assert_int_equal(m.file[FILE_A].state, MFS_BROKEN);
	mfs_free(&m);
}

static void
a_chunk_without_a_crc_is_taken(void **state)
{
	struct mfs m;

	(void)state;
	make(64, 64, 10);
	mm_end(&mm);
	put_u16le(mm_byte(&mm, FILE_A, 0) + 64, 0);
	read_all(&m);
	assert_int_equal(m.bad_chunks, 0);
	must_hold(&m, FILE_A, bytes, 64);
	mfs_free(&m);
}

static void
every_byte_of_a_page_header_is_under_its_crc(void **state)
{
	struct mfs m;

	(void)state;
	make(64, 64, 10);
	mm_end(&mm);
	for (size_t page = 0; page < MM_PAGES; page += 5)
		for (size_t i = 4; i < 17; i++) {
			uint8_t *at = volume + mm.page[page] + i;

			*at ^= 0x40;
			read_all(&m);
			assert_int_equal(m.bad_pages, 1);
			assert_int_equal(m.good_pages, MM_PAGES - 1);
			assert_true(has_fault(&m, mm.page[page] + 16,
			    "CRC-8 of a page's header is wrong"));
			mfs_free(&m);
			*at ^= 0x40;
		}
}

/* Where data begins is not believed of a broken header. */
static void
a_broken_header_moves_no_data(void **state)
{
	struct mfs m;

	(void)state;
	make(64, 64, 10);
	mm_end(&mm);
	put_u16le(volume + mm.page[MM_PAGES - 1] + 14, 3);
	read_all(&m);
	assert_int_equal(m.first_data, MM_AREA);
	must_hold(&m, FILE_A, bytes, 64);
	mfs_free(&m);
}

static void
scratch_and_erased_pages_hold_no_chunks(void **state)
{
	struct mfs m;
	uint8_t *page;

	(void)state;
	make(64, 64, 10);
	mm_end(&mm);
	/* A copy of the system page with rubbish in it, being moved. */
	page = volume + mm.page[MM_SCRATCH];
	memcpy(page + 0x12, volume + mm.page[0] + 0x12, MM_PAGE - 0x12);
	memset(page + 0x12 + 242, 0, 66);
	memset(volume + mm.page[MM_PAGES - 1], 0xFF, MM_PAGE);
	memset(volume + mm.page[MM_PAGES - 2], 0xFE, MM_PAGE);
	read_all(&m);
	assert_int_equal(m.nscratch, 1);
	assert_int_equal(m.nerased, 1);
	assert_int_equal(m.nother, 1);
	assert_int_equal(m.nfaults, 1);
	assert_true(has_fault(
	    &m, mm.page[MM_PAGES - 2], "a page of no known signature"));
	must_hold(&m, FILE_A, bytes, 64);
	mfs_free(&m);
}

static void
chains_that_cannot_be_are_told(void **state)
{
	static const struct {
		size_t id; /* its head is */
		uint16_t head;
		const char *why;
	} rows[] = {
		{ 50, 3, "a chunk that cannot be" },
		{ 50, MM_FILES - 1, "a chunk that cannot be" },
		{ 50, 0xFFF0, "a chunk that cannot be" },
		{ 50, MM_FILES + 5, "a chunk is missing or broken" },
	};
	struct mfs m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(64, 64, 10);
		mm_set_fat(&mm, rows[i].id, rows[i].head);
		mm_end(&mm);
		read_all(&m);
		assert_int_equal(m.file[rows[i].id].state, MFS_BROKEN);
		assert_string_equal(m.file[rows[i].id].why, rows[i].why);
		must_hold(&m, FILE_A, bytes, 64);
		mfs_free(&m);
	}
}

static void
chains_that_meet_or_do_not_end_are_told(void **state)
{
	struct mfs m;
	size_t first;

	(void)state;
	make(200, 64, 10);
	first = mm_fat(&mm, FILE_A);
	mm_set_fat(&mm, 50, first); /* shares all of FILE_A */
	mm_set_fat(&mm, mm_fat(&mm, FILE_B), 0xFFFF);
	mm_set_fat(&mm, mm_fat(&mm, FILE_C), mm_fat(&mm, FILE_C));
	mm_end(&mm);
	read_all(&m);
	must_hold(&m, FILE_A, bytes, 200);
	assert_non_null(strstr(m.file[50].why, "in another file, already"));
	assert_string_equal(m.file[FILE_B].why, "the chain does not end");
	assert_non_null(strstr(m.file[FILE_C].why, "in the chain"));
	mfs_free(&m);
}

static void
more_files_than_there_is_room_for_are_none(void **state)
{
	struct mfs m;

	(void)state;
	make(64, 64, 10);
	put_u16le(mm.area + 12, 0xFFFF);
	mm_end(&mm);
	read_all(&m);
	assert_true(m.volume);
	assert_int_equal(m.nfiles, 0);
	assert_int_equal(m.nfaults, 1);
	assert_int_equal(mfs_state(&m), MFS_UNCONFIGURED);
	mfs_free(&m);
}

static void
files_say_whether_an_me_has_run(void **state)
{
	static const struct {
		size_t id;
		enum mfs_state state;
	} rows[] = { { 0, MFS_INITIALIZED }, { 2, MFS_INITIALIZED },
		{ 5, MFS_INITIALIZED }, { 6, MFS_CONFIGURED },
		{ 7, MFS_CONFIGURED }, { 8, MFS_INITIALIZED },
		{ 9, MFS_CONFIGURED }, { 10, MFS_UNCONFIGURED } };
	struct mfs m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mm_begin(&mm, volume);
		mm_file(&mm, rows[i].id, bytes, 3);
		mm_end(&mm);
		read_all(&m);
		assert_int_equal(mfs_state(&m), rows[i].state);
		mfs_free(&m);
	}
	assert_string_equal(mfs_file_name(7), "fitc.cfg");
	assert_null(mfs_file_name(0));
	assert_null(mfs_file_name(MM_FILES));
	assert_string_equal(mfs_state_name(MFS_CONFIGURED), "configured");
	assert_string_equal(mfs_file_state_name(MFS_BROKEN), "broken");
}

static void
odd_ends_are_told(void **state)
{
	struct mfs m;
	struct err e;

	(void)state;
	err_clear(&e);
	make(64, 64, 10);
	mm_end(&mm);
	memset(volume + MM_SIZE, 0xFF, 10);
	assert_int_equal(mfs_read(volume, MM_SIZE + 10, &m, &e), ERR_OK);
	assert_int_equal(m.nfaults, 1);
	assert_true(has_fault(&m, MM_SIZE, "less than a page"));
	must_hold(&m, FILE_A, bytes, 64);
	mfs_free(&m);
	assert_false(mfs_present(volume, MM_PAGE - 1));
	assert_int_equal(mfs_read(volume, 0, &m, &e), ERR_OK);
	assert_false(m.volume);
	mfs_free(&m);
	memset(volume, 0xFF, MM_SIZE);
	assert_false(mfs_present(volume, MM_SIZE));
}

static void
pages_beyond_all_indexes_are_not_read(void **state)
{
	size_t n = (MFS_PAGES + 3) * (size_t)MFS_PAGE;
	uint8_t *p = malloc(n);
	struct mfs m;
	struct err e;

	(void)state;
	assert_non_null(p);
	err_clear(&e);
	memset(p, 0xFF, n);
	make(64, 64, 10);
	mm_end(&mm);
	memcpy(p, volume, MM_SIZE);
	memcpy(p + MFS_PAGES * (size_t)MFS_PAGE, volume, 3 * MFS_PAGE);
	assert_int_equal(mfs_read(p, n, &m, &e), ERR_OK);
	assert_int_equal(m.npages, MFS_PAGES);
	assert_true(has_fault(&m, MFS_PAGES * (size_t)MFS_PAGE, "more pages"));
	must_hold(&m, FILE_A, bytes, 64);
	mfs_free(&m);
	/* The last chunks of a page that begins at the highest index. */
	mm_header(volume + mm.page[9], false, 9, 0xFFFF);
	memset(volume + mm.page[9] + 0x12, 0, 122);
	read_all(&m);
	assert_true(has_fault(&m, mm.page[9] + 0x13, "beyond all indexes"));
	volume[mm.page[9] + 0x12] = 0x7F;
	mfs_free(&m);
	read_all(&m);
	assert_true(has_fault(&m, mm.page[9] + 0x12, "neither used nor free"));
	mfs_free(&m);
	free(p);
}

/* Whatever is changed, every file that is stored has its size. */
static void
changed_volumes_are_read_or_told(void **state)
{
	uint32_t x = 4711;
	struct mfs m;
	struct wr w;

	(void)state;
	printf("seed %u\n", x);
	for (int round = 0; round < 300; round++) {
		make(1000, 700, 64);
		mm_end(&mm);
		for (int i = 0; i < 1 + round % 20; i++) {
			x = x * 1664525 + 1013904223;
			volume[(x >> 8) % MM_SIZE & (i % 2 ? ~0u : 0xE0FF)] =
			    (uint8_t)(x >> 3);
		}
		read_all(&m);
		for (size_t id = 0; id < m.nfiles; id++) {
			wr_grow(&w, MM_SIZE);
			assert_int_equal(mfs_load(&m, id, &w),
			    m.file[id].state == MFS_STORED);
			if (m.file[id].state == MFS_STORED)
				assert_int_equal(w.len, m.file[id].size);
			wr_free(&w);
		}
		mfs_free(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_any_length_are_read),
		cmocka_unit_test(what_is_not_stored_is_not_loaded),
		cmocka_unit_test(
		    the_last_write_of_a_chunk_is_the_one_that_counts),
		cmocka_unit_test(a_broken_copy_leaves_the_one_before),
		cmocka_unit_test(every_byte_of_a_chunk_is_under_its_crc),
		cmocka_unit_test(a_chunk_in_the_place_of_another_is_broken),
		cmocka_unit_test(a_chunk_without_a_crc_is_taken),
		cmocka_unit_test(every_byte_of_a_page_header_is_under_its_crc),
		cmocka_unit_test(a_broken_header_moves_no_data),
		cmocka_unit_test(scratch_and_erased_pages_hold_no_chunks),
		cmocka_unit_test(chains_that_cannot_be_are_told),
		cmocka_unit_test(chains_that_meet_or_do_not_end_are_told),
		cmocka_unit_test(more_files_than_there_is_room_for_are_none),
		cmocka_unit_test(files_say_whether_an_me_has_run),
		cmocka_unit_test(odd_ends_are_told),
		cmocka_unit_test(pages_beyond_all_indexes_are_not_read),
		cmocka_unit_test(changed_volumes_are_read_or_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
