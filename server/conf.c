/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/config.h"
#include "base/file.h"
#include "base/tls.h"
#include "formats/hello.h"
#include "server/conf.h"

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
		{ "setup_seconds", 1, 86400, 600, 0 },
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
	c->setup_ms = (unsigned long)n[11].value * 1000;
	return ERR_OK;
}

static enum err_code
read_tenants(
    struct config_group *g, const char *path, struct conf *c, struct err *e)
{
	struct config_group *item;
	char where[512];
	size_t n = 0;

	if (config_list(g, "tenants", &n, e) != ERR_OK || n == 0)
		return e->code;
	config_where(g, "tenants", where, sizeof(where));
	if (n > CONF_TENANTS)
		return err_set(e, ERR_CONFIG, "%s: more than %d tenants", where,
		    CONF_TENANTS);
	if ((c->tenant = calloc(n, sizeof(*c->tenant))) == NULL)
		return err_mem(e);
	for (size_t i = 0; i < n; i++) {
		if (config_item(g, "tenants", i, &item, e) != ERR_OK ||
		    tenant_read(item, path, &c->top, &c->tenant[i], e) !=
			ERR_OK)
			return e->code;
		config_where(item, "name", where, sizeof(where));
		if (conf_tenant(c, c->tenant[i].name) != NULL)
			err_set(e, ERR_CONFIG,
			    "%s: there is a tenant %s already", where,
			    c->tenant[i].name);
		c->ntenants++;
		if (e->code != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err_code
read_state(struct config_group *g, const char *path, char out[static CONF_PATH],
    struct err *e)
{
	char state[CONF_PATH] = "";

	if (certkey_text(g, "state", NULL, state, sizeof(state), e) != ERR_OK)
		return e->code;
	return file_beside(out, CONF_PATH, path, state, e);
}

static enum err_code
read_suites(struct config_group *g, struct conf *c, struct err *e)
{
	const uint8_t key[32] = { 0 };
	struct tls_config try = { .psk_identity = "0",
		.psk = key,
		.psk_len = sizeof(key),
		.psk_suites = c->psk_suites };
	struct tls *tls = NULL;
	char where[512];

	if (certkey_text(g, "psk_suites", TLS_PSK_SUITES, c->psk_suites,
		sizeof(c->psk_suites), e) != ERR_OK)
		return e->code;
	if (tls_new(&try, &tls, e) != ERR_OK) {
		config_where(g, "psk_suites", where, sizeof(where));
		err_clear(e);
		err_set(e, ERR_CONFIG,
		    "%s: psk_suites: '%.100s' has none, or one that is not "
		    "of a pre-shared key with a cipher",
		    where, c->psk_suites);
	}
	tls_free(tls);
	return e->code;
}

static enum err_code
read_listen(struct config_group *g, struct conf *c, struct err *e)
{
	struct sockaddr_storage ss;
	char where[512];
	socklen_t len;

	if (certkey_text(g, "listen", "0.0.0.0", c->listen, sizeof(c->listen),
		e) != ERR_OK ||
	    addr_parse(c->listen, 0, &ss, &len, e) == ERR_OK)
		return e->code;
	config_where(g, "listen", where, sizeof(where));
	err_clear(e);
	return err_set(e, ERR_CONFIG, "%s: listen: '%s' is no numeric address",
	    where, c->listen);
}

static enum err_code
read_root(
    struct config_group *g, const char *path, struct conf *c, struct err *e)
{
	if (read_state(g, path, c->state, e) != ERR_OK ||
	    read_listen(g, c, e) != ERR_OK || read_suites(g, c, e) != ERR_OK ||
	    read_numbers(g, c, e) != ERR_OK ||
	    config_bool(g, "check_record", true, &c->check_record, e) !=
		ERR_OK ||
	    tenant_read(g, path, NULL, &c->top, e) != ERR_OK)
		return e->code;
	return read_tenants(g, path, c, e);
}

enum err_code
conf_state(const char *path, char out[static CONF_PATH], struct err *e)
{
	struct config *file = NULL;

	if (config_open(path, &file, e) == ERR_OK)
		read_state(config_root(file), path, out, e);
	config_close(file);
	return e->code;
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

struct tenant *
conf_tenant(struct conf *c, const char *name)
{
	if (name[0] == '\0')
		return &c->top;
	for (size_t i = 0; i < c->ntenants; i++)
		if (strcmp(c->tenant[i].name, name) == 0)
			return &c->tenant[i];
	return NULL;
}

bool
conf_hands(const struct conf *c)
{
	bool any = c->top.hand_over[0] != '\0';

	for (size_t i = 0; i < c->ntenants; i++)
		any = any || c->tenant[i].hand_over[0] != '\0';
	return any;
}

static void
refresh(struct tenant *t)
{
	for (size_t i = 0; i < t->npolicies; i++)
		policy_refresh(&t->policy[i]);
}

void
conf_refresh(struct conf *c)
{
	refresh(&c->top);
	for (size_t i = 0; i < c->ntenants; i++)
		refresh(&c->tenant[i]);
}

void
conf_free(struct conf *c)
{
	tenant_free(&c->top);
	for (size_t i = 0; i < c->ntenants; i++)
		tenant_free(&c->tenant[i]);
	free(c->tenant);
	memset(c, 0, sizeof(*c));
}
