/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "factory/mapfile.h"
#include "formats/reason.h"

#define NV "fff12b8d-7696-4c8b-a985-2747075b4f50"
#define OEM "1862c8ba-49e6-4001-97f3-351bb07e8fd8"
#define RULE "{ kind = \"volume\"; guid = \"" NV "\"; }"
#define RECORD                                                                \
	"target = \"uefi-var\"; guid = \"" OEM "\"; name = \"AmtOemRecord\";" \
	"encoding = \"opr1\";"

static enum err_code
load(const char *text, struct imgmap *map, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/factory_mapfile.%d.cfg", getpid());
	err_clear(e);
	assert_int_equal(
	    file_write(path, FILE_REPLACE, text, strlen(text), e), ERR_OK);
	mapfile_read(path, map, e);
	unlink(path);
	return e->code;
}

static enum err_code
load_parts(const char *rules, const char *record, struct err *e)
{
	static struct imgmap map;
	char text[2048];

	snprintf(text, sizeof(text),
	    "platform = { name = \"p\"; match = ( %s ); };\n"
	    "settings = { oem_record = { %s }; };\n",
	    rules, record);
	return load(text, &map, e);
}

static void
the_map_that_we_ship_is_read(void **state)
{
	struct varstore_name oem;
	static struct imgmap map;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    mapfile_read("configs/map-ovmf.cfg", &map, &e), ERR_OK);
	assert_string_equal(map.name, "ovmf");
	assert_int_equal(map.nmatch, 1);
	assert_int_equal(map.match[0].kind, MAP_VOLUME);
	image_oem_name(&oem);
	assert_memory_equal(
	    &map.setting[0].var.guid, &oem.guid, sizeof(oem.guid));
	assert_string_equal(map.setting[0].var.name, oem.name);
	assert_int_equal(map.setting[0].attrs, IMAGE_OEM_ATTRS);
	assert_int_equal(map.setting[0].max, 0x2000);
}

static void
every_kind_of_rule_is_read(void **state)
{
	static struct imgmap map;
	struct err e;

	(void)state;
	assert_int_equal(
	    load("platform = { name = \"p\"; match = (\n"
		 "{ kind = \"ifd\"; version = \"1.5\"; },\n"
		 "{ kind = \"region\"; region = \"pdr\"; size = 0x2000; },\n"
		 "{ kind = \"volume\"; guid = \"" NV "\"; size = 4096; },\n"
		 "{ kind = \"sha256\"; region = \"me\"; offset = 16; size = 4;"
		 "  value = \"00000000000000000000000000000000"
		 "000000000000000000000000000000ff\"; } ); };\n"
		 "settings = { oem_record = { " RECORD
		 " max_size = 77; attrs = 3; }; };\n",
		&map, &e),
	    ERR_OK);
	assert_int_equal(map.nmatch, 4);
	assert_int_equal(map.match[0].version, DESCRIPTOR_V15);
	assert_int_equal(map.match[1].region, 4);
	assert_int_equal(map.match[1].size, 0x2000);
	assert_int_equal(map.match[2].size, 4096);
	assert_int_equal(map.match[3].region, REGION_ME);
	assert_int_equal(map.match[3].offset, 16);
	assert_int_equal(map.match[3].sha256[31], 0xFF);
	assert_int_equal(map.setting[0].max, 77);
}

static void
what_a_map_cannot_say_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *rules, *record, *says;
	} rows[] = {
		{ "", RECORD, "1 to 16 rules of match, not 0" },
		{ "{ kind = \"moon\"; }", RECORD, "kind must be one of" },
		{ "{ kind = \"volume\"; }", RECORD, "guid is missing" },
		{ "{ kind = \"volume\"; guid = \"x\"; }", RECORD,
		    "\"x\" is not a GUID" },
		{ "{ kind = \"region\"; region = \"cmos\"; size = 1; }", RECORD,
		    "no region is named \"cmos\"" },
		{ "{ kind = \"region\"; region = \"me\"; }", RECORD,
		    "size is missing or 0" },
		{ "{ kind = \"sha256\"; region = \"me\"; size = 1;"
		  " value = \"12\"; }",
		    RECORD, "value is not 64 hex digits" },
		{ "{ kind = \"ifd\"; version = \"3\"; }", RECORD,
		    "version must be one of" },
		{ RULE, "target = \"cmos\";", ":2: target must be one of" },
		{ RULE, "target = \"fpt\";", ":2: part is missing" },
		{ RULE, "", "target is missing" },
		{ RULE, RECORD "attrs = 7;", "attrs 0x7 is not supported" },
		{ RULE, RECORD "colour = 7;", "unknown key colour" },
		{ RULE,
		    "target = \"uefi-var\"; encoding = \"opr1\"; guid = \"" OEM
		    "\"; name = \"\";",
		    "name has 1 to 63 printable" },
		{ RULE,
		    "target = \"uefi-var\"; encoding = \"tlv\"; guid = \"" OEM
		    "\"; name = \"x\";",
		    "encoding must be one of" },
	};
	struct err e;

	(void)state;
	assert_int_equal(load_parts(RULE, RECORD, &e), ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    load_parts(rows[i].rules, rows[i].record, &e), ERR_CONFIG);
		if (strstr(e.msg, rows[i].says) == NULL ||
		    strstr(e.msg, ".cfg:") == NULL)
			fail_msg("%s lacks %s", e.msg, rows[i].says);
	}
}

static void
a_map_without_its_groups_is_refused(void **state)
{
	static struct imgmap map;
	struct err e;

	(void)state;
	assert_int_equal(load("", &map, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "platform is missing"));
	assert_int_equal(
	    load("platform = { name = \"p\"; match = ( " RULE " ); };", &map,
		&e),
	    ERR_CONFIG);
	assert_non_null(strstr(e.msg, "settings is missing, or has none"));
	assert_ptr_equal(e.reason, reason_get(REASON_MAP_UNSOUND));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_map_that_we_ship_is_read),
		cmocka_unit_test(every_kind_of_rule_is_read),
		cmocka_unit_test(
		    what_a_map_cannot_say_is_refused_with_its_line),
		cmocka_unit_test(a_map_without_its_groups_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
