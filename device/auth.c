/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/httpauth.h"
#include "base/secret.h"
#include "base/text.h"
#include "device/auth.h"

#define PARAM 160
#define BLANKS " \t" /* around a parameter's '=': RFC 9110 11.2, BWS */

struct params {
	char username[PARAM], realm[PARAM], nonce[PARAM], uri[PARAM];
	char response[PARAM], qop[PARAM], nc[PARAM], cnonce[PARAM];
	char algorithm[PARAM];
};

void
auth_realm(char out[static AUTH_REALM], const uint8_t random[static 16])
{
	memcpy(out, "Digest:", 7);
	text_hex(out + 7, random, 16);
	for (char *p = out + 7; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
}

static void
md5_hex(char out[static AUTH_HA1], const char *const *part)
{
	uint8_t md[16];
	struct wr w;

	wr_grow(&w, 4096);
	for (size_t i = 0; part[i] != NULL; i++) {
		if (i > 0)
			wr_u8(&w, ':');
		wr_str(&w, part[i]);
	}
	crypto_md5(w.buf, w.len, md);
	text_hex(out, md, sizeof(md));
	wr_free(&w);
}

void
auth_ha1(char out[static AUTH_HA1], const char *user, const char *realm,
    const char *password)
{
	md5_hex(out, (const char *[]){ user, realm, password, NULL });
}

const char *
auth_nonce(struct auth *a, const uint8_t random[static AUTH_NONCE_BYTES])
{
	size_t i = a->next;

	text_b64(a->nonce[i].text, random, AUTH_NONCE_BYTES);
	a->nonce[i].nc = 0;
	a->next = (i + 1) % AUTH_NONCES;
	return a->nonce[i].text;
}

static char *
param_of(struct params *ps, const char *name, size_t n)
{
	const struct {
		const char *name;
		char *value;
	} known[] = {
		{ "username", ps->username },
		{ "realm", ps->realm },
		{ "nonce", ps->nonce },
		{ "uri", ps->uri },
		{ "response", ps->response },
		{ "qop", ps->qop },
		{ "nc", ps->nc },
		{ "cnonce", ps->cnonce },
		{ "algorithm", ps->algorithm },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == n &&
		    strncasecmp(known[i].name, name, n) == 0)
			return known[i].value;
	return NULL;
}

static bool
params_read(struct params *ps, const char *p)
{
	char *value;
	size_t n;

	memset(ps, 0, sizeof(*ps));
	if (strncasecmp(p, "Digest ", 7) != 0)
		return false;
	p += 7;
	while (*(p += strspn(p, ", \t")) != '\0') {
		n = strcspn(p, "= ,\t");
		value = param_of(ps, p, n);
		p += n + strspn(p + n, BLANKS);
		if (n == 0 || *p++ != '=')
			return false;
		if (value != NULL && *value != '\0')
			return false; /* given twice */
		p = httpauth_value(p + strspn(p, BLANKS), value, PARAM);
		if (p == NULL)
			return false;
	}
	return true;
}

static bool
response_fits(const struct params *ps, const struct auth_ask *ask)
{
	char ha2[AUTH_HA1], want[AUTH_HA1];
	bool fits;

	md5_hex(ha2, (const char *[]){ ask->method, ps->uri, NULL });
	if (ps->qop[0] == '\0')
		md5_hex(
		    want, (const char *[]){ ask->ha1, ps->nonce, ha2, NULL });
	else
		md5_hex(want,
		    (const char *[]){ ask->ha1, ps->nonce, ps->nc, ps->cnonce,
			ps->qop, ha2, NULL });
	fits = strlen(ps->response) == AUTH_HA1 - 1 &&
	    secret_equal(want, ps->response, AUTH_HA1 - 1);
	secret_wipe(want, sizeof(want));
	return fits;
}

/* The count must be new for its nonce; without one, it serves once. */
static enum auth_verdict
count_use(struct auth *a, const struct params *ps)
{
	uint8_t be[4] = { 0xff, 0xff, 0xff, 0xff };
	uint32_t nc;

	if (ps->qop[0] != '\0' &&
	    !text_unhex(be, sizeof(be), ps->nc, strlen(ps->nc)))
		return AUTH_BAD;
	nc = (uint32_t)be[0] << 24 | (uint32_t)be[1] << 16 |
	    (uint32_t)be[2] << 8 | be[3];
	for (size_t i = 0; i < AUTH_NONCES; i++) {
		if (strcmp(a->nonce[i].text, ps->nonce) != 0)
			continue;
		if (nc <= a->nonce[i].nc ||
		    (ps->qop[0] == '\0' && a->nonce[i].nc != 0))
			return AUTH_STALE;
		a->nonce[i].nc = nc;
		return AUTH_OK;
	}
	return AUTH_STALE;
}

/* What the request's target is: a client may send the whole address. */
static const char *
uri_path(const char *uri)
{
	const char *path = strstr(uri, "://");

	return path != NULL && (path = strchr(path + 3, '/')) != NULL ? path
								      : uri;
}

/* Without a qop, as in RFC 2069, there is neither a count nor a nonce of the
 * client's; RFC 7616 gave that form up. */
static bool
qop_fits(const struct params *ps, bool any)
{
	if (ps->qop[0] == '\0')
		return any && ps->nc[0] == '\0';
	return strcmp(ps->qop, "auth") == 0 && ps->cnonce[0] != '\0';
}

/* Where a client names none it is MD5 (RFC 7616 3.4). */
static bool
is_md5(const struct params *ps)
{
	return ps->algorithm[0] == '\0' ||
	    strcasecmp(ps->algorithm, "MD5") == 0;
}

enum auth_verdict
auth_check(struct auth *a, const struct auth_ask *ask)
{
	struct params ps;

	if (ask->header[0] == '\0')
		return AUTH_MISSING;
	if (ask->ha1[0] == '\0' || /* no password, no way in */
	    !params_read(&ps, ask->header) || ps.nonce[0] == '\0' ||
	    strcmp(ps.username, ask->user) != 0 ||
	    strcmp(ps.realm, ask->realm) != 0 ||
	    strcmp(uri_path(ps.uri), ask->path) != 0 || !is_md5(&ps) ||
	    !qop_fits(&ps, ask->any_qop) || !response_fits(&ps, ask))
		return AUTH_BAD;
	return count_use(a, &ps);
}
