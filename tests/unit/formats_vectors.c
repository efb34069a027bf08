/* SPDX-License-Identifier: Apache-2.0 */
/* Walks tests/vectors: what is good is read and written to the same bytes,
 * what is bad is refused. */
#include "tests/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/delta.h"
#include "formats/dhcp.h"
#include "formats/dhcp6.h"
#include "formats/frame.h"
#include "formats/hello.h"
#include "formats/manifest.h"
#include "formats/pthi.h"
#include "formats/record.h"
#include "formats/row.h"
#include "formats/setupbin.h"
#include "formats/setupvar.h"
#include "formats/ustar.h"

#define VECTOR_MAX 65536

static uint8_t in[VECTOR_MAX], out[VECTOR_MAX];

static bool
again_hello(struct rd *r, struct wr *w)
{
	static struct hello h;
	bool ok = hello_read(r, &h);

	if (ok)
		hello_write(w, &h);
	return ok;
}

static bool
again_pthi(struct rd *r, struct wr *w)
{
	static struct pthi m;
	bool ok = pthi_read(r, &m);

	if (ok)
		pthi_write(w, &m);
	return ok;
}

static bool
again_frame(struct rd *r, struct wr *w)
{
	struct frame x;
	bool ok = frame_read(r, &x);

	if (ok)
		frame_write(w, &x);
	return ok;
}

static bool
again_dhcp6(struct rd *r, struct wr *w)
{
	struct dhcp6 x;
	bool ok = dhcp6_read(r, &x);

	if (ok)
		dhcp6_write(w, &x);
	return ok;
}

static bool
again_dhcp(struct rd *r, struct wr *w)
{
	struct dhcp x;
	bool ok = dhcp_read(r, &x);

	if (ok)
		dhcp_write(w, &x);
	return ok;
}

static bool
again_record(struct rd *r, struct wr *w)
{
	static struct record rec;
	bool ok = record_read(r, &rec);

	if (ok)
		record_write(w, &rec);
	return ok;
}

static bool
again_delta(struct rd *r, struct wr *w)
{
	static struct delta d;
	bool ok = delta_read(r, &d);

	if (ok)
		delta_write(w, &d);
	return ok;
}

static bool
again_row(struct rd *r, struct wr *w)
{
	struct row row;
	bool ok = row_read(r, &row);

	if (ok)
		row_write(w, &row, true);
	return ok;
}

static bool
again_manifest(struct rd *r, struct wr *w)
{
	struct manifest *m = malloc(sizeof(*m));
	bool ok;

	assert_non_null(m);
	ok = manifest_read(r, m);
	if (ok)
		manifest_write(w, m);
	free(m);
	return ok;
}

static bool
again_ustar(struct rd *r, struct wr *w)
{
	struct ustar_member m;

	while (ustar_next(r, &m))
		ustar_write(w, m.name, m.data, m.n);
	ustar_finish(w);
	return rd_end(r);
}

static bool
again_psk(struct rd *r, struct wr *w)
{
	char text[PSK_PPS_TEXT] = { 0 }, key[PSK_PPS_LEN + 1] = { 0 };
	size_t n = rd_left(r);
	const char *why;
	bool ok;

	if (n >= sizeof(text))
		return false;
	rd_copy(r, text, n);
	if (n < PSK_PID_TEXT) {
		ok = psk_pid_parse(key, text, &why);
		psk_pid_text(text, key);
	} else {
		ok = psk_pps_parse(key, text, &why);
		psk_pps_text(text, key);
	}
	wr_str(w, text);
	return ok && rd_end(r);
}

static bool
again_hashlist(struct rd *r, struct wr *w)
{
	struct hash_entry e;

	while (rd_left(r) != 0) {
		hashlist_entry_read(r, &e);
		if (r->why == NULL)
			hashlist_entry_write(w, &e);
	}
	return rd_end(r);
}

static void
values(struct rd *r, const struct setupbin_record *rec)
{
	const struct setupvar *var;
	struct setupbin_entry e;
	const char *why;

	for (size_t at = 0; setupbin_next(rec, &at, &e);)
		if ((var = setupvar_find(e.module, e.id)) != NULL &&
		    !setupvar_check(var, e.value, e.n, &why))
			rd_fail(r, why);
}

static bool
again_setupbin(struct rd *r, struct wr *w)
{
	static struct setupbin_record rec;
	struct setupbin sb;

	if (setupbin_read(r, &sb))
		setupbin_write(w, &sb);
	for (uint32_t i = 0; r->why == NULL && i < sb.count; i++)
		if (setupbin_record_read(r, &sb, &rec)) {
			values(r, &rec);
			setupbin_record_write(w, &sb, &rec);
		}
	return rd_end(r);
}

static const struct {
	const char *dir;
	bool (*again)(struct rd *, struct wr *);
} formats[] = {
	{ "formats_delta", again_delta },
	{ "formats_dhcp", again_dhcp },
	{ "formats_dhcp6", again_dhcp6 },
	{ "formats_frame", again_frame },
	{ "formats_hello", again_hello },
	{ "formats_pthi", again_pthi },
	{ "formats_record", again_record },
	{ "formats_row", again_row },
	{ "formats_manifest", again_manifest },
	{ "formats_ustar", again_ustar },
	{ "formats_psk", again_psk },
	{ "formats_hashlist", again_hashlist },
	{ "formats_setupbin", again_setupbin },
};

/* AMTFORGE_BUILD is build/MODE of the checkout; without it, the program's own
 * folder is build/MODE/unit. */
static void
enter(const char *dir)
{
	const char *build = getenv("AMTFORGE_BUILD");
	char self[2048] = "", path[3072];

	if (build == NULL) {
		assert_true(
		    readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
		*strrchr(self, '/') = '\0';
		*strrchr(self, '/') = '\0';
		build = self;
	}
	snprintf(path, sizeof(path), "%s/../../tests/vectors/%s", build, dir);
	assert_int_equal(chdir(path), 0);
}

static size_t
load(const char *name)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(in, 1, sizeof(in), f);
	assert_true(feof(f));
	fclose(f);
	return n;
}

static void
judge(bool (*again)(struct rd *, struct wr *), const char *name, size_t n)
{
	bool good = strncmp(name, "good-", 5) == 0, ok;
	struct wr w;
	struct rd r;

	rd_init(&r, in, n);
	wr_fixed(&w, out, sizeof(out));
	ok = again(&r, &w);
	if (ok != good)
		fail_msg("%s: %s", name, ok ? "was read" : r.why);
	if (good && (w.failed || w.len != n || memcmp(in, out, n) != 0))
		fail_msg("%s: written otherwise", name);
}

static void
good_vectors_come_back_and_bad_ones_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t good = 0, bad = 0;
		struct dirent *d;
		DIR *dp;

		enter(formats[i].dir);
		dp = opendir(".");
		assert_non_null(dp);
		while ((d = readdir(dp)) != NULL) {
			if (d->d_name[0] == '.')
				continue;
			judge(formats[i].again, d->d_name, load(d->d_name));
			*(d->d_name[0] == 'g' ? &good : &bad) += 1;
		}
		closedir(dp);
		assert_true(good > 0 && bad > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    good_vectors_come_back_and_bad_ones_are_refused),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
