/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret.h"
#include "base/x509.h"
#include "factory/credential.h"

/* The device's clock is not trusted and the machine may lie in a store for
 * years: the certificate outlives it. */
#define CERT_DAYS (30 * 365)

static enum err_code
pid_taken(struct ledger *l, const char *pid, bool *taken, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l),
		"SELECT 1 FROM units WHERE pid = ?1"
		" UNION ALL SELECT 1 FROM orders WHERE pid = ?1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, pid);
	if (db_step(s, taken, e) == ERR_OK)
		db_reset(s);
	return e->code;
}

/* Fresh random bytes until make() has had enough of them. */
static enum err_code
draw(size_t (*make)(char *, const uint8_t *, size_t), char *out, struct err *e)
{
	uint8_t random[256];

	do {
		if (rand_bytes(random, sizeof(random), e) != ERR_OK)
			break;
	} while (make(out, random, sizeof(random)) == 0);
	secret_wipe(random, sizeof(random));
	return e->code;
}

enum err_code
credential_psk(struct ledger *l, struct psk *out, struct err *e)
{
	bool taken = true;

	while (taken)
		if (draw(psk_pid_make, out->pid, e) != ERR_OK ||
		    pid_taken(l, out->pid, &taken, e) != ERR_OK)
			return e->code;
	return draw(psk_pps_make, out->pps, e);
}

enum err_code
credential_password(char out[static PASSWD_LEN + 1], struct err *e)
{
	return draw(passwd_make, out, e);
}

/* The two DERs out of their objects. */
static enum err_code
take_der(const struct crypto_key *k, const struct x509 *x,
    uint8_t key[static RECORD_KEY], size_t *key_len,
    uint8_t cert[static RECORD_CERT], size_t *cert_len, struct err *e)
{
	const uint8_t *der = x509_der(x, cert_len);
	struct secret s = { 0 };

	if (crypto_key_der(k, &s, e) != ERR_OK)
		return e->code;
	if (s.len > RECORD_KEY || *cert_len > RECORD_CERT)
		err_set(e, ERR_BUG, "key or certificate too long for a record");
	else {
		memcpy(key, s.p, s.len);
		*key_len = s.len;
		memcpy(cert, der, *cert_len);
	}
	secret_free(&s);
	return e->code;
}

enum err_code
credential_key(enum crypto_type type, const char *cn,
    uint8_t key[static RECORD_KEY], size_t *key_len,
    uint8_t cert[static RECORD_CERT], size_t *cert_len, struct err *e)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH, NULL };
	const struct x509_make make = {
		.cn = cn, .days = CERT_DAYS, .eku = eku
	};
	struct crypto_key *k = NULL;
	struct x509 *x = NULL;

	if (crypto_key_new(type, &k, e) == ERR_OK &&
	    x509_new(&make, k, NULL, NULL, &x, e) == ERR_OK)
		take_der(k, x, key, key_len, cert, cert_len, e);
	x509_free(x);
	crypto_key_free(k);
	return e->code;
}
