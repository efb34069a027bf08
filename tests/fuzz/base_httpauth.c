/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a device asks with: what we answer is one header, whose values are
 * those of the challenge, and the password is not in it. */
#include <string.h>

#include "base/httpauth.h"
#include "tests/fuzz.h"

#define PASSWORD "a secret that no input holds"

/* The value of that name, as a reader of the header finds it. */
static bool
find(const char *p, const char *name, char *out, size_t room)
{
	size_t n;

	while (*(p += strspn(p, ", ")) != '\0') {
		n = strcspn(p, "=");
		must(p[n] == '=');
		if (n == strlen(name) && strncmp(p, name, n) == 0)
			return httpauth_value(p + n + 1, out, room) != NULL;
		p = httpauth_value(p + n + 1, NULL, 0);
		must(p != NULL);
	}
	return false;
}

static void
look(const char *header, const struct httpauth *a)
{
	char v[256], nc[16];

	for (const char *p = header; *p != '\0'; p++)
		must((unsigned char)*p >= 0x20 && *p != 0x7f);
	must(strstr(header, PASSWORD) == NULL);
	must(strncmp(header, "Digest ", 7) == 0);
	must(find(header + 7, "realm", v, sizeof(v)) &&
	    strcmp(v, a->realm) == 0);
	must(find(header + 7, "nonce", v, sizeof(v)) &&
	    strcmp(v, a->nonce) == 0);
	must(find(header + 7, "opaque", v, sizeof(v)) ==
		(a->opaque[0] != '\0') &&
	    (a->opaque[0] == '\0' || strcmp(v, a->opaque) == 0));
	must(find(header + 7, "response", v, sizeof(v)) &&
	    strlen(v) == (a->sha256 ? 64 : 32));
	must(find(header + 7, "nc", nc, sizeof(nc)) == a->qop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct httpauth_ask ask = { "POST", "/wsman", "admin", PASSWORD,
		"0123456789abcdef" };
	struct httpauth a = { .nonce = "kept" }, kept = a;
	char challenge[2048];
	char schemes[HTTPAUTH_SCHEMES] = "";
	struct wr w;

	if (n >= sizeof(challenge) ||
	    (n > 0 && memmem(p, n, PASSWORD, strlen(PASSWORD)) != NULL))
		return 0;
	memcpy(challenge, p, n);
	challenge[n] = '\0';
	httpauth_schemes(challenge, schemes);
	must(strlen(schemes) < sizeof(schemes));
	if (!httpauth_take(&a, challenge)) {
		must(memcmp(&a, &kept, sizeof(a)) == 0);
		return 0;
	}
	must(a.nonce[0] != '\0' && a.count == 0 && schemes[0] != '\0');
	for (uint32_t i = 1; i <= 2; i++) {
		wr_grow(&w, 8192);
		httpauth_write(&a, &ask, &w);
		wr_u8(&w, '\0');
		must(!w.failed && a.count == i);
		look((const char *)w.buf, &a);
		wr_free(&w);
	}
	return 0;
}
