/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/rand.h"
#include "base/secret.h"
#include "formats/reason.h"
#include "server/gift.h"

enum err_code
gift_certify(void *arg, const struct uuid *u, const void *public_key, size_t n,
    struct wr *out, struct err *e)
{
	static const char *const eku[] = { X509_OID_SERVER_AUTH, NULL };
	const struct job *j = arg;
	const struct policy *p = j->policy;
	bool given = p->certificate == POLICY_CERT_CA;
	const struct jobs_how *how = &j->in->how;
	char cn[UUID_TEXT];
	struct x509_make make = { .cn = cn, .days = p->days, .eku = eku };
	struct x509 *cert = NULL;
	const uint8_t *der;

	uuid_text(u, cn);
	if (j->fqdn[0] != '\0')
		make.cn = make.san_dns = j->fqdn;
	if (x509_new_for_public(&make, public_key, n,
		given ? p->ca.chain.cert[0] : how->ca,
		given ? p->ca.key : how->ca_key, &cert, e) != ERR_OK)
		return e->code;
	der = x509_der(cert, &n);
	wr_bytes(out, der, n);
	x509_free(cert);
	return ERR_OK;
}

/* Half of its days are to come: else it is made anew. */
enum session_whose
gift_judge(void *arg, const struct uuid *u, const struct x509 *cert)
{
	const struct job *j = arg;
	const struct policy *p = j->policy;
	bool given = p->certificate == POLICY_CERT_CA;
	const struct x509 *ca = given ? p->ca.chain.cert[0] : j->in->how.ca;
	time_t now = time(NULL);
	char want[UUID_TEXT], cn[256];

	if (!x509_signed_by(cert, ca))
		return x509_signed_by(cert, j->in->how.ca) ? SESSION_OURS
							   : SESSION_OTHERS;
	uuid_text(u, want);
	return x509_cn(cert, cn, sizeof(cn)) &&
		strcmp(cn, j->fqdn[0] != '\0' ? j->fqdn : want) == 0 &&
		x509_not_before(cert) <= now &&
		x509_not_after(cert) - now > (time_t)p->days * 43200
	    ? SESSION_WANTED
	    : SESSION_OURS;
}

/* To the letter, so no unit's own of a time when it had another's name. */
static enum err_code
given_to_other(const struct job *j, const char *cn, const struct x509 *cert,
    char out[static UUID_TEXT], struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	const uint8_t *der;
	size_t n;
	bool row;

	if (db_prepare(store_db(j->in->how.store),
		"SELECT uuid FROM units WHERE uuid = ?1 AND tls_cert = ?2"
		" AND uuid <> ?3 UNION ALL SELECT uuid FROM units"
		" WHERE fqdn = ?1 AND fqdn <> '' AND tls_cert = ?2"
		" AND uuid <> ?3 LIMIT 1",
		&q, e) != ERR_OK)
		return e->code;
	uuid_text(&j->unit.row.uuid, text);
	der = x509_der(cert, &n);
	db_bind_text(q, 1, cn);
	db_bind_blob(q, 2, der, n);
	db_bind_text(q, 3, text);
	if (db_step(q, &row, e) == ERR_OK && row) {
		snprintf(out, UUID_TEXT, "%s", db_text(q, 0));
		db_reset(q);
	}
	return e->code;
}

/* A certificate of the factory, or the key in it, may be many machines'; ours
 * is one machine's. The store's own CA signs for a UUID only what said that
 * UUID in TLS; another may sign whatever it likes. */
bool
gift_other(void *arg, const struct x509 *cert, char uuid[static UUID_TEXT])
{
	const struct job *j = arg;
	struct uuid named;
	char cn[256];
	struct err e;

	err_clear(&e);
	uuid[0] = '\0';
	if (!x509_cn(cert, cn, sizeof(cn)))
		return false;
	if (uuid_parse(&named, cn) && !uuid_equal(&named, &j->unit.row.uuid) &&
	    x509_signed_by(cert, j->in->how.ca))
		uuid_text(&named, uuid);
	else if (given_to_other(j, cn, cert, uuid, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	return uuid[0] != '\0';
}

enum err_code
gift_secrets(struct job *j, struct err *e)
{
	struct store_secrets *s = &j->fresh;
	uint8_t r[256];
	bool ok;

	*s = j->unit.next;
	if (s->admin_password[0] != '\0')
		return ERR_OK;
	if (policy_passwords(
		j->policy, s->admin_password, s->mebx_password, e) != ERR_OK ||
	    j->unit.row.pid[0] == '\0')
		return e->code;
	if (!j->policy->new_psk) {
		s->psk = j->unit.now.psk; /* of an earlier profile, if any */
		return ERR_OK;
	}
	if (rand_bytes(r, sizeof(r), e) != ERR_OK)
		return e->code;
	ok = psk_pid_make(s->psk.pid, r, 64) != 0 &&
	    psk_pps_make(s->psk.pps, r + 64, 192) != 0;
	secret_wipe(r, sizeof(r));
	return ok ? ERR_OK : err_set(e, ERR_RETRY, "unlucky random bytes");
}

/* Another unit of the tenant that has this name: its UUID, or "". */
static enum err_code
other_in_store(const struct job *j, char out[static UUID_TEXT], struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	if (db_prepare(store_db(j->in->how.store),
		"SELECT uuid FROM units WHERE fqdn = ?1 AND fqdn <> ''"
		" AND uuid <> ?2 AND tenant = ?3 LIMIT 1",
		&q, e) != ERR_OK)
		return e->code;
	uuid_text(&j->unit.row.uuid, text);
	db_bind_text(q, 1, j->fqdn);
	db_bind_text(q, 2, text);
	db_bind_text(q, 3, j->unit.tenant);
	if (db_step(q, &row, e) == ERR_OK && row) {
		memcpy(out, db_text(q, 0), UUID_TEXT - 1);
		out[UUID_TEXT - 1] = '\0';
		db_reset(q);
	}
	return e->code;
}

enum err_code
gift_name(struct job *j, struct err *e)
{
	const struct store_unit *u = &j->unit;
	const struct job *o = j->in->first;
	char uuid[UUID_TEXT] = "";

	if (policy_fqdn(j->policy, &u->row, j->fqdn, e) != ERR_OK ||
	    j->fqdn[0] == '\0' || other_in_store(j, uuid, e) != ERR_OK)
		return e->code;
	for (; o != NULL && uuid[0] == '\0'; o = o->next)
		if (o != j && strcmp(o->fqdn, j->fqdn) == 0 &&
		    strcmp(o->unit.tenant, u->tenant) == 0)
			uuid_text(&o->unit.row.uuid, uuid);
	if (uuid[0] == '\0')
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_NAME_MISSING),
	    "%.200s is the name of %s already (profile %s)", j->fqdn, uuid,
	    j->policy->name);
}
