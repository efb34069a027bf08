/* SPDX-License-Identifier: Apache-2.0 */
/* A device's configuration of any bytes is taken, within its bounds, or refused
 * in words. */
#include "device/settings.h"
#include "formats/hashlist.h"
#include "tests/fuzzconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *path = fuzzconf_put(p, n);
	struct settings s;
	struct err e = { 0 };

	if (path == NULL)
		return 0;
	if (settings_read(&s, path, &e) != ERR_OK) {
		must(e.msg[0] != '\0');
		return 0;
	}
	must(s.nsteps >= 1 && s.nsteps <= SETTINGS_STEPS);
	for (size_t i = 0; i < s.nsteps; i++)
		must(s.step[i].count >= 1 && s.step[i].every_ms >= 1);
	must(s.time_scale >= 1 && s.window_ms >= 3600000);
	must(s.idle_ms >= 1000 && s.request_ms >= 1000 && s.connections >= 1);
	must(s.announced_max <= HASHLIST_MAX);
	must(s.feature_len <= SETTINGS_FEATURE);
	must(memchr(s.psk_suites, '\0', sizeof(s.psk_suites)) != NULL);
	must(s.pkich.chain_max >= 2 && s.pkich.domain >= -1);
	must(s.challenge <= SETTINGS_CHALLENGE_NEVER);
	return 0;
}
