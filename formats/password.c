/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/secret.h"
#include "formats/password.h"

/* 64 characters, so that six bits of a byte choose without bias. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
			       "abcdefghijkmnopqrstuvwxyz"
			       "23456789"
			       "!@#$%^*";

enum class {
	LOWER = 1,
	UPPER = 2,
	DIGIT = 4,
	OTHER = 8,
	ALL = 15
};

static int
class_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return LOWER;
	if (c >= 'A' && c <= 'Z')
		return UPPER;
	if (c >= '0' && c <= '9')
		return DIGIT;
	/* Intel counts _ as alphanumeric, and a space for nothing. */
	return c == '_' || c == ' ' ? 0 : OTHER;
}

size_t
password_make(
    char out[static PASSWORD_LEN + 1], const uint8_t *random, size_t n)
{
	for (size_t used = PASSWORD_LEN; used <= n; used += PASSWORD_LEN) {
		int have = 0;

		for (size_t i = 0; i < PASSWORD_LEN; i++) {
			out[i] = alphabet[random[used - PASSWORD_LEN + i] & 63];
			have |= class_of(out[i]);
		}
		out[PASSWORD_LEN] = '\0';
		if (have == ALL)
			return used;
	}
	secret_wipe(out, PASSWORD_LEN + 1);
	return 0;
}

const char *
password_check(const char *s)
{
	size_t n = strlen(s);
	int have = 0;

	if (n < 8 || n > PASSWORD_MAX)
		return "a password has 8 to 32 characters";
	for (; *s != '\0'; s++) {
		if (*s < 32 || *s > 126 || strchr(":,\"", *s) != NULL)
			return "a password has printable ASCII characters "
			       "without colon, comma and double quote";
		have |= class_of(*s);
	}
	if (have != ALL)
		return "a password has a digit, a lower-case and an upper-case "
		       "letter, and another character (not _ or space)";
	return NULL;
}
