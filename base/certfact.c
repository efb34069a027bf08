/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/certfact.h"

const char *
certfact_key_name(enum certfact_key key)
{
	static const char *const names[] = { "a key of another kind", "RSA",
		"EC" };

	return names[key <= CERTFACT_KEY_EC ? key : CERTFACT_KEY_OTHER];
}

const char *
certfact_digest_name(enum certfact_digest digest)
{
	static const char *const names[] = { "another digest", "MD5", "SHA-1",
		"SHA-256", "SHA-384", "SHA-512" };

	return names[digest <= CERTFACT_DIGEST_SHA512 ? digest
						      : CERTFACT_DIGEST_OTHER];
}

bool
certfact_has_eku(const struct certfact *f, const char *oid)
{
	size_t n = strlen(oid);

	for (const char *p = f->eku; (p = strstr(p, oid)) != NULL; p += n)
		if (p > f->eku && p[-1] == ' ' && p[n] == ' ')
			return true;
	return false;
}

bool
certfact_has_ou(const struct certfact *f, const char *want)
{
	for (size_t i = 0; i < f->nou; i++)
		if (strcmp(f->ou[i], want) == 0)
			return true;
	return false;
}
