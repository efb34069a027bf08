/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/manifest.h"

#define ZEROES \
	"0000000000000000000000000000000000000000000000000000000000000000"

static const char text[] =
    "{\"format\":\"amtforge-manifest\",\"version\":1,"
    "\"batch\":\"939b524b-13d4-1d18-e487-1c697a6b7a2b\",\"order\":\"A-1\","
    "\"oem\":\"Acme\",\"customer\":\"Contoso \\\"IT\\\"\","
    "\"created\":\"2026-01-31T12:00:00Z\",\"sequence\":2,"
    "\"previous\":\"" ZEROES "\",\"units\":10001,\"key_shared\":false,"
    "\"recipients\":[{\"name\":\"it.contoso.com\",\"cert_sha256\":\"" ZEROES
    "\"}],\"hash_lists\":[{\"name\":\"list\",\"hashes\":[{\"type\":\"sha1\","
    "\"hash\":\"05fd43e81420ca191eb85cec916527b7f1192bef\",\"name\":\"Root\","
    "\"active\":true,\"only\":false}]}],\"chunks\":[{\"name\":\"devices-00001."
    "cms\",\"rows\":10000,\"size\":77,\"sha256\":\"" ZEROES "\"},{\"name\":"
    "\"devices-00002.cms\",\"rows\":1,\"size\":78,\"sha256\":\"" ZEROES "\"}]}";

static struct manifest *
read_text(const char *from, bool *good, struct rd *r)
{
	struct manifest *m = malloc(sizeof(*m));

	assert_non_null(m);
	rd_init(r, from, strlen(from));
	*good = manifest_read(r, m);
	return m;
}

static void
what_is_read_is_written_again_to_the_same_bytes(void **state)
{
	struct manifest *m;
	char out[4096];
	struct wr w;
	struct rd r;
	bool good;

	(void)state;
	m = read_text(text, &good, &r);
	assert_true(good);
	assert_int_equal(m->nchunks, 2);
	assert_string_equal(m->customer, "Contoso \"IT\"");
	assert_non_null(manifest_list_find(m, "list"));
	assert_null(manifest_list_find(m, "tsil"));
	wr_fixed(&w, out, sizeof(out) - 1);
	manifest_write(&w, m);
	assert_false(w.failed);
	out[w.len] = '\0';
	assert_string_equal(out, text);
	free(m);
}

static void
any_other_form_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *from, *to;
	} bends[] = {
		{ "\"version\":1", "\"version\":2" },
		{ "\"units\":10001", "\"units\":10002" },
		{ "\"units\":10001", "\"units\":010001" },
		{ "devices-00002", "devices-00003" },
		{ "\"rows\":1,", "\"rows\":0," },
		{ "\"rows\":10000", "\"rows\":10001" },
		{ "05fd", "05FD" },
		{ "2bef", "2be" },
		{ "\"sha1\"", "\"md5\"" },
		{ "939b", "939B" },
		{ "939b", "939g" },
		{ "12:00:00Z", "12:00:00z" },
		{ "2026-01-31T", "2026-01-31 " },
		{ "[{\"name\":\"it", "[{\"Name\":\"it" },
		{ "}]}", "}]} " },
		{ "\"sequence\":2", "\"sequence\":4294967296" },
		{ "\"sequence\":2", "\"sequence\":18446744073709551616" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
		const char *at = strstr(text, bends[i].from);
		char bent[4096];
		struct rd r;
		bool good;

		assert_non_null(at);
		snprintf(bent, sizeof(bent), "%.*s%s%s", (int)(at - text), text,
		    bends[i].to, at + strlen(bends[i].from));
		free(read_text(bent, &good, &r));
		assert_false(good);
		assert_true(r.at + 40 >= (size_t)(at - text));
	}
}

static void
arrays_are_bounded_and_lists_named_once(void **state)
{
	static const char to[] =
	    "{\"name\":\"it.contoso.com\",\"cert_sha256\":\"" ZEROES "\"}";
	static const char empty[] = "{\"name\":\"list\",\"hashes\":[]},";
	const char *at = strstr(text, "[{\"name\":\"it") + 1;
	static char many[8192];
	size_t len;
	struct rd r;
	bool good;

	(void)state;
	for (int n = MANIFEST_RECIPIENTS; n <= MANIFEST_RECIPIENTS + 1; n++) {
		len = (size_t)snprintf(
		    many, sizeof(many), "%.*s", (int)(at - text), text);
		for (int i = 1; i < n; i++)
			len += (size_t)snprintf(
			    many + len, sizeof(many) - len, "%s,", to);
		snprintf(many + len, sizeof(many) - len, "%s", at);
		free(read_text(many, &good, &r));
		assert_int_equal(good, n == MANIFEST_RECIPIENTS);
	}
	assert_string_equal(r.why, "more items than this version holds");
	at = strstr(text, "{\"name\":\"list\"");
	snprintf(
	    many, sizeof(many), "%.*s%s%s", (int)(at - text), text, empty, at);
	free(read_text(many, &good, &r));
	assert_false(good);
	assert_string_equal(r.why, "two hash lists of one name");
}

struct seen {
	size_t n, stop;
};

static bool
see(void *arg, const struct row *row, size_t index)
{
	struct seen *s = arg;

	assert_int_equal(index, s->n);
	assert_int_equal(row->key_shared, false);
	return ++s->n != s->stop;
}

static void
rows_are_met_exactly(void **state)
{
	static const char line[] =
	    "{\"uuid\":\"939b524b-13d4-1d18-e487-1c697a6b7a2b\","
	    "\"key_shared\":false}\n";
	char chunk[4 * sizeof(line)] = "";
	struct seen s = { 0, 0 };
	struct rd r;

	(void)state;
	for (int i = 0; i < 3; i++)
		strcat(chunk, line);
	rd_init(&r, chunk, strlen(chunk));
	assert_true(manifest_rows(&r, 3, see, &s));
	assert_int_equal(s.n, 3);
	for (uint32_t rows = 2; rows <= 4; rows += 2) {
		s.n = 0;
		rd_init(&r, chunk, strlen(chunk));
		assert_false(manifest_rows(&r, rows, see, &s));
	}
	s.n = 0;
	rd_init(&r, chunk, strlen(chunk) - 1); /* no line feed at the end */
	assert_false(manifest_rows(&r, 3, see, &s));
	s = (struct seen){ 0, 2 };
	rd_init(&r, chunk, strlen(chunk));
	assert_false(manifest_rows(&r, 3, see, &s));
	assert_int_equal(s.n, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_read_is_written_again_to_the_same_bytes),
		cmocka_unit_test(any_other_form_is_refused_with_its_place),
		cmocka_unit_test(arrays_are_bounded_and_lists_named_once),
		cmocka_unit_test(rows_are_met_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
