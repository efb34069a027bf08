/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "formats/psk.h"

/* A key must not show in the cache or in branches: no table lookup on a
 * character, as in base/text.c. */

static char
digit36(unsigned v)
{
	return (char)('0' + v + (text_within(v, 10, 35) & ('A' - '0' - 10)));
}

/* Upper case of 0-9A-Za-z; 0 for any other character. */
static char
fold(char in)
{
	unsigned c = (uint8_t)in;
	unsigned up = c - (text_within(c, 'a', 'z') & ('a' - 'A'));

	return (
	    char)(up & (text_within(up, '0', '9') | text_within(up, 'A', 'Z')));
}

static char
check(const char *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint8_t)p[i];
	return digit36(sum % 36);
}

/* Groups of `each` free characters and their check, len characters in all. */
static size_t
make(char *out, size_t len, size_t each, const uint8_t *random, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % (each + 1) == each) {
			out[i] = check(out + i - each, each);
			continue;
		}
		while (used < n && random[used] >= 252)
			used++;
		if (used == n) {
			secret_wipe(out, len + 1);
			return 0;
		}
		out[i] = digit36(random[used++] % 36u);
	}
	out[len] = '\0';
	return used;
}

size_t
psk_pid_make(char out[static PSK_PID_LEN + 1], const uint8_t *random, size_t n)
{
	return make(out, PSK_PID_LEN, 7, random, n);
}

size_t
psk_pps_make(char out[static PSK_PPS_LEN + 1], const uint8_t *random, size_t n)
{
	return make(out, PSK_PPS_LEN, 3, random, n);
}

/* Dashes stand between groups of four, all of them or none. */
static const char *
undash(char *out, size_t len, const char *text)
{
	size_t n = strlen(text);
	bool dashed = n == len + len / 4 - 1;

	if (n != len && !dashed)
		return "wrong length";
	for (size_t i = 0; i < len; i++) {
		if (dashed && i > 0 && i % 4 == 0 && *text++ != '-')
			return "a dash is missing";
		if ((out[i] = fold(*text++)) == '\0')
			return "a character is not 0-9 or A-Z";
	}
	out[len] = '\0';
	return NULL;
}

bool
psk_pid_parse(
    char out[static PSK_PID_LEN + 1], const char *text, const char **why)
{
	char pid[PSK_PID_LEN + 1];

	*why = undash(pid, PSK_PID_LEN, text);
	if (*why == NULL && pid[7] != check(pid, 7))
		*why = "the checksum is wrong";
	if (*why == NULL)
		memcpy(out, pid, sizeof(pid));
	return *why == NULL;
}

bool
psk_pps_parse(
    char out[static PSK_PPS_LEN + 1], const char *text, const char **why)
{
	static const char *const wrong[PSK_PPS_LEN / 4] = {
		"the checksum of group 1 is wrong",
		"the checksum of group 2 is wrong",
		"the checksum of group 3 is wrong",
		"the checksum of group 4 is wrong",
		"the checksum of group 5 is wrong",
		"the checksum of group 6 is wrong",
		"the checksum of group 7 is wrong",
		"the checksum of group 8 is wrong",
	};
	char pps[PSK_PPS_LEN + 1];

	*why = undash(pps, PSK_PPS_LEN, text);
	for (size_t i = 0; *why == NULL && i < PSK_PPS_LEN / 4; i++)
		if (pps[4 * i + 3] != check(pps + 4 * i, 3))
			*why = wrong[i];
	if (*why == NULL)
		memcpy(out, pps, sizeof(pps));
	secret_wipe(pps, sizeof(pps));
	return *why == NULL;
}

static void
dash(char *out, size_t len, const char *in)
{
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && i % 4 == 0)
			*out++ = '-';
		*out++ = in[i];
	}
	*out = '\0';
}

void
psk_pid_text(char out[static PSK_PID_TEXT], const char *pid)
{
	dash(out, PSK_PID_LEN, pid);
}

void
psk_pps_text(char out[static PSK_PPS_TEXT], const char *pps)
{
	dash(out, PSK_PPS_LEN, pps);
}
