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

/* Of a list of challenges: the name of a scheme, or a parameter of the scheme
 * that was named last. */
struct piece {
	const char *word;
	size_t n;
	bool scheme;
	bool fits; /* the parameter's value */
	bool bad;  /* no piece: what is there is no list */
	char value[VALUE_MAX];
};

static const char *
blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* What a scheme may have in place of parameters (token68): its only "=" are at
 * its end. */
static const char *
skip_token(const char *p)
{
	const char *end = p + strcspn(p, "=, \t\"");

	end = blanks(end + strspn(end, "="));
	return *end == ',' || *end == '\0' ? end : p;
}

/* Blanks around "=" are bad, and are to be read all the same. */
static bool
next_piece(const char **at, struct piece *out)
{
	const char *p = *at + strspn(*at, ", \t"), *v, *end;

	out->word = p;
	out->n = strcspn(p, "=, \t\"");
	out->bad = out->n == 0 && *p != '\0';
	if (out->n == 0)
		return false;
	v = blanks(p + out->n);
	out->scheme = *v != '=';
	if (out->scheme) {
		*at = *v == ',' ? v : skip_token(v);
		return true;
	}
	v = blanks(v + 1);
	end = httpauth_value(v, out->value, sizeof(out->value));
	out->fits = end != NULL;
	if (end == NULL)
		end = httpauth_value(v, NULL, 0);
	out->bad = end == NULL;
	if (end != NULL)
		*at = end;
	return end != NULL;
}

static bool
is_digest(const struct piece *p)
{
	return p->n == 6 && strncasecmp(p->word, "Digest", 6) == 0;
}

bool
httpauth_take(struct httpauth *a, const char *p)
{
	struct httpauth got = { .count = 0 };
	struct piece piece;
	bool good = false, more;

	do {
		more = next_piece(&p, &piece);
		if (more && !piece.scheme) {
			good = good && piece.fits &&
			    take(&got, piece.word, piece.n, piece.value);
			continue;
		}
		if (good && !piece.bad && got.nonce[0] != '\0') {
			*a = got;
			return true;
		}
		memset(&got, 0, sizeof(got));
		good = more && is_digest(&piece);
	} while (more);
	return false;
}

void
httpauth_schemes(const char *p, char out[static HTTPAUTH_SCHEMES])
{
	struct piece piece;
	size_t n = strlen(out);

	while (next_piece(&p, &piece)) {
		if (!piece.scheme || !text_printable(piece.word, piece.n) ||
		    n + piece.n + 3 > HTTPAUTH_SCHEMES)
			continue;
		n += (size_t)snprintf(out + n, HTTPAUTH_SCHEMES - n, "%s%.*s",
		    n == 0 ? "" : ", ", (int)piece.n, piece.word);
	}
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
