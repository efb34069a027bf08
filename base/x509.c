/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/rand.h"
#include "base/x509.h"

struct x509 {
	X509 *x;
	uint8_t *der;
	size_t n;
};

struct x509 *
x509_wrap(void *native)
{
	struct x509 *c = calloc(1, sizeof(*c));
	int n;

	if (c == NULL)
		return NULL;
	if ((n = i2d_X509(native, &c->der)) <= 0) {
		ERR_clear_error();
		free(c);
		return NULL;
	}
	c->n = (size_t)n;
	X509_up_ref(native);
	c->x = native;
	return c;
}

void *
x509_native(const struct x509 *c)
{
	return c->x;
}

void
x509_free(struct x509 *c)
{
	if (c == NULL)
		return;
	X509_free(c->x);
	OPENSSL_free(c->der);
	free(c);
}

void
x509_chain_free(struct x509_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		x509_free(chain->cert[i]);
	memset(chain, 0, sizeof(*chain));
}

enum err_code
x509_from_der(const void *der, size_t n, struct x509 **out, struct err *e)
{
	const uint8_t *p = der;
	X509 *x = NULL;

	*out = NULL;
	if (n <= INT32_MAX)
		x = d2i_X509(NULL, &p, (long)n);
	if (x == NULL)
		return crypto_err(e, ERR_DATA, "certificate: not X.509 DER");
	if (p != (const uint8_t *)der + n)
		err_set(e, ERR_DATA, "certificate: trailing bytes");
	else if ((*out = x509_wrap(x)) == NULL)
		err_mem(e);
	X509_free(x);
	return e->code;
}

static enum err_code
chain_add(struct x509_chain *chain, X509 *x, struct err *e)
{
	if (chain->n == X509_CHAIN_MAX)
		return err_set(
		    e, ERR_DATA, "more than %d certificates", X509_CHAIN_MAX);
	if ((chain->cert[chain->n] = x509_wrap(x)) == NULL)
		return err_mem(e);
	chain->n++;
	return ERR_OK;
}

static enum err_code
read_pem(BIO *in, const char *also, struct x509_chain *chain, struct err *e)
{
	unsigned long last;
	X509 *x;

	while (e->code == ERR_OK &&
	    (x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		chain_add(chain, x, e);
		X509_free(x);
	}
	last = ERR_peek_last_error();
	if (e->code == ERR_OK && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
		crypto_err(
		    e, ERR_DATA, "certificate %zu: damaged PEM", chain->n + 1);
	ERR_clear_error(); /* the end of the file is one, too */
	if (e->code == ERR_OK && chain->n == 0)
		err_set(e, ERR_DATA, "holds no certificate%s", also);
	return e->code;
}

/* Puts the issuer of each certificate behind it: some writers store the
 * root first. */
static void
chain_order(struct x509_chain *chain)
{
	for (size_t i = 0; i + 1 < chain->n; i++)
		for (size_t k = i + 1; k < chain->n; k++) {
			struct x509 *next = chain->cert[k];

			if (X509_check_issued(next->x, chain->cert[i]->x) !=
			    X509_V_OK)
				continue;
			chain->cert[k] = chain->cert[i + 1];
			chain->cert[i + 1] = next;
			break;
		}
}

static enum err_code
read_pfx(
    BIO *in, const struct secret *pass, struct x509_chain *chain, struct err *e)
{
	const char *word = pass == NULL ? NULL : (const char *)pass->p;
	PKCS12 *p12 = d2i_PKCS12_bio(in, NULL);
	EVP_PKEY *pkey = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *more = NULL;

	if (p12 == NULL)
		return crypto_err(e, ERR_DATA, "neither PEM nor PFX");
	if (!PKCS12_parse(p12, word, &pkey, &leaf, &more))
		crypto_err(e, ERR_PERM, "PFX: %s",
		    pass == NULL ? "no passphrase was given"
				 : "the passphrase does not fit");
	if (leaf != NULL)
		chain_add(chain, leaf, e);
	for (int i = 0; e->code == ERR_OK && i < sk_X509_num(more); i++)
		chain_add(chain, sk_X509_value(more, i), e);
	if (e->code == ERR_OK && chain->n == 0)
		err_set(e, ERR_DATA, "PFX: holds no certificate");
	chain_order(chain);
	EVP_PKEY_free(pkey);
	X509_free(leaf);
	sk_X509_pop_free(more, X509_free);
	PKCS12_free(p12);
	return e->code;
}

enum err_code
x509_chain_read(const void *p, size_t n, const struct secret *pass,
    struct x509_chain *chain, struct err *e)
{
	BIO *in = n > INT32_MAX ? NULL : BIO_new_mem_buf(p, (int)n);

	memset(chain, 0, sizeof(*chain));
	if (in == NULL)
		return err_mem(e);
	if (memmem(p, n, "-----BEGIN", 10) != NULL)
		read_pem(in,
		    memmem(p, n, "PRIVATE KEY-----", 16) != NULL
			? ", but a private key"
			: "",
		    chain, e);
	else
		read_pfx(in, pass, chain, e);
	BIO_free(in);
	if (e->code != ERR_OK)
		x509_chain_free(chain);
	return e->code;
}

enum err_code
x509_read(const void *p, size_t n, struct x509 **out, struct err *e)
{
	struct x509_chain chain;

	*out = NULL;
	if (memmem(p, n, "-----BEGIN", 10) == NULL)
		return x509_from_der(p, n, out, e);
	if (x509_chain_read(p, n, NULL, &chain, e) != ERR_OK)
		return e->code;
	if (chain.n > 1)
		err_set(e, ERR_DATA, "holds %zu certificates, one is wanted",
		    chain.n);
	else {
		*out = chain.cert[0];
		chain.n = 0;
	}
	x509_chain_free(&chain);
	return e->code;
}

const uint8_t *
x509_der(const struct x509 *c, size_t *n)
{
	*n = c->n;
	return c->der;
}

void
x509_sha256(const struct x509 *c, uint8_t out[static 32])
{
	digest_sha256(c->der, c->n, out);
}

void
x509_serial(const struct x509 *c, uint8_t *out, size_t n)
{
	const ASN1_INTEGER *a = X509_get0_serialNumber(c->x);
	size_t have = (size_t)ASN1_STRING_length(a);
	size_t take = have < n ? have : n;

	memset(out, 0, n);
	memcpy(out + n - take, ASN1_STRING_get0_data(a) + have - take, take);
}

/* What a memory BIO holds; frees it. */
static bool
bio_to_wr(BIO *bio, struct wr *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	wr_bytes(out, p, (size_t)n);
	BIO_free(bio);
	return !out->failed;
}

bool
x509_pem(const struct x509 *c, struct wr *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL || PEM_write_bio_X509(bio, c->x) != 1) {
		BIO_free(bio);
		ERR_clear_error();
		return false;
	}
	return bio_to_wr(bio, out);
}

static bool
name_text(const X509_NAME *name, char *out, size_t room)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct wr w;

	if (bio == NULL ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
		BIO_free(bio);
		ERR_clear_error();
		return false;
	}
	wr_fixed(&w, out, room);
	if (!bio_to_wr(bio, &w))
		return false;
	wr_u8(&w, 0);
	return !w.failed;
}

bool
x509_subject(const struct x509 *c, char *out, size_t room)
{
	return name_text(X509_get_subject_name(c->x), out, room);
}

bool
x509_issuer(const struct x509 *c, char *out, size_t room)
{
	return name_text(X509_get_issuer_name(c->x), out, room);
}

/* The subject's i-th entry of that kind as UTF-8; NULL at the end. The
 * caller frees it with OPENSSL_free(). *n is its length. */
static char *
subject_entry(const struct x509 *c, int nid, int *at, size_t *n)
{
	X509_NAME *name = X509_get_subject_name(c->x);
	unsigned char *text = NULL;
	int len;

	*at = X509_NAME_get_index_by_NID(name, nid, *at);
	if (*at < 0)
		return NULL;
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, *at)));
	*n = len < 0 ? 0 : (size_t)len;
	ERR_clear_error();
	return (char *)text;
}

bool
x509_cn(const struct x509 *c, char *out, size_t room)
{
	size_t n = 0;
	int at = -1;
	char *cn = subject_entry(c, NID_commonName, &at, &n);
	bool fits = cn != NULL && n < room && memchr(cn, 0, n) == NULL;

	if (fits) {
		memcpy(out, cn, n);
		out[n] = '\0';
	}
	OPENSSL_free(cn);
	return fits;
}

bool
x509_is_ca(const struct x509 *c)
{
	int kind = X509_check_ca(c->x);

	/* 3: a self-signed version 1 root, as some old public ones are. */
	return kind == 1 || kind == 3;
}

bool
x509_self_signed(const struct x509 *c)
{
	bool yes = X509_self_signed(c->x, 1) == 1;

	ERR_clear_error();
	return yes;
}

bool
x509_signed_by(const struct x509 *c, const struct x509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x);
	bool yes = key != NULL &&
	    X509_check_issued(issuer->x, c->x) == X509_V_OK &&
	    X509_verify(c->x, key) == 1;

	ERR_clear_error();
	return yes;
}

bool
x509_verifies(const struct x509 *c, enum x509_signing how, const void *p,
    size_t n, const uint8_t *signature, size_t len)
{
	const EVP_MD *md = how == X509_RSA_SHA1 ? EVP_sha1() : EVP_sha256();
	EVP_PKEY *key = X509_get0_pubkey(c->x);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool yes = ctx != NULL && key != NULL &&
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	    EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, signature, len, p, n) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return yes;
}

void
x509_key_kind(const struct x509 *c, const char **kind, int *bits)
{
	EVP_PKEY *pkey = X509_get0_pubkey(c->x);
	int id = pkey == NULL ? 0 : EVP_PKEY_get_base_id(pkey);

	*kind = id == EVP_PKEY_RSA ? "RSA" : id == EVP_PKEY_EC ? "EC" : "?";
	*bits = pkey == NULL ? 0 : EVP_PKEY_get_bits(pkey);
	ERR_clear_error();
}

bool
x509_sha1_signed(const struct x509 *c)
{
	int md = 0;

	return X509_get_signature_info(c->x, &md, NULL, NULL, NULL) == 1 &&
	    (md == NID_sha1 || md == NID_md5);
}

static time_t
time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}

time_t
x509_not_before(const struct x509 *c)
{
	return time_of(X509_get0_notBefore(c->x));
}

time_t
x509_not_after(const struct x509 *c)
{
	return time_of(X509_get0_notAfter(c->x));
}

bool
x509_matches_key(const struct x509 *c, const struct crypto_key *key)
{
	bool yes = X509_check_private_key(c->x, crypto_key_pkey(key)) == 1;

	ERR_clear_error();
	return yes;
}

bool
x509_matches_public(const struct x509 *c, const uint8_t hash[static 32])
{
	EVP_PKEY *key = X509_get0_pubkey(c->x);
	uint8_t is[32];
	bool yes = false;

	for (int form = 0; key != NULL && !yes && form < 2; form++) {
		uint8_t *der = NULL;
		int n = form == 0 ? i2d_PublicKey(key, &der)
				  : i2d_PUBKEY(key, &der);

		if (n > 0) {
			digest_sha256(der, (size_t)n, is);
			yes = memcmp(is, hash, sizeof(is)) == 0;
		}
		OPENSSL_free(der);
	}
	ERR_clear_error();
	return yes;
}

/* What the one behind it, or its end, is not. */
static const char *
stranger_behind(X509 *x, bool last)
{
	if (last)
		return "the last one is not self-signed";
	return X509_NAME_cmp(
		   X509_get_issuer_name(x), X509_get_subject_name(x)) == 0
	    ? "it is its own issuer, and another one is behind it"
	    : "the next one is not its issuer";
}

static const char *
fault_of(const struct x509_chain *chain, size_t i)
{
	X509 *x = chain->cert[i]->x;
	const struct x509 *up = chain->cert[i + 1 < chain->n ? i + 1 : i];
	long path = X509_get_pathlen(x);
	uint32_t flags = X509_get_extension_flags(x);

	if (flags & (EXFLAG_INVALID | EXFLAG_CRITICAL))
		return "an extension is invalid, or critical and unknown";
	if (i > 0 && !x509_is_ca(chain->cert[i]))
		return (flags & EXFLAG_CA) != 0
		    ? "signs another, but its key usage is not for that"
		    : "signs another, but is not marked as a CA";
	if (i > 0 && path >= 0 && (size_t)path < i - 1)
		return "its path length is exceeded";
	if (X509_NAME_cmp(
		X509_get_issuer_name(x), X509_get_subject_name(up->x)) != 0)
		return stranger_behind(x, i + 1 == chain->n);
	if (X509_verify(x, X509_get0_pubkey(up->x)) != 1)
		return "its signature is wrong";
	return NULL;
}

const char *
x509_fault(const struct x509_chain *chain, size_t i)
{
	const char *why = fault_of(chain, i);

	ERR_clear_error();
	return why;
}

enum err_code
x509_chain_verify(const struct x509_chain *chain, size_t *bad, struct err *e)
{
	*bad = 0;
	if (chain->n == 0)
		return err_set(e, ERR_PERM, "no certificate");
	for (size_t i = 0; i < chain->n; i++) {
		const char *why = x509_fault(chain, i);

		if (why != NULL) {
			*bad = i;
			return err_set(
			    e, ERR_PERM, "certificate %zu: %s", i + 1, why);
		}
	}
	return ERR_OK;
}

static bool
add_name(X509_NAME *name, int nid, const char *text)
{
	return text == NULL ||
	    X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		(const unsigned char *)text, -1, -1, 0) == 1;
}

/* Adds value as an extension and frees it. */
static bool
add_ext(X509 *x, int nid, bool critical, void *value)
{
	const ASN1_ITEM *it = ASN1_ITEM_ptr(X509V3_EXT_get_nid(nid)->it);
	bool ok =
	    value != NULL && X509_add1_ext_i2d(x, nid, value, critical, 0) == 1;

	ASN1_item_free(value, it);
	return ok;
}

static bool
add_constraints(X509 *x, bool ca)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();

	if (bc != NULL)
		bc->ca = ca ? 0xff : 0;
	return add_ext(x, NID_basic_constraints, true, bc);
}

static bool
add_usage(X509 *x, bool ca)
{
	bool rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(x)) == EVP_PKEY_RSA;
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	/* RFC 5280 4.2.1.3: digitalSignature 0, keyEncipherment 2,
	 * keyAgreement 4, keyCertSign 5, cRLSign 6. */
	bool ok = bits != NULL &&
	    ASN1_BIT_STRING_set_bit(bits, ca ? 5 : 0, 1) == 1 &&
	    ASN1_BIT_STRING_set_bit(bits,
		ca        ? 6
		    : rsa ? 2
			  : 4,
		1) == 1;

	return add_ext(x, NID_key_usage, true, bits) && ok;
}

static bool
add_eku(X509 *x, const char *const *oids)
{
	EXTENDED_KEY_USAGE *eku;
	bool ok = true;

	if (oids == NULL || oids[0] == NULL)
		return true;
	eku = EXTENDED_KEY_USAGE_new();
	for (; ok && eku != NULL && *oids != NULL; oids++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(*oids, 1);

		ok = oid != NULL && sk_ASN1_OBJECT_push(eku, oid) > 0;
	}
	return add_ext(x, NID_ext_key_usage, false, eku) && ok;
}

static bool
add_san(X509 *x, const char *dns)
{
	GENERAL_NAMES *names;
	GENERAL_NAME *name;
	ASN1_IA5STRING *text;

	if (dns == NULL)
		return true;
	names = GENERAL_NAMES_new();
	name = GENERAL_NAME_new();
	text = ASN1_IA5STRING_new();
	if (names == NULL || name == NULL || text == NULL ||
	    ASN1_STRING_set(text, dns, -1) != 1) {
		GENERAL_NAMES_free(names);
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(text);
		return false;
	}
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	if (sk_GENERAL_NAME_push(names, name) <= 0)
		GENERAL_NAME_free(name);
	return add_ext(x, NID_subject_alt_name, false, names);
}

/* Subject and authority key identifiers, RFC 5280 4.2.1.1 and .2. x itself
 * is not asked for what it has: it would remember the answer. */
static bool
add_ids(X509 *x, X509 *issuer)
{
	ASN1_OCTET_STRING *own = ASN1_OCTET_STRING_new();
	const ASN1_OCTET_STRING *up =
	    issuer == x ? own : X509_get0_subject_key_id(issuer);
	AUTHORITY_KEYID *aki = NULL;
	uint8_t sum[SHA1_LEN];
	bool ok;

	ok = own != NULL && X509_pubkey_digest(x, EVP_sha1(), sum, NULL) == 1 &&
	    ASN1_OCTET_STRING_set(own, sum, sizeof(sum)) == 1;
	if (ok && up != NULL) {
		if ((aki = AUTHORITY_KEYID_new()) != NULL)
			aki->keyid = ASN1_OCTET_STRING_dup(up);
		ok = add_ext(x, NID_authority_key_identifier, false, aki);
	}
	return add_ext(x, NID_subject_key_identifier, false, own) && ok;
}

static bool
set_serial(X509 *x, struct err *e)
{
	uint8_t serial[16];
	BIGNUM *n;
	bool ok;

	if (rand_bytes(serial, sizeof(serial), e) != ERR_OK)
		return false;
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, always 16 bytes */
	n = BN_bin2bn(serial, sizeof(serial), NULL);
	ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return ok;
}

static bool
fill(X509 *x, const struct x509_make *make, X509 *issuer, struct err *e)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, e) &&
	    X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, NULL) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(x), make->days, 0, NULL) !=
	    NULL &&
	    add_name(name, NID_organizationName, make->o) &&
	    add_name(name, NID_organizationalUnitName, make->ou) &&
	    add_name(name, NID_commonName, make->cn) &&
	    X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
	    add_constraints(x, make->ca) && add_usage(x, make->ca) &&
	    add_eku(x, make->eku) && add_san(x, make->san_dns) &&
	    add_ids(x, issuer);
}

static enum err_code
make_one(const struct x509_make *make, EVP_PKEY *pub, const struct x509 *issuer,
    const struct crypto_key *issuer_key, struct x509 **out, struct err *e)
{
	EVP_PKEY *by = crypto_key_pkey(issuer_key);
	const EVP_MD *md =
	    EVP_PKEY_get_bits(by) == 384 ? EVP_sha384() : EVP_sha256();
	X509 *x = X509_new();

	*out = NULL;
	if (x == NULL || X509_set_pubkey(x, pub) != 1 ||
	    !fill(x, make, issuer == NULL ? x : issuer->x, e) ||
	    X509_sign(x, by, md) <= 0)
		crypto_err(e, ERR_DATA, "certificate for %s",
		    make->cn == NULL ? "(no name)" : make->cn);
	else if ((*out = x509_wrap(x)) == NULL)
		err_mem(e);
	X509_free(x);
	return e->code;
}

enum err_code
x509_new(const struct x509_make *make, const struct crypto_key *key,
    const struct x509 *issuer, const struct crypto_key *issuer_key,
    struct x509 **out, struct err *e)
{
	return make_one(make, crypto_key_pkey(key), issuer,
	    issuer == NULL ? key : issuer_key, out, e);
}

enum err_code
x509_new_for_public(const struct x509_make *make, const void *pub, size_t n,
    const struct x509 *issuer, const struct crypto_key *issuer_key,
    struct x509 **out, struct err *e)
{
	const uint8_t *end = (const uint8_t *)pub + n, *p = pub;
	EVP_PKEY *pkey = NULL;

	*out = NULL;
	if (n <= INT32_MAX && (pkey = d2i_PUBKEY(NULL, &p, (long)n)) == NULL) {
		p = pub;
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)n);
	}
	if (pkey == NULL || p != end)
		crypto_err(e, ERR_DATA,
		    "public key: neither PKCS#1 nor SubjectPublicKeyInfo");
	else {
		ERR_clear_error();
		make_one(make, pkey, issuer, issuer_key, out, e);
	}
	EVP_PKEY_free(pkey);
	return e->code;
}
