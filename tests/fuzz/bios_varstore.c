/* SPDX-License-Identifier: Apache-2.0 */
/* A changed store of any format never crashes the reader or the writer. Into
 * one that the reader finds fit a variable can be added. */
#include "tests/fuzz.h"
#include "tests/storeadd.h"
#include "tests/vendor.h"

static void
make_vss(uint8_t *p, bool auth, size_t align)
{
	size_t at = STORE_AT + 16;

	vendor_vss_make(p);
	for (size_t i = 0; i < 3; i++) {
		at += vendor_vss_var(p + at, auth, "Name", "value", 5 - i);
		at = (at + align - 1) & ~(align - 1);
	}
}

static void
make_nvar(uint8_t *p)
{
	static const struct vendor_entry rows[] = {
		{ 0x83, 0, 1, "Name", "old", 3, NULL, 0 },
		{ 0x96, 0, -1, "Ext", "abc", 3, "\x01\0\x04\0", 4 },
		{ 0x80, 31, 0, "Wide", "value", 5, NULL, 0 },
		{ 0x88, 0, 0, NULL, "newer", 5, NULL, 0 },
		{ 0x02, 0, 0, "Gone", "x", 1, NULL, 0 },
		{ 0x82, 0, 0, "StdDefaults", "NVAR\x0e\0\xff\xff\xff\x82\0A\0b",
		    14, NULL, 0 },
	};
	size_t at = VENDOR_BODY;

	vendor_nvar_make(p);
	vendor_nvar_table(p, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		at += vendor_nvar_entry(p + at, &rows[i]);
}

static void
make_evsa(uint8_t *p)
{
	static const uint8_t guid[18] = { 7, 0, 1, 2, 3 };
	size_t at = STORE_AT + 20;

	vendor_evsa_make(p, 0x800);
	at += vendor_evsa_entry(p + at, 0xED, guid, sizeof(guid));
	at += vendor_evsa_entry(p + at, 0xEE, "\1\0O\0n\0e\0\0\0", 10);
	at += vendor_evsa_entry(p + at, 0xEF, "\7\0\1\0\3\0\0\0ab", 10);
	vendor_evsa_entry(p + at, 0x83, "\7\0\1\0\3\0\0\x10\1\0\0\0", 12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[STORE_VOLUME];
	struct varstore s[4];
	struct volume v;
	size_t n;

	_Static_assert(STORE_VOLUME == VENDOR_VOLUME, "one volume for all");
	if (len < 4)
		return 0;
	switch (in[0] % 8) {
	case 0:
	case 1:
		store_make(p, in[0] & 1);
		for (unsigned i = 0; i < (in[0] >> 4 & 3); i++)
			store_put(p, sizeof(p), "Name", in, len % 200);
		break;
	case 2:
		make_nvar(p);
		break;
	case 3:
		make_evsa(p);
		break;
	default:
		make_vss(p, in[0] & 1, in[0] & 2 ? 4 : 1);
	}
	mutate(p, sizeof(p), in + 4, len - 4);
	if (in[0] & 8) /* more of them pass */
		store_sum(p);
	if (!volume_next(p, 0, sizeof(p), &v))
		return 0;
	n = varstore_read(p, &v, s, 4);
	for (size_t i = 0; i < n && i < 4; i++) {
		must(s[i].vol == v.off && s[i].end <= sizeof(p));
		storeadd_walk(&s[i]);
	}
	if (n == 1 && s[0].why == NULL)
		storeadd_try(
		    p, sizeof(p), &s[0], in[1] | (size_t)(in[2] & 0xF) << 8);
	return 0;
}
