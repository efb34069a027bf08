/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/x509.h"
#include "formats/cjson.h"
#include "formats/hashlist.h"
#include "formats/pkich.h"
#include "server/verbs.h"

#define PATH 1024
#define ROOT_DAYS 7300
#define LEAF_DAYS 1095
#define CN_MAX 64 /* RFC 5280, ub-common-name */

enum part {
	ROOT_KEY,
	ROOT_CERT,
	LEAF_KEY,
	LEAF_CERT,
	PARTS
};
static const char *const names[PARTS] = { "root.key", "root.pem", "leaf.key",
	"leaf.pem" };

struct chain {
	char path[PARTS][PATH];
	struct crypto_key *root_key, *leaf_key;
	struct x509 *root, *leaf;
};

/* A host name of two or more labels; the first may be "*". */
static enum err_code
check_fqdn(const char *name, struct err *e)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789-."
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *rest = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
	size_t n = strlen(rest);

	if (strlen(name) > CN_MAX)
		return err_set(e, ERR_USAGE,
		    "--fqdn: longer than the %d characters of a CN", CN_MAX);
	if (n == 0 || strspn(rest, ok) != n || strchr(rest, '.') == NULL ||
	    rest[0] == '.' || rest[n - 1] == '.' || strstr(rest, "..") != NULL)
		return err_set(e, ERR_USAGE,
		    "--fqdn: %s is not a full name such as "
		    "setup.example.com",
		    name);
	return ERR_OK;
}

/* Both marks: firmware takes either. Old firmware takes RSA up to 2048 bits
 * only. */
static enum err_code
make_certs(struct chain *c, const char *fqdn, struct err *e)
{
	static const char *const eku[] = { X509_OID_SERVER_AUTH, PKICH_AMT_OID,
		NULL };
	const struct x509_make root = { .cn = "amtforge provisioning root",
		.o = "amtforge",
		.days = ROOT_DAYS,
		.ca = true };
	const struct x509_make leaf = { .cn = fqdn,
		.o = "amtforge",
		.ou = PKICH_AMT_OU,
		.days = LEAF_DAYS,
		.eku = eku,
		.san_dns = fqdn };

	if (crypto_key_new(CRYPTO_RSA2048, &c->root_key, e) == ERR_OK &&
	    crypto_key_new(CRYPTO_RSA2048, &c->leaf_key, e) == ERR_OK &&
	    x509_new(&root, c->root_key, NULL, NULL, &c->root, e) == ERR_OK)
		x509_new(&leaf, c->leaf_key, c->root, c->root_key, &c->leaf, e);
	return e->code;
}

static enum err_code
write_key(const char *path, const struct crypto_key *key, struct err *e)
{
	struct secret pem = { 0 };

	if (crypto_key_pem(key, &pem, e) == ERR_OK)
		file_create_secret(path, &pem, e);
	secret_free(&pem);
	return e->code;
}

/* One certificate, and the one behind it if there is one. */
static enum err_code
write_certs(const char *path, const struct x509 *first,
    const struct x509 *behind, struct err *e)
{
	struct wr w;

	wr_grow(&w, 65536);
	if (!x509_pem(first, &w) || (behind != NULL && !x509_pem(behind, &w)))
		err_mem(e);
	else
		file_write(path, FILE_NEW, w.buf, w.len, e);
	wr_free(&w);
	return e->code;
}

/* What is there already is found before a key is made. */
static enum err_code
check_paths(struct chain *c, const char *dir, struct err *e)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (file_join(c->path[i], PATH, dir, names[i], e) != ERR_OK)
			return e->code;
		if (file_exists(c->path[i]))
			return err_set(
			    e, ERR_CREATE, "%s: exists already", c->path[i]);
	}
	return ERR_OK;
}

static enum err_code
write_parts(const struct chain *c, struct err *e)
{
	if (write_key(c->path[ROOT_KEY], c->root_key, e) == ERR_OK &&
	    write_certs(c->path[ROOT_CERT], c->root, NULL, e) == ERR_OK &&
	    write_key(c->path[LEAF_KEY], c->leaf_key, e) == ERR_OK)
		write_certs(c->path[LEAF_CERT], c->leaf, c->root, e);
	return e->code;
}

/* The hashes to put into a profile or a device. */
static enum err_code
tell_root(const struct chain *c, bool json, struct err *e)
{
	char text[2048], hex[TEXT_HEX_SIZE(HASHLIST_HASH)];
	struct hash_entry h;
	const uint8_t *der;
	struct wr w;
	size_t n;

	der = x509_der(c->root, &n);
	wr_fixed(&w, text, sizeof(text));
	if (json) {
		wr_str(&w, "{\"root\":");
		cjson_put_string(&w, c->path[ROOT_CERT]);
	}
	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++) {
		hashlist_of_der(&h, t, der, n);
		text_hex(hex, h.hash, hashlist_hash_len(t));
		wr_fmt(&w, json ? ",\"%s\":\"%s\"" : "%s %s\n",
		    hashlist_type_name(t), hex);
	}
	wr_str(&w, json ? "}\n" : "");
	return w.failed ? err_set(e, ERR_BUG, "hashes do not fit")
			: file_write("-", FILE_NEW, text, w.len, e);
}

static enum err_code
run_make(const struct cli_args *a, struct err *e)
{
	struct chain c = { 0 };
	const char *fqdn;

	if (cli_need(a, "--fqdn", &fqdn, e) == ERR_OK &&
	    check_fqdn(fqdn, e) == ERR_OK &&
	    check_paths(&c, a->pos[0], e) == ERR_OK &&
	    make_certs(&c, fqdn, e) == ERR_OK &&
	    file_mkdir(a->pos[0], 0700, e) == ERR_OK &&
	    write_parts(&c, e) == ERR_OK)
		tell_root(&c, a->json, e);
	crypto_key_free(c.root_key);
	crypto_key_free(c.leaf_key);
	x509_free(c.root);
	x509_free(c.leaf);
	return e->code;
}

static const struct cli_opt make_opts[] = {
	{ "--fqdn", CLI_VALUE, "NAME",
	    "full name of the server, the CN of its certificate" },
	{ 0 },
};

const struct cli_verb chain_verbs[] = {
	{ "chain make", "DIR --fqdn NAME",
	    "make a private root and a provisioning certificate", make_opts, 1,
	    1, run_make },
	{ 0 },
};
