/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/keyfile.h"
#include "base/sealed.h"
#include "base/zip.h"

#define SEALED_MAX ((size_t)64 << 20) /* of a part, compressed */

enum err_code
sealed_options(
    struct sealed *s, const struct cli_args *a, bool with_key, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->insecure_expired = cli_flag(a, "--insecure-expired-signer");
	s->trust = cli_nth(a, "--trust", 0);
	s->trusts_more = cli_nth(a, "--trust", 1) != NULL;
	if (keyfile_chain(a, "--trust", false, &s->roots, e) == ERR_OK &&
	    with_key && keyfile_private(a, "--key", &s->key, e) == ERR_OK &&
	    cli_flag(a, "--cert") &&
	    keyfile_chain(a, "--cert", true, &s->cert, e) == ERR_OK &&
	    !x509_matches_key(s->cert.cert[0], s->key))
		err_set(e, ERR_USAGE, "%s: is not the certificate of %s",
		    cli_value(a, "--cert", ""), cli_value(a, "--key", ""));
	if (e->code != ERR_OK)
		sealed_wipe(s);
	return e->code;
}

void
sealed_wipe(struct sealed *s)
{
	x509_chain_free(&s->roots);
	x509_chain_free(&s->cert);
	crypto_key_free(s->key);
	memset(s, 0, sizeof(*s));
}

enum err_code
sealed_verify(void *sealed, const void *content, size_t n, const uint8_t *sig,
    size_t nsig, struct err *e)
{
	struct sealed *s = sealed;
	enum cms_verdict verdict = CMS_GOOD;
	struct x509 *signer = NULL;

	cms_verify(
	    content, n, sig, nsig, &s->roots, time(NULL), &verdict, &signer, e);
	if (signer != NULL &&
	    !x509_subject(signer, s->signer, sizeof(s->signer)))
		s->signer[0] = '\0';
	x509_free(signer);
	if (verdict == CMS_EXPIRED && s->insecure_expired) {
		s->expired = true;
		err_clear(e);
		return ERR_OK;
	}
	if (e->code != ERR_OK && verdict != CMS_GOOD) {
		e->reason = s->rule[verdict];
		if (verdict == CMS_UNTRUSTED && s->trust != NULL)
			err_in(e, "--trust %s%s", s->trust,
			    s->trusts_more ? ", ..." : "");
		if (s->signer[0] != '\0')
			err_in(e, "signed by %s", s->signer);
	}
	return e->code;
}

enum err_code
sealed_open(
    void *sealed, const uint8_t *p, size_t n, struct wr *out, struct err *e)
{
	struct sealed *s = sealed;
	enum cms_verdict verdict = CMS_GOOD;
	struct wr zip;

	wr_grow(&zip, SEALED_MAX);
	if (cms_decrypt(p, n, s->key, s->cert.n > 0 ? s->cert.cert[0] : NULL,
		&zip, &verdict, e) != ERR_OK) {
		if (verdict != CMS_GOOD)
			e->reason = s->rule[verdict];
	} else if (zip_gunzip(zip.buf, zip.len, out, e) != ERR_OK)
		e->reason = s->rule[CMS_BAD_TAG];
	wr_free(&zip);
	return e->code;
}

enum err_code
sealed_make(const void *p, size_t n, const struct x509_chain *to, uint8_t **der,
    size_t *nder, struct err *e)
{
	struct wr zip;

	*der = NULL;
	*nder = 0;
	wr_grow(&zip, SEALED_MAX);
	if (zip_gzip(p, n, &zip, e) == ERR_OK)
		cms_encrypt(zip.buf, zip.len, to, der, nder, e);
	wr_free(&zip);
	return e->code;
}
