/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/crypto.h"
#include "base/rand.h"

#define NONCE_LEN 12
#define TAG_LEN 16

struct crypto_key {
	EVP_PKEY *pkey;
};

static const struct {
	const char *name;
	const char *alg, *group; /* group NULL: RSA */
	size_t bits;
} types[] = {
	[CRYPTO_RSA2048] = { "rsa2048", "RSA", NULL, 2048 },
	[CRYPTO_RSA3072] = { "rsa3072", "RSA", NULL, 3072 },
	[CRYPTO_EC256] = { "ec256", "EC", "P-256", 256 },
	[CRYPTO_EC384] = { "ec384", "EC", "P-384", 384 },
};

void
crypto_init(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

enum err_code
crypto_err(struct err *e, enum err_code code, const char *fmt, ...)
{
	unsigned long first = ERR_peek_error();
	char what[200], why[160] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (first != 0 && ERR_reason_error_string(first) != NULL)
		snprintf(
		    why, sizeof(why), ": %s", ERR_reason_error_string(first));
	ERR_clear_error();
	return err_set(e, code, "%s%s", what, why);
}

struct crypto_sha256 {
	EVP_MD_CTX *md;
};

enum err_code
crypto_sha256_new(struct crypto_sha256 **out, struct err *e)
{
	struct crypto_sha256 *h = calloc(1, sizeof(*h));

	*out = NULL;
	if (h == NULL)
		return err_mem(e);
	if ((h->md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1) {
		crypto_sha256_free(h);
		return crypto_err(e, ERR_BUG, "SHA-256");
	}
	*out = h;
	return ERR_OK;
}

enum err_code
crypto_sha256_add(
    struct crypto_sha256 *h, const void *p, size_t n, struct err *e)
{
	if (EVP_DigestUpdate(h->md, p, n) != 1)
		return crypto_err(e, ERR_BUG, "SHA-256");
	return ERR_OK;
}

enum err_code
crypto_sha256_end(
    struct crypto_sha256 *h, uint8_t out[static 32], struct err *e)
{
	if (EVP_DigestFinal_ex(h->md, out, NULL) != 1)
		return crypto_err(e, ERR_BUG, "SHA-256");
	return ERR_OK;
}

void
crypto_sha256_free(struct crypto_sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->md);
	free(h);
}

enum err_code
crypto_sha256_of(const void *p, size_t n, uint8_t out[static 32], struct err *e)
{
	struct crypto_sha256 *c = NULL;

	if (crypto_sha256_new(&c, e) == ERR_OK &&
	    crypto_sha256_add(c, p, n, e) == ERR_OK)
		crypto_sha256_end(c, out, e);
	crypto_sha256_free(c);
	return e->code;
}

/* One pass of AES-256-GCM; tag is written when sealing, else compared. */
static bool
gcm(bool seal, const struct secret *key, const char *context,
    const uint8_t *nonce, struct span data, uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0, end = 0, aad = (int)strlen(context);
	bool ok;

	ok = c != NULL &&
	    EVP_CipherInit_ex(
		c, EVP_aes_256_gcm(), NULL, key->p, nonce, seal) == 1 &&
	    EVP_CipherUpdate(c, NULL, &n, (const void *)context, aad) == 1 &&
	    (data.n == 0 ||
		EVP_CipherUpdate(c, out, &n, data.p, (int)data.n) == 1);
	if (ok && !seal)
		ok = EVP_CIPHER_CTX_ctrl(
			 c, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) == 1;
	ok = ok && EVP_CipherFinal_ex(c, tag, &end) == 1;
	if (ok && seal)
		ok = EVP_CIPHER_CTX_ctrl(
			 c, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

enum err_code
crypto_seal(const struct secret *key, const char *context, const void *p,
    size_t n, uint8_t *out, struct err *e)
{
	struct span data = { (uint8_t *)(uintptr_t)p, n };

	if (key->len != CRYPTO_KEY_LEN || n > INT32_MAX)
		return err_set(e, ERR_BUG, "seal: key or length out of bounds");
	if (rand_bytes(out, NONCE_LEN, e) != ERR_OK)
		return e->code;
	if (!gcm(true, key, context, out, data, out + NONCE_LEN,
		out + NONCE_LEN + n))
		return crypto_err(e, ERR_BUG, "seal");
	return ERR_OK;
}

enum err_code
crypto_open(const struct secret *key, const char *context, const uint8_t *p,
    size_t n, uint8_t *out, struct err *e)
{
	struct span data;
	uint8_t tag[TAG_LEN];

	if (key->len != CRYPTO_KEY_LEN)
		return err_set(e, ERR_BUG, "open: key of %zu bytes", key->len);
	if (n < CRYPTO_SEAL_MORE || n > INT32_MAX)
		return err_set(e, ERR_PERM, "sealed value: truncated");
	data.p = (uint8_t *)(uintptr_t)p + NONCE_LEN;
	data.n = n - CRYPTO_SEAL_MORE;
	memcpy(tag, data.p + data.n, TAG_LEN);
	if (!gcm(false, key, context, p, data, out, tag)) {
		secret_wipe(out, data.n);
		return crypto_err(e, ERR_PERM,
		    "sealed value: not sealed with this key for this place");
	}
	return ERR_OK;
}

bool
crypto_type_parse(const char *word, enum crypto_type *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(word, types[i].name) == 0) {
			*type = (enum crypto_type)i;
			return true;
		}
	return false;
}

const char *
crypto_type_name(enum crypto_type type)
{
	return types[type].name;
}

/* Takes pkey over, also when it fails. */
static enum err_code
wrap(EVP_PKEY *pkey, struct crypto_key **out, struct err *e)
{
	int id = EVP_PKEY_get_base_id(pkey);
	struct crypto_key *k;

	if (id != EVP_PKEY_RSA && id != EVP_PKEY_EC) {
		EVP_PKEY_free(pkey);
		return err_set(
		    e, ERR_DATA, "private key: neither RSA nor elliptic curve");
	}
	if ((k = malloc(sizeof(*k))) == NULL) {
		EVP_PKEY_free(pkey);
		return err_mem(e);
	}
	k->pkey = pkey;
	*out = k;
	return ERR_OK;
}

enum err_code
crypto_key_new(enum crypto_type type, struct crypto_key **out, struct err *e)
{
	EVP_PKEY *pkey;

	if (types[type].group == NULL)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", types[type].bits);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", types[type].group);
	if (pkey == NULL)
		return crypto_err(
		    e, ERR_BUG, "%s: key generation", types[type].name);
	return wrap(pkey, out, e);
}

struct crypto_key *
crypto_key_share(const struct crypto_key *k)
{
	struct crypto_key *same = calloc(1, sizeof(*same));

	if (same == NULL || EVP_PKEY_up_ref(k->pkey) != 1) {
		free(same);
		return NULL;
	}
	same->pkey = k->pkey;
	return same;
}

void
crypto_key_free(struct crypto_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey); /* wipes the private numbers */
	free(k);
}

/* What the PEM reader asked for, and what it was given. */
struct ask {
	const struct secret *pass; /* borrowed; may be NULL */
	bool asked;
};

static int
ask_pass(char *buf, int room, int rw, void *arg)
{
	struct ask *a = arg;

	(void)rw;
	a->asked = true;
	if (a->pass == NULL || a->pass->len > (size_t)room)
		return -1;
	memcpy(buf, a->pass->p, a->pass->len);
	return (int)a->pass->len;
}

static enum err_code
no_key(struct err *e, bool encrypted, const struct secret *pass)
{
	if (encrypted && pass == NULL)
		return crypto_err(e, ERR_PERM,
		    "private key: encrypted, and no passphrase was given");
	if (encrypted)
		return crypto_err(
		    e, ERR_PERM, "private key: the passphrase does not fit");
	return crypto_err(e, ERR_DATA, "private key: neither PEM nor PFX");
}

static enum err_code
read_pem(BIO *in, const struct secret *pass, EVP_PKEY **pkey, struct err *e)
{
	struct ask a = { pass, false };

	*pkey = PEM_read_bio_PrivateKey(in, NULL, ask_pass, &a);
	if (*pkey == NULL)
		return no_key(e, a.asked, pass);
	return ERR_OK;
}

static enum err_code
read_pfx(BIO *in, const struct secret *pass, EVP_PKEY **pkey, struct err *e)
{
	/* A struct secret always has a zero byte behind what it holds. */
	const char *word = pass == NULL ? NULL : (const char *)pass->p;
	PKCS12 *p12 = d2i_PKCS12_bio(in, NULL);
	X509 *cert = NULL;

	if (p12 == NULL)
		return no_key(e, false, pass);
	if (!PKCS12_parse(p12, word, pkey, &cert, NULL))
		no_key(e, true, pass);
	else if (*pkey == NULL)
		err_set(e, ERR_DATA, "PFX: holds no private key");
	X509_free(cert);
	PKCS12_free(p12);
	return e->code;
}

enum err_code
crypto_key_read(const void *p, size_t n, const struct secret *pass,
    struct crypto_key **out, struct err *e)
{
	BIO *in = n > INT32_MAX ? NULL : BIO_new_mem_buf(p, (int)n);
	EVP_PKEY *pkey = NULL;

	*out = NULL;
	if (in == NULL)
		return err_mem(e);
	if (memmem(p, n, "-----BEGIN CERTIFICATE", 22) != NULL &&
	    memmem(p, n, "PRIVATE KEY-----", 16) == NULL) {
		BIO_free(in);
		return err_set(e, ERR_DATA,
		    "private key: holds a certificate, and no key");
	}
	if (memmem(p, n, "-----BEGIN", 10) != NULL)
		read_pem(in, pass, &pkey, e);
	else
		read_pfx(in, pass, &pkey, e);
	BIO_free(in);
	if (e->code != ERR_OK) {
		EVP_PKEY_free(pkey);
		return e->code;
	}
	return wrap(pkey, out, e);
}

enum err_code
crypto_key_from_der(
    const void *der, size_t n, struct crypto_key **out, struct err *e)
{
	const uint8_t *p = der;
	EVP_PKEY *pkey = NULL;

	*out = NULL;
	if (n <= INT32_MAX)
		pkey = d2i_AutoPrivateKey(NULL, &p, (long)n);
	if (pkey == NULL)
		return crypto_err(e, ERR_DATA, "private key: not PKCS#8 DER");
	if (p != (const uint8_t *)der + n) {
		EVP_PKEY_free(pkey);
		return err_set(e, ERR_DATA, "private key: trailing bytes");
	}
	return wrap(pkey, out, e);
}

/* A memory BIO wipes itself when it grows and when it is freed. */
static enum err_code
key_out(const struct crypto_key *k, bool pem, struct secret *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;
	int ok = 0;

	if (bio != NULL)
		ok = pem ? PEM_write_bio_PKCS8PrivateKey(
			       bio, k->pkey, NULL, NULL, 0, NULL, NULL)
			 : i2d_PKCS8PrivateKey_bio(
			       bio, k->pkey, NULL, NULL, 0, NULL, NULL);
	if (ok != 1)
		crypto_err(e, ERR_BUG, "private key: writing");
	else {
		n = BIO_get_mem_data(bio, &p);
		secret_set(out, p, (size_t)n, e);
	}
	BIO_free(bio);
	return e->code;
}

enum err_code
crypto_key_der(const struct crypto_key *k, struct secret *out, struct err *e)
{
	return key_out(k, false, out, e);
}

enum err_code
crypto_key_pem(const struct crypto_key *k, struct secret *out, struct err *e)
{
	return key_out(k, true, out, e);
}

enum err_code
crypto_key_public(const struct crypto_key *k, struct wr *out, struct err *e)
{
	uint8_t *der = NULL;
	int n;

	if (EVP_PKEY_get_base_id(k->pkey) == EVP_PKEY_RSA)
		n = i2d_PublicKey(k->pkey, &der);
	else
		n = i2d_PUBKEY(k->pkey, &der);
	if (n <= 0)
		return crypto_err(e, ERR_BUG, "public key: writing");
	wr_bytes(out, der, (size_t)n);
	OPENSSL_free(der);
	return out->failed ? err_mem(e) : ERR_OK;
}

void
crypto_md5(const void *p, size_t n, uint8_t out[static 16])
{
	if (EVP_Digest(p, n, out, NULL, EVP_md5(), NULL) != 1)
		memset(out, 0, 16); /* only out of memory */
}

void *
crypto_key_pkey(const struct crypto_key *k)
{
	return k->pkey;
}
