/* SPDX-License-Identifier: Apache-2.0 */
/* A PID or PPS that is read comes back from its text; generators use no more
 * than they are given and make what parses. */
#include <string.h>

#include "formats/psk.h"
#include "tests/fuzz.h"

static void
parse(const char *text)
{
	char pid[PSK_PID_LEN + 1], pps[PSK_PPS_LEN + 1];
	char again[PSK_PPS_TEXT], back[PSK_PPS_LEN + 1];
	const char *why;

	if (psk_pid_parse(pid, text, &why)) {
		psk_pid_text(again, pid);
		must(psk_pid_parse(back, again, &why));
		must(strcmp(back, pid) == 0);
	}
	if (psk_pps_parse(pps, text, &why)) {
		psk_pps_text(again, pps);
		must(psk_pps_parse(back, again, &why));
		must(strcmp(back, pps) == 0);
	}
}

static void
make(const uint8_t *p, size_t n)
{
	char pid[PSK_PID_LEN + 1], pps[PSK_PPS_LEN + 1];
	char back[PSK_PPS_LEN + 1];
	const char *why;
	size_t used;

	if ((used = psk_pid_make(pid, p, n)) != 0)
		must(used <= n && psk_pid_parse(back, pid, &why) &&
		    strcmp(back, pid) == 0);
	if ((used = psk_pps_make(pps, p, n)) != 0)
		must(used <= n && psk_pps_parse(back, pps, &why) &&
		    strcmp(back, pps) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[64] = { 0 };

	memcpy(text, p, n < sizeof(text) ? n : sizeof(text) - 1);
	parse(text);
	make(p, n);
	return 0;
}
