/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/keyfile.h"
#include "base/passphrase.h"
#include "base/rand.h"
#include "base/text.h"

#define KEYFILE_MAX 262144

enum err_code
keyfile_make(const char *path, struct err *e)
{
	uint8_t raw[CRYPTO_KEY_LEN];
	struct secret s = { 0 };

	if (rand_bytes(raw, sizeof(raw), e) == ERR_OK &&
	    secret_new(&s, TEXT_HEX_SIZE(sizeof(raw)), e) == ERR_OK) {
		text_hex((char *)s.p, raw, sizeof(raw));
		s.len = TEXT_HEX_SIZE(sizeof(raw));
		s.p[s.len - 1] = '\n';
		file_create_secret(path, &s, e);
	}
	secret_free(&s);
	secret_wipe(raw, sizeof(raw));
	return e->code;
}

enum err_code
keyfile_read(const char *path, struct secret *key, struct err *e)
{
	struct secret text = { 0 };
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) != 0)
		return err_set(e, ERR_PERM,
		    "%s: others may read or write this key (mode %03o); it "
		    "must be 600",
		    path, st.st_mode & 0777);
	if (file_read_secret(path, 4096, &text, e) != ERR_OK)
		return e->code;
	if (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	if (secret_new(key, CRYPTO_KEY_LEN, e) == ERR_OK) {
		key->len = CRYPTO_KEY_LEN;
		if (!text_unhex(
			key->p, CRYPTO_KEY_LEN, (const char *)text.p, text.len))
			err_set(
			    e, ERR_DATA, "%s: not a key: 64 hex digits", path);
	}
	secret_free(&text);
	return e->code;
}

/* The key where one is wanted (key not NULL), else the certificates. */
static enum err_code
read_it(const struct secret *file, const struct secret *pass,
    struct crypto_key **key, struct x509_chain *chain, struct err *e)
{
	return key != NULL
	    ? crypto_key_read(file->p, file->len, pass, key, e)
	    : x509_chain_read(file->p, file->len, pass, chain, e);
}

/* Without a passphrase first: one is asked for only where it is needed. */
static enum err_code
read_file(const struct cli_args *a, const char *path, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	struct secret file = { 0 }, pass = { 0 };

	if (file_read_secret(path, KEYFILE_MAX, &file, e) != ERR_OK)
		return e->code;
	if (read_it(&file, NULL, key, chain, e) == ERR_PERM) {
		err_clear(e);
		if (passphrase_get(a, path, &pass, e) == ERR_OK &&
		    read_it(&file, &pass, key, chain, e) != ERR_OK)
			err_in(e, "%s", path);
	} else if (e->code != ERR_OK)
		err_in(e, "%s", path);
	secret_free(&pass);
	secret_free(&file);
	return e->code;
}

enum err_code
keyfile_private(const struct cli_args *a, const char *option,
    struct crypto_key **key, struct err *e)
{
	const char *path;

	*key = NULL;
	if (cli_need(a, option, &path, e) != ERR_OK)
		return e->code;
	return read_file(a, path, key, NULL, e);
}

static enum err_code
read_certs(const struct cli_args *a, const char *path, struct x509_chain *chain,
    struct err *e)
{
	memset(chain, 0, sizeof(*chain));
	return read_file(a, path, NULL, chain, e);
}

/* Moves the first n certificates of from behind those of to. */
static enum err_code
move(struct x509_chain *to, struct x509_chain *from, size_t n, struct err *e)
{
	for (size_t i = 0; i < n && i < from->n; i++) {
		if (to->n == X509_CHAIN_MAX)
			return err_set(e, ERR_USAGE,
			    "more than %d certificates", X509_CHAIN_MAX);
		to->cert[to->n++] = from->cert[i];
		from->cert[i] = NULL;
	}
	return ERR_OK;
}

enum err_code
keyfile_chain(const struct cli_args *a, const char *option, bool first,
    struct x509_chain *chain, struct err *e)
{
	struct x509_chain one;
	const char *path;

	memset(chain, 0, sizeof(*chain));
	if (cli_need(a, option, &path, e) != ERR_OK)
		return e->code;
	for (int i = 0; (path = cli_nth(a, option, i)) != NULL; i++) {
		if (read_certs(a, path, &one, e) == ERR_OK)
			move(chain, &one, first ? 1 : X509_CHAIN_MAX, e);
		x509_chain_free(&one);
		if (e->code != ERR_OK)
			break;
	}
	if (e->code != ERR_OK)
		x509_chain_free(chain);
	return e->code;
}
