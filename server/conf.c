/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/file.h"
#include "base/tls.h"
#include "formats/hello.h"
#include "server/conf.h"

#define PEM_MAX (256 * 1024)

/* The file named by a key, read whole; ERR_CONFIG where the key is missing. */
static enum err_code
read_file(struct config_group *g, const char *beside, const char *key,
    struct secret *out, struct err *e)
{
	char path[CONF_PATH], where[256];
	const char *name = NULL;

	if (config_string(g, key, NULL, &name, e) != ERR_OK)
		return e->code;
	if (name == NULL) {
		config_where(g, NULL, where, sizeof(where));
		return err_set(e, ERR_CONFIG, "%s: %s is missing", where, key);
	}
	if (file_beside(path, sizeof(path), beside, name, e) != ERR_OK)
		return e->code;
	return file_read_secret(path, PEM_MAX, out, e);
}

static enum err_code
check_chain(struct config_group *g, const struct conf_chain *c, struct err *e)
{
	char where[256];
	size_t bad = 0;

	config_where(g, NULL, where, sizeof(where));
	if (c->chain.n < 2 || !x509_self_signed(c->chain.cert[c->chain.n - 1]))
		return err_set(e, ERR_CONFIG,
		    "%s: the file must hold the chain, leaf first, and its "
		    "root last: a device looks for the root in it",
		    where);
	if (x509_chain_verify(&c->chain, &bad, e) != ERR_OK)
		return err_in(e, "%s: certificate %zu", where, bad + 1);
	if (!x509_matches_key(c->chain.cert[0], c->key))
		return err_set(e, ERR_CONFIG,
		    "%s: the key is not that of the first certificate", where);
	return ERR_OK;
}

static enum err_code
read_chain(struct config_group *g, const char *beside, struct conf_chain *c,
    struct err *e)
{
	struct secret cert = { 0 }, key = { 0 }, pass = { 0 };
	const char *pass_file = NULL;
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
	if (rc == ERR_OK)
		rc = x509_chain_read(cert.p, cert.len,
		    pass.len > 0 ? &pass : NULL, &c->chain, e);
	if (rc == ERR_OK)
		rc = crypto_key_read(
		    key.p, key.len, pass.len > 0 ? &pass : NULL, &c->key, e);
	if (rc == ERR_OK)
		rc = check_chain(g, c, e);
	secret_free(&cert);
	secret_free(&key);
	secret_free(&pass);
	return rc;
}

static enum err_code
read_chains(
    struct config_group *g, const char *path, struct conf *c, struct err *e)
{
	struct config_group *item;
	size_t n = 0;

	if (config_list(g, "chains", &n, e) != ERR_OK)
		return e->code;
	if (n > CONF_CHAINS)
		return err_set(e, ERR_CONFIG, "%s: more than %d chains", path,
		    CONF_CHAINS);
	for (; c->nchains < n; c->nchains++) {
		if (config_item(g, "chains", c->nchains, &item, e) != ERR_OK)
			return e->code;
		if (read_chain(item, path, &c->chain[c->nchains], e) !=
		    ERR_OK) {
			c->nchains++; /* what was read is freed */
			return e->code;
		}
	}
	return ERR_OK;
}

static enum err_code
read_string(struct config_group *g, const char *key, const char *fallback,
    char *out, size_t room, struct err *e)
{
	const char *s = NULL;
	char where[256];

	if (config_string(g, key, fallback, &s, e) != ERR_OK)
		return e->code;
	config_where(g, s == fallback ? NULL : key, where, sizeof(where));
	if (s == NULL)
		return err_set(e, ERR_CONFIG, "%s: %s is missing", where, key);
	if (strlen(s) >= room)
		return err_set(e, ERR_CONFIG, "%s: %s is too long", where, key);
	strcpy(out, s);
	return ERR_OK;
}

static enum err_code
read_numbers(struct config_group *g, struct conf *c, struct err *e)
{
	struct {
		const char *key;
		long long min, max, fallback, value;
	} n[] = {
		{ "port", 0, 65535, HELLO_PORT, 0 },
		{ "device_port", 1, 65535, 16993, 0 },
		{ "sessions", 1, 4096, 200, 0 },
		{ "hello_connections", 1, 65536, 1024, 0 },
		{ "hello_seconds", 1, 600, 10, 0 },
		{ "request_seconds", 1, 600, 60, 0 },
		{ "tries", 1, 100, 4, 0 },
		{ "window_hours", 1, 255, 6, 0 },
		{ "hand_over_seconds", 1, 86400, 600, 0 },
		{ "hand_over_at_a_time", 1, 64, 4, 0 },
		{ "hand_over_tries", 1, 100, 3, 0 },
	};

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		if (config_int(g, n[i].key, n[i].min, n[i].max, n[i].fallback,
			&n[i].value, e) != ERR_OK)
			return e->code;
	c->port = (uint16_t)n[0].value;
	c->device_port = (uint16_t)n[1].value;
	c->sessions = (unsigned)n[2].value;
	c->hellos = (unsigned)n[3].value;
	c->hello_ms = (unsigned long)n[4].value * 1000;
	c->request_ms = (unsigned long)n[5].value * 1000;
	c->tries = (unsigned)n[6].value;
	c->window_hours = (unsigned)n[7].value;
	c->hand_seconds = (unsigned)n[8].value;
	c->hand_most = (unsigned)n[9].value;
	c->hand_tries = (unsigned)n[10].value;
	return ERR_OK;
}

/* Delayed set-up, and what follows a set-up. */
static enum err_code
read_flow(struct config_group *g, struct conf *c, struct err *e)
{
	static const char *const otp[] = { "expected", "required", NULL };
	static const char *const recover[] = { "alarm", "reopen", "give-up",
		NULL };
	int need = 0, what = 0;

	if (config_word(g, "otp", otp, 0, &need, e) != ERR_OK ||
	    config_word(g, "recover", recover, 0, &what, e) != ERR_OK ||
	    config_bool(g, "check_record", true, &c->check_record, e) != ERR_OK)
		return e->code;
	c->otp_required = need == 1;
	strcpy(c->recover, recover[what]);
	return read_string(
	    g, "hand_over", "", c->hand_over, sizeof(c->hand_over), e);
}

static enum err_code
read_root(
    struct config_group *g, const char *path, struct conf *c, struct err *e)
{
	static const char *const policies[] = { "first-use", "pinned", NULL };
	char state[CONF_PATH] = "";
	int policy = 0;

	if (read_string(g, "state", NULL, state, sizeof(state), e) != ERR_OK ||
	    file_beside(c->state, sizeof(c->state), path, state, e) != ERR_OK ||
	    read_string(g, "listen", "0.0.0.0", c->listen, sizeof(c->listen),
		e) != ERR_OK ||
	    read_string(g, "psk_suites", TLS_PSK_SUITES, c->psk_suites,
		sizeof(c->psk_suites), e) != ERR_OK ||
	    config_word(g, "device_certificate", policies, 0, &policy, e) !=
		ERR_OK ||
	    config_bool(g, "tls_certificate", true, &c->tls_certificate, e) !=
		ERR_OK)
		return e->code;
	c->pinned_only = policy == 1;
	if (read_numbers(g, c, e) != ERR_OK || read_flow(g, c, e) != ERR_OK)
		return e->code;
	return read_chains(g, path, c, e);
}

enum err_code
conf_read(const char *path, struct conf *c, struct err *e)
{
	struct config *file = NULL;
	enum err_code rc;

	memset(c, 0, sizeof(*c));
	rc = config_open(path, &file, e);
	if (rc == ERR_OK)
		rc = read_root(config_root(file), path, c, e);
	if (rc == ERR_OK)
		rc = config_end(file, e);
	config_close(file);
	if (rc != ERR_OK)
		conf_free(c);
	return rc;
}

void
conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->nchains; i++) {
		x509_chain_free(&c->chain[i].chain);
		crypto_key_free(c->chain[i].key);
	}
	memset(c, 0, sizeof(*c));
}
