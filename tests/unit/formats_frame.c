/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/frame.h"

/* Between addresses of RFC 5737; the sums were worked out by another program.
 */
static const uint8_t four[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45,
	0, 0, 32, 0, 7, 0x40, 0, 64, 17, 0xb6, 0xc2, 192, 0, 2, 1, 192, 0, 2, 2,
	0, 68, 0, 67, 0, 12, 0x77, 0x45, 1, 2, 3, 4 };

static bool
reads(const uint8_t *p, size_t n, struct frame *f)
{
	struct rd r;

	rd_init(&r, p, n);
	return frame_read(&r, f);
}

static void
an_ip4_frame_is_taken_apart_and_put_together(void **state)
{
	uint8_t out[FRAME_MAX];
	struct frame f;
	struct wr w;

	(void)state;
	assert_true(reads(four, sizeof(four), &f));
	assert_false(f.v6);
	assert_int_equal(f.from_port, 68);
	assert_int_equal(f.to_port, 67);
	assert_int_equal(f.n, 4);
	assert_memory_equal(f.data, "\1\2\3\4", 4);
	assert_int_equal(f.ntail, 0);
	assert_true(f.whole);
	wr_fixed(&w, out, sizeof(out));
	frame_write(&w, &f);
	assert_int_equal(w.len, sizeof(four));
	assert_memory_equal(out, four, sizeof(four));
	assert_int_equal(frame_sum(&f), f.sum);
}

static void
a_wrong_udp_sum_is_carried_and_a_wrong_ip_sum_is_refused(void **state)
{
	uint8_t bad[sizeof(four)];
	struct frame f;

	(void)state;
	memcpy(bad, four, sizeof(four));
	bad[40] ^= 1;
	assert_true(reads(bad, sizeof(bad), &f));
	assert_int_not_equal(frame_sum(&f), f.sum);
	bad[24] ^= 1;
	assert_false(reads(bad, sizeof(bad), &f));
}

static void
ethernet_pads_and_pieces_are_refused(void **state)
{
	uint8_t padded[60] = { 0 }, piece[sizeof(four)];
	struct frame f;

	(void)state;
	memcpy(padded, four, sizeof(four));
	assert_true(reads(padded, sizeof(padded), &f));
	assert_int_equal(f.n, 4);
	assert_int_equal(f.ntail, 60 - sizeof(four));
	memcpy(piece, four, sizeof(four));
	piece[20] = 0x60; /* more to come; the sum follows */
	piece[24] = (uint8_t)(piece[24] - 0x20);
	assert_false(reads(piece, sizeof(piece), &f));
	for (size_t i = 0; i < sizeof(four); i++)
		assert_false(reads(four, i, &f));
}

static void
an_ip6_frame_goes_both_ways(void **state)
{
	uint8_t out[FRAME_MAX];
	struct frame a = { .v6 = true,
		.service = 0x5a,
		.flow = 0xabcde,
		.hops = 1,
		.from_port = 547,
		.to_port = 546,
		.data = (const uint8_t *)"odd",
		.n = 3 },
		     b;
	struct wr w;

	(void)state;
	a.from[0] = a.to[0] = 0xfe;
	a.sum = frame_sum(&a);
	wr_fixed(&w, out, sizeof(out));
	frame_write(&w, &a);
	assert_false(w.failed);
	assert_true(reads(out, w.len, &b));
	assert_int_equal(b.service, 0x5a);
	assert_int_equal(b.flow, 0xabcde);
	assert_int_equal(b.to_port, 546);
	assert_int_equal(b.n, 3);
	assert_int_equal(frame_sum(&b), b.sum);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ip4_frame_is_taken_apart_and_put_together),
		cmocka_unit_test(
		    a_wrong_udp_sum_is_carried_and_a_wrong_ip_sum_is_refused),
		cmocka_unit_test(ethernet_pads_and_pieces_are_refused),
		cmocka_unit_test(an_ip6_frame_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
