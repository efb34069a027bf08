/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/text.h"
#include "formats/hashlist.h"

static const char der[] = "example root";

static struct hash_entry
entry(enum hash_type type, const char *of)
{
	struct hash_entry e;

	hashlist_of_der(&e, type, of, strlen(of));
	return e;
}

static struct hashlist
three(void)
{
	struct hashlist l = { 3,
		{ entry(HASH_SHA1, "a"), entry(HASH_SHA256, der),
		    entry(HASH_SHA384, "c") } };

	return l;
}

static void
hashes_are_those_of_the_published_hello(void **state)
{
	struct hash_entry e = entry(HASH_SHA1, der);
	char hex[2 * HASHLIST_HASH + 1];

	(void)state;
	assert_true(e.active);
	text_hex(hex, e.hash, 20);
	assert_string_equal(hex, "05fd43e81420ca191eb85cec916527b7f1192bef");
	e = entry(HASH_SHA256, der);
	text_hex(hex, e.hash, 32);
	assert_string_equal(hex,
	    "b567c0cbb2e85c295e6ade930e5bb349a4b9bee9489caa7d6b679dd46e82a711");
}

static void
types_have_names_and_lengths(void **state)
{
	static const struct {
		enum hash_type type;
		const char *name;
		size_t len;
	} t[] = { { HASH_SHA1, "sha1", 20 }, { HASH_SHA256, "sha256", 32 },
		{ HASH_SHA384, "sha384", 48 } };
	enum hash_type type;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(hashlist_hash_len(t[i].type), t[i].len);
		assert_string_equal(hashlist_type_name(t[i].type), t[i].name);
		assert_true(hashlist_type_parse(t[i].name, &type));
		assert_int_equal(type, t[i].type);
	}
	assert_false(hashlist_type_parse("sha512", &type));
	assert_false(hashlist_type_parse("SHA1", &type));
	assert_int_equal(hashlist_hash_len((enum hash_type)0), 0);
	assert_int_equal(hashlist_hash_len((enum hash_type)4), 0);
	assert_string_equal(hashlist_type_name((enum hash_type)4), "unknown");
}

static void
the_only_one_is_found(void **state)
{
	struct hashlist l = three();

	(void)state;
	assert_null(hashlist_only(&l));
	l.e[1].only = true;
	assert_ptr_equal(hashlist_only(&l), &l.e[1]);
}

static void
a_list_is_sound_or_says_why_not(void **state)
{
	struct hashlist l = three();

	(void)state;
	assert_null(hashlist_check(&l, 3));
	assert_string_equal(
	    hashlist_check(&l, 2), "more hashes than this AMT version holds");
	l.e[1].only = l.e[2].only = true;
	assert_string_equal(
	    hashlist_check(&l, 20), "two hashes are marked as the only one");
	l.e[2].only = l.e[1].active = false;
	assert_string_equal(
	    hashlist_check(&l, 20), "the only hash is not active");
	l = three();
	l.e[2] = l.e[0];
	assert_string_equal(hashlist_check(&l, 20), "the same hash twice");
	l = three();
	l.e[0].type = (enum hash_type)4;
	assert_string_equal(hashlist_check(&l, 20), "unknown hash algorithm");
	l = three();
	strcpy(l.e[0].name,
	    "R\xc3\xb6"
	    "t");
	assert_string_equal(
	    hashlist_check(&l, 20), "a name is not printable ASCII");
	l.n = HASHLIST_MAX + 1;
	assert_non_null(hashlist_check(&l, 255));
}

static void
an_entry_comes_back_as_setup_bin_holds_it(void **state)
{
	struct hash_entry e = entry(HASH_SHA256, der), back;
	uint8_t buf[128];
	struct wr w;
	struct rd r;

	(void)state;
	strcpy(e.name, "AMT Test CA");
	wr_fixed(&w, buf, sizeof(buf));
	hashlist_entry_write(&w, &e);
	assert_int_equal(w.len, 45); /* as in a published file */
	assert_int_equal(buf[0], 2);
	assert_int_equal(buf[33], 11);
	rd_init(&r, buf, w.len);
	hashlist_entry_read(&r, &back);
	assert_true(rd_end(&r));
	e.active = false; /* Setup.bin does not say */
	assert_memory_equal(&e, &back, sizeof(e));
}

static void
a_cut_entry_is_refused_at_each_length(void **state)
{
	struct hash_entry e = entry(HASH_SHA1, der);
	uint8_t buf[64];
	struct wr w;
	struct rd r;

	(void)state;
	strcpy(e.name, "x");
	wr_fixed(&w, buf, sizeof(buf));
	hashlist_entry_write(&w, &e);
	for (size_t n = 0; n < w.len; n++) {
		rd_init(&r, buf, n);
		hashlist_entry_read(&r, &e);
		assert_false(rd_end(&r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_published_hello),
		cmocka_unit_test(types_have_names_and_lengths),
		cmocka_unit_test(the_only_one_is_found),
		cmocka_unit_test(a_list_is_sound_or_says_why_not),
		cmocka_unit_test(an_entry_comes_back_as_setup_bin_holds_it),
		cmocka_unit_test(a_cut_entry_is_refused_at_each_length),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
