/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "formats/reason.h"
#include "server/policy.h"

#define CERT_DAYS 3650
#define RANDOM_EACH 1024 /* bytes for a password; see formats/passwd.h */

void
policy_plain(struct policy *p, bool tls)
{
	*p = (struct policy){ .admin_length = PASSWD_LEN,
		.mebx_length = PASSWD_LEN,
		.new_psk = true,
		.certificate = tls ? POLICY_CERT_STORE : POLICY_CERT_NONE,
		.days = CERT_DAYS,
		.clear_text = true,
		.time = true,
		.kvm_timeout = -1 };
}

void
policy_free(struct policy *p)
{
	naming_file_close(&p->names);
	secret_free(&p->mebx);
	certkey_free(&p->ca);
	certkey_free(&p->client);
	for (size_t i = 0; i < p->nroots; i++)
		x509_free(p->root[i]);
	memset(p, 0, sizeof(*p));
}

bool
policy_has_pattern(const struct policy *p)
{
	return p->order[0] != '\0' || p->sku[0] != '\0' || p->serial[0] != '\0';
}

static bool
fits(const char *pattern, const char *value)
{
	return pattern[0] == '\0' || fnmatch(pattern, value, 0) == 0;
}

bool
policy_fits(const struct policy *p, const struct row *row)
{
	return fits(p->order, row->order) && fits(p->sku, row->sku) &&
	    fits(p->serial, row->serial);
}

/* Reading. */

/* A key that may be missing shows in what it falls back to. */
static enum err_code
read_switch(struct config_group *g, const char *key, enum policy_switch *out,
    struct err *e)
{
	bool a, b;

	if (config_bool(g, key, false, &a, e) != ERR_OK ||
	    config_bool(g, key, true, &b, e) != ERR_OK)
		return e->code;
	if (a == b)
		*out = a ? POLICY_ON : POLICY_OFF;
	return ERR_OK;
}

static enum err_code
read_switches(struct config_group *g, struct policy *p, struct err *e)
{
	struct {
		const char *key;
		enum policy_switch *to;
	} s[] = {
		{ "shared_fqdn", &p->shared_fqdn },
		{ "ping_response", &p->ping },
		{ "rmcp_ping_response", &p->ping_rmcp },
		{ "sol", &p->sol },
		{ "ider", &p->ider },
		{ "kvm", &p->kvm },
		{ "kvm_consent", &p->kvm_consent },
	};

	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++)
		if (read_switch(g, s[i].key, s[i].to, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err_code
read_flags(struct config_group *g, struct policy *p, struct err *e)
{
	struct {
		const char *key;
		bool *to;
	} f[] = {
		{ "time", &p->time },
		{ "new_psk", &p->new_psk },
		{ "clear_text", &p->clear_text },
	};

	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		if (config_bool(g, f[i].key, *f[i].to, f[i].to, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err_code
read_numbers(struct config_group *g, struct policy *p, struct err *e)
{
	long long admin, mebx, days, kvm;

	if (config_int(g, "admin_password_length", PASSWD_MIN, PASSWD_MAX,
		p->admin_length, &admin, e) != ERR_OK ||
	    config_int(g, "mebx_password_length", PASSWD_MIN, PASSWD_MAX,
		p->mebx_length, &mebx, e) != ERR_OK ||
	    config_int(g, "certificate_days", 1, 36500, p->days, &days, e) !=
		ERR_OK ||
	    config_int(g, "kvm_timeout", 0, 255, p->kvm_timeout, &kvm, e) !=
		ERR_OK)
		return e->code;
	p->admin_length = (unsigned)admin;
	p->mebx_length = (unsigned)mebx;
	p->days = (int)days;
	p->kvm_timeout = (int)kvm;
	return ERR_OK;
}

static enum err_code
read_texts(struct config_group *g, struct policy *p, struct err *e)
{
	struct {
		const char *key;
		char *to;
		size_t room;
	} t[] = {
		{ "name", p->name, sizeof(p->name) },
		{ "order", p->order, sizeof(p->order) },
		{ "sku", p->sku, sizeof(p->sku) },
		{ "serial", p->serial, sizeof(p->serial) },
		{ "host_name", p->host_name, sizeof(p->host_name) },
		{ "domain", p->domain, sizeof(p->domain) },
		{ "power_package", p->power, sizeof(p->power) },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (certkey_text(g, t[i].key, i == 0 ? NULL : "", t[i].to,
			t[i].room, e) != ERR_OK)
			return e->code;
	if (p->name[0] == '\0')
		return config_bad(g, "name", "it is empty", e);
	return ERR_OK;
}

/* An error with a file that a key names, and the line of that key. */
static enum err_code
named_by(struct config_group *g, const char *key, struct err *e)
{
	char where[256];

	config_where(g, key, where, sizeof(where));
	return err_in(e, "%s", where);
}

static enum err_code
read_naming(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	char table[CERTKEY_PATH];
	const char *why, *name = NULL;

	if (p->host_name[0] != '\0' && !naming_rule_check(p->host_name, &why))
		return config_bad(g, "host_name", why, e);
	if (p->domain[0] != '\0' && !naming_is_domain(p->domain))
		return config_bad(g, "domain", "not a DNS domain", e);
	if ((p->host_name[0] == '\0') != (p->domain[0] == '\0'))
		return config_bad(g,
		    p->domain[0] == '\0' ? "host_name" : "domain",
		    "host_name and domain go together", e);
	if (config_string(g, "names", NULL, &name, e) != ERR_OK || name == NULL)
		return e->code;
	if (certkey_path(g, path, "names", table, e) == ERR_OK &&
	    naming_file_open(&p->names, table, e) != ERR_OK)
		return named_by(g, "names", e);
	return e->code;
}

/* A secret that others can read is none. */
static enum err_code
read_mebx(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	char file[CERTKEY_PATH];
	const char *why, *name = NULL;
	struct stat st;

	if (config_string(g, "mebx_password_file", NULL, &name, e) != ERR_OK ||
	    name == NULL ||
	    certkey_path(g, path, "mebx_password_file", file, e) != ERR_OK)
		return e->code;
	if (stat(file, &st) == 0 && (st.st_mode & 077) != 0) {
		err_set(e, ERR_PERM,
		    "%s: others may read or write this secret (mode %03o); it "
		    "must be 600",
		    file, st.st_mode & 0777);
		return named_by(g, "mebx_password_file", e);
	}
	if (file_read_secret(file, PASSWD_MAX + 3, &p->mebx, e) != ERR_OK)
		return named_by(g, "mebx_password_file", e);
	while (p->mebx.len > 0 &&
	    (p->mebx.p[p->mebx.len - 1] == '\n' ||
		p->mebx.p[p->mebx.len - 1] == '\r'))
		p->mebx.p[--p->mebx.len] = '\0';
	if (p->mebx.len > PASSWD_MAX || p->mebx.cap <= p->mebx.len)
		why = "it is longer than 32 characters";
	else
		passwd_check((const char *)p->mebx.p, &why);
	if (why == NULL)
		return ERR_OK;
	err_set(e, ERR_CONFIG, "%s: %s", file, why);
	return named_by(g, "mebx_password_file", e);
}

static enum err_code
read_hash(struct config_group *g, const char *path, struct hash_entry *out,
    struct err *e)
{
	static const char *const kinds[] = { "sha1", "sha256", "sha384", NULL };
	static const enum hash_type types[] = { HASH_SHA1, HASH_SHA256,
		HASH_SHA384 };
	char name[HASHLIST_NAME + 1], cn[256];
	struct x509 *cert = NULL;
	const uint8_t *der;
	int kind = 0;
	size_t n;

	if (config_word(g, "hash", kinds, 1, &kind, e) != ERR_OK ||
	    certkey_text(g, "name", "", name, sizeof(name), e) != ERR_OK ||
	    certkey_cert(g, path, &cert, e) != ERR_OK)
		return e->code;
	if (!x509_self_signed(cert)) {
		x509_free(cert);
		return config_bad(g, "file", "not a root certificate", e);
	}
	der = x509_der(cert, &n);
	hashlist_of_der(out, types[kind], der, n);
	if (name[0] == '\0' && x509_cn(cert, cn, sizeof(cn)))
		snprintf(name, sizeof(name), "%.*s", HASHLIST_NAME, cn);
	memcpy(out->name, name, sizeof(out->name));
	out->active = true;
	x509_free(cert);
	return ERR_OK;
}

static enum err_code
read_hashes(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	struct config_group *item;
	size_t n = 0;

	if (config_list(g, "extra_hashes", &n, e) != ERR_OK)
		return e->code;
	if (n > POLICY_HASHES)
		return config_bad(g, "extra_hashes", "more than 8", e);
	for (; p->nhashes < n; p->nhashes++)
		if (config_item(g, "extra_hashes", p->nhashes, &item, e) !=
			ERR_OK ||
		    read_hash(item, path, &p->hash[p->nhashes], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err_code
read_ca(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	static const char *const kinds[] = { "none", "store", "ca", NULL };
	struct config_group *ca;
	int kind = 0;

	if (config_word(g, "certificate", kinds, (int)p->certificate, &kind,
		e) != ERR_OK ||
	    config_sub(g, "ca", &ca, e) != ERR_OK)
		return e->code;
	p->certificate = (enum policy_certificate)kind;
	if ((ca != NULL) != (p->certificate == POLICY_CERT_CA))
		return config_bad(g, ca != NULL ? "ca" : "certificate",
		    "certificate = \"ca\" and the group ca go together", e);
	if (ca == NULL)
		return ERR_OK;
	if (certkey_read(ca, path, &p->ca, e) != ERR_OK)
		return e->code;
	if (!x509_is_ca(p->ca.chain.cert[0]))
		return config_bad(
		    g, "ca", "its first certificate may not sign others", e);
	return ERR_OK;
}

/* Is the certificate that this server shows one the machine will trust? */
static bool
leads_to_root(const struct policy *p)
{
	const struct x509_chain *c = &p->client.chain;
	struct x509_chain pair = { .n = 2 };
	struct err e;
	size_t at;

	for (size_t i = 0; i < p->nroots; i++) {
		err_clear(&e);
		pair.cert[0] = c->cert[c->n - 1];
		pair.cert[1] = p->root[i];
		if (x509_chain_verify(&pair, &at, &e) == ERR_OK)
			return true;
	}
	return false;
}

static enum err_code
read_roots(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	struct config_group *item;
	size_t n = 0;

	if (config_list(g, "roots", &n, e) != ERR_OK)
		return e->code;
	if (n == 0 || n > POLICY_ROOTS)
		return config_bad(
		    g, "roots", "1 to 4 roots of those who may log in", e);
	for (; p->nroots < n; p->nroots++) {
		if (config_item(g, "roots", p->nroots, &item, e) != ERR_OK ||
		    certkey_cert(item, path, &p->root[p->nroots], e) != ERR_OK)
			return e->code;
		if (!x509_self_signed(p->root[p->nroots])) {
			p->nroots++;
			return config_bad(
			    item, "file", "not a root certificate", e);
		}
	}
	return ERR_OK;
}

static enum err_code
read_mutual(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	struct config_group *m;

	if (config_sub(g, "mutual_tls", &m, e) != ERR_OK || m == NULL)
		return e->code;
	if (p->certificate == POLICY_CERT_NONE)
		return config_bad(g, "mutual_tls",
		    "a machine without a certificate speaks no TLS", e);
	p->mutual = true;
	if (read_roots(m, path, p, e) != ERR_OK ||
	    certkey_read(m, path, &p->client, e) != ERR_OK)
		return e->code;
	if (!leads_to_root(p))
		return config_bad(g, "mutual_tls",
		    "cert leads to none of its roots, so that this server "
		    "would lock itself out",
		    e);
	return ERR_OK;
}

static enum err_code
read_all(
    struct config_group *g, const char *path, struct policy *p, struct err *e)
{
	if (read_texts(g, p, e) != ERR_OK || read_switches(g, p, e) != ERR_OK ||
	    read_flags(g, p, e) != ERR_OK || read_numbers(g, p, e) != ERR_OK ||
	    read_naming(g, path, p, e) != ERR_OK ||
	    read_mebx(g, path, p, e) != ERR_OK ||
	    read_ca(g, path, p, e) != ERR_OK ||
	    read_mutual(g, path, p, e) != ERR_OK)
		return e->code;
	if (!p->clear_text && p->certificate == POLICY_CERT_NONE)
		return config_bad(g, "clear_text",
		    "a machine without a certificate has no other port", e);
	return read_hashes(g, path, p, e);
}

enum err_code
policy_read(struct config_group *g, const char *path,
    const struct policy *plain, struct policy *p, struct err *e)
{
	*p = *plain; /* which owns nothing */
	if (read_all(g, path, p, e) != ERR_OK)
		policy_free(p);
	return e->code;
}

/* Using. */

void
policy_refresh(struct policy *p)
{
	bool changed;
	struct err e;

	err_clear(&e);
	if (naming_file_refresh(&p->names, &changed, &e) != ERR_OK)
		log_warn("%s [%s]; the table as it was is still in force",
		    e.msg, e.reason != NULL ? e.reason->code : "");
	else if (changed)
		log_info("%s: read again", p->names.path);
}

enum err_code
policy_fqdn(struct policy *p, const struct row *row,
    char out[static NAMING_FQDN], struct err *e)
{
	char label[NAMING_LABEL], uuid[UUID_TEXT];
	const char *found = NULL;
	struct wr w;

	out[0] = '\0';
	policy_refresh(p);
	if (p->names.table != NULL)
		found = naming_table_find(p->names.table, &row->uuid);
	if (found != NULL) {
		snprintf(out, NAMING_FQDN, "%s", found);
		return ERR_OK;
	}
	if (p->host_name[0] == '\0') {
		if (p->names.table == NULL)
			return ERR_OK;
		uuid_text(&row->uuid, uuid);
		return err_refuse(e, ERR_DATA, reason_get(REASON_NAME_MISSING),
		    "%s: no name for %s (profile %s)", p->names.path, uuid,
		    p->name);
	}
	if (naming_rule(p->host_name, row, label, e) != ERR_OK)
		return err_in(e, "profile %s", p->name);
	wr_fixed(&w, out, NAMING_FQDN - 1);
	wr_fmt(&w, "%s.%s", label, p->domain);
	out[w.failed ? 0 : w.len] = '\0';
	if (!w.failed)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_NAME_MISSING),
	    "profile %s: %s.%s is too long", p->name, label, p->domain);
}

enum err_code
policy_passwords(const struct policy *p, char admin[static PASSWD_MAX + 1],
    char mebx[static PASSWD_MAX + 1], struct err *e)
{
	uint8_t r[2 * RANDOM_EACH];
	bool good;

	if (rand_bytes(r, sizeof(r), e) != ERR_OK)
		return e->code;
	good = passwd_make_len(admin, p->admin_length, r, RANDOM_EACH) != 0;
	if (p->mebx.len > 0) {
		memcpy(mebx, p->mebx.p, p->mebx.len);
		mebx[p->mebx.len] = '\0';
	} else if (good) {
		good = passwd_make_len(mebx, p->mebx_length, r + RANDOM_EACH,
			   RANDOM_EACH) != 0;
	}
	secret_wipe(r, sizeof(r));
	return good ? ERR_OK : err_set(e, ERR_RETRY, "unlucky random bytes");
}
