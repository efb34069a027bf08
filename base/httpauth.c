/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/httpauth.h"
#include "base/secret.h"
#include "base/text.h"

#define VALUE_MAX 256
#define HEX (2 * SHA256_LEN + 1)

const char *
httpauth_value(const char *p, char *out, size_t room)
{
	bool quoted = *p == '"';
	size_t n = 0;

	if (quoted)
		p++;
	while (
	    *p != '\0' && (quoted ? *p != '"' : strchr(", \t", *p) == NULL)) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		if ((unsigned char)*p < 0x20 || *p == 0x7f ||
		    (out != NULL && n + 1 >= room))
			return NULL;
		if (out != NULL)
			out[n++] = *p;
		p++;
	}
	if (out != NULL)
		out[n] = '\0';
	if (quoted && *p++ != '"')
		return NULL;
	return p;
}

static bool
take_algorithm(struct httpauth *a, const char *v)
{
	size_t n = strlen(v);

	a->session = n > 5 && strcasecmp(v + n - 5, "-sess") == 0;
	if (a->session)
		n -= 5;
	a->sha256 = n == 7 && strncasecmp(v, "SHA-256", n) == 0;
	return (a->sha256 || (n == 3 && strncasecmp(v, "MD5", n) == 0)) &&
	    text_copy(a->algorithm, sizeof(a->algorithm), v);
}

/* "auth" among others, as "auth,auth-int". */
static bool
take_qop(struct httpauth *a, const char *v)
{
	size_t n;

	while (*(v += strspn(v, ", \t")) != '\0') {
		n = strcspn(v, ", \t");
		a->qop |= n == 4 && strncasecmp(v, "auth", n) == 0;
		v += n;
	}
	return a->qop;
}

static bool
take(struct httpauth *a, const char *name, size_t n, const char *v)
{
	if (n == 5 && strncasecmp(name, "realm", n) == 0)
		return text_copy(a->realm, sizeof(a->realm), v);
	if (n == 5 && strncasecmp(name, "nonce", n) == 0)
		return text_copy(a->nonce, sizeof(a->nonce), v);
	if (n == 6 && strncasecmp(name, "opaque", n) == 0)
		return text_copy(a->opaque, sizeof(a->opaque), v);
	if (n == 9 && strncasecmp(name, "algorithm", n) == 0)
		return take_algorithm(a, v);
	if (n == 3 && strncasecmp(name, "qop", n) == 0)
		return take_qop(a, v);
	if (n == 5 && strncasecmp(name, "stale", n) == 0)
		a->stale = strcasecmp(v, "true") == 0;
	return true;
}

bool
httpauth_take(struct httpauth *a, const char *p)
{
	struct httpauth got = { .count = 0 };
	char v[VALUE_MAX];
	const char *name;
	size_t n;

	while (*(p += strspn(p, ", \t")) != '\0') {
		name = p;
		n = strcspn(p, "= ,\t");
		if (n == 0 || p[n] != '=')
			return false;
		p = httpauth_value(p + n + 1, v, sizeof(v));
		if (p == NULL || !take(&got, name, n, v))
			return false;
	}
	if (got.nonce[0] == '\0')
		return false;
	*a = got;
	return true;
}

static void
hash_hex(
    const struct httpauth *a, const char *const *part, char out[static HEX])
{
	uint8_t md[SHA256_LEN];
	struct wr w;

	wr_grow(&w, 8192);
	for (size_t i = 0; part[i] != NULL; i++) {
		if (i > 0)
			wr_u8(&w, ':');
		wr_str(&w, part[i]);
	}
	if (a->sha256)
		digest_sha256(w.buf, w.len, md);
	else
		crypto_md5(w.buf, w.len, md);
	text_hex(out, md, a->sha256 ? SHA256_LEN : 16);
	wr_free(&w);
}

static void
response(const struct httpauth *a, const struct httpauth_ask *ask,
    const char *nc, char out[static HEX])
{
	char ha1[HEX], ha2[HEX];

	hash_hex(a,
	    (const char *[]){ ask->user, a->realm, ask->password, NULL }, ha1);
	if (a->session)
		hash_hex(a,
		    (const char *[]){ ha1, a->nonce, ask->cnonce, NULL }, ha1);
	hash_hex(a, (const char *[]){ ask->method, ask->uri, NULL }, ha2);
	if (a->qop)
		hash_hex(a,
		    (const char *[]){
			ha1, a->nonce, nc, ask->cnonce, "auth", ha2, NULL },
		    out);
	else
		hash_hex(a, (const char *[]){ ha1, a->nonce, ha2, NULL }, out);
	secret_wipe(ha1, sizeof(ha1));
}

static void
put(struct wr *w, const char *before, const char *v)
{
	wr_str(w, before);
	wr_u8(w, '"');
	for (; *v != '\0'; v++) {
		if (*v == '"' || *v == '\\')
			wr_u8(w, '\\');
		wr_u8(w, (uint8_t)*v);
	}
	wr_u8(w, '"');
}

void
httpauth_write(struct httpauth *a, const struct httpauth_ask *ask, struct wr *w)
{
	char nc[9], hex[HEX];

	snprintf(nc, sizeof(nc), "%08x", ++a->count);
	response(a, ask, nc, hex);
	put(w, "Digest username=", ask->user);
	put(w, ", realm=", a->realm);
	put(w, ", nonce=", a->nonce);
	put(w, ", uri=", ask->uri);
	if (a->qop || a->session)
		put(w, ", cnonce=", ask->cnonce);
	if (a->qop) {
		wr_str(w, ", nc=");
		wr_str(w, nc);
		wr_str(w, ", qop=auth");
	}
	put(w, ", response=", hex);
	if (a->opaque[0] != '\0')
		put(w, ", opaque=", a->opaque);
	if (a->algorithm[0] != '\0') {
		wr_str(w, ", algorithm=");
		wr_str(w, a->algorithm);
	}
}
