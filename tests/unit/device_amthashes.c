/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "device/roots.h"
#include "tests/oneamt.h"

#define CLASS "AMT_ProvisioningCertificateHash"
#define HANDLE "Intel(r) AMT: Certificate Hash "

/* Two roots of the factory. */
static int
start(void **unused)
{
	(void)unused;
	open_amt(6);
	factory.hashes.n = 2;
	for (size_t i = 0; i < 2; i++) {
		struct hash_entry *h = &factory.hashes.e[i];

		hashlist_of_der(h, HASH_SHA256, i == 0 ? "a" : "b", 1);
		h->oem = true;
		snprintf(h->name, sizeof(h->name), "OEM %zu", i);
	}
	state.phase = STATE_POST;
	return 0;
}

static int
end(void **unused)
{
	(void)unused;
	close_amt();
	return 0;
}

/* The HTTP status. */
static int
ask(enum wsman_op op, const char *instance, const struct wsman_field *f,
    size_t n)
{
	const struct wsman_request q = { .op = op,
		.class = CLASS,
		.sel_name = instance != NULL ? "InstanceID" : NULL,
		.sel_value = instance };

	assert_true(answer_request(&q, f, n));
	return status;
}

/* The status of a Create for the hash of these words. */
static int
create(enum hash_type type, const char *of)
{
	struct hash_entry h;
	char data[TEXT_B64_SIZE(HASHLIST_HASH)], kind[2] = { 0 };
	const struct wsman_field f[] = { { .name = "Description", .value = of },
		{ .name = "HashType", .value = kind },
		{ .name = "HashData", .value = data } };

	hashlist_of_der(&h, type, of, strlen(of));
	text_b64(data, h.hash, hashlist_hash_len(type));
	kind[0] = (char)('0' + (int)type);
	return ask(WSMAN_CREATE, NULL, f, 3);
}

static int
enable(const char *instance, const char *how)
{
	const struct wsman_field f = { .name = "Enabled", .value = how };

	return ask(WSMAN_PUT, instance, &f, 1);
}

static struct hashlist
in_force(void)
{
	struct hashlist l;

	roots_in_force(&factory, &state, &l);
	return l;
}

static void
what_it_adds_is_in_the_list_and_saved(void **unused)
{
	struct hashlist l;

	(void)unused;
	assert_int_equal(create(HASH_SHA256, "IT root"), 200);
	assert_int_equal(saves, 1);
	l = in_force();
	assert_int_equal(l.n, 3);
	assert_string_equal(l.e[2].name, "IT root");
	assert_true(l.e[2].active);
	assert_false(l.e[2].oem);
	assert_int_equal(ask(WSMAN_GET, HANDLE "2", NULL, 0), 200);
	wr_u8(&text, '\0');
	assert_non_null(strstr((char *)text.buf, "IT root"));
	assert_non_null(strstr((char *)text.buf, "IsDefault>false"));
}

/* As XML Schema has them: 1 and 0 beside the words, base64 in lines. */
static void
values_are_read_in_any_form_that_they_have(void **unused)
{
	const struct wsman_field f[] = { { "Description", "in lines", NULL },
		{ "HashType", " 2 ", NULL },
		{ "HashData",
		    "\n47DEQpj8HBSa+/TImW+5JCeu\n  QeRkm5NMpJWZG3hSuFU=\n",
		    NULL },
		{ "Enabled", "0", NULL } };

	(void)unused;
	assert_int_equal(ask(WSMAN_CREATE, NULL, f, 4), 200);
	assert_int_equal(in_force().n, 3);
	assert_int_equal(in_force().e[2].hash[31], 0x55);
	assert_false(in_force().e[2].active);
	assert_int_equal(enable(HANDLE "2", "1"), 200);
	assert_true(in_force().e[2].active);
	assert_int_equal(enable(HANDLE "2", " false\n"), 200);
	assert_false(in_force().e[2].active);
	assert_int_equal(enable(HANDLE "2", "2"), 400);
	assert_int_equal(enable(HANDLE "2", ""), 400);
}

static void
there_is_room_for_three_of_its_own(void **unused)
{
	(void)unused;
	assert_int_equal(create(HASH_SHA256, "one"), 200);
	assert_int_equal(create(HASH_SHA384, "two"), 200);
	assert_int_equal(create(HASH_SHA1, "three"), 200);
	assert_int_equal(create(HASH_SHA256, "four"), 400);
	assert_int_equal(in_force().n, 5);
	/* A handle stays when one before it goes, and is given again. */
	assert_int_equal(ask(WSMAN_DELETE, HANDLE "3", NULL, 0), 200);
	assert_int_equal(in_force().n, 4);
	assert_int_equal(ask(WSMAN_GET, HANDLE "4", NULL, 0), 200);
	assert_int_equal(ask(WSMAN_GET, HANDLE "3", NULL, 0), 400);
	assert_int_equal(create(HASH_SHA256, "four"), 200);
	assert_int_equal(ask(WSMAN_GET, HANDLE "3", NULL, 0), 200);
}

static void
what_does_not_fit_is_refused(void **unused)
{
	const struct wsman_field none = { .name = "HashType", .value = "2" };

	(void)unused;
	assert_int_equal(create(HASH_SHA256, "a"), 400); /* is there */
	assert_int_equal(ask(WSMAN_CREATE, NULL, &none, 1), 400);
	assert_int_equal(
	    create(HASH_SHA256, "a name that is longer than thirty-one"), 400);
	factory.amt_major = 16;
	assert_int_equal(create(HASH_SHA1, "old"), 400);
	assert_int_equal(create(HASH_SHA256, "new"), 200);
}

static void
the_oems_can_be_switched_off_but_not_deleted(void **unused)
{
	(void)unused;
	assert_int_equal(ask(WSMAN_DELETE, HANDLE "0", NULL, 0), 400);
	assert_int_equal(ask(WSMAN_DELETE, HANDLE "9", NULL, 0), 400);
	assert_int_equal(enable(HANDLE "0", "false"), 200);
	assert_false(in_force().e[0].active);
	assert_true(in_force().e[1].active);
	assert_int_equal(enable(HANDLE "0", "true"), 200);
	assert_true(in_force().e[0].active);
	assert_int_equal(enable(HANDLE "0", "perhaps"), 400);
	factory.hashes.e[1].only = true;
	assert_int_equal(enable(HANDLE "1", "false"), 400);
}

/* Of several one is changed only if the selector says which. */
static void
a_selector_that_names_none_changes_none(void **unused)
{
	const struct wsman_field off = { "Enabled", "false", NULL };
	struct wsman_request q = { .class = "AMT_ProvisioningCertificateHash" };
	struct xml *in = NULL;
	struct err e = { 0 };
	struct wr w, out;

	(void)unused;
	for (int i = 0; i < 4; i++) {
		q.op = i < 2 ? WSMAN_PUT : WSMAN_DELETE;
		q.sel_name = i % 2 == 0 ? NULL : "Foo";
		q.sel_value = i % 2 == 0 ? NULL : "bar";
		wr_grow(&w, 65536);
		wr_grow(&out, 65536);
		wsman_write_request(&w, &q, &off, 1);
		assert_int_equal(xml_read(w.buf, w.len, &in, &e), ERR_OK);
		assert_int_equal(amt_answer(&amt, xml_root(in), &out), 400);
		xml_free(in);
		wr_free(&w);
		wr_free(&out);
	}
	assert_true(in_force().e[0].active);
	assert_int_equal(in_force().n, 2);
}

static void
a_full_undoing_forgets_them_and_a_partial_one_does_not(void **unused)
{
	(void)unused;
	assert_int_equal(create(HASH_SHA256, "IT root"), 200);
	assert_int_equal(enable(HANDLE "0", "false"), 200);
	state_reset(&state, true);
	assert_int_equal(in_force().n, 3);
	assert_false(in_force().e[0].active);
	state_reset(&state, false);
	assert_int_equal(in_force().n, 2);
	assert_true(in_force().e[0].active);
}

static void
a_set_up_that_does_not_end_leaves_none(void **unused)
{
	struct hash_entry of_session;
	size_t handle;

	(void)unused;
	assert_int_equal(create(HASH_SHA256, "kept"), 200);
	state_reset(&state, true);
	state.phase = STATE_IN;
	saves = 0;
	assert_int_equal(create(HASH_SHA256, "of a session"), 200);
	assert_int_equal(create(HASH_SHA256, "and another"), 200);
	assert_int_equal(saves, 0);
	assert_int_equal(in_force().n, 3); /* before its end, that is */
	assert_true(roots_nth(&factory, &state, 4, &handle, &of_session));
	assert_string_equal(of_session.name, "and another");
	state_reset(&state, true);
	assert_int_equal(in_force().n, 3);
	state.phase = STATE_IN;
	assert_int_equal(create(HASH_SHA256, "of a session"), 200);
	state.phase = STATE_POST; /* committed */
	state_reset(&state, true);
	assert_int_equal(in_force().n, 4);
}

static void
the_file_has_them_and_not_those_of_a_session(void **unused)
{
	static const uint8_t random[16] = { 1 };
	char dir[] = "/tmp/amthashes.XXXXXX", path[64];
	struct err e = { 0 };
	struct state again;

	(void)unused;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(state_open(&state, dir, random, &e), ERR_OK);
	state.phase = STATE_POST;
	assert_int_equal(create(HASH_SHA384, "IT root"), 200);
	state_reset(&state, true);
	state.phase = STATE_IN;
	assert_int_equal(create(HASH_SHA256, "of a session"), 200);
	assert_int_equal(state_save(&state, &e), ERR_OK);
	assert_int_equal(state_open(&again, dir, random, &e), ERR_OK);
	state_free(&state);
	state = again;
	assert_int_equal(in_force().n, 3);
	assert_string_equal(in_force().e[2].name, "IT root");
	snprintf(path, sizeof(path), "%s/state", dir);
	unlink(path);
	rmdir(dir);
}

static void
another_image_forgets_what_was_switched_off_only(void **unused)
{
	(void)unused;
	assert_int_equal(create(HASH_SHA256, "IT root"), 200);
	assert_int_equal(enable(HANDLE "0", "false"), 200);
	factory.hashes.n = 1;
	assert_int_equal(in_force().n, 2);
	assert_true(in_force().e[0].active);
	assert_string_equal(in_force().e[1].name, "IT root");
}

int
main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, start, end)
	const struct CMUnitTest tests[] = {
		CASE(what_it_adds_is_in_the_list_and_saved),
		CASE(values_are_read_in_any_form_that_they_have),
		CASE(there_is_room_for_three_of_its_own),
		CASE(what_does_not_fit_is_refused),
		CASE(the_oems_can_be_switched_off_but_not_deleted),
		CASE(a_selector_that_names_none_changes_none),
		CASE(a_full_undoing_forgets_them_and_a_partial_one_does_not),
		CASE(a_set_up_that_does_not_end_leaves_none),
		CASE(the_file_has_them_and_not_those_of_a_session),
		CASE(another_image_forgets_what_was_switched_off_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
