/* SPDX-License-Identifier: Apache-2.0 */
/* A server's configuration of any bytes is taken or refused in words. Names of
 * files have no slash in it: nothing but the file itself is there to be read.
 */
#include "server/conf.h"
#include "tests/fuzzconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *path = fuzzconf_put(p, n);
	static struct conf c;
	char state[CONF_PATH];
	struct err e = { 0 };

	if (path == NULL)
		return 0;
	if (conf_state(path, state, &e) != ERR_OK)
		must(e.msg[0] != '\0');
	err_clear(&e);
	memset(&c, 0, sizeof(c));
	if (conf_read(path, &c, &e) == ERR_OK) {
		must(c.ntenants <= CONF_TENANTS && c.state[0] != '\0');
		must(conf_tenant(&c, "") == &c.top);
		conf_refresh(&c);
	} else {
		must(e.msg[0] != '\0');
	}
	conf_free(&c);
	return 0;
}
