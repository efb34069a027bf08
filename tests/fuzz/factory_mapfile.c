/* SPDX-License-Identifier: Apache-2.0 */
/* A map that is taken is one that a plan can be made by; one that is not is
 * refused in words. */
#include <string.h>

#include "factory/mapfile.h"
#include "formats/reason.h"
#include "tests/fuzz.h"

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses what it had begun to read where it meets an error. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yy";
}

static void
look(const struct imgmap *m)
{
	must(m->nmatch <= MAP_MATCHES && m->nsetting <= MAP_SETTINGS);
	must(m->nfixup <= MAP_FIXUPS && m->nforbid <= MAP_FORBIDS);
	must(memchr(m->name, '\0', sizeof(m->name)) != NULL);
	for (size_t i = 0; i < m->nsetting; i++)
		must(map_encodes(m->setting[i].encoding, m->setting[i].value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct imgmap map;
	struct err e = { 0 };

	memset(&map, 0, sizeof(map));
	if (mapfile_parse("fuzz", p, n, &map, &e) == ERR_OK)
		look(&map);
	else
		must(e.reason == reason_get(REASON_MAP_UNSOUND) &&
		    e.msg[0] != '\0');
	return 0;
}
