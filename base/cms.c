/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>

#include "base/cms.h"

static BIO *
bio_on(const void *p, size_t n)
{
	return n > INT32_MAX ? NULL : BIO_new_mem_buf(n == 0 ? "" : p, (int)n);
}

/* The same behind a filter that does nothing: CMS_verify() works on a copy of
 * what is plain memory, and loses it where no digest is known. */
static BIO *
filter_on(const void *p, size_t n)
{
	BIO *from = bio_on(p, n), *filter = BIO_new(BIO_f_null());

	if (from != NULL && filter != NULL)
		return BIO_push(filter, from);
	BIO_free(from);
	BIO_free(filter);
	return NULL;
}

static enum err_code
to_der(CMS_ContentInfo *cms, uint8_t **der, size_t *n, struct err *e)
{
	int len = i2d_CMS_ContentInfo(cms, NULL);
	uint8_t *p;

	if (len <= 0)
		return crypto_err(e, ERR_BUG, "CMS: writing");
	if ((*der = p = malloc((size_t)len)) == NULL)
		return err_mem(e);
	i2d_CMS_ContentInfo(cms, &p);
	*n = (size_t)len;
	return ERR_OK;
}

/* NULL and CMS_MALFORMED unless it is all of that kind. */
static CMS_ContentInfo *
from_der(const uint8_t *der, size_t n, int kind, struct err *e)
{
	const uint8_t *p = der;
	CMS_ContentInfo *cms = NULL;

	if (n <= INT32_MAX)
		cms = d2i_CMS_ContentInfo(NULL, &p, (long)n);
	if (cms != NULL && p == der + n &&
	    OBJ_obj2nid(CMS_get0_type(cms)) == kind)
		return cms;
	if (cms == NULL)
		crypto_err(e, ERR_DATA, "CMS: not understood");
	else if (p != der + n)
		err_set(e, ERR_DATA, "CMS: trailing bytes");
	else
		err_set(e, ERR_DATA, "CMS: not %s", OBJ_nid2sn(kind));
	CMS_ContentInfo_free(cms);
	return NULL;
}

enum err_code
cms_sign(const void *p, size_t len, const struct crypto_key *key,
    const struct x509_chain *signer, uint8_t **der, size_t *n, struct err *e)
{
	const unsigned flags =
	    CMS_PARTIAL | CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;
	CMS_ContentInfo *cms = NULL;
	BIO *in = bio_on(p, len);
	bool ok;

	*der = NULL;
	*n = 0;
	if (signer->n == 0) {
		err_set(e, ERR_DATA, "CMS: no certificate of the signer");
		goto out;
	}
	ok = in != NULL &&
	    (cms = CMS_sign(NULL, NULL, NULL, in, flags)) != NULL &&
	    CMS_add1_signer(cms, x509_native(signer->cert[0]),
		crypto_key_pkey(key), EVP_sha256(), flags) != NULL;
	for (size_t i = 1; ok && i < signer->n; i++)
		ok = CMS_add1_cert(cms, x509_native(signer->cert[i])) == 1;
	if (!ok || CMS_final(cms, in, NULL, flags) != 1)
		crypto_err(e, ERR_DATA, "CMS: signing");
	else
		to_der(cms, der, n, e);
out:
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return e->code;
}

/* Of a path that ends where nothing is trusted OpenSSL says only how it ends,
 * as "self-signed certificate". */
static const char *
path_words(int code)
{
	switch (code) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "its chain leads to none of the trusted certificates";
	default:
		return X509_verify_cert_error_string(code);
	}
}

static enum err_code
judge(enum cms_verdict *out, enum cms_verdict verdict, enum err_code code,
    struct err *e, const char *words)
{
	*out = verdict;
	return crypto_err(e, code, "CMS: %s", words);
}

/* The certificate's path to one of the roots, at a time or at any (0).
 * NULL if there is one, else what is wrong. */
static const char *
path_fault(X509 *cert, STACK_OF(X509) * more, STACK_OF(X509) * roots, time_t at)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	const char *why = "out of memory";

	if (ctx == NULL || X509_STORE_CTX_init(ctx, NULL, cert, more) != 1)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, roots);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, 2); /* no SHA-1, no RSA 1024 */
	if (at == 0)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
	else
		X509_VERIFY_PARAM_set_time(param, at);
	if (X509_verify_cert(ctx) == 1)
		why = NULL;
	else
		why = path_words(X509_STORE_CTX_get_error(ctx));
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return why;
}

static enum err_code
judge_signer(X509 *cert, STACK_OF(X509) * more, STACK_OF(X509) * roots,
    time_t at, enum cms_verdict *verdict, struct err *e)
{
	const char *why = path_fault(cert, more, roots, 0);

	if (why == NULL && !(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE))
		why = "its key usage lacks digitalSignature";
	if (why != NULL) {
		judge(verdict, CMS_UNTRUSTED, ERR_PERM, e, why);
		return err_in(e, "signer");
	}
	if ((why = path_fault(cert, more, roots, at)) != NULL) {
		judge(verdict, CMS_EXPIRED, ERR_PERM, e, why);
		return err_in(e, "signer");
	}
	*verdict = CMS_GOOD;
	return ERR_OK;
}

/* The only signer, and that it signed with a digest that still counts, and by
 * signed attributes: without, it would have signed as a content of its own what
 * is the attributes' DER elsewhere (RFC 5652, 5.4). */
static CMS_SignerInfo *
only_signer(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);
	X509_ALGOR *digest = NULL, *how = NULL;
	CMS_SignerInfo *si;
	int nid, param;

	if (sk_CMS_SignerInfo_num(all) != 1)
		return NULL;
	si = sk_CMS_SignerInfo_value(all, 0);
	if (CMS_signed_get_attr_count(si) < 1)
		return NULL;
	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &how);
	nid = OBJ_obj2nid(digest->algorithm);
	if (nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512)
		return NULL;
	X509_ALGOR_get0(NULL, &param, NULL, how);
	return param == V_ASN1_NULL || param == V_ASN1_UNDEF ||
		param == V_ASN1_SEQUENCE /* PSS */
	    ? si
	    : NULL;
}

/* Behind (or, to enter it, at the content of) the next DER element. BER may
 * leave its length open, and where it ends is then what another reader says. */
static const uint8_t *
der_step(const uint8_t *p, const uint8_t *end, bool enter)
{
	long n;
	int tag, class, is;

	if (p == NULL || p >= end)
		return NULL;
	is = ASN1_get_object(&p, &n, &tag, &class, end - p);
	if ((is & 0x80) != 0 || (!enter && (is & 1) != 0))
		return NULL;
	return enter ? p : p + n;
}

/* The first field of the SignedData, or what else it is. */
static const uint8_t *
der_content(const uint8_t *p, const uint8_t *end)
{
	p = der_step(der_step(p, end, true), end, false); /* contentType */
	return der_step(der_step(p, end, true), end, true);
}

/* Both versions are 1 (RFC 5652, 5.1 and 5.3: data, signed by one who is
 * named by issuer and serial). No signature covers them and OpenSSL does not
 * look, so that a byte changed there would go unseen. */
static bool
versions_are_1(const uint8_t *der, size_t n)
{
	static const uint8_t one[] = { 2, 1, 1 };
	const uint8_t *end = der + n, *p = der_content(der, end);

	if (p == NULL || end - p < 3 || memcmp(p, one, 3) != 0)
		return false;
	for (int i = 0; i < 3; i++) /* version, digests, content */
		p = der_step(p, end, false);
	while (p != NULL && p < end && (*p & 0xc0) == 0x80) /* [0], [1] */
		p = der_step(p, end, false);
	p = der_step(der_step(p, end, true), end, true);
	return p != NULL && end - p >= 3 && memcmp(p, one, 3) == 0;
}

/* The EncryptedContentInfo names AES-128-, -192- or -256-GCM (RFC 5084, 3.2).
 */
static bool
is_gcm(const uint8_t *p, const uint8_t *end)
{
	static const uint8_t aes[] = { 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4,
		1 };

	p = der_step(der_step(p, end, true), end, false); /* contentType */
	p = der_step(p, end, true);
	return p != NULL && end - p > 10 && memcmp(p, aes, sizeof(aes)) == 0 &&
	    (p[10] == 6 || p[10] == 26 || p[10] == 46);
}

/* AES-GCM with a tag of 12 to 16 bytes (RFC 5084, 3.2). OpenSSL takes a cipher
 * without any, and a tag of a single byte, too: what was changed nobody sees.
 */
static bool
is_authentic(const uint8_t *der, size_t n)
{
	const uint8_t *end = der + n, *p = der_content(der, end);

	p = der_step(p, end, false); /* version */
	if (p != NULL && p < end && *p == 0xa0)
		p = der_step(p, end, false); /* originatorInfo */
	p = der_step(p, end, false);         /* recipientInfos */
	if (!is_gcm(p, end))
		return false;
	p = der_step(p, end, false); /* authAttrs: OpenSSL reads none */
	return p != NULL && end - p >= 2 && p[0] == 4 && p[1] >= 12 &&
	    p[1] <= 16;
}

static STACK_OF(X509) * stack_of(const struct x509_chain *chain)
{
	STACK_OF(X509) *sk = sk_X509_new_null();

	for (size_t i = 0; sk != NULL && i < chain->n; i++)
		if (sk_X509_push(sk, x509_native(chain->cert[i])) <= 0) {
			sk_X509_free(sk);
			return NULL;
		}
	return sk;
}

/* The signature alone, then who made it. */
static enum err_code
verify(CMS_ContentInfo *cms, BIO *in, STACK_OF(X509) * roots, time_t at,
    enum cms_verdict *verdict, X509 **cert, struct err *e)
{
	CMS_SignerInfo *si = only_signer(cms);
	STACK_OF(X509) * more;

	if (si == NULL || CMS_is_detached(cms) != 1 ||
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return judge(verdict, CMS_MALFORMED, ERR_DATA, e,
		    "not one detached signature over data with SHA-2 and "
		    "signed attributes");
	/* No certificates from outside: those inside must be what was sent. */
	if (CMS_verify(cms, NULL, NULL, in, NULL,
		CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
		if (ERR_GET_REASON(ERR_peek_last_error()) ==
		    CMS_R_SIGNER_CERTIFICATE_NOT_FOUND)
			return judge(verdict, CMS_UNTRUSTED, ERR_PERM, e,
			    "the signer's certificate is missing");
		return judge(verdict, CMS_BAD_SIGNATURE, ERR_DATA, e,
		    "the signature does not fit the content");
	}
	CMS_SignerInfo_get0_algs(si, NULL, cert, NULL, NULL);
	more = CMS_get1_certs(cms);
	judge_signer(*cert, more, roots, at, verdict, e);
	sk_X509_pop_free(more, X509_free);
	return e->code;
}

enum err_code
cms_verify(const void *content, size_t len, const uint8_t *der, size_t n,
    const struct x509_chain *roots, time_t at, enum cms_verdict *verdict,
    struct x509 **signer, struct err *e)
{
	CMS_ContentInfo *cms = from_der(der, n, NID_pkcs7_signed, e);
	STACK_OF(X509) *anchors = stack_of(roots);
	BIO *in = filter_on(content, len);
	X509 *cert = NULL;

	*verdict = CMS_MALFORMED;
	if (signer != NULL)
		*signer = NULL;
	if (cms == NULL)
		goto out;
	if (!versions_are_1(der, n)) {
		err_set(e, ERR_DATA, "CMS: not version 1");
		goto out;
	}
	if (anchors == NULL || in == NULL) {
		err_mem(e);
		goto out;
	}
	verify(cms, in, anchors, at, verdict, &cert, e);
	if (cert != NULL && signer != NULL &&
	    (*signer = x509_wrap(cert)) == NULL)
		err_mem(e);
out:
	sk_X509_free(anchors);
	BIO_free_all(in);
	CMS_ContentInfo_free(cms);
	return e->code;
}

static bool
add_recipient(CMS_ContentInfo *cms, X509 *cert)
{
	CMS_RecipientInfo *ri =
	    CMS_add1_recipient_cert(cms, cert, CMS_KEY_PARAM);
	EVP_PKEY_CTX *ctx =
	    ri == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(ri);

	if (ctx == NULL)
		return false;
	if (EVP_PKEY_get_base_id(X509_get0_pubkey(cert)) != EVP_PKEY_RSA)
		return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
}

enum err_code
cms_encrypt(const void *p, size_t len, const struct x509_chain *recipients,
    uint8_t **der, size_t *n, struct err *e)
{
	const unsigned flags = CMS_PARTIAL | CMS_BINARY;
	CMS_ContentInfo *cms = NULL;
	BIO *in = bio_on(p, len);
	bool ok;

	*der = NULL;
	*n = 0;
	if (recipients->n == 0) {
		err_set(e, ERR_DATA, "CMS: no recipient");
		goto out;
	}
	ok = in != NULL &&
	    (cms = CMS_encrypt(NULL, in, EVP_aes_256_gcm(), flags)) != NULL;
	for (size_t i = 0; ok && i < recipients->n; i++)
		ok = add_recipient(cms, x509_native(recipients->cert[i]));
	if (!ok || CMS_final(cms, in, NULL, flags) != 1)
		crypto_err(e, ERR_DATA, "CMS: encrypting");
	else
		to_der(cms, der, n, e);
out:
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return e->code;
}

/* What came of one recipient info. */
enum attempt {
	NOT_OURS, /* another's, or it does not open with our key */
	OURS_BAD, /* names our certificate, but does not open */
	OPENED
};

static enum attempt
open_rsa(
    CMS_ContentInfo *cms, CMS_RecipientInfo *ri, EVP_PKEY *pkey, X509 *cert)
{
	if (cert != NULL && CMS_RecipientInfo_ktri_cert_cmp(ri, cert) != 0)
		return NOT_OURS;
	EVP_PKEY_up_ref(pkey);
	if (CMS_RecipientInfo_set0_pkey(ri, pkey) != 1) {
		EVP_PKEY_free(pkey);
		return NOT_OURS;
	}
	if (CMS_RecipientInfo_decrypt(cms, ri) == 1)
		return OPENED;
	return cert != NULL ? OURS_BAD : NOT_OURS;
}

/* RFC 3394. By the wrap of RFC 5649 libcrypto 3.0 writes behind the end of what
 * it unwraps to. */
static bool
is_aes_wrap(CMS_RecipientInfo *ri)
{
	X509_ALGOR *how = NULL, *wrap = NULL;
	const uint8_t *p;
	int nid = NID_undef;

	if (CMS_RecipientInfo_kari_get0_alg(ri, &how, NULL) == 1 &&
	    how->parameter != NULL && how->parameter->type == V_ASN1_SEQUENCE) {
		p = how->parameter->value.sequence->data;
		wrap = d2i_X509_ALGOR(
		    NULL, &p, how->parameter->value.sequence->length);
	}
	if (wrap != NULL)
		nid = OBJ_obj2nid(wrap->algorithm);
	X509_ALGOR_free(wrap);
	return nid == NID_id_aes128_wrap || nid == NID_id_aes192_wrap ||
	    nid == NID_id_aes256_wrap;
}

static enum attempt
open_ec(CMS_ContentInfo *cms, CMS_RecipientInfo *ri, EVP_PKEY *pkey, X509 *cert)
{
	STACK_OF(CMS_RecipientEncryptedKey) *all =
	    CMS_RecipientInfo_kari_get0_reks(ri);
	enum attempt got = NOT_OURS;

	for (int i = 0; got != OPENED && all != NULL &&
	     i < sk_CMS_RecipientEncryptedKey_num(all);
	     i++) {
		CMS_RecipientEncryptedKey *rek =
		    sk_CMS_RecipientEncryptedKey_value(all, i);

		if (cert != NULL &&
		    CMS_RecipientEncryptedKey_cert_cmp(rek, cert) != 0)
			continue;
		if (CMS_RecipientInfo_kari_set0_pkey(ri, pkey) == 1 &&
		    CMS_RecipientInfo_kari_decrypt(cms, ri, rek) == 1)
			got = OPENED;
		else if (cert != NULL)
			got = OURS_BAD;
		CMS_RecipientInfo_kari_set0_pkey(ri, NULL);
	}
	return got;
}

static enum attempt
open_ri(CMS_ContentInfo *cms, int i, EVP_PKEY *pkey, X509 *cert)
{
	CMS_RecipientInfo *ri =
	    sk_CMS_RecipientInfo_value(CMS_get0_RecipientInfos(cms), i);
	bool rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;

	switch (CMS_RecipientInfo_type(ri)) {
	case CMS_RECIPINFO_TRANS:
		return rsa ? open_rsa(cms, ri, pkey, cert) : NOT_OURS;
	case CMS_RECIPINFO_AGREE:
		return rsa || !is_aes_wrap(ri) ? NOT_OURS
					       : open_ec(cms, ri, pkey, cert);
	default:
		return NOT_OURS;
	}
}

/* The content, once a content key is set; only whole and authentic. */
static bool
open_content(CMS_ContentInfo *cms, struct wr *out)
{
	BIO *to = BIO_new(BIO_s_mem()); /* wipes itself */
	char *p = NULL;
	bool ok = to != NULL && CMS_decrypt(cms, NULL, NULL, NULL, to, 0) == 1;
	long n;

	if (ok) {
		n = BIO_get_mem_data(to, &p);
		wr_bytes(out, p, (size_t)n);
	}
	BIO_free(to);
	return ok;
}

static CMS_ContentInfo *
envelope(const uint8_t *der, size_t n, struct err *e)
{
	CMS_ContentInfo *cms =
	    from_der(der, n, NID_id_smime_ct_authEnvelopedData, e);

	if (cms == NULL || is_authentic(der, n))
		return cms;
	err_set(e, ERR_DATA, "CMS: not AES-GCM with a tag of 12 to 16 bytes");
	CMS_ContentInfo_free(cms);
	return NULL;
}

/* Each attempt is made on a structure read anew, since one that failed
 * leaves traces, and an RSA key that is not the recipient's may seem to open
 * a PKCS#1 v1.5 recipient info: then the tag decides. */
enum err_code
cms_decrypt(const uint8_t *der, size_t n, const struct crypto_key *key,
    const struct x509 *recipient, struct wr *out, enum cms_verdict *verdict,
    struct err *e)
{
	X509 *cert = recipient == NULL ? NULL : x509_native(recipient);
	enum attempt got = NOT_OURS, best = NOT_OURS;
	bool good = false;
	int many = 1;

	*verdict = CMS_MALFORMED;
	for (int i = 0; !good && i < many; i++) {
		CMS_ContentInfo *cms = envelope(der, n, e);

		if (cms == NULL)
			return e->code;
		many = sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms));
		if (i < many)
			got = open_ri(cms, i, crypto_key_pkey(key), cert);
		good = got == OPENED && open_content(cms, out);
		best = got > best ? got : best;
		CMS_ContentInfo_free(cms);
	}
	ERR_clear_error();
	if (!good && best == NOT_OURS)
		return judge(verdict, CMS_NOT_RECIPIENT, ERR_PERM, e,
		    "encrypted to others, not to this key");
	if (!good)
		return judge(verdict, CMS_BAD_TAG, ERR_DATA, e,
		    "the encrypted content was changed");
	*verdict = CMS_GOOD;
	return out->failed ? err_mem(e) : ERR_OK;
}
