/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "server/certkey.h"

#define PEM_MAX (256 * 1024)

enum err_code
certkey_text(struct config_group *g, const char *key, const char *fallback,
    char *out, size_t room, struct err *e)
{
	const char *s = NULL;
	char where[256];

	if (config_string(g, key, fallback, &s, e) != ERR_OK)
		return e->code;
	config_where(g, s == fallback ? NULL : key, where, sizeof(where));
	if (s == NULL)
		return config_missing(g, key, NULL, e);
	if (strlen(s) >= room)
		return err_set(e, ERR_CONFIG, "%s: %s is too long", where, key);
	strcpy(out, s);
	return ERR_OK;
}

enum err_code
certkey_path(struct config_group *g, const char *beside, const char *key,
    char out[static CERTKEY_PATH], struct err *e)
{
	char name[CERTKEY_PATH];

	if (certkey_text(g, key, NULL, name, sizeof(name), e) == ERR_OK)
		file_beside(out, CERTKEY_PATH, beside, name, e);
	return e->code;
}

/* The key itself, or the passphrase of one; others hold certificates. */
static bool
holds_secret(const char *key)
{
	return strcmp(key, "key") == 0 || strcmp(key, "pass_file") == 0;
}

/* The file named by a key, read whole; ERR_CONFIG where the key is missing. */
static enum err_code
read_file(struct config_group *g, const char *beside, const char *key,
    struct secret *out, struct err *e)
{
	char path[CERTKEY_PATH], where[256];

	if (certkey_path(g, beside, key, path, e) != ERR_OK ||
	    (holds_secret(key) && config_secret(g, path, e) != ERR_OK))
		return e->code;
	if (file_read_secret(path, PEM_MAX, out, e) == ERR_OK)
		return ERR_OK;
	config_where(g, key, where, sizeof(where));
	return err_in(e, "%s", where);
}

static enum err_code
check(struct config_group *g, const struct certkey *id, bool rooted,
    struct err *e)
{
	const struct x509_chain *c = &id->chain;
	struct x509_chain above = *c;
	char where[256];
	size_t bad = 0;

	config_where(g, NULL, where, sizeof(where));
	if (rooted && (c->n < 2 || !x509_self_signed(c->cert[c->n - 1])))
		return err_set(e, ERR_CONFIG,
		    "%s: the file must hold the chain, leaf first, and its "
		    "root last: a device looks for the root in it",
		    where);
	if (c->n == 0)
		return err_set(
		    e, ERR_CONFIG, "%s: the file holds no certificate", where);
	/* Without its root only what is there can be judged. */
	while (above.n > 1 && !x509_self_signed(above.cert[above.n - 1]))
		above.n--;
	if ((rooted || above.n > 1) &&
	    x509_chain_verify(rooted ? c : &above, &bad, e) != ERR_OK)
		return err_in(e, "%s: certificate %zu", where, bad + 1);
	if (!x509_matches_key(c->cert[0], id->key))
		return err_set(e, ERR_CONFIG,
		    "%s: the key is not that of the first certificate", where);
	return ERR_OK;
}

static enum err_code
read_pair(struct config_group *g, const char *beside, struct certkey *id,
    struct err *e)
{
	struct secret cert = { 0 }, key = { 0 }, pass = { 0 };
	const char *pass_file = NULL;
	char where[256];
	enum err_code rc;

	rc = config_string(g, "pass_file", NULL, &pass_file, e);
	if (rc == ERR_OK && pass_file != NULL)
		rc = read_file(g, beside, "pass_file", &pass, e);
	while (pass.len > 0 && pass.p[pass.len - 1] == '\n')
		pass.p[--pass.len] = '\0'; /* PFX readers look for it */
	if (rc == ERR_OK)
		rc = read_file(g, beside, "cert", &cert, e);
	if (rc == ERR_OK)
		rc = read_file(g, beside, "key", &key, e);
	config_where(g, "cert", where, sizeof(where));
	if (rc == ERR_OK &&
	    (rc = x509_chain_read(cert.p, cert.len, pass.len > 0 ? &pass : NULL,
		 &id->chain, e)) != ERR_OK)
		err_in(e, "%s: cert", where);
	config_where(g, "key", where, sizeof(where));
	if (rc == ERR_OK &&
	    (rc = crypto_key_read(key.p, key.len, pass.len > 0 ? &pass : NULL,
		 &id->key, e)) != ERR_OK)
		err_in(e, "%s: key", where);
	secret_free(&cert);
	secret_free(&key);
	secret_free(&pass);
	return rc;
}

static enum err_code
read_checked(struct config_group *g, const char *beside, bool rooted,
    struct certkey *id, struct err *e)
{
	memset(id, 0, sizeof(*id));
	if (read_pair(g, beside, id, e) != ERR_OK ||
	    check(g, id, rooted, e) != ERR_OK)
		certkey_free(id);
	return e->code;
}

enum err_code
certkey_read(struct config_group *g, const char *beside, struct certkey *id,
    struct err *e)
{
	return read_checked(g, beside, false, id, e);
}

enum err_code
certkey_rooted(struct config_group *g, const char *beside, struct certkey *id,
    struct err *e)
{
	return read_checked(g, beside, true, id, e);
}

enum err_code
certkey_cert(struct config_group *g, const char *beside, struct x509 **out,
    struct err *e)
{
	struct secret file = { 0 };
	char where[256];

	*out = NULL;
	if (read_file(g, beside, "file", &file, e) == ERR_OK &&
	    x509_read(file.p, file.len, out, e) != ERR_OK) {
		config_where(g, "file", where, sizeof(where));
		err_in(e, "%s", where);
	}
	secret_free(&file);
	return e->code;
}

void
certkey_free(struct certkey *id)
{
	x509_chain_free(&id->chain);
	crypto_key_free(id->key);
	memset(id, 0, sizeof(*id));
}
