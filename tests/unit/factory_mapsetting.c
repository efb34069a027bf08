/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "factory/mapfile.h"
#include "formats/reason.h"

#define RULE                           \
	"{ kind = \"volume\"; guid = " \
	"\"fff12b8d-7696-4c8b-a985-2747075b4f50\"; }"
#define GUID "guid = \"1862c8ba-49e6-4001-97f3-351bb07e8fd8\";"
#define PDR "target = \"pdr\"; offset = 4;"
#define VAR "target = \"uefi-var\"; name = \"V\";" GUID

static struct imgmap map;
static char text[4096];

static enum err_code
load(const char *settings, const char *more, struct err *e)
{
	err_clear(e);
	snprintf(text, sizeof(text),
	    "platform = { name = \"p\"; match = ( " RULE " ); };\n"
	    "settings = { %s };\n%s\n",
	    settings, more);
	return mapfile_parse("t.cfg", text, strlen(text), &map, e);
}

static void
refused(const char *settings, const char *more, const char *says)
{
	struct err e;

	assert_int_equal(load(settings, more, &e), ERR_CONFIG);
	assert_ptr_equal(e.reason, reason_get(REASON_MAP_UNSOUND));
	if (strstr(e.msg, says) == NULL)
		fail_msg("%s lacks %s", e.msg, says);
	if (strncmp(e.msg, "t.cfg", 5) != 0)
		fail_msg("%s: no place", e.msg);
}

static void
loads(const char *settings, const char *more)
{
	struct err e;

	if (load(settings, more, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
every_target_is_read(void **state)
{
	const struct map_setting *s = map.setting;

	(void)state;
	loads("a = { value = \"start\"; target = \"region\"; region = \"gbe\";"
	      " offset = 8; encoding = \"u8\"; expect = \"ff\"; };"
	      "b = { value = \"uuid\"; target = \"fpt\"; part = \"FOVD\";"
	      " offset = 16; encoding = \"raw\"; };"
	      "c = { value = \"oem_record\"; target = \"fpt\"; part = \"AMTO\";"
	      " add = true; size = 4096; encoding = \"opr1\"; };"
	      "order = { " VAR " attrs = 7; store = 1; max_size = 99;"
	      " encoding = \"utf-16\"; };"
	      "serial = { target = \"nvar\"; name = \"V\";" GUID
	      " encoding = \"ascii\"; };"
	      "pid = { target = \"ffs-raw\";" GUID " offset = 3;"
	      " consent = true; encoding = \"raw\"; };"
	      "pps = { " PDR " encoding = \"ascii\"; size = 32; };"
	      "otp = { target = \"desc-oem\"; offset = 1; consent = true;"
	      " encoding = \"ascii\"; size = 255; };",
	    "");
	assert_int_equal(map.nsetting, 8);
	assert_int_equal(s[0].target, MAP_AT_REGION);
	assert_int_equal(s[0].region, REGION_GBE);
	assert_int_equal(s[0].offset, 8);
	assert_int_equal(s[0].nexpect, 1);
	assert_string_equal(s[1].part, "FOVD");
	assert_int_equal(s[1].size, UUID_LEN);
	assert_true(s[2].add);
	assert_int_equal(s[2].size, 4096);
	assert_int_equal(s[3].attrs, 7);
	assert_int_equal(s[3].store, 1);
	assert_int_equal(s[3].max, 99);
	assert_int_equal(s[4].target, MAP_AT_NVAR);
	assert_int_equal(s[4].store, -1);
	assert_int_equal(s[5].target, MAP_AT_FFS);
	assert_int_equal(s[6].target, MAP_AT_PDR);
	assert_true(map_is_secret(&s[6]));
	assert_int_equal(s[7].target, MAP_AT_OEM);
}

static void
every_encoding_is_read(void **state)
{
	const struct map_setting *s = map.setting;

	(void)state;
	loads("start = { " PDR " encoding = \"enum\"; size = 2;"
	      " values = { listen = 5; talk = 0xffff; }; };"
	      "mode = { " PDR " encoding = \"bits\"; bit = 6; width = 2;"
	      " values = { enterprise = 1; smb = 3; }; };"
	      "hashes = { " PDR " encoding = \"hashes\"; stride = 33;"
	      " count = 20; tags = { sha256 = 7; }; fill = 0; };"
	      "setup_bin = { " PDR " encoding = \"setup.bin\"; size = 1024;"
	      " version = \"2.1\"; smb_value = 2; };"
	      "x = { value = \"constant\"; bytes = \"0102\"; " PDR
	      " encoding = \"raw\"; expect = \"aabb\"; };"
	      "pki = { " PDR " encoding = \"u32be\"; secret = true; };",
	    "");
	assert_int_equal(s[0].size, 2);
	assert_int_equal(s[0].word[1], 0xFFFF);
	assert_int_equal(s[1].bit, 6);
	assert_int_equal(s[1].width, 2);
	assert_int_equal(s[1].word[1], 3);
	assert_int_equal(s[2].size, 660);
	assert_true(s[2].has_tag[1] && !s[2].has_tag[0]);
	assert_int_equal(s[2].tag[1], 7);
	assert_int_equal(s[3].major, 2);
	assert_int_equal(s[3].minor, 1);
	assert_int_equal(s[3].smb, 2);
	assert_int_equal(s[4].nconstant, 2);
	assert_int_equal(s[4].size, 2);
	assert_int_equal(s[4].expect[1], 0xBB);
	assert_int_equal(s[5].size, 4);
	assert_true(map_is_secret(&s[5]));
}

static const struct {
	const char *set, *says;
} bad[] = {
	{ "", "settings is missing, or has none" },
	{ "moon = { " PDR " encoding = \"u8\"; };",
	    "value is missing: one of" },
	{ "a = { value = \"moon\"; " PDR " };", "value must be one" },
	{ "start = { };", "target is missing" },
	{ "start = { " PDR " };", "encoding is missing" },
	{ "start = { " PDR " encoding = \"ascii\"; };",
	    "encoding ascii cannot hold start" },
	{ "start = { " PDR " encoding = \"u8\"; size = 1; };",
	    "unknown key size" },
	{ "start = { " PDR " encoding = \"u8\"; region = \"me\"; };",
	    "unknown key region" },
	{ "start = { " PDR " encoding = \"enum\"; };", "values is missing" },
	{ "start = { " PDR " encoding = \"enum\"; size = 3;"
	  " values = { listen = 0; talk = 1; }; };",
	    "size is 1, 2 or 4" },
	{ "start = { " PDR " encoding = \"enum\";"
	  " values = { listen = 0; talk = 256; }; };",
	    "talk must be a number in 0 to 255" },
	{ "start = { " PDR " encoding = \"enum\";"
	  " values = { listen = 0; }; };",
	    "talk is missing" },
	{ "start = { " PDR " encoding = \"enum\";"
	  " values = { listen = 0; talk = 1; off = 2; }; };",
	    "unknown key off" },
	{ "start = { " PDR " encoding = \"bits\"; };", "bit is missing" },
	{ "start = { " PDR " encoding = \"bits\"; bit = 8; };",
	    "bits 8 to 8 are not in a word of 1 bytes" },
	{ "start = { " VAR " encoding = \"bits\"; bit = 1; };",
	    "a variable is written whole" },
	{ "serial = { " PDR " encoding = \"ascii\"; };",
	    "size is missing or 0" },
	{ "serial = { " PDR " encoding = \"utf-16\"; size = 3; };",
	    "utf-16 has an even number" },
	{ "serial = { " PDR " encoding = \"ascii\"; size = 4;"
	  " expect = \"0102\"; };",
	    "as many as the setting has: 4" },
	{ "serial = { " PDR " encoding = \"ascii\"; size = 4;"
	  " expect = \"0g\"; };",
	    "expect is hex digits" },
	{ "serial = { " VAR " encoding = \"ascii\";"
	  " expect = \"ff\"; };",
	    "unknown key expect" },
	{ "serial = { " VAR " encoding = \"ascii\"; attrs = 0x27; };",
	    "only 0x3 (NV+BS) or 0x7 (NV+BS+RT)" },
	{ "pps = { " VAR " encoding = \"ascii\"; attrs = 7; };",
	    "attrs 0x7 is not supported, only 0x3 (NV+BS)" },
	{ "a = { value = \"serial\"; " VAR " encoding = \"ascii\"; };"
	  "b = { value = \"order\"; " VAR " encoding = \"ascii\"; };",
	    "settings a and b are one variable" },
	{ "constant = { " PDR " encoding = \"raw\"; };", "bytes is missing" },
	{ "constant = { " PDR " encoding = \"raw\"; bytes = \"01\";"
	  " secret = true; };",
	    "for all to read: no secret" },
	{ "start = { target = \"fpt\"; encoding = \"u8\"; };",
	    "part is missing" },
	{ "start = { target = \"fpt\"; part = \"FIVES\"; };",
	    "1 to 4 characters" },
	{ "oem_record = { target = \"fpt\"; part = \"AMT\";"
	  " add = true; size = 1; encoding = \"opr1\"; };",
	    "the name of a new partition has 4 characters" },
	{ "uuid = { target = \"desc-oem\"; encoding = \"raw\"; };",
	    "target desc-oem needs consent = true" },
	{ "uuid = { target = \"desc-oem\"; consent = true;"
	  " offset = 250; encoding = \"raw\"; };",
	    "has 256 bytes" },
	{ "uuid = { target = \"ffs-raw\"; " GUID " encoding = \"raw\"; };",
	    "target ffs-raw needs consent = true" },
	{ "hashes = { " PDR " encoding = \"hashes\"; stride = 20; };",
	    "count is missing or 0" },
	{ "hashes = { " PDR " encoding = \"hashes\"; stride = 20;"
	  " count = 65; };",
	    "at most 64 entries" },
	{ "setup_bin = { " PDR " encoding = \"setup.bin\"; size = 1;"
	  " version = \"9\"; };",
	    "version must be one of" },
	{ "start = { " PDR " encodign = \"u8\"; };", "unknown key encodign" },
	{ "pps = { " PDR " encoding = \"ascii\"; size = 24; };",
	    "size 24 never holds pps as ascii, which takes 32 bytes" },
	{ "pid = { " PDR " encoding = \"utf-16\"; size = 8; };",
	    "which takes 16 bytes" },
	{ "uuid = { " PDR " encoding = \"ascii\"; size = 16; };",
	    "which takes 36 bytes" },
	{ "server_address = { " PDR " encoding = \"ascii\"; size = 4; };",
	    "which takes 7 bytes" },
	{ "setup_bin = { " PDR " encoding = \"setup.bin\"; size = 512; };",
	    "which takes 1024 bytes" },
	{ "oem_record = { target = \"pdr\"; offset = 0x100; size = 0x1000;"
	  " encoding = \"opr1\"; };",
	    "only at multiples of 0x1000 there, not at 0x100" },
	{ "oem_record = { target = \"region\"; region = \"pdr\";"
	  " offset = 0x800; size = 0x800; encoding = \"opr1\"; };",
	    "only at multiples of 0x1000" },
	{ "oem_record = { target = \"fpt\"; part = \"AMTO\";"
	  " offset = 8; size = 0x800; encoding = \"opr1\"; };",
	    "only at multiples of 0x1000" },
	{ "a_name_that_is_longer_than_31_characters = { " PDR " };",
	    "at most 31 characters" },
};

static void
what_a_setting_cannot_say_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i].set, "", bad[i].says);
}

static void
what_surrounds_the_settings_is_refused_too(void **state)
{
	static const char ok[] = "start = { " PDR " encoding = \"u8\"; };";
	static const struct {
		const char *more, *says;
	} rows[] = {
		{ "moon = 1;", "unknown key moon" },
		{ "forbid = ( { } );", "region or part is missing" },
		{ "forbid = ( { region = \"bios\"; part = \"FTPR\"; } );",
		    "$FPT partitions are in region me, not bios" },
		{ "forbid = ( { region = \"bios\"; kind = 1; } );",
		    "unknown key kind" },
		{ "fixups = ( { kind = \"md5\"; } );", "kind must be one of" },
		{ "fixups = ( { kind = \"crc32\"; region = \"pdr\"; } );",
		    "len is missing or 0" },
		{ "fixups = ( { kind = \"crc32\"; region = \"pdr\"; len = 8;"
		  " at = 6; } );",
		    "neither within its range nor outside" },
		{ "fixups = ( { kind = \"sum16\"; region = \"pdr\"; len = 7;"
		  " at = 8; } );",
		    "sum16 is of whole words" },
		{ "fixups = ( { kind = \"sum16\"; region = \"pdr\"; len = 8;"
		  " at = 3; } );",
		    "sum16 is of whole words" },
		{ "@include \"/etc/passwd\"", "takes in another file" },
		{ "  @include \"x\"", "takes in another file" },
	};

	(void)state;
	loads(ok,
	    "forbid = ( { part = \"FTPR\"; }, { region = \"gbe\";"
	    " from = 1; len = 2; } );"
	    "fixups = ( { kind = \"sha256\"; region = \"pdr\"; from = 64;"
	    " len = 64; at = 0; holds = true; } );");
	assert_int_equal(map.nforbid, 2);
	assert_string_equal(map.forbid[0].part, "FTPR");
	assert_int_equal(map.forbid[1].region, REGION_GBE);
	assert_int_equal(map.nfixup, 1);
	assert_true(map.fixup[0].holds);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(ok, rows[i].more, rows[i].says);
}

static void
a_map_is_bounded(void **state)
{
	struct err e;
	size_t n;

	(void)state;
	for (size_t most = MAP_SETTINGS; most <= MAP_SETTINGS + 1; most++) {
		static char many[16384];

		n = (size_t)snprintf(many, sizeof(many),
		    "platform = { name = \"p\"; match = ( " RULE
		    " ); }; settings = {");
		for (size_t i = 0; i < most; i++)
			n += (size_t)snprintf(many + n, sizeof(many) - n,
			    "s%zu = { value = \"start\"; " PDR
			    " encoding = \"u8\"; };\n",
			    i);
		snprintf(many + n, sizeof(many) - n, "};");
		err_clear(&e);
		mapfile_parse("t.cfg", many, strlen(many), &map, &e);
		if (most == MAP_SETTINGS && e.code != ERR_OK)
			fail_msg("%s", e.msg);
	}
	assert_non_null(strstr(e.msg, "at most 48 settings"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_target_is_read),
		cmocka_unit_test(every_encoding_is_read),
		cmocka_unit_test(what_a_setting_cannot_say_is_refused),
		cmocka_unit_test(what_surrounds_the_settings_is_refused_too),
		cmocka_unit_test(a_map_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
