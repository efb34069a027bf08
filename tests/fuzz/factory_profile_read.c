/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's file of any bytes is refused in words, or becomes what an order
 * keeps: that is loaded again, to the same bytes. One root lies beside it. */
#include "base/file.h"
#include "factory/profile.h"
#include "tests/fuzzconf.h"

static void
root_beside(void)
{
	uint8_t *pem = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (fuzzconf_beside[0] != '\0')
		return;
	must(file_read("configs/demo-root.pem", 65536, &pem, &n, &e) == ERR_OK);
	fuzzconf_put_beside("demo-root.pem", pem, n);
	free(pem);
}

static void
same_again(const struct profile *profile)
{
	static uint8_t one[PROFILE_JSON_MAX], two[PROFILE_JSON_MAX];
	static struct profile again;
	struct wr w, v;
	struct rd r;

	wr_fixed(&w, one, sizeof(one));
	profile_store(&w, profile);
	must(!w.failed);
	rd_init(&r, one, w.len);
	must(profile_load(&r, &again));
	wr_fixed(&v, two, sizeof(two));
	profile_store(&v, &again);
	must(!v.failed && v.len == w.len && memcmp(one, two, w.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct profile profile;
	static struct profile_notes notes;
	const char *path = fuzzconf_put(p, n);
	struct err e = { 0 };

	if (path == NULL)
		return 0;
	root_beside();
	if (profile_read(path, &profile, &notes, &e) != ERR_OK) {
		must(e.msg[0] != '\0');
		return 0;
	}
	must(notes.n <= PROFILE_NOTES && profile.hashes.n <= HASHLIST_MAX);
	same_again(&profile);
	return 0;
}
