/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "base/config.h"
#include "base/exposed.h"
#include "base/file.h"
#include "base/near.h"

#define CONFIG_MAX_BYTES (1024 * 1024)
#define CONFIG_MAX_KEYS 48

struct config_group {
	struct config *owner;
	config_setting_t *set;
	const char *asked[CONFIG_MAX_KEYS]; /* keys the reader knows; static */
	size_t n;
	struct config_group *next;
};

struct secret_file {
	struct secret_file *next;
	char path[];
};

struct config {
	config_t cfg;
	char *path;
	struct config_group *groups; /* all that were opened */
	struct secret_file *secrets; /* that were looked at */
};

/* The group that stands for a setting: one each, however often opened. */
static struct config_group *
group_of(struct config *c, config_setting_t *set, struct err *e)
{
	struct config_group *g;

	for (g = c->groups; g != NULL; g = g->next)
		if (g->set == set)
			return g;
	if ((g = calloc(1, sizeof(*g))) == NULL) {
		err_mem(e);
		return NULL;
	}
	g->owner = c;
	g->set = set;
	g->next = c->groups;
	c->groups = g;
	return g;
}

/* Does a line begin with @include? That is the only place where libconfig
 * takes one. */
static bool
includes(const char *text)
{
	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		p += strspn(p, "\n \t");
		if (strncmp(p, "@include", 8) == 0)
			return true;
	}
	return false;
}

/* text ends in a NUL behind its n bytes. */
static enum err_code
parse(struct config *c, const char *text, size_t n, struct err *e)
{
	if (memchr(text, '\0', n) != NULL)
		return err_set(e, ERR_CONFIG, "%s: not a text file", c->path);
	if (strncmp(text, "-----BEGIN ", 11) == 0)
		return err_set(e, ERR_CONFIG,
		    "%s: is PEM, a key or certificates, and no configuration",
		    c->path);
	if (config_read_string(&c->cfg, text) != CONFIG_TRUE)
		return err_set(e, ERR_CONFIG, "%s:%d: %s", c->path,
		    config_error_line(&c->cfg), config_error_text(&c->cfg));
	return ERR_OK;
}

static enum err_code
new_config(const char *path, struct config **out, struct err *e)
{
	struct config *c;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return err_mem(e);
	config_init(&c->cfg);
	if ((c->path = strdup(path)) == NULL) {
		config_close(c);
		return err_mem(e);
	}
	*out = c;
	return ERR_OK;
}

/* c is closed if that fails. */
static enum err_code
begin(struct config *c, const char *text, size_t n, struct config **out,
    struct err *e)
{
	if (parse(c, text, n, e) == ERR_OK &&
	    group_of(c, config_root_setting(&c->cfg), e) != NULL) {
		*out = c;
		return ERR_OK;
	}
	config_close(c);
	return e->code;
}

enum err_code
config_open(const char *path, struct config **out, struct err *e)
{
	uint8_t *text = NULL;
	struct config *c;
	size_t n;

	*out = NULL;
	if (file_read(path, CONFIG_MAX_BYTES, &text, &n, e) == ERR_OK &&
	    new_config(path, &c, e) == ERR_OK)
		begin(c, (const char *)text, n, out, e);
	free(text);
	return e->code;
}

enum err_code
config_parse(const char *name, const void *text, size_t n, struct config **out,
    struct err *e)
{
	char *copy = malloc(n + 1);
	struct config *c;

	*out = NULL;
	if (copy == NULL)
		return err_mem(e);
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (includes(copy))
		err_set(e, ERR_CONFIG,
		    "%s: takes in another file (@include), which this one may "
		    "not",
		    name);
	else if (new_config(name, &c, e) == ERR_OK)
		begin(c, copy, n, out, e);
	free(copy);
	return e->code;
}

void
config_close(struct config *c)
{
	struct config_group *g, *next;
	struct secret_file *s, *after;

	if (c == NULL)
		return;
	for (g = c->groups; g != NULL; g = next) {
		next = g->next;
		free(g);
	}
	for (s = c->secrets; s != NULL; s = after) {
		after = s->next;
		free(s);
	}
	config_destroy(&c->cfg);
	free(c->path);
	free(c);
}

const char *
config_path(const struct config *c)
{
	return c->path;
}

struct config_group *
config_root(struct config *c)
{
	struct config_group *g = c->groups;

	while (g->next != NULL) /* the first that was made */
		g = g->next;
	return g;
}

static void
setting_where(
    const struct config *c, const config_setting_t *s, char *out, size_t room)
{
	unsigned line = config_setting_source_line(s);
	const char *file = config_setting_source_file(s);

	snprintf(out, room, "%s:%u", file != NULL ? file : c->path,
	    line == 0 ? 1 : line);
}

const char *
config_key(struct config_group *g, size_t i)
{
	config_setting_t *s = config_setting_get_elem(g->set, (unsigned)i);

	return s == NULL ? NULL : config_setting_name(s);
}

void
config_where(struct config_group *g, const char *key, char *out, size_t room)
{
	const config_setting_t *s =
	    key == NULL ? NULL : config_setting_get_member(g->set, key);

	setting_where(g->owner, s != NULL ? s : g->set, out, room);
}

enum err_code
config_secret(struct config_group *g, const char *path, struct err *e)
{
	struct config *c = g->owner;
	struct secret_file *s;

	for (s = c->secrets; s != NULL; s = s->next)
		if (strcmp(s->path, path) == 0)
			return ERR_OK;
	if ((s = malloc(sizeof(*s) + strlen(path) + 1)) == NULL)
		return err_mem(e);
	strcpy(s->path, path);
	s->next = c->secrets;
	c->secrets = s;
	exposed_warn(path);
	return ERR_OK;
}

enum err_code
config_bad(
    struct config_group *g, const char *key, const char *what, struct err *e)
{
	char where[512];

	config_where(g, key, where, sizeof(where));
	return err_set(e, ERR_CONFIG, "%s: %s: %s", where, key, what);
}

static bool
is_asked(const struct config_group *g, const char *key)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->asked[i], key) == 0)
			return true;
	return false;
}

/* The setting of a key, or NULL; the key is known from now on. */
static config_setting_t *
ask(struct config_group *g, const char *key)
{
	if (!is_asked(g, key) && g->n < CONFIG_MAX_KEYS)
		g->asked[g->n++] = key;
	return config_setting_get_member(g->set, key);
}

static enum err_code
wrong(struct config_group *g, const char *key, const char *want, struct err *e)
{
	char where[512];

	config_where(g, key, where, sizeof(where));
	return err_set(e, ERR_CONFIG, "%s: %s must be %s", where, key, want);
}

static enum err_code
unknown(const struct config_group *g, const config_setting_t *s,
    const char *meant, struct err *e)
{
	char where[512];

	setting_where(g->owner, s, where, sizeof(where));
	if (meant == NULL)
		return err_set(e, ERR_CONFIG, "%s: unknown key %s", where,
		    config_setting_name(s));
	return err_set(e, ERR_CONFIG, "%s: unknown key %s (did you mean %s?)",
	    where, config_setting_name(s), meant);
}

enum err_code
config_missing(
    struct config_group *g, const char *key, const char *want, struct err *e)
{
	const config_setting_t *s, *best = NULL;
	struct near near = { key, NULL, SIZE_MAX };
	char where[512];

	for (int i = 0; i < config_setting_length(g->set); i++) {
		const char *is;
		size_t d = near.d;

		s = config_setting_get_elem(g->set, (unsigned)i);
		is = config_setting_name(s);
		if (is != NULL && !is_asked(g, is))
			near_try(&near, is, key, key);
		if (near.d < d)
			best = s;
	}
	if (best != NULL)
		return unknown(g, best, key, e);
	config_where(g, NULL, where, sizeof(where));
	return err_set(e, ERR_CONFIG, "%s: %s is missing%s%s", where, key,
	    want == NULL ? "" : ": ", want == NULL ? "" : want);
}

enum err_code
config_string(struct config_group *g, const char *key, const char *fallback,
    const char **out, struct err *e)
{
	config_setting_t *s = ask(g, key);

	*out = fallback;
	if (s == NULL)
		return ERR_OK;
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return wrong(g, key, "a text in quotes", e);
	*out = config_setting_get_string(s);
	return ERR_OK;
}

enum err_code
config_bool(struct config_group *g, const char *key, bool fallback, bool *out,
    struct err *e)
{
	config_setting_t *s = ask(g, key);

	*out = fallback;
	if (s == NULL)
		return ERR_OK;
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return wrong(g, key, "true or false", e);
	*out = config_setting_get_bool(s) == CONFIG_TRUE;
	return ERR_OK;
}

enum err_code
config_int(struct config_group *g, const char *key, long long min,
    long long max, long long fallback, long long *out, struct err *e)
{
	config_setting_t *s = ask(g, key);
	char want[80];

	*out = fallback;
	if (s == NULL)
		return ERR_OK;
	snprintf(want, sizeof(want), "a number in %lld to %lld", min, max);
	if (config_setting_type(s) != CONFIG_TYPE_INT &&
	    config_setting_type(s) != CONFIG_TYPE_INT64)
		return wrong(g, key, want, e);
	*out = config_setting_get_int64(s);
	if (*out < min || *out > max)
		return wrong(g, key, want, e);
	return ERR_OK;
}

enum err_code
config_word(struct config_group *g, const char *key, const char *const *words,
    int fallback, int *out, struct err *e)
{
	char want[256] = "one of";
	const char *is;

	*out = fallback;
	if (config_string(g, key, NULL, &is, e) != ERR_OK)
		return e->code;
	if (is == NULL && fallback >= 0)
		return ERR_OK;
	for (int i = 0; words[i] != NULL; i++) {
		size_t n = strlen(want);

		if (is != NULL && strcmp(is, words[i]) == 0) {
			*out = i;
			return ERR_OK;
		}
		snprintf(want + n, sizeof(want) - n, "%s \"%s\"",
		    i == 0 ? "" : ",", words[i]);
	}
	if (is != NULL)
		return wrong(g, key, want, e);
	return config_missing(g, key, want, e);
}

enum err_code
config_sub(struct config_group *g, const char *key, struct config_group **out,
    struct err *e)
{
	config_setting_t *s = ask(g, key);

	*out = NULL;
	if (s == NULL)
		return ERR_OK;
	if (!config_setting_is_group(s))
		return wrong(g, key, "a group: { ... }", e);
	if ((*out = group_of(g->owner, s, e)) == NULL)
		return e->code;
	return ERR_OK;
}

enum err_code
config_list(struct config_group *g, const char *key, size_t *n, struct err *e)
{
	config_setting_t *s = ask(g, key);

	*n = 0;
	if (s == NULL)
		return ERR_OK;
	if (!config_setting_is_list(s))
		return wrong(g, key, "a list: ( { ... }, { ... } )", e);
	*n = (size_t)config_setting_length(s);
	return ERR_OK;
}

enum err_code
config_item(struct config_group *g, const char *key, size_t i,
    struct config_group **out, struct err *e)
{
	config_setting_t *s = ask(g, key);
	config_setting_t *item =
	    s == NULL ? NULL : config_setting_get_elem(s, (unsigned)i);

	*out = NULL;
	if (item == NULL || !config_setting_is_group(item))
		return wrong(g, key, "a list of groups: ( { ... } )", e);
	if ((*out = group_of(g->owner, item, e)) == NULL)
		return e->code;
	return ERR_OK;
}

static enum err_code
group_end(const struct config_group *g, struct err *e)
{
	for (int i = 0; i < config_setting_length(g->set); i++) {
		config_setting_t *s =
		    config_setting_get_elem(g->set, (unsigned)i);
		const char *key = config_setting_name(s);
		struct near near = { key, NULL, SIZE_MAX };

		if (is_asked(g, key))
			continue;
		for (size_t k = 0; k < g->n; k++)
			near_try(&near, key, g->asked[k], g->asked[k]);
		return unknown(g, s, near.name, e);
	}
	return ERR_OK;
}

enum err_code
config_end(struct config *c, struct err *e)
{
	/* Groups stand newest first; the root, first in the file, is judged
	 * last, so of several misspelt keys any one is named. */
	for (const struct config_group *g = c->groups; g != NULL; g = g->next)
		if (group_end(g, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}
