/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "formats/record.h"
#include "formats/recordview.h"

struct bytes {
	uint8_t b[RECORD_MAX + 64];
	size_t n;
};

static struct record *
some(void)
{
	struct record *r = test_calloc(1, sizeof(*r));

	r->sequence = 7;
	assert_true(
	    uuid_parse(&r->uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	r->amt_major = 3;
	r->enabled = r->talk = true;
	return r;
}

static struct record *
full(void)
{
	struct record *r = some();

	strcpy(r->serial, "SN-0001");
	strcpy(r->order, "ORDER-1");
	r->pki = true;
	r->mode = RECORD_SMB;
	strcpy(r->psk.pid, "0000037M");
	strcpy(r->psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	hashlist_of_der(&r->hashes.e[0], HASH_SHA1, "root", 4);
	strcpy(r->hashes.e[0].name, "old");
	hashlist_of_der(&r->hashes.e[1], HASH_SHA256, "root", 4);
	r->hashes.e[1].oem = r->hashes.e[1].only = true;
	r->hashes.e[0].active = false;
	r->hashes.n = 2;
	strcpy(r->mebx_current, "admin");
	strcpy(r->mebx_new, "Passw0rd!");
	strcpy(r->pki_dns_suffix, "example.com");
	strcpy(r->server_fqdn, "prov.example.com");
	memcpy(r->server_ip, "\xc0\x00\x02\x11", 4);
	r->server_port = 9971;
	strcpy(r->otp, "one-time");
	memset(r->key, 0x30, r->key_len = 5);
	memset(r->cert, 0x31, r->cert_len = 6);
	/* 1/3 u8 and 2/11 "host" */
	memcpy(r->extra, "\1\0\3\0\1\0\0\0\1\0\0\0\2\0\13\0\4\0\0\0host", 24);
	r->extra_len = 24;
	return r;
}

static void
write_to(struct bytes *out, const struct record *r)
{
	struct wr w;

	wr_fixed(&w, out->b, sizeof(out->b));
	record_write(&w, r);
	assert_false(w.failed);
	out->n = w.len;
}

static bool
reads(const struct bytes *in, const char **why)
{
	struct record *r = test_calloc(1, sizeof(*r));
	struct rd rd;
	bool ok;

	rd_init(&rd, in->b, in->n);
	ok = record_read(&rd, r);
	*why = rd.why;
	test_free(r);
	return ok;
}

/* Makes digest and checksum right again after a change of the payload. */
static void
seal(struct bytes *x)
{
	put_u32le(x->b + 0x0c, (uint32_t)x->n);
	put_u32le(x->b + 0x1c, (uint32_t)x->n - RECORD_HEADER);
	digest_sha256(x->b + RECORD_HEADER, x->n - RECORD_HEADER, x->b + 0x20);
	put_u32le(x->b + 0x40, digest_crc32(x->b, 0x40));
}

/* The offset of an entry. */
static size_t
at(const struct bytes *x, uint16_t module, uint16_t id)
{
	size_t i = RECORD_HEADER;

	while (i < x->n) {
		if (get_u16le(x->b + i) == module &&
		    get_u16le(x->b + i + 2) == id)
			return i;
		i += 8 + (get_u16le(x->b + i + 4) + 3u) / 4 * 4;
	}
	fail_msg("no entry %u/%u", module, id);
	return 0;
}

static void
cut(struct bytes *x, uint16_t module, uint16_t id)
{
	size_t i = at(x, module, id);
	size_t n = 8 + (get_u16le(x->b + i + 4) + 3u) / 4 * 4;

	memmove(x->b + i, x->b + i + n, x->n - i - n);
	x->n -= n;
}

static void
insert(struct bytes *x, size_t where, const char *entry, size_t n)
{
	memmove(x->b + where + n, x->b + where, x->n - where);
	memcpy(x->b + where, entry, n);
	x->n += n;
}

static void
refused(struct bytes *x, const char *want)
{
	const char *why;

	assert_false(reads(x, &why));
	assert_string_equal(why, want);
	test_free(x);
}

static struct bytes *
written(struct record *r)
{
	struct bytes *x = test_calloc(1, sizeof(*x));

	write_to(x, r);
	test_free(r);
	return x;
}

static void
everything_comes_back_and_is_written_to_the_same_bytes(void **state)
{
	struct record *r = full(), *back = test_calloc(1, sizeof(*back));
	struct bytes *x = test_calloc(1, sizeof(*x)), *y;
	struct rd rd;

	(void)state;
	write_to(x, r);
	rd_init(&rd, x->b, x->n);
	assert_true(record_read(&rd, back));
	assert_memory_equal(r, back, sizeof(*r));
	y = test_calloc(1, sizeof(*y));
	write_to(y, back);
	assert_int_equal(x->n, y->n);
	assert_memory_equal(x->b, y->b, x->n);
	test_free(x);
	test_free(y);
	test_free(back);
	test_free(r);
}

static void
the_least_record_has_these_bytes(void **state)
{
	/* 2/5, 2/16, 2/28, ours 5, 8, 9 */
	static const uint8_t payload[] = { 2, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		2, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 28, 0, 1, 0, 0, 0, 1,
		0, 0, 0, 0x46, 0x41, 5, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0x46, 0x41,
		8, 0, 16, 0, 0, 0, 0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13, 0x18,
		0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b, 0x46,
		0x41, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0 };
	static const uint8_t head[] = { 'A', 'M', 'T', 'F', 'O', 'R', 'G', '1',
		1, 0, 0x48, 0, 0x48 + sizeof(payload), 0, 0, 0, 0, 0, 0, 0, 7,
		0, 0, 0, 1, 0, 0, 0, sizeof(payload), 0, 0, 0 };
	struct bytes *x = written(some());

	(void)state;
	assert_int_equal(x->n, RECORD_HEADER + sizeof(payload));
	assert_memory_equal(x->b, head, sizeof(head));
	assert_memory_equal(x->b + RECORD_HEADER, payload, sizeof(payload));
	assert_true(recordview_present(x->b, x->n));
	assert_false(recordview_present(x->b, 7));
	x->b[0] = 'B';
	assert_false(recordview_present(x->b, x->n));
	refused(x, "wrong magic");
}

static void
the_address_is_stored_reversed(void **state)
{
	struct bytes *x = written(full());
	size_t i = at(x, 2, 17);

	(void)state;
	assert_memory_equal(x->b + i + 8, "\x11\x02\x00\xc0", 4);
	assert_memory_equal(x->b + at(x, 2, 18) + 8, "\xf3\x26", 2);
	assert_int_equal(x->b[0x10], RECORD_SECRETS);
	test_free(x);
}

static void
a_failed_read_leaves_no_secret(void **state)
{
	struct record *r = test_calloc(1, sizeof(*r));
	struct record *zero = test_calloc(1, sizeof(*zero));
	struct bytes *x = written(full());
	struct rd rd;

	(void)state;
	x->b[0x10] = 0; /* found out last */
	seal(x);
	rd_init(&rd, x->b, x->n);
	assert_false(record_read(&rd, r));
	assert_string_equal(rd.why, "flags do not say what is in");
	assert_memory_equal(r, zero, sizeof(*r));
	test_free(x);
	test_free(r);
	test_free(zero);
}

static void
no_bit_can_be_flipped(void **state)
{
	struct bytes *x = written(full());
	const char *why;

	(void)state;
	for (size_t i = 0; i < 8 * x->n; i++) {
		x->b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(reads(x, &why));
		x->b[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(reads(x, &why));
	test_free(x);
}

static void
no_prefix_and_no_longer_form_is_taken(void **state)
{
	struct bytes *x = written(full());
	size_t n = x->n;
	const char *why;

	(void)state;
	for (x->n = 0; x->n < n; x->n++)
		assert_false(reads(x, &why));
	x->n = n + 1;
	refused(x, "lengths do not agree");
}

/* A sealed header with one field changed. */
static void
each_header_field_has_one_value(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		const char *why;
	} t[] = { { 0x08, 2, "unknown version" },
		{ 0x0a, 0x4c, "length of the header is wrong" },
		{ 0x10, 3, "flags do not say what is in" },
		{ 0x13, 0x80, "flags do not say what is in" },
		{ 0x18, 2, "unknown type of payload" },
		{ 0x1a, 1, "padding is not blank" },
		{ 0x44, 1, "padding is not blank" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct bytes *x = written(full());

		x->b[t[i].at] = t[i].v;
		put_u32le(x->b + 0x40, digest_crc32(x->b, 0x40));
		refused(x, t[i].why);
	}
}

static void
the_checksums_are_looked_at(void **state)
{
	struct bytes *x = written(full());

	(void)state;
	x->b[0x14] ^= 1;
	refused(x, "checksum of the header is wrong");
	x = written(full());
	x->b[x->n - 4] ^= 1;
	refused(x, "digest of the payload is wrong");
}

/* Changes one byte of an entry's value (at 8), length (4) or rest. */
static void
values_outside_their_range_are_refused(void **state)
{
	static const struct {
		uint16_t module, id;
		size_t off;
		uint8_t v;
		const char *why;
	} t[] = { { 2, 5, 8, 2, "a switch is neither 0 nor 1" },
		{ 2, 28, 8, 255, "a switch is neither 0 nor 1" },
		{ 2, 16, 8, 2, "a switch is neither 0 nor 1" },
		{ 0x4146, 9, 8, 2, "a switch is neither 0 nor 1" },
		{ 2, 5, 6, 1, "padding is not blank" },
		{ 2, 5, 9, 1, "padding is not blank" },
		{ 2, 5, 4, 2, "length of a value is out of its limits" },
		{ 2, 1, 8, '1', "checksum of a PID or PPS is wrong" },
		{ 2, 2, 11, 'd', "checksum of a PID or PPS is wrong" },
		{ 2, 3, 8, 0, "a text is not printable ASCII" },
		{ 2, 4, 8, 0xe9, "a text is not printable ASCII" },
		{ 0x4146, 6, 8, '\n', "a text is not printable ASCII" },
		{ 2, 8, 8, 4, "unknown hash algorithm" },
		{ 2, 8, 29, 2, "trailing bytes" }, { 2, 8, 29, 4, "truncated" },
		{ 2, 8, 29, 32, "name of a hash is too long" },
		{ 2, 8, 30, 1, "name of a hash is not printable" },
		{ 0x4146, 2, 8, 8, "unknown mark of a hash" },
		{ 0x4146, 2, 8, 2, "the only hash is not active" },
		{ 0x4146, 2, 8, 3, "two hashes are marked as the only one" },
		{ 0x4146, 2, 4, 1, "not one mark for each hash" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct bytes *x = written(full());

		x->b[at(x, t[i].module, t[i].id) + t[i].off] = t[i].v;
		if (t[i].off == 4 && t[i].id == 2) /* keep the padding blank */
			x->b[at(x, t[i].module, t[i].id) + 9] = 0;
		seal(x);
		refused(x, t[i].why);
	}
}

static void
an_absent_value_has_one_form_only(void **state)
{
	struct bytes *x = written(full());

	(void)state;
	memset(x->b + at(x, 2, 17) + 8, 0, 4);
	seal(x);
	refused(x, "address is 0.0.0.0");
	x = written(full());
	memset(x->b + at(x, 2, 18) + 8, 0, 2);
	seal(x);
	refused(x, "port is 0");
	x = written(some());
	insert(x, at(x, 2, 5), "\2\0\3\0\0\0\0\0", 8); /* empty suffix */
	seal(x);
	refused(x, "length of a value is out of its limits");
}

static void
entries_that_must_be_there_are_missed(void **state)
{
	static const uint16_t must[][2] = { { 2, 5 }, { 2, 16 }, { 2, 28 },
		{ 0x4146, 2 }, { 0x4146, 5 }, { 0x4146, 8 }, { 0x4146, 9 } };

	(void)state;
	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
		struct bytes *x = written(full());

		cut(x, must[i][0], must[i][1]);
		seal(x);
		refused(x, "an entry that must be there is not");
	}
}

static void
a_pid_alone_and_a_pps_alone_are_refused(void **state)
{
	(void)state;
	for (uint16_t id = 1; id <= 2; id++) {
		struct bytes *x = written(full());

		cut(x, 2, id);
		seal(x);
		refused(x, "PID and PPS do not come together");
	}
}

static void
a_mark_without_hashes_is_refused(void **state)
{
	struct bytes *x = written(some());

	(void)state;
	insert(x, at(x, 0x4146, 5), "\x46\x41\2\0\1\0\0\0\1\0\0\0", 12);
	seal(x);
	refused(x, "not one mark for each hash");
}

static void
order_and_repeats_are_refused_but_for_hashes(void **state)
{
	struct bytes *x = written(some());

	(void)state;
	insert(x, at(x, 2, 16), "\2\0\5\0\1\0\0\0\0\0\0\0", 12);
	seal(x);
	refused(x, "entries are not in ascending order");
	x = written(some());
	insert(x, at(x, 2, 28), "\2\0\6\0\1\0\0\0\0\0\0\0", 12);
	seal(x);
	refused(x, "entries are not in ascending order");
}

static void
unknown_entries_are_kept_of_public_modules_only(void **state)
{
	struct bytes *x = written(some());
	const char *why;

	(void)state;
	insert(x, at(x, 2, 28), "\2\0\31\0\3\0\0\0abc\0", 12);
	seal(x);
	assert_true(reads(x, &why));
	test_free(x);
	x = written(some());
	insert(x, x->n, "\x46\x41\12\0\1\0\0\0\0\0\0\0", 12);
	seal(x);
	refused(x, "unknown entry");
	x = written(some());
	insert(x, at(x, 0x4146, 5), "\3\0\1\0\1\0\0\0\0\0\0\0", 12);
	seal(x);
	refused(x, "unknown entry");
	x = written(some());
	insert(x, RECORD_HEADER, "\1\0\0\0\1\0\0\0\0\0\0\0", 12);
	seal(x);
	refused(x, "unknown entry");
}

static void
unknown_entries_are_bounded(void **state)
{
	struct bytes *x = written(some());
	char entry[8 + RECORD_EXTRA] = "\2\0\31\0";

	(void)state;
	put_u16le((uint8_t *)entry + 4, RECORD_EXTRA - 4);
	insert(x, at(x, 2, 28), entry, 8 + RECORD_EXTRA - 4);
	seal(x);
	refused(x, "too many bytes of unknown entries");
}

static void
a_list_longer_than_any_device_holds_is_refused(void **state)
{
	struct record *r = some();
	struct bytes *x;
	char entry[32] = "\2\0\10\0\26\0\0\0\1";

	(void)state;
	r->hashes.n = HASHLIST_MAX;
	for (size_t i = 0; i < HASHLIST_MAX; i++)
		hashlist_of_der(&r->hashes.e[i], HASH_SHA1, &i, sizeof(i));
	x = written(r);
	insert(x, at(x, 2, 16), entry, 32); /* 8 + 22 + 2 of padding */
	seal(x);
	refused(x, "too many hashes");
}

static void
nothing_is_written_that_would_not_be_read(void **state)
{
	struct bytes *x = test_calloc(1, sizeof(*x));

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct record *r = full();
		struct wr w;

		switch (i) {
		case 0:
			r->psk.pid[0] = '\0';
			break;
		case 1:
			r->psk.pps[0] = 'A';
			break;
		case 2:
			r->psk.pps[0] = 'n';
			break;
		case 3:
			r->hashes.e[0].only = true;
			break;
		case 4:
			r->hashes.n = HASHLIST_MAX + 1;
			break;
		case 5:
			strcpy(r->mebx_new, "short");
			break;
		case 6:
			strcpy(r->server_fqdn, "a\tb");
			break;
		case 7:
			r->key_len = RECORD_KEY + 1;
			break;
		case 8:
			r->extra_len = RECORD_EXTRA + 1;
			break;
		case 9:
			r->extra_len = 23;
			break;
		case 10:
			r->extra[0] = 2;
			break; /* 2/3 is known */
		case 11:
			r->extra[2] = 1;
			break; /* so is 1/1 */
		case 12:
			r->extra[2] = 0;
			break; /* 1/0 is none */
		case 13:
			r->extra[6] = 1;
			break; /* not blank */
		case 14:
			r->extra[12] = 1;
			r->extra[14] = 3;
			break; /* twice */
		case 15:
			r->extra[13] = 0x50;
			break; /* no such module */
		}
		wr_fixed(&w, x->b, sizeof(x->b));
		record_write(&w, r);
		if (!w.failed)
			fail_msg("change %d was written", i);
		test_free(r);
	}
	test_free(x);
}

static void
a_record_that_does_not_fit_fails_the_writer(void **state)
{
	struct bytes *x = test_calloc(1, sizeof(*x));
	struct record *r = full();
	struct wr w;

	(void)state;
	write_to(x, r);
	for (size_t n = 0, all = x->n; n < all; n++) {
		wr_fixed(&w, x->b, n);
		record_write(&w, r);
		assert_true(w.failed);
	}
	test_free(x);
	test_free(r);
}

static void
a_record_may_stand_behind_other_bytes(void **state)
{
	struct bytes *x = test_calloc(1, sizeof(*x));
	struct record *r = full();
	const char *why;
	struct wr w;

	(void)state;
	wr_fixed(&w, x->b, sizeof(x->b));
	wr_str(&w, "before");
	record_write(&w, r);
	memmove(x->b, x->b + 6, x->n = w.len - 6);
	assert_true(reads(x, &why));
	test_free(x);
	test_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    everything_comes_back_and_is_written_to_the_same_bytes),
		cmocka_unit_test(the_least_record_has_these_bytes),
		cmocka_unit_test(the_address_is_stored_reversed),
		cmocka_unit_test(a_failed_read_leaves_no_secret),
		cmocka_unit_test(no_bit_can_be_flipped),
		cmocka_unit_test(no_prefix_and_no_longer_form_is_taken),
		cmocka_unit_test(each_header_field_has_one_value),
		cmocka_unit_test(the_checksums_are_looked_at),
		cmocka_unit_test(values_outside_their_range_are_refused),
		cmocka_unit_test(an_absent_value_has_one_form_only),
		cmocka_unit_test(entries_that_must_be_there_are_missed),
		cmocka_unit_test(a_pid_alone_and_a_pps_alone_are_refused),
		cmocka_unit_test(a_mark_without_hashes_is_refused),
		cmocka_unit_test(order_and_repeats_are_refused_but_for_hashes),
		cmocka_unit_test(
		    unknown_entries_are_kept_of_public_modules_only),
		cmocka_unit_test(unknown_entries_are_bounded),
		cmocka_unit_test(
		    a_list_longer_than_any_device_holds_is_refused),
		cmocka_unit_test(nothing_is_written_that_would_not_be_read),
		cmocka_unit_test(a_record_that_does_not_fit_fails_the_writer),
		cmocka_unit_test(a_record_may_stand_behind_other_bytes),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
