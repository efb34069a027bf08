/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "base/tls.h"
#include "device/keypool.h"
#include "device/settings.h"
#include "formats/hashlist.h"
#include "formats/pthi.h"

#define HOUR_MS 3600000ul
#define YEAR_S 31536000

static void
defaults(struct settings *s)
{
	*s = (struct settings){
		.nsteps = 3,
		.step = { { 5, 60000 }, { 5, 600000 }, { 5, HOUR_MS } },
		.bare_metal_ms = 24 * HOUR_MS,
		.window_ms = 6 * HOUR_MS,
		.host_wait_ms = 10000,
		.time_scale = 1,
		.idle_ms = 60000,
		.request_ms = 30000,
		.connections = 32,
		.mei_unknown_status = PTHI_NOT_PERMITTED,
		.host_start = -1,
		.host_setup = -1,
		.host_start_kept = true,
		.host_start_suffixes = true,
		.feature_len = 4,
		.psk_suites = TLS_PSK_SUITES,
	};
	pkich_defaults(&s->pkich);
}

static enum err_code
read_step(struct config_group *g, struct settings_step *s, struct err *e)
{
	long long count, seconds, ms;
	char where[256];

	if (config_int(g, "count", 1, 1000000, 1, &count, e) != ERR_OK ||
	    config_int(g, "seconds", 0, YEAR_S, 0, &seconds, e) != ERR_OK ||
	    config_int(g, "every_ms", 0, 1000ll * YEAR_S, 0, &ms, e) != ERR_OK)
		return e->code;
	config_where(g, NULL, where, sizeof(where));
	if ((seconds == 0) == (ms == 0))
		return err_set(e, ERR_CONFIG,
		    "%s: a step has either seconds or every_ms", where);
	s->count = (unsigned)count;
	s->every_ms = (unsigned long)(seconds != 0 ? seconds * 1000 : ms);
	return ERR_OK;
}

static enum err_code
read_schedule(struct config_group *g, struct settings *s, struct err *e)
{
	struct config_group *item;
	size_t n;

	if (config_list(g, "schedule", &n, e) != ERR_OK || n == 0)
		return e->code;
	if (n > SETTINGS_STEPS)
		return err_set(e, ERR_CONFIG, "schedule: %zu steps, at most %d",
		    n, SETTINGS_STEPS);
	for (size_t i = 0; i < n; i++)
		if (config_item(g, "schedule", i, &item, e) != ERR_OK ||
		    read_step(item, &s->step[i], e) != ERR_OK)
			return e->code;
	s->nsteps = n;
	return ERR_OK;
}

/* up_time_seconds is the older name of the first window. */
static enum err_code
read_windows(struct config_group *g, struct settings *s, struct err *e)
{
	long long bare, up, later, scale, wait;

	if (config_int(g, "bare_metal_hours", 0, 255, 24, &bare, e) != ERR_OK ||
	    config_int(g, "up_time_seconds", 0, YEAR_S, bare * 3600, &up, e) !=
		ERR_OK ||
	    config_int(g, "window_hours", 1, 255, 6, &later, e) != ERR_OK ||
	    config_int(g, "host_wait_seconds", 0, 3600, 10, &wait, e) !=
		ERR_OK ||
	    config_int(g, "time_scale", 1, 1000000, 1, &scale, e) != ERR_OK)
		return e->code;
	s->bare_metal_ms = up == 0 ? WINDOW_FOR_EVER : (uint64_t)up * 1000;
	s->window_ms = (uint64_t)later * HOUR_MS;
	s->host_wait_ms = (unsigned long)wait * 1000;
	s->time_scale = (unsigned)scale;
	return ERR_OK;
}

static enum err_code
read_words(struct config_group *g, struct settings *s, struct err *e)
{
	static const char *const asks[] = { "auto", "always", "never", NULL };
	const char *suites;
	int ask;

	if (config_bool(g, "insecure_volatile_state", false,
		&s->insecure_volatile_state, e) != ERR_OK ||
	    config_bool(g, "insecure_legacy_tls", false,
		&s->insecure_legacy_tls, e) != ERR_OK ||
	    config_bool(g, "insecure_digest_without_qop", false,
		&s->insecure_digest_without_qop, e) != ERR_OK ||
	    config_word(g, "challenge", asks, 0, &ask, e) != ERR_OK ||
	    config_string(g, "psk_suites", s->psk_suites, &suites, e) != ERR_OK)
		return e->code;
	s->challenge = (enum settings_challenge)ask;
	if (strlen(suites) >= sizeof(s->psk_suites))
		return err_set(e, ERR_CONFIG, "psk_suites: too long");
	if (suites != s->psk_suites)
		snprintf(s->psk_suites, sizeof(s->psk_suites), "%s", suites);
	return ERR_OK;
}

/* In the order of enum domain_rule, behind "auto". */
static const char *const domain_rules[] = { "auto", "full", "com-net",
	"tld-table", NULL };

static enum err_code
read_pkich(struct config_group *g, struct pkich_choice *c, struct err *e)
{
	long long chain;
	int rule;

	if (config_int(g, "chain_max", 2, 16, (long long)c->chain_max, &chain,
		e) != ERR_OK ||
	    config_word(g, "domain_rule", domain_rules, 0, &rule, e) !=
		ERR_OK ||
	    config_bool(g, "san", c->san, &c->san, e) != ERR_OK ||
	    config_bool(g, "unsaid_hashes", c->unsaid_hashes, &c->unsaid_hashes,
		e) != ERR_OK ||
	    config_bool(g, "unsaid_keys", c->unsaid_keys, &c->unsaid_keys, e) !=
		ERR_OK ||
	    config_bool(g, "h_chipset", c->h_chipset, &c->h_chipset, e) !=
		ERR_OK ||
	    config_bool(g, "insecure_star_cn", c->star, &c->star, e) != ERR_OK)
		return e->code;
	c->chain_max = (size_t)chain;
	c->domain = rule - 1;
	return ERR_OK;
}

static enum err_code
read_feature(struct config_group *g, struct settings *s, struct err *e)
{
	const char *hex;
	size_t n;

	if (config_string(g, "mei_feature", "00000000", &hex, e) != ERR_OK)
		return e->code;
	n = strlen(hex) / 2;
	if (n > sizeof(s->feature) ||
	    !text_unhex(s->feature, n, hex, strlen(hex)))
		return err_set(e, ERR_CONFIG,
		    "mei_feature: not the hex digits of at most %zu bytes",
		    sizeof(s->feature));
	s->feature_len = n;
	return ERR_OK;
}

static enum err_code
read_host(struct config_group *g, struct settings *s, struct err *e)
{
	static const char *const words[] = { "auto", "no", "yes", NULL };
	long long unknown, reason;
	int start, setup;

	if (config_int(g, "mei_unknown_status", 1, UINT16_MAX,
		PTHI_NOT_PERMITTED, &unknown, e) != ERR_OK ||
	    config_int(g, "mei_reset_reason", 0, UINT32_MAX, 0, &reason, e) !=
		ERR_OK ||
	    config_word(g, "host_start", words, 0, &start, e) != ERR_OK ||
	    config_word(g, "host_setup", words, 0, &setup, e) != ERR_OK ||
	    config_bool(g, "host_start_kept", true, &s->host_start_kept, e) !=
		ERR_OK ||
	    config_bool(g, "host_start_suffixes", true, &s->host_start_suffixes,
		e) != ERR_OK)
		return e->code;
	s->mei_unknown_status = (uint32_t)unknown;
	s->host_reset_reason = (uint32_t)reason;
	s->host_start = start - 1;
	s->host_setup = setup - 1;
	return read_feature(g, s, e);
}

static enum err_code
read_all(struct config_group *g, struct settings *s, struct err *e)
{
	long long idle, request, connections, announced, keys, major;

	if (config_int(g, "idle_seconds", 1, 3600, 60, &idle, e) != ERR_OK ||
	    config_int(g, "request_seconds", 1, 3600, 30, &request, e) !=
		ERR_OK ||
	    config_int(g, "connections", 1, 1000000, 32, &connections, e) !=
		ERR_OK ||
	    config_int(g, "announced_max", 0, HASHLIST_MAX, 0, &announced, e) !=
		ERR_OK ||
	    config_int(g, "insecure_key_pool", 0, KEYPOOL_MAX, 0, &keys, e) !=
		ERR_OK ||
	    config_int(g, "setupbin_major_max", 0, 4, 0, &major, e) != ERR_OK)
		return e->code;
	s->idle_ms = (unsigned long)idle * 1000;
	s->request_ms = (unsigned long)request * 1000;
	s->connections = (size_t)connections;
	s->announced_max = (size_t)announced;
	s->insecure_key_pool = (size_t)keys;
	s->setupbin_major_max = (unsigned)major;
	if (read_windows(g, s, e) != ERR_OK || read_host(g, s, e) != ERR_OK ||
	    read_schedule(g, s, e) != ERR_OK ||
	    read_pkich(g, &s->pkich, e) != ERR_OK)
		return e->code;
	return read_words(g, s, e);
}

enum err_code
settings_read(struct settings *s, const char *path, struct err *e)
{
	struct config *c = NULL;

	defaults(s);
	if (path == NULL)
		return ERR_OK;
	if (config_open(path, &c, e) != ERR_OK)
		return e->code;
	if (read_all(config_root(c), s, e) == ERR_OK)
		config_end(c, e);
	config_close(c);
	return e->code;
}
