/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/x509.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/hashlist.h"

#define FILE_MAX (1 << 20)

/* The common name, else the subject, as an entry of a hash list can hold it;
 * *whole is false if something was cut or replaced. */
static void
entry_name(
    const struct x509 *c, char out[static HASHLIST_NAME + 1], bool *whole)
{
	char name[1024] = "";

	if (!x509_cn(c, name, sizeof(name)) || name[0] == '\0')
		x509_subject(c, name, sizeof(name));
	*whole =
	    strlen(name) <= HASHLIST_NAME && text_printable(name, strlen(name));
	snprintf(out, HASHLIST_NAME + 1, "%.*s", HASHLIST_NAME, name);
	for (char *p = out; *p != '\0'; p++)
		if (!text_printable(p, 1))
			*p = '?';
}

/* What speaks against this certificate as a root; fewer than that many. */
#define WARNINGS_MAX 8
static void
warnings_of(const struct x509 *c, bool name_whole, const char **out)
{
	time_t now = time(NULL);
	const char *kind;
	size_t n = 0;
	int bits;

	x509_key_kind(c, &kind, &bits);
	if (!x509_self_signed(c))
		out[n++] = "not self-signed: devices look for the hash of the "
			   "root that ends a chain";
	if (!x509_is_ca(c))
		out[n++] = "not marked as a CA";
	if (x509_sha1_signed(c))
		out[n++] = "signed with SHA-1: refused by newer AMT";
	if (strcmp(kind, "RSA") == 0 && bits < 2048)
		out[n++] = "RSA key shorter than 2048 bits: refused by newer "
			   "AMT";
	if (x509_not_after(c) < now)
		out[n++] = "expired";
	if (x509_not_before(c) > now)
		out[n++] = "not valid yet";
	if (!name_whole)
		out[n++] =
		    "its name is changed to fit: 31 printable ASCII characters";
}

static void
put_json(struct wr *w, const char *file, const char *subject,
    const struct hash_entry *h, const char *const *warn)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	wr_str(w, "{\"file\":");
	cjson_put_string(w, file);
	wr_str(w, ",\"name\":");
	cjson_put_string(w, h->name);
	wr_str(w, ",\"subject\":");
	cjson_put_string(w, subject);
	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++, h++) {
		text_hex(hex, h->hash, hashlist_hash_len(t));
		wr_fmt(w, ",\"%s\":\"%s\"", hashlist_type_name(t), hex);
	}
	wr_str(w, ",\"warnings\":[");
	for (size_t i = 0; warn[i] != NULL; i++) {
		wr_str(w, i == 0 ? "" : ",");
		cjson_put_string(w, warn[i]);
	}
	wr_str(w, "]}\n");
}

static void
put_words(struct wr *w, const char *file, const struct hash_entry *h,
    const char *const *warn)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++, h++) {
		text_hex(hex, h->hash, hashlist_hash_len(t));
		wr_fmt(w, "%s %s %s\n", hashlist_type_name(t), hex, h->name);
	}
	for (; *warn != NULL; warn++)
		log_warn("%s: %s: %s", file, h[-1].name, *warn);
}

static enum err_code
show_cert(const struct x509 *c, const char *file, bool json, struct err *e)
{
	const char *warn[WARNINGS_MAX] = { NULL };
	struct hash_entry h[3];
	char subject[1024] = "";
	const uint8_t *der;
	bool whole = true;
	struct wr w;
	size_t n;

	der = x509_der(c, &n);
	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++) {
		hashlist_of_der(&h[t - HASH_SHA1], t, der, n);
		entry_name(c, h[t - HASH_SHA1].name, &whole);
	}
	warnings_of(c, whole, warn);
	wr_grow(&w, 65536);
	x509_subject(c, subject, sizeof(subject));
	if (json)
		put_json(&w, file, subject, h, warn);
	else
		put_words(&w, file, h, warn);
	if (w.failed)
		err_mem(e);
	else
		file_write("-", FILE_NEW, w.buf, w.len, e);
	wr_free(&w);
	return e->code;
}

static enum err_code
show_file(const char *path, bool json, struct err *e)
{
	struct x509_chain chain = { 0 };
	uint8_t *p = NULL;
	size_t n = 0;

	if (file_read(path, FILE_MAX, &p, &n, e) != ERR_OK)
		return e->code;
	if (memmem(p, n, "-----BEGIN", 10) != NULL)
		x509_chain_read(p, n, NULL, &chain, e);
	else if (x509_from_der(p, n, &chain.cert[0], e) == ERR_OK)
		chain.n = 1;
	err_in(e, "%s", path);
	for (size_t i = 0; e->code == ERR_OK && i < chain.n; i++)
		show_cert(chain.cert[i], path, json, e);
	x509_chain_free(&chain);
	free(p);
	return e->code;
}

static enum err_code
hash_show(const struct cli_args *a, struct err *e)
{
	bool some = false;

	for (int i = 0; i < a->n; i++)
		if (show_file(a->pos[i], a->json, e) != ERR_OK && a->n > 1) {
			cli_report(a, e);
			some = true;
		}
	if (some)
		return err_set(e, ERR_SOME, "some files were not understood");
	return e->code;
}

const struct cli_verb hash_verbs[] = {
	{ "hash show", "CERT...",
	    "print the hash-list entries (SHA-1, SHA-256, SHA-384) of root "
	    "certificates, PEM or DER, with warnings",
	    NULL, 1, CLI_ARGS_MAX, hash_show },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
