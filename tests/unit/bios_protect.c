/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>

#include "bios/fit.h"
#include "bios/protect.h"
#include "formats/reason.h"
#include "tests/store.h"
#include "tests/volumes.h"

/* A bare BIOS region: a variable volume, a volume of files at FILES, blank
 * flash, the FIT at TABLE, manifests at MANIFEST and KEY. It ends at 4 GiB. */
#define SIZE 0x40000
#define FILES 0x8000
#define MANIFEST 0x20000
#define KEY 0x21000
#define TABLE 0x3F000
#define ADDRESS(off) (0xFFFFFFFFU - SIZE + 1 + (uint32_t)(off))

static uint8_t p[SIZE];
static struct image img;
static struct protect prot;

static void
base(void)
{
	struct volumes v;

	memset(p, 0xFF, sizeof(p));
	store_make(p, true);
	v = volumes_make(p + FILES, 0x4000, VOLUMES_FFS2, 0xFF);
	volumes_file(&v, 1, FFS_RAW, 0, "hello", 5);
}

/* A FIT with rows of those types for the manifests. */
static void
table(const uint8_t *types, size_t n)
{
	uint8_t *t = p + TABLE;

	memset(t, 0, 16 * (n + 1));
	memcpy(t, "_FIT_   ", 8);
	put_u32le(t + 8, (uint32_t)n + 1);
	put_u16le(t + 12, 0x100);
	t[14] = 0x80;
	for (size_t i = 0; i < n; i++) {
		uint8_t *row = t + 16 * (i + 1);

		put_u64le(row,
		    ADDRESS(types[i] == FIT_KEY_MANIFEST ? KEY : MANIFEST));
		put_u32le(row + 8, 0x400);
		put_u16le(row + 12, 0x100);
		row[14] = types[i];
	}
	t[15] = (uint8_t)(0 - digest_sum8(t, 16 * (n + 1)));
	put_u64le(p + SIZE - 0x40, ADDRESS(TABLE));
}

static void
reading(void)
{
	struct err e;

	err_clear(&e);
	assert_int_equal(image_read(p, SIZE, &img, &e), ERR_OK);
	protect_read(&img, &prot);
}

/* ---- policies by the layouts in bios/protect.h ---- */

struct segment {
	uint16_t flags;
	size_t off, size;
};

static const struct segment two[] = { { 0, 0x30000, 0x8000 },
	{ 1, 0x38000, 0x1000 }, { 0, 0x3A000, 0x1000 } };

static void
hash_of(uint8_t out[static SHA384_LEN], uint16_t alg)
{
	static uint8_t all[0x9000];

	memcpy(all, p + 0x30000, 0x8000);
	memcpy(all + 0x8000, p + 0x3A000, 0x1000);
	if (alg == 0x0C)
		digest_sha384(all, sizeof(all), out);
	else
		digest_sha256(all, sizeof(all), out);
}

static void
put_hash(struct wr *w, uint16_t alg, const uint8_t *v, uint16_t n)
{
	wr_u16le(w, alg);
	wr_u16le(w, n);
	wr_bytes(w, v, n);
}

static void
put_segments(struct wr *w)
{
	wr_u8(w, 3);
	for (size_t i = 0; i < 3; i++) {
		wr_u16le(w, 0);
		wr_u16le(w, two[i].flags);
		wr_u32le(w, ADDRESS(two[i].off));
		wr_u32le(w, (uint32_t)two[i].size);
	}
}

/* Version 0x10; after: the hash behind the block is set. */
static void
policy_old(bool after)
{
	uint8_t hash[SHA384_LEN], next[SHA256_LEN];
	struct wr w;

	memset(next, after ? 4 : 0, sizeof(next));
	hash_of(hash, 0x0B);
	wr_fixed(&w, p + MANIFEST, 0x400);
	wr_str(&w, "__ACBP__");
	wr_u8(&w, 0x10);
	wr_fill(&w, 0, 7);
	wr_str(&w, "__IBBS__");
	wr_u8(&w, 0x10);
	wr_fill(&w, 0, 3 + 4 + 40);
	put_hash(&w, 0x0B, next, sizeof(next));
	wr_u32le(&w, 0xFFFFFFF0);
	put_hash(&w, 0x0B, hash, SHA256_LEN);
	put_segments(&w);
	wr_str(&w, "__PMSG__");
	wr_u8(&w, 0x10);
	assert_false(w.failed);
}

static void
policy_new(uint16_t alg)
{
	uint8_t hash[SHA384_LEN];
	size_t size;
	struct wr w;

	hash_of(hash, alg);
	wr_fixed(&w, p + MANIFEST, 0x400);
	wr_str(&w, "__ACBP__");
	wr_u8(&w, 0x23);
	wr_u8(&w, 0);
	wr_u16le(&w, 20);
	wr_fill(&w, 0, 8);
	wr_str(&w, "__XYZ__ "); /* passed over by its size */
	wr_u8(&w, 0x20);
	wr_u8(&w, 0);
	wr_u16le(&w, 16);
	wr_fill(&w, 0x99, 4);
	wr_str(&w, "__IBBS__");
	wr_u8(&w, 0x20);
	wr_u8(&w, 0);
	size = wr_hole(&w, 2);
	wr_fill(&w, 0, 4 + 4 + 40);
	put_hash(&w, 0x10, hash, 0);
	wr_u32le(&w, 0xFFFFFFF0);
	wr_u16le(&w, 0);
	wr_u16le(&w, 2);
	put_hash(&w, 0x04, hash, SHA1_LEN); /* not judged here */
	put_hash(&w, alg, hash, alg == 0x0C ? SHA384_LEN : SHA256_LEN);
	put_hash(&w, 0x10, hash, 0);
	wr_fill(&w, 0, 3);
	put_segments(&w);
	put_u16le(w.buf + size, (uint16_t)(w.len - size + 10));
	wr_str(&w, "__PMSG__");
	assert_false(w.failed);
}

/* ---- the FIT ---- */

static void
rows_of_the_fit_are_listed_with_their_places(void **state)
{
	static const uint8_t types[] = { 0x0B, 0x0C, 0x55 };
	struct fit_row row;
	struct fit f;
	size_t i = 0;

	(void)state;
	base();
	table(types, sizeof(types));
	put_u64le(p + TABLE + 48, 0x12345678);
	p[TABLE + 15] = (uint8_t)(p[TABLE + 15] - digest_sum8(p + TABLE, 64));
	reading();
	fit_read(&img, &f);
	assert_true(f.present);
	assert_null(f.why);
	assert_int_equal(f.rows, 4);
	assert_true(fit_next(&f, &i, &row));
	assert_true(row.mapped);
	assert_int_equal(row.off, KEY);
	assert_int_equal(row.at, TABLE + 16);
	assert_true(fit_next(&f, &i, &row));
	assert_int_equal(row.off, MANIFEST);
	assert_string_equal(fit_type_name(row.type), "boot policy manifest");
	assert_true(fit_next(&f, &i, &row));
	assert_false(row.mapped);
	assert_null(fit_type_name(row.type));
	assert_false(fit_next(&f, &i, &row));
}

/* May those bytes be written? */
static bool
writable(size_t off, size_t len)
{
	struct guard *g = calloc(1, sizeof(*g));
	enum err_code code;
	struct err e;

	assert_non_null(g);
	err_clear(&e);
	protect_guards(&img, g);
	code = guard_check(g, off, len, &e);
	if (code != ERR_OK)
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_PROTECTED));
	free(g);
	return code == ERR_OK;
}

static void
a_broken_fit_guards_the_region(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		const char *why;
	} rows[] = {
		{ 15, 1, "FIT's checksum is wrong" },
		{ 14, 0x81, "FIT's first row is no header" },
		{ 8, 0, "FIT has more rows than room, or none" },
		{ 10, 1, "FIT has more rows than room, or none" },
	};
	static const uint8_t types[] = { 0x01 };
	struct fit f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		base();
		table(types, 1);
		p[TABLE + rows[i].at] = rows[i].v;
		reading();
		fit_read(&img, &f);
		assert_string_equal(f.why, rows[i].why);
		assert_int_equal(prot.nfound, 1);
		assert_int_equal(prot.found[0].kind, PROTECT_TABLE);
	}
}

static void
a_pointer_without_a_fit_is_a_broken_fit(void **state)
{
	static const uint32_t pointers[] = { 0x1000, 0xFF000000,
		ADDRESS(TABLE + 16), ADDRESS(SIZE - 8) };
	static const uint8_t types[] = { 0x0B };

	(void)state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		base();
		table(types, 1);
		put_u64le(p + SIZE - 0x40, pointers[i]);
		reading();
		assert_int_equal(prot.nfound, 1);
		assert_int_equal(prot.found[0].kind, PROTECT_TABLE);
		assert_int_equal(prot.found[0].at, SIZE - 0x40);
		assert_false(writable(TABLE, 1));
	}
}

static void
a_manifest_that_no_fit_names_is_a_broken_fit(void **state)
{
	static const char *const names[] = { "__ACBP__\x10", "__KEYM__\x21" };
	static const uint64_t pointers[] = { 0, UINT64_MAX,
		0x7100DE1600080004 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		base();
		put_u64le(p + SIZE - 0x40, pointers[i]);
		/* The letters alone are no manifest. */
		memcpy(p + MANIFEST, "__ACBP__", 9);
		reading();
		assert_int_equal(prot.nfound, 0);
		memcpy(p + MANIFEST, names[i % 2], 9);
		reading();
		assert_int_equal(prot.nfound, 1);
		assert_int_equal(prot.found[0].off, MANIFEST);
		assert_false(writable(TABLE, 1));
	}
}

static void
no_pointer_no_fit(void **state)
{
	/* The last is what a firmware without a FIT may have there. */
	static const uint64_t pointers[] = { 0, 0xFFFFFFFF, UINT64_MAX,
		0x7100DE1600080004 };
	static const uint8_t types[] = { 0x0B };
	struct fit f;

	(void)state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		base();
		table(types, 1);
		put_u64le(p + SIZE - 0x40, pointers[i]);
		reading();
		fit_read(&img, &f);
		assert_false(f.present);
		assert_int_equal(prot.nfound, 0);
	}
}

/* ---- manifests ---- */

static void
without_a_manifest_nothing_is_guarded(void **state)
{
	static const uint8_t types[] = { 0x01, 0x07, 0x0B, 0x0C };

	(void)state;
	base();
	reading();
	assert_int_equal(prot.nfound, 0);
	assert_true(writable(0, SIZE));
	table(types, sizeof(types)); /* rows with blank flash behind them */
	reading();
	assert_int_equal(prot.nfound, 0);
	assert_true(writable(0, SIZE));
}

static void
the_boot_block_is_read_and_judged(void **state)
{
	static const uint8_t types[] = { FIT_BOOT_POLICY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		base();
		table(types, 1);
		memset(p + 0x30000, 0x90, 0x9000);
		if (i == 0)
			policy_old(false);
		else
			policy_new(i == 1 ? 0x0B : 0x0C);
		reading();
		assert_int_equal(prot.nfound, 1);
		assert_int_equal(prot.found[0].kind, PROTECT_POLICY);
		assert_int_equal(prot.found[0].off, MANIFEST);
		assert_string_equal(prot.found[0].why,
		    "which ranges it covers is not understood");
		assert_int_equal(prot.nrange, 3);
		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(prot.range[k].off, two[k].off);
			assert_int_equal(
			    prot.range[k].end, two[k].off + two[k].size);
			assert_int_equal(prot.range[k].hashed, k != 1);
			assert_int_equal(prot.range[k].verdict,
			    k == 1 ? PROTECT_UNCHECKED : PROTECT_MATCHES);
		}
		p[0x30000]++;
		reading();
		assert_int_equal(prot.range[0].verdict, PROTECT_DIFFERS);
		p[0x30000]--;
		p[0x38000]++; /* outside the hash */
		reading();
		assert_int_equal(prot.range[0].verdict, PROTECT_MATCHES);
	}
}

static void
a_manifest_guards_all_but_the_variables(void **state)
{
	static const uint8_t types[] = { FIT_BOOT_POLICY };

	(void)state;
	base();
	table(types, 1);
	policy_old(true);
	reading();
	assert_non_null(strstr(prot.found[0].why, "which ranges"));
	assert_true(writable(0, STORE_VOLUME));
	assert_false(writable(STORE_VOLUME, 1));
	assert_false(writable(STORE_VOLUME - 1, 2));
	assert_false(writable(FILES + 0x60, 5));
	assert_false(writable(SIZE - 1, 1));
	assert_true(writable(SIZE, 1)); /* not of this region */
}

static void
what_is_not_known_is_told_and_guarded(void **state)
{
	static const uint8_t policy[] = { FIT_BOOT_POLICY };
	static const uint8_t key[] = { FIT_KEY_MANIFEST };

	(void)state;
	base(); /* a key manifest alone */
	table(key, 1);
	memcpy(p + KEY, "__KEYM__\x21", 9);
	reading();
	assert_int_equal(prot.found[0].kind, PROTECT_KEY);
	assert_int_equal(prot.found[0].version, 0x21);
	assert_false(writable(FILES, 1));
	base(); /* something else */
	table(policy, 1);
	memcpy(p + MANIFEST, "__ACBX__\x10 1234567", 17);
	reading();
	assert_string_equal(
	    prot.found[0].why, "it is no manifest of a kind that is known");
	assert_false(writable(FILES, 1));
	base(); /* an element of an old policy that is not known */
	table(policy, 1);
	policy_old(false);
	memcpy(p + MANIFEST + 16, "__XBBS__", 8);
	reading();
	assert_string_equal(
	    prot.found[0].why, "an element of the boot policy is not known");
	assert_false(writable(FILES, 1));
	base(); /* outside the region */
	table(policy, 1);
	put_u64le(p + TABLE + 16, 0x1000);
	p[TABLE + 15] = (uint8_t)(p[TABLE + 15] - digest_sum8(p + TABLE, 32));
	reading();
	assert_string_equal(
	    prot.found[0].why, "FIT's row points outside the BIOS region");
	assert_false(writable(FILES, 1));
}

/* Every cut and every changed byte of a policy still guards. */
static void
a_damaged_policy_guards_too(void **state)
{
	static const uint8_t types[] = { FIT_BOOT_POLICY };

	(void)state;
	for (size_t i = 0; i < 0x100; i++) {
		base();
		table(types, 1);
		policy_new(0x0B);
		p[MANIFEST + i] ^= 0x80;
		reading();
		assert_true(prot.nfound > 0);
		assert_false(writable(FILES, 1));
		policy_new(0x0B);
		memset(p + MANIFEST + i + 8, 0xFF, 0x400);
		reading();
		assert_true(prot.nfound > 0);
		assert_false(writable(FILES, 1));
	}
}

/* ---- lists ---- */

static void
a_list_in_the_policy_is_read(void **state)
{
	static const uint8_t types[] = { FIT_BOOT_POLICY };
	uint8_t hash[SHA256_LEN];
	struct wr w;

	(void)state;
	for (uint32_t version = 1; version <= 4; version++) {
		base();
		table(types, 1);
		digest_sha256(p + FILES, 0x1000, hash);
		wr_fixed(&w, p + MANIFEST, 0x400);
		wr_str(&w, "__ACBP__");
		wr_u8(&w, version < 3 ? 0x10 : 0x20);
		wr_u8(&w, 0);
		wr_u16le(&w, version < 3 ? 0 : 20);
		wr_fill(&w, 0, version < 3 ? 4 : 8);
		wr_str(&w, "__PMDA__");
		wr_u8(&w, 0x10);
		if (version >= 3) {
			wr_u8(&w, 0);
			wr_u16le(&w, 12 + 4 + 8 + 2 * (16 + 36));
			wr_fill(&w, 0, 4);
		} else
			wr_u16le(&w, 0);
		wr_u32le(&w, version);
		wr_u32le(&w, 2);
		for (size_t i = 0; i < 2; i++) {
			if (version >= 3)
				wr_u32le(&w, 7);
			wr_u32le(&w, ADDRESS(FILES));
			wr_u32le(&w, 0x1000);
			if (version >= 3)
				wr_u32le(&w, 0);
			hash[0] = (uint8_t)(hash[0] + i);
			if (version > 1)
				put_hash(&w, 0x0B, hash, sizeof(hash));
			else
				wr_bytes(&w, hash, sizeof(hash));
		}
		wr_str(&w, "__PMSG__");
		assert_false(w.failed);
		reading();
		if (version == 4) {
			assert_string_equal(prot.found[0].why,
			    "a PMDA of a version that is not known");
			continue;
		}
		assert_int_equal(prot.nrange, 2);
		assert_int_equal(prot.range[0].off, FILES);
		assert_int_equal(prot.range[0].verdict, PROTECT_MATCHES);
		assert_int_equal(prot.range[1].verdict, PROTECT_DIFFERS);
		assert_false(writable(FILES, 1));
	}
}

/* A file of that GUID with a raw section of n bytes. */
static void
hash_file(const char *guid, const uint8_t *body, size_t n)
{
	static uint8_t stream[0x100];
	struct volumes v;
	struct uuid u;
	size_t len = 0, off;

	base();
	v = volumes_make(p + FILES, 0x4000, VOLUMES_FFS2, 0xFF);
	volumes_section(stream, &len, 0x19, body, n);
	off = volumes_file(&v, 1, 0x02, 0, stream, len);
	uuid_parse(&u, guid);
	memcpy(p + FILES + off, u.b, UUID_LEN);
	volumes_seal(&v, off, 24, 24 + len);
	reading();
}

static void
a_hash_file_guards_its_ranges_or_all(void **state)
{
	uint8_t body[80];

	(void)state;
	base();
	memset(body, 0xFF, sizeof(body));
	digest_sha256(p + 0x30000, 0x1000, body);
	put_u32le(body + 32, ADDRESS(0x30000));
	put_u32le(body + 36, 0x1000);
	hash_file("cbc91f44-a4bc-4a5b-8696-703451d0b053", body, 80);
	assert_int_equal(prot.found[0].kind, PROTECT_AMI);
	assert_null(prot.found[0].why);
	assert_int_equal(prot.nrange, 1);
	assert_int_equal(prot.range[0].verdict, PROTECT_MATCHES);
	assert_false(writable(0x30FFF, 1));
	assert_true(writable(0x31000, 0x1000));
	hash_file("cbc91f44-a4bc-4a5b-8696-703451d0b053", body, 36);
	assert_non_null(prot.found[0].why);
	assert_false(writable(0x31000, 0x1000));
	put_u32le(body + 32, 0x1000);
	hash_file("cbc91f44-a4bc-4a5b-8696-703451d0b053", body, 80);
	assert_string_equal(
	    prot.found[0].why, "a range lies outside the BIOS region");
	hash_file("389cc6f2-1ea8-467b-ab8a-78e769ae2a15", body, 80);
	assert_int_equal(prot.found[0].kind, PROTECT_PHOENIX);
	assert_false(writable(0x31000, 0x1000));
	assert_true(writable(0, STORE_VOLUME));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_the_fit_are_listed_with_their_places),
		cmocka_unit_test(a_broken_fit_guards_the_region),
		cmocka_unit_test(no_pointer_no_fit),
		cmocka_unit_test(a_pointer_without_a_fit_is_a_broken_fit),
		cmocka_unit_test(a_manifest_that_no_fit_names_is_a_broken_fit),
		cmocka_unit_test(without_a_manifest_nothing_is_guarded),
		cmocka_unit_test(the_boot_block_is_read_and_judged),
		cmocka_unit_test(a_manifest_guards_all_but_the_variables),
		cmocka_unit_test(what_is_not_known_is_told_and_guarded),
		cmocka_unit_test(a_damaged_policy_guards_too),
		cmocka_unit_test(a_list_in_the_policy_is_read),
		cmocka_unit_test(a_hash_file_guards_its_ranges_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
