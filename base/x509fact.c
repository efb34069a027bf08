/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "base/x509fact.h"

/* A text of the certificate, cut to what fits; false where it has a NUL, which
 * would make two names of one. */
static bool
take_text(char *out, size_t room, const void *p, size_t n)
{
	if (p == NULL || memchr(p, 0, n) != NULL)
		return false;
	if (n >= room)
		n = room - 1;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static void
read_cn(struct certfact *f, const ASN1_STRING *text)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, text);

	if (f->cn_state != CERTFACT_CN_NONE)
		n = -1; /* the first one counts */
	else if (n < 0 || memchr(utf8, 0, (size_t)n) != NULL)
		f->cn_state = CERTFACT_CN_NUL;
	else if ((size_t)n >= sizeof(f->cn))
		f->cn_state = CERTFACT_CN_LONG;
	else if (take_text(f->cn, sizeof(f->cn), utf8, (size_t)n))
		f->cn_state = CERTFACT_CN_GOOD;
	OPENSSL_free(utf8);
}

/* One that is cut could become equal to what it is not: it is left out. */
static void
read_ou(struct certfact *f, const ASN1_STRING *text)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, text);

	if (n >= 0 && f->nou < CERTFACT_LIST && (size_t)n < sizeof(f->ou[0]) &&
	    take_text(f->ou[f->nou], sizeof(f->ou[0]), utf8, (size_t)n))
		f->nou++;
	OPENSSL_free(utf8);
}

static void
read_subject(struct certfact *f, X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

		if (nid == NID_commonName)
			read_cn(f, X509_NAME_ENTRY_get_data(entry));
		else if (nid == NID_organizationalUnitName)
			read_ou(f, X509_NAME_ENTRY_get_data(entry));
	}
}

static void
read_name(char *out, size_t room, X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	if (bio == NULL ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0 ||
	    (n = BIO_get_mem_data(bio, &p)) < 0 ||
	    !take_text(out, room, p, (size_t)n))
		out[0] = '\0';
	BIO_free(bio);
}

static void
read_eku(struct certfact *f, const X509 *x)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	char oid[128];
	struct wr w;

	wr_fixed(&w, f->eku, sizeof(f->eku) - 1);
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		size_t before = w.len;
		int n = OBJ_obj2txt(
		    oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1);

		if (n <= 0 || (size_t)n >= sizeof(oid))
			continue;
		if (w.len + (size_t)n + 2 > sizeof(f->eku) - 1)
			break;
		wr_str(&w, before == 0 ? " " : "");
		wr_str(&w, oid);
		wr_str(&w, " ");
	}
	f->eku[w.len] = '\0';
	EXTENDED_KEY_USAGE_free(eku);
}

static void
read_san(struct certfact *f, const X509 *x)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int kind = 0;
		const ASN1_STRING *text = GENERAL_NAME_get0_value(
		    sk_GENERAL_NAME_value(names, i), &kind);
		int n = kind == GEN_DNS ? ASN1_STRING_length(text) : -1;

		if (n >= 0 && n < CERTFACT_NAME && f->nsan < CERTFACT_LIST &&
		    take_text(f->san[f->nsan], CERTFACT_NAME,
			ASN1_STRING_get0_data(text), (size_t)n))
			f->nsan++;
	}
	GENERAL_NAMES_free(names);
}

static enum certfact_digest
digest_of(const X509 *x)
{
	int md = 0;

	if (X509_get_signature_info(
		(X509 *)(uintptr_t)x, &md, NULL, NULL, NULL) != 1)
		return CERTFACT_DIGEST_OTHER;
	switch (md) {
	case NID_md5:
		return CERTFACT_DIGEST_MD5;
	case NID_sha1:
		return CERTFACT_DIGEST_SHA1;
	case NID_sha256:
		return CERTFACT_DIGEST_SHA256;
	case NID_sha384:
		return CERTFACT_DIGEST_SHA384;
	case NID_sha512:
		return CERTFACT_DIGEST_SHA512;
	}
	return CERTFACT_DIGEST_OTHER;
}

static void
read_key(struct certfact *f, const struct x509 *c)
{
	const char *kind = "";
	int bits = 0;

	x509_key_kind(c, &kind, &bits);
	f->bits = bits > 0 ? (unsigned)bits : 0;
	if (strcmp(kind, "RSA") == 0)
		f->key = CERTFACT_KEY_RSA;
	else if (strcmp(kind, "EC") == 0)
		f->key = CERTFACT_KEY_EC;
}

static void
read_one(struct certfact *f, const struct x509_chain *chain, size_t i)
{
	const struct x509 *c = chain->cert[i];
	X509 *x = x509_native(c);

	f->der = x509_der(c, &f->der_len);
	f->fault = x509_fault(chain, i);
	f->root = X509_NAME_cmp(
		      X509_get_issuer_name(x), X509_get_subject_name(x)) == 0;
	f->ca = x509_is_ca(c);
	f->digest = digest_of(x);
	f->not_before = x509_not_before(c);
	f->not_after = x509_not_after(c);
	read_key(f, c);
	read_subject(f, X509_get_subject_name(x));
	read_name(f->subject, sizeof(f->subject), X509_get_subject_name(x));
	read_name(f->issuer, sizeof(f->issuer), X509_get_issuer_name(x));
	read_eku(f, x);
	read_san(f, x);
	ERR_clear_error();
}

struct certfact *
x509fact_read(const struct x509_chain *chain)
{
	struct certfact *f = calloc(chain->n > 0 ? chain->n : 1, sizeof(*f));

	for (size_t i = 0; f != NULL && i < chain->n; i++)
		read_one(&f[i], chain, i);
	return f;
}

void
x509fact_free(struct certfact *f)
{
	free(f);
}
