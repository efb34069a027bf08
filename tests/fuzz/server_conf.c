/* SPDX-License-Identifier: Apache-2.0 */
/* A server's configuration of any bytes is taken or refused in words. Names of
 * files have no slash in it: nothing but the file itself is there to be read.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/conf.h"
#include "tests/fuzz.h"

const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses what it had begun to read where it meets an error. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yy";
}

static char dir[64], path[96];

static void
forget(void)
{
	unlink(path);
	rmdir(dir);
}

static void
put(const void *p, size_t n)
{
	FILE *f;

	if (dir[0] == '\0') {
		snprintf(dir, sizeof(dir), "%s/amtforge-conf.XXXXXX",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		must(mkdtemp(dir) != NULL);
		snprintf(path, sizeof(path), "%s/conf", dir);
		atexit(forget);
	}
	must((f = fopen(path, "w")) != NULL);
	must(n == 0 || fwrite(p, n, 1, f) == 1);
	must(fclose(f) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct conf c;
	char state[CONF_PATH];
	struct err e = { 0 };

	if (n > 0 && memchr(p, '/', n) != NULL)
		return 0;
	put(p, n);
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
