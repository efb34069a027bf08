/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "bios/ftw.h"

#define SIZE 0x1000
#define AT 0x40
#define QUEUE 0x200

static uint8_t p[SIZE];

static const uint8_t guids[3][16] = { { 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C,
					  0x7D, 0x49, 0xA0, 0xCE, 0x65, 0x00,
					  0xFD, 0x9F, 0x1B, 0x95 },
	{ 0x2B, 0x29, 0x58, 0x9E, 0x68, 0x7C, 0x7D, 0x49, 0x0A, 0xCE, 0x65,
	    0x00, 0xFD, 0x9F, 0x1B, 0x95 },
	{ 0x8D, 0x2B, 0xF1, 0xFF, 0x96, 0x76, 0x8B, 0x4C, 0xA9, 0x85, 0x27,
	    0x47, 0x07, 0x5B, 0x4F, 0x50 } };

/* A block with an empty queue; header 32, or 28 of a 32-bit build. */
static void
lay(int guid, size_t header)
{
	uint8_t *h = p + AT;

	memset(p, 0xFF, sizeof(p));
	memcpy(h, guids[guid], 16);
	put_u32le(h + 24, QUEUE);
	if (header == 32)
		put_u32le(h + 28, 0);
	put_u32le(h + 16, digest_crc32(h, header));
	h[20] = 0xFE;
}

/* A write of n records with so many private bytes; behind it. */
static size_t
queue(size_t at, uint8_t bits, uint64_t n, uint64_t private)
{
	p[at] = bits;
	memset(p + at + 4, 0xC0, 16);
	put_u64le(p + at + 24, n);
	put_u64le(p + at + 32, private);
	return at + 40 + (size_t)(n * (40 + private));
}

static struct ftw
read_block(void)
{
	struct ftw f;

	memset(&f, 0, sizeof(f));
	assert_true(ftw_next(p, 0, sizeof(p), &f));
	return f;
}

static void
all_signatures_and_both_headers_are_known(void **state)
{
	(void)state;
	for (int guid = 0; guid < 3; guid++)
		for (size_t header = 28; header <= 32; header += 4) {
			struct ftw f;

			lay(guid, header);
			f = read_block();
			assert_null(f.why);
			assert_int_equal(f.off, AT);
			assert_int_equal(f.header, header);
			assert_int_equal(f.end, AT + header + QUEUE);
			assert_int_equal(f.state, FTW_EMPTY);
		}
}

static void
a_queue_is_empty_complete_prepared_or_pending(void **state)
{
	size_t first = AT + 32, at;
	struct ftw f;

	(void)state;
	lay(0, 32);
	at = queue(first, 0xF8, 1, 3);
	at = queue(at, 0xF8, 2, 0);
	f = read_block();
	assert_int_equal(f.state, FTW_COMPLETE);
	assert_int_equal(f.writes, 2);
	assert_null(f.why);

	queue(at, 0xFE, 1, 0); /* allocated */
	f = read_block();
	assert_int_equal(f.state, FTW_PREPARED);
	assert_int_equal(f.reason, REASON_IMAGE_FTW_PENDING);
	assert_int_equal(f.at, at);
	assert_int_equal(f.writes, 2);

	queue(at, 0xFC, 2, 5); /* its second record is in the spare area */
	p[at + 40 + 45] = 0xFD;
	f = read_block();
	assert_int_equal(f.state, FTW_PENDING);
	assert_int_equal(f.at, at);
	assert_string_equal(ftw_state_name(f.state), "pending");

	p[at] = 0xFF; /* bytes, but no write was allocated */
	f = read_block();
	assert_int_equal(f.state, FTW_PENDING);
	assert_int_equal(f.at, at + 4);
}

static void
sizes_that_leave_the_queue_are_pending(void **state)
{
	static const struct {
		uint64_t n, private;
	} rows[] = { { QUEUE / 40, 0 }, { 1, QUEUE }, { UINT64_MAX, 0 },
		{ 1, UINT64_MAX }, { UINT64_MAX, UINT64_MAX - 40 },
		{ UINT64_MAX / 41 + 2, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ftw f;

		lay(0, 32);
		p[AT + 32] = 0xF8;
		put_u64le(p + AT + 32 + 24, rows[i].n);
		put_u64le(p + AT + 32 + 32, rows[i].private);
		f = read_block();
		assert_int_equal(f.state, FTW_PENDING);
		assert_int_equal(f.at, AT + 32);
	}
}

static void
damaged_headers_are_told(void **state)
{
	struct ftw f;

	(void)state;
	lay(1, 32);
	p[AT + 24]++;
	f = read_block();
	assert_int_equal(f.state, FTW_BROKEN);
	assert_int_equal(f.reason, REASON_IMAGE_STORE_BROKEN);
	assert_int_equal(f.at, AT);

	lay(1, 32);
	p[AT + 20] = 0xFC;
	f = read_block();
	assert_int_equal(f.state, FTW_MOVING);
	assert_int_equal(f.at, AT + 20);

	lay(1, 32);
	put_u32le(p + AT + 24, SIZE - AT - 31);
	p[AT + 20] = 0xFF;
	put_u32le(p + AT + 16, 0xFFFFFFFF);
	put_u32le(p + AT + 16, digest_crc32(p + AT, 32));
	p[AT + 20] = 0xFE;
	f = read_block();
	assert_int_equal(f.state, FTW_BROKEN);
	assert_int_equal(f.at, AT + 24);
}

/* The third signature is also the GUID of variable volumes. */
static void
a_volumes_header_is_no_block(void **state)
{
	struct ftw f;

	(void)state;
	lay(2, 32);
	memcpy(p + AT + 24, "_FVH", 4);
	assert_false(ftw_next(p, 0, sizeof(p), &f));
}

static void
a_block_that_does_not_fit_is_none(void **state)
{
	struct ftw f;

	(void)state;
	lay(0, 32);
	memcpy(p + SIZE - 28, p + AT, 28);
	assert_false(ftw_next(p, AT + 4, SIZE, &f));
	assert_false(ftw_next(p, 0, AT + 31, &f));
	assert_false(ftw_next(p, SIZE, SIZE, &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_signatures_and_both_headers_are_known),
		cmocka_unit_test(a_queue_is_empty_complete_prepared_or_pending),
		cmocka_unit_test(sizes_that_leave_the_queue_are_pending),
		cmocka_unit_test(damaged_headers_are_told),
		cmocka_unit_test(a_volumes_header_is_no_block),
		cmocka_unit_test(a_block_that_does_not_fit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
