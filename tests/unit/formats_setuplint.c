/* SPDX-License-Identifier: Apache-2.0 */
/* Each finding is found, in a file that has it, at its place. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/setuplint.h"
#include "formats/setupvar.h"

#define FILE_MAX (1u << 20)
#define SEEN_MAX 4096

static uint8_t x[FILE_MAX];
static size_t n;
static struct setuplint_opts opts;
static struct setuplint_sum sum;
static struct setuplint_found seen[SEEN_MAX];
static size_t nseen;
/* formats_setuplint_near.c has these two. */
static bool ever[FINDING_LAST] = {
	[FINDING_DISK_IMAGE] = true, [FINDING_JSON_TEXT] = true
};

static void
note(void *arg, const struct setuplint_found *f)
{
	(void)arg;
	assert_true(f->id < FINDING_LAST && nseen < SEEN_MAX);
	assert_true(f->off <= n);
	ever[f->id] = true;
	seen[nseen++] = *f;
}

static void
run(void)
{
	const struct setuplint_sink sink = { note, NULL };
	struct err e = { 0 };
	size_t errors = 0;

	nseen = 0;
	assert_int_equal(setuplint_run(x, n, &opts, &sink, &sum, &e), ERR_OK);
	for (size_t i = 0; i < nseen; i++)
		errors += seen[i].error;
	assert_int_equal(sum.errors, errors);
	assert_int_equal(sum.errors + sum.warnings, nseen);
}

/* Exactly these, in this order: "code@offset", ! in front of an error. */
static void
finds(const char *want)
{
	char got[4096] = "", one[96];

	run();
	for (size_t i = 0; i < nseen; i++) {
		snprintf(one, sizeof(one), "%s%s%s@%llx", i == 0 ? "" : " ",
		    seen[i].error ? "!" : "",
		    finding_get(seen[i].id)->reason.code,
		    (unsigned long long)seen[i].off);
		strcat(got, one);
	}
	assert_string_equal(got, want);
}

/* A file in the making. */

static struct setupbin sb;
static struct setupbin_record rec;

static void
text(uint16_t module, uint16_t id, const char *value)
{
	assert_true(setupbin_add(
	    &rec, SETUPBIN_ENTRIES, module, id, value, strlen(value)));
}

static void
byte(uint16_t module, uint16_t id, uint8_t value)
{
	assert_true(
	    setupbin_add(&rec, SETUPBIN_ENTRIES, module, id, &value, 1));
}

static void
hash(uint8_t type, size_t len, const char *name)
{
	uint8_t v[128] = { type };

	memset(v + 1, 0x5a, len);
	v[1 + len] = (uint8_t)strlen(name);
	memcpy(v + 2 + len, name, strlen(name));
	assert_true(setupbin_add(
	    &rec, SETUPBIN_ENTRIES, 2, 8, v, 2 + len + strlen(name)));
}

static void
begin(uint8_t major, uint8_t minor, uint16_t flags)
{
	memset(&opts, 0, sizeof(opts));
	setupbin_init(&sb, major, minor);
	sb.flags = flags;
	n = SETUPBIN_CHUNK;
	memset(&rec, 0, sizeof(rec));
	rec.type = 1;
	rec.flags = SETUPBIN_VALID;
}

static void
record(void)
{
	struct wr w;

	rec.number++;
	wr_fixed(&w, x + n, sizeof(x) - n);
	setupbin_record_write(&w, &sb, &rec);
	assert_false(w.failed);
	n += w.len;
	sb.count++;
	sb.consumed += (rec.flags & SETUPBIN_VALID) == 0;
	rec.len = 0;
}

static void
end(void)
{
	struct wr w;

	wr_fixed(&w, x, SETUPBIN_CHUNK);
	setupbin_write(&w, &sb);
	assert_false(w.failed);
}

static void
passwords(void)
{
	text(1, 1, "admin");
	text(1, 2, "P@ssw0rd");
}

/* A sound file of one record: passwords, and 2/5 at 0x240. */
static void
sound(uint8_t major, uint8_t minor)
{
	begin(major, minor, SETUPBIN_KEEP);
	passwords();
	byte(2, 5, 1);
	record();
	end();
}

/* The same with what the caller adds in place of 2/5. */
static void
with(uint8_t major)
{
	begin(major, 0, SETUPBIN_KEEP);
	passwords();
}

static void
done(void)
{
	record();
	end();
}

static void
enter(void)
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
	snprintf(path, sizeof(path), "%s/../../tests/vectors/formats_setupbin",
	    build);
	assert_int_equal(chdir(path), 0);
}

static void
load(const char *name)
{
	FILE *f = fopen(name, "rb");

	assert_non_null(f);
	n = fread(x, 1, sizeof(x), f);
	assert_true(feof(f));
	fclose(f);
}

static void
the_vectors_have_these_findings(void **state)
{
	static const struct {
		const char *name, *finds;
	} t[] = {
		{ "good-M1-meshcentral-acm", "hash-unannounced@250" },
		{ "good-M2-meshcentral-baremetal", "hash-unannounced@268" },
		{ "good-T1-v1-psk-1rec", "" },
		{ "good-T2-v1-psk-3rec-1consumed", "" },
		{ "good-T3-v2-0-pki-sha1", "" },
		{ "good-T4-v2-1-net", "mode-conflict@298" },
		{ "good-T5-v3-two-certs", "hash-unannounced@258" },
		{ "good-T6-v4-scrambled-min", "" },
		{ "good-T7-v4-scrambled-types", "" },
		{ "good-T8-v4-484-bytes", "" },
		{ "good-T9-v4-full-488", "record-full@400" },
		{ "good-N07-unknown-var-2-99",
		    "unknown-variable@244 order-unusual@258" },
		{ "good-N08-unknown-module-9",
		    "unknown-module@218 password-none@218 order-unusual@228 "
		    "module-list@28" },
		{ "good-N15-all-consumed",
		    "kept-yet-consumed@1a nothing-left@20" },
		{ "bad-N01-bad-guid", "!guid-unknown@0" },
		{ "bad-N02-major-guid-mismatch", "!major-mismatch@18" },
		{ "bad-N03-truncated-1000",
		    "!file-size@3e8 !records-missing@1c" },
		{ "bad-N04-trailing-512", "!trailing-zeroes@400" },
		{ "bad-N05-count-2-one-present", "!records-missing@1c" },
		{ "bad-N06-consumed-gt-count", "!consumed-count@20" },
		{ "bad-N09-length-ffff",
		    "!entry-past-end@218 record-empty@218 module-list@28" },
		{ "bad-N10-chunkcount-0", "!record-chunks@24" },
		{ "bad-N11-header-only", "!records-missing@1c" },
		{ "bad-N12-empty", "!truncated@0" },
		{ "bad-N13-rechdr-23", "!record-header-length@212" },
		{ "bad-N14-type0", "!record-type@200" },
		{ "bad-N16-cert-hash-alg-9", "!hash-type@288" },
		{ "bad-N17-cert-name-len-200", "!hash-length@288" },
		{ "bad-N18-hdr-chunks-0", "!header-chunks@10" },
		{ "bad-N19-huge-record-count", "!records-missing@1c" },
		{ "bad-T10-v4-over-488",
		    "!file-size@404 !trailing-bytes@400 "
		    "!entry-past-end@31c" },
	};
	char name[128];

	(void)state;
	enter();
	memset(&opts, 0, sizeof(opts));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(name, sizeof(name), "%s.bin", t[i].name);
		load(name);
		print_message("%s\n", name);
		finds(t[i].finds);
		assert_int_equal(sum.unreadable != 0,
		    t[i].name[0] == 'b' && strstr(name, "N04") == NULL);
	}
}

static void
a_sound_file_has_no_finding_in_any_version(void **state)
{
	static const uint8_t versions[][2] = { { 2, 0 }, { 2, 1 }, { 3, 0 },
		{ 4, 0 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		sound(versions[i][0], versions[i][1]);
		finds("");
		opts.writing = true;
		finds("");
	}
	assert_int_equal(sum.records, 1);
}

/* One byte of a sound file of version 4.0 changed. */
static void
faults_of_the_layout_are_told_and_do_not_stop_it(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		const char *finds;
	} t[] = {
		{ 0x12, 45, "!header-length@12" },
		{ 0x12, 44, "!module-list-open@2a" },
		{ 0x12, 48, "module-list@28" },
		{ 0x14, 1, "!header-number@14" },
		{ 0x1a, 3, "!header-flags@1a" },
		{ 0x27, 1, "!header-reserved@26" },
		{ 0x30, 1, "!header-padding@30" },
		{ 0x204, 9, "!record-flags@204" },
		{ 0x208, 1, "!record-reserved@208" },
		{ 0x210, 2, "!record-chunk-count@210" },
		{ 0x21e, 1, "!entry-reserved@21e" },
		{ 0x226, 1, "!entry-padding@226" },
		{ 0x246, 1, "!end-mark@246" },
		{ 0x250, 1, "!after-end-mark@250" },
		{ 0x204, 0,
		    "!consumed-mismatch@20 kept-yet-consumed@1a "
		    "nothing-left@20" },
		{ 0x214, 7, "record-number@214" },
		{ 0x28, 2, "module-list@28" },
		{ 0x28, 9, "module-list@28" },
		{ 0x28, 0, "!header-padding@2a module-list@28" },
		{ 0x1c, 0, "no-records@1c !trailing-bytes@200 module-list@28" },
		{ 0x19, 5, "minor-unknown@19" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sound(4, 0);
		x[t[i].at] = t[i].v;
		finds(t[i].finds);
	}
	sound(4, 0);
	x[0x14] = x[0x208] = x[0x226] = 1;
	finds("!header-number@14 !record-reserved@208 !entry-padding@226");
	assert_int_equal(seen[0].record, 0);
	assert_int_equal(seen[1].record, 1);
}

static void
an_empty_module_list_is_a_warning(void **state)
{
	(void)state;
	sound(4, 0);
	memset(x + 0x28, 0, 4);
	finds("module-list@28");
}

static void
nothing_is_read_past_the_end_of_any_prefix(void **state)
{
	uint8_t *whole = malloc(FILE_MAX);
	size_t all;

	(void)state;
	assert_non_null(whole);
	sound(3, 0);
	all = n;
	memcpy(whole, x, all);
	memset(x + all, 0xff, 4096);
	for (n = 0; n < all; n++) {
		run();
		assert_true(sum.unreadable > 0);
	}
	free(whole);
}

static void
bytes_behind_the_records_are_told_apart(void **state)
{
	(void)state;
	sound(4, 0);
	memset(x + n, 0, 4096);
	n += 4096;
	finds("!trailing-zeroes@400");
	assert_int_equal(sum.unreadable, 0);
	x[n - 1] = 1;
	finds("!trailing-bytes@400");
	assert_int_equal(sum.unreadable, 1);
	x[--n] = 0;
	finds("!file-size@13ff !trailing-bytes@400");
}

static void
consumed_records_are_counted_and_come_first(void **state)
{
	(void)state;
	begin(2, 1, 0);
	for (int i = 0; i < 3; i++) {
		rec.flags = i == 1 ? 0 : SETUPBIN_VALID;
		passwords();
		byte(2, 5, 1);
		record();
	}
	end();
	finds("!consumed-order@404");
	x[0x20] = 2;
	finds("!consumed-order@404 !consumed-mismatch@20");
}

static void
many_records_on_a_key_are_told(void **state)
{
	(void)state;
	begin(4, 0, 0);
	for (int i = 0; i < 1001; i++) {
		passwords();
		byte(2, 5, 1);
		record();
	}
	end();
	finds("many-records@1c");
	x[0x1a] = 1;
	finds("");
}

static void
large_records_are_told_and_not_written(void **state)
{
	(void)state;
	begin(4, 0, SETUPBIN_KEEP);
	sb.record_chunks = 2;
	passwords();
	byte(2, 5, 1);
	done();
	finds("multi-chunk@24");
	opts.writing = true;
	finds("!multi-chunk@24");
	begin(4, 0, SETUPBIN_KEEP);
	record();
	sb.nmodules = 0;
	sb.head_bytes = 42;
	end();
	finds("record-empty@218");
}

static void
the_passwords_come_first(void **state)
{
	(void)state;
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 2, "P@ssw0rd");
	text(1, 1, "admin");
	byte(1, 3, 1);
	sb.nmodules = 1;
	sb.head_bytes = 44;
	done();
	finds("!order-password@228");
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 1, "admin");
	byte(2, 5, 1);
	text(1, 2, "P@ssw0rd");
	done();
	finds("!order-password@234");
	begin(4, 0, SETUPBIN_KEEP);
	byte(1, 4, 1);
	text(1, 1, "admin");
	text(1, 2, "P@ssw0rd");
	byte(2, 5, 1);
	done();
	finds("!order-password@224 !order-password@234");
	with(4);
	byte(2, 5, 1);
	byte(1, 4, 1);
	done();
	finds("order-unusual@244");
	with(4);
	byte(2, 5, 1);
	byte(1, 3, 1);
	done();
	finds("!order-selection@244");
}

static void
hashes_and_activation_come_after_what_they_need(void **state)
{
	(void)state;
	with(4);
	hash(2, 32, "Root");
	byte(2, 7, 1);
	done();
	finds("!order-hash@268");
	for (int i = 0; i < 3; i++) {
		with(4);
		byte(2, 28, 1);
		if (i == 2)
			text(2, 17, "\1\2\3\4");
		else
			text(2, (uint16_t)(3 + i), "example.com");
		done();
		finds("!order-activate@244");
	}
	with(4);
	byte(2, 6, 1);
	byte(2, 5, 1);
	done();
	finds("order-unusual@244");
}

static void
a_variable_comes_once_but_for_three_hashes(void **state)
{
	(void)state;
	with(4);
	byte(2, 5, 1);
	byte(2, 5, 0);
	done();
	finds("!entry-repeated@244");
	for (int many = 0; many < 2; many++) {
		with(4);
		byte(2, 7, 1);
		for (int i = 0; i < 3 + many; i++)
			hash(1, 20, "Root");
		done();
		finds(many ? "!hashes-many@2b0" : "");
	}
	for (uint8_t other = 0; other <= 2; other += 2) {
		with(4);
		byte(2, 7, other);
		hash(1, 20, "Root");
		done();
		finds("hash-disabled@238");
	}
}

static void
pairs_are_whole_checked_and_for_one_machine(void **state)
{
	static const char pps[] = "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ";

	(void)state;
	with(2);
	sb.flags = 0;
	text(2, 1, "0000037M");
	done();
	finds("!psk-half@238");
	with(2);
	sb.flags = 0;
	text(2, 2, pps);
	done();
	finds("!psk-half@238");
	with(2);
	text(2, 1, "0000037M");
	text(2, 2, pps);
	done();
	finds("!psk-kept@238");
	opts.shared_psk = true;
	finds("psk-kept@238");
	with(2);
	sb.flags = 0;
	text(2, 1, "0000037N");
	text(2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XK");
	done();
	finds("!pid-check@238 !pps-check@248");
	assert_string_equal(seen[1].detail, "the checksum of group 8 is wrong");
	with(2);
	sb.flags = 0;
	text(2, 1, "0000037m");
	text(2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69X-");
	done();
	finds("!pid-check@238 !pps-check@248");
	begin(1, 0, SETUPBIN_KEEP);
	passwords();
	byte(1, 3, 1);
	sb.nmodules = 1;
	sb.head_bytes = 44;
	done();
	finds("!kept-v1@1a");
}

/* A PID of its own for each number. */
static void
pid_of(char out[9], unsigned i)
{
	unsigned sum36 = 0;

	snprintf(out, 8, "%07u", i);
	for (int k = 0; k < 7; k++)
		sum36 += (uint8_t)out[k];
	sum36 %= 36;
	out[7] = (char)(sum36 < 10 ? '0' + sum36 : 'A' + sum36 - 10);
	out[8] = '\0';
}

static void
a_pid_is_found_again_among_many(void **state)
{
	static const unsigned many = 1900;
	char pid[9];

	(void)state;
	begin(2, 1, 0);
	for (unsigned i = 1; i <= many; i++) {
		passwords();
		pid_of(pid, i == 7 || i == many ? 5 : i);
		text(2, 1, pid);
		text(2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
		record();
	}
	end();
	finds("many-records@1c !pid-repeated@e38 !pid-repeated@ed838");
	assert_int_equal(seen[1].record, 7);
	assert_int_equal(seen[1].other, 5);
	assert_int_equal(seen[2].record, many);
	assert_int_equal(seen[2].other, 5);
}

static void
passwords_keep_the_rule(void **state)
{
	(void)state;
	begin(4, 0, SETUPBIN_KEEP);
	sb.nmodules = 1;
	sb.head_bytes = 44;
	text(1, 1, "admin");
	done();
	finds("!password-default@218");
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 1, "admin");
	text(1, 2, "Location_1");
	byte(2, 5, 1);
	done();
	finds("!password-rule@228");
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 1, "hunter22");
	text(1, 2, "P@ssw0rd P@ssw0rd!");
	byte(2, 5, 1);
	done();
	finds("password-current@218 password-risky@228");
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 1, "P@ssw0rd");
	text(1, 2, "P@ssw0rdP@ssw0rd!");
	byte(2, 5, 1);
	done();
	finds("password-risky@228");
	begin(4, 0, SETUPBIN_KEEP);
	text(1, 2, "P@ssw0rd");
	byte(2, 5, 1);
	done();
	finds("password-none@218");
}

static void
values_are_judged(void **state)
{
	(void)state;
	with(4);
	text(2, 5, "\1\1");
	byte(2, 13, 0);
	text(2, 15, "??");
	done();
	finds("!value-length@238 !value-range@244 layout-unknown@250");
	with(4);
	text(2, 3, "a\x80");
	byte(2, 9, 1);
	byte(2, 36, 1);
	done();
	finds("!value-chars@238 !variable-9@244 unknown-variable@250");
	with(4);
	byte(2, 7, 1);
	hash(2, 32, "12345678901234567890123456789012");
	done();
	finds("hash-name@244");
	opts.writing = true;
	finds("!hash-name@244");
	with(4);
	byte(2, 23, 1);
	done();
	finds("fqdn-alone@238");
}

static void
what_is_newer_than_the_file_is_told(void **state)
{
	(void)state;
	with(2);
	byte(2, 7, 1);
	hash(2, 32, "Root");
	done();
	finds("!hash-newer@244");
	with(2);
	text(2, 11, "host");
	byte(2, 25, 1);
	done();
	finds("!variable-newer@238 variable-maybe-newer@244");
	sb.minor = 1;
	end();
	finds("variable-maybe-newer@244");
	sound(4, 0);
	memcpy(x, setupbin_guid(3), 16);
	x[0x18] = 3;
	x[0x204] = 3;
	run();
	assert_string_equal(
	    finding_get(seen[0].id)->reason.code, "scrambled-early");
}

static void
amt(uint8_t major, uint8_t minor, uint8_t version, const char *want)
{
	sound(major, minor);
	opts.amt_major = version;
	finds(want);
}

static void
generations_know_file_versions(void **state)
{
	(void)state;
	amt(4, 0, 5, "!amt-file-newer@18");
	amt(4, 0, 6, "amt-file-maybe-newer@18");
	amt(4, 0, 7, "");
	amt(4, 0, 16, "");
	amt(3, 0, 5, "!amt-file-newer@18");
	amt(3, 0, 6, "");
	amt(2, 1, 2, "!amt-file-newer@18");
	amt(2, 1, 3, "amt-minor-newer@19");
	amt(2, 0, 3, "");
	amt(2, 1, 4, "");
	begin(1, 0, 0);
	passwords();
	sb.nmodules = 1;
	sb.head_bytes = 44;
	done();
	opts.amt_major = 2;
	finds("");
	opts.amt_major = 3;
	finds("amt-v1@18");
}

static void
generations_take_and_leave_things(void **state)
{
	(void)state;
	with(2);
	sb.flags = 0;
	text(2, 1, "0000037M");
	text(2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	done();
	opts.amt_major = 10;
	finds("");
	opts.amt_major = 11;
	finds("!amt-psk@238");
	with(3);
	byte(2, 7, 1);
	hash(1, 20, "Root");
	byte(2, 29, 1);
	done();
	opts.amt_major = 12;
	finds("");
	opts.amt_major = 15;
	finds("amt-sha1-some@244 amt-manual@268");
	opts.amt_major = 16;
	finds("!amt-sha1@244 amt-manual@268");
}

static void
the_table_has_a_code_a_rule_and_a_mend_for_each(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_LAST; i++) {
		const struct finding *f = finding_get((enum finding_id)i);

		assert_non_null(f->reason.code);
		assert_true(strlen(f->reason.rule) > 0);
		assert_true(strlen(f->reason.mend) > 0);
		assert_true(strlen(f->bios) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(f->reason.code,
			    finding_get((enum finding_id)j)->reason.code);
	}
}

/* The last case. */
static void
each_finding_was_found_by_a_case(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_LAST; i++)
		if (!ever[i])
			fail_msg("%s was never found",
			    finding_get((enum finding_id)i)->reason.code);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_have_these_findings),
		cmocka_unit_test(a_sound_file_has_no_finding_in_any_version),
		cmocka_unit_test(
		    faults_of_the_layout_are_told_and_do_not_stop_it),
		cmocka_unit_test(an_empty_module_list_is_a_warning),
		cmocka_unit_test(nothing_is_read_past_the_end_of_any_prefix),
		cmocka_unit_test(bytes_behind_the_records_are_told_apart),
		cmocka_unit_test(consumed_records_are_counted_and_come_first),
		cmocka_unit_test(many_records_on_a_key_are_told),
		cmocka_unit_test(large_records_are_told_and_not_written),
		cmocka_unit_test(the_passwords_come_first),
		cmocka_unit_test(
		    hashes_and_activation_come_after_what_they_need),
		cmocka_unit_test(a_variable_comes_once_but_for_three_hashes),
		cmocka_unit_test(pairs_are_whole_checked_and_for_one_machine),
		cmocka_unit_test(a_pid_is_found_again_among_many),
		cmocka_unit_test(passwords_keep_the_rule),
		cmocka_unit_test(values_are_judged),
		cmocka_unit_test(what_is_newer_than_the_file_is_told),
		cmocka_unit_test(generations_know_file_versions),
		cmocka_unit_test(generations_take_and_leave_things),
		cmocka_unit_test(
		    the_table_has_a_code_a_rule_and_a_mend_for_each),
		cmocka_unit_test(each_finding_was_found_by_a_case),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
