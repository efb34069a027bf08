/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/passwd.h"

/* Without 0 O 1 l I, which a person mistakes. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
			       "abcdefghijkmnopqrstuvwxyz"
			       "23456789!@#$%^*";

bool
passwd_check(const char *s, const char **why)
{
	bool upper = false, lower = false, digit = false, special = false;
	size_t n = strlen(s);

	*why = NULL;
	if (n < 8 || n > PASSWD_MAX)
		*why = "a password has 8 to 32 characters";
	for (; *s != '\0' && *why == NULL; s++) {
		char c = *s;

		if (c < ' ' || c > '~')
			*why = "a password has only printable ASCII";
		else if (c == ':' || c == ',' || c == '"')
			*why = "a password has no colon, comma or quote";
		else if (c >= 'A' && c <= 'Z')
			upper = true;
		else if (c >= 'a' && c <= 'z')
			lower = true;
		else if (c >= '0' && c <= '9')
			digit = true;
		else if (c != '_' && c != ' ')
			special = true;
	}
	if (*why == NULL && !(upper && lower && digit && special))
		*why = "a password has an upper-case and a lower-case letter, "
		       "a digit and a special character";
	return *why == NULL;
}

/* strcspn() is not in a BIOS. */
static bool
has_any(const char *s, const char *set)
{
	for (; *s != '\0'; s++)
		for (const char *p = set; *p != '\0'; p++)
			if (*s == *p)
				return true;
	return false;
}

enum passwd_level
passwd_judge(const char *s, const char **why)
{
	if (!passwd_check(s, why))
		return PASSWD_BAD;
	if (has_any(s, "'<>& "))
		*why = "some makers refuse ' < > & and blanks in a password";
	else if (strlen(s) > 16)
		*why = "some makers and servers refuse a password of more than "
		       "16 characters";
	return *why == NULL ? PASSWD_GOOD : PASSWD_RISKY;
}

size_t
passwd_make_len(char *out, size_t want, const uint8_t *random, size_t n)
{
	const size_t letters = sizeof(alphabet) - 1;
	const size_t fair = 256 / letters * letters;
	const char *why = NULL;
	size_t used = 0;

	while (used < n) {
		size_t len = 0;

		while (len < want && used < n) {
			uint8_t b = random[used++];

			if (b < fair)
				out[len++] = alphabet[b % letters];
		}
		out[len] = '\0';
		if (len == want && passwd_check(out, &why))
			return used;
	}
	memset(out, 0, want + 1);
	return 0;
}

size_t
passwd_make(char out[static PASSWD_LEN + 1], const uint8_t *random, size_t n)
{
	return passwd_make_len(out, PASSWD_LEN, random, n);
}
