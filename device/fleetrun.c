/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device fleet: many machines that run until a signal. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "device/chance.h"
#include "device/events.h"
#include "device/openfiles.h"
#include "device/rig.h"
#include "device/verbs.h"

/* More than that start one after the other, if nothing else is said. */
#define AT_ONCE 1000
#define STARTS_A_SECOND 2000
#define MOST 1000000

/* What a fleet is made of. */
struct source {
	const char *folder, *like; /* one of them */
	struct dirent **list;
	size_t n;
	uint32_t net; /* the address before the first */
};

static bool
ends_in(const struct dirent *d, const char *suffix)
{
	size_t n = strlen(d->d_name), m = strlen(suffix);

	return n > m && strcmp(d->d_name + n - m, suffix) == 0;
}

static int
is_image(const struct dirent *d)
{
	return ends_in(d, ".bin");
}

/* A folder may hold both, of the same units. */
static int
is_delta(const struct dirent *d)
{
	return ends_in(d, ".delta");
}

/* Images in the order of their names get net + 1, net + 2, ... */
static void
address_of(const struct source *s, size_t i, char out[static INET_ADDRSTRLEN])
{
	struct in_addr at = { htonl(s->net + (uint32_t)i + 1) };

	inet_ntop(AF_INET, &at, out, INET_ADDRSTRLEN);
}

/* What is wrong with the whole and not with one image of many. */
static bool
is_hopeless(const struct err *e)
{
	return e->code == ERR_USAGE || e->code == ERR_RETRY;
}

static enum err_code
add_images(struct rig *r, const struct source *s, struct err *e)
{
	char path[STATE_PATH], address[INET_ADDRSTRLEN];
	size_t bad = 0;
	struct cli_bar bar;

	cli_bar_start(&bar, "machines", s->n);
	for (size_t i = 0; i < s->n && !is_hopeless(e); i++) {
		address_of(s, i, address);
		if (file_join(path, sizeof(path), s->folder, s->list[i]->d_name,
			e) == ERR_OK)
			rig_add(r, path, address, e);
		if (e->code != ERR_OK && !is_hopeless(e)) {
			cli_report(r->args, e);
			bad++;
		}
		cli_bar_step(&bar, 1);
	}
	cli_bar_end(&bar);
	if (e->code == ERR_OK && fleet_count(r->fleet) == 0)
		return err_set(e, ERR_NOINPUT, "%s: no %s that boots",
		    s->folder,
		    r->flash.path == NULL ? "image (deltas need a --base)"
					  : "delta of that base");
	return bad > 0 ? ERR_SOME : ERR_OK;
}

/* Machines that no factory made: as that of an image, each with a UUID from
 * the seed, and with keys of its own. */
static enum err_code
add_alike(struct rig *r, const struct source *s, struct err *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	char address[INET_ADDRSTRLEN];

	if (rec == NULL)
		return err_mem(e);
	if (flash_record(&r->flash, s->like, rec, e) == ERR_OK &&
	    rec->psk.pid[0] != '\0')
		log_warn("%s: its machine has a pre-shared key, which all %zu "
			 "share",
		    s->like, s->n);
	rec->key_len = rec->cert_len = 0;
	for (size_t i = 0; i < s->n && e->code == ERR_OK; i++) {
		address_of(s, i, address);
		chance_uuid(r->faults.seed, i, &rec->uuid);
		snprintf(rec->serial, sizeof(rec->serial), "LIKE-%06zu", i + 1);
		rig_add_record(r, rec, address, e);
	}
	record_wipe(rec);
	free(rec);
	return e->code;
}

static enum err_code
list_images(struct source *s, bool deltas, struct err *e)
{
	int n = scandir(
	    s->folder, &s->list, deltas ? is_delta : is_image, alphasort);

	if (n == -1)
		return err_sys(e, ERR_NOINPUT, "%s", s->folder);
	s->n = (size_t)n;
	return ERR_OK;
}

static enum err_code
find_source(struct source *s, const struct cli_args *args, struct err *e)
{
	const char *net = cli_value(args, "--net", "127.80.0.0");
	unsigned long count;
	struct in_addr base;

	s->folder = args->n > 0 ? args->pos[0] : NULL;
	s->like = cli_value(args, "--like", NULL);
	if (inet_pton(AF_INET, net, &base) != 1)
		return err_set(e, ERR_USAGE, "--net %s: no IPv4 address", net);
	s->net = ntohl(base.s_addr);
	if ((s->folder == NULL) == (s->like == NULL))
		return err_set(e, ERR_USAGE,
		    "either a folder of images or --like IMG is wanted");
	if (cli_number(args, "--count", 1, MOST, 0, &count, e) != ERR_OK)
		return e->code;
	if ((count > 0) != (s->like != NULL))
		return err_set(e, ERR_USAGE,
		    "--like and --count belong together: so many machines "
		    "like that one");
	s->n = count;
	if (s->folder == NULL)
		return ERR_OK;
	return list_images(s, cli_value(args, "--base", NULL) != NULL, e);
}

/* A seed that nobody gave is drawn, and printed like one that was. */
static enum err_code
find_faults(
    struct fault_plan *p, const struct cli_args *args, size_t n, struct err *e)
{
	unsigned long seed, spread;
	uint32_t drawn = 0;
	const char *rule;

	if (cli_value(args, "--seed", NULL) == NULL &&
	    rand_bytes(&drawn, sizeof(drawn), e) != ERR_OK)
		return e->code;
	if (cli_number(args, "--seed", 0, UINT32_MAX, drawn, &seed, e) !=
		ERR_OK ||
	    cli_number(args, "--spread", 0, 86400,
		n > AT_ONCE ? n / STARTS_A_SECOND + 1 : 0, &spread,
		e) != ERR_OK)
		return e->code;
	p->seed = seed;
	p->spread_ms = (uint32_t)spread * 1000;
	for (int i = 0; (rule = cli_nth(args, "--fault", i)) != NULL; i++)
		if (fault_rule(p, rule, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err_code
find_room(const struct cli_args *args, size_t n, struct err *e)
{
	unsigned long connections;

	if (cli_number(args, "--connections", 1, 2 * MOST, n, &connections,
		e) != ERR_OK)
		return e->code;
	return openfiles_need(connections, e);
}

static enum err_code
run(struct rig *r, const struct source *s, struct err *e)
{
	enum err_code some;

	if (r->state != NULL && file_mkdir(r->state, 0700, e) != ERR_OK)
		return e->code;
	some = s->like != NULL ? add_alike(r, s, e) : add_images(r, s, e);
	flash_free(&r->flash);
	if (e->code != ERR_OK)
		return e->code;
	events_fleet(r->args, fleet_count(r->fleet), &r->faults);
	if (rig_mei(r, e) == ERR_OK)
		rig_until_end(r, e);
	return e->code != ERR_OK ? e->code : some;
}

static enum err_code
fleet(const struct cli_args *args, struct err *e)
{
	struct rig r = { .lock = STATELOCK_NONE, .many = true };
	struct source s = { .n = 0 };
	enum err_code some = ERR_OK;

	if (find_source(&s, args, e) == ERR_OK &&
	    find_faults(&r.faults, args, s.n, e) == ERR_OK &&
	    find_room(args, s.n, e) == ERR_OK &&
	    rig_open(&r, args, "0.0.0.0", e) == ERR_OK)
		some = run(&r, &s, e);
	for (size_t i = 0; s.list != NULL && i < s.n; i++)
		free(s.list[i]);
	free(s.list);
	rig_free(&r);
	return e->code != ERR_OK ? e->code : some;
}

static const struct cli_opt fleet_opts[] = {
	{ "--state", CLI_VALUE, "DIR", "one folder for each UUID in it" },
	{ "--net", CLI_VALUE, "ADDR",
	    "addresses count up behind it (default: 127.80.0.0)" },
	{ "--like", CLI_VALUE, "IMG",
	    "in place of a folder: machines like that of an image" },
	{ "--count", CLI_VALUE, "N", "how many of them" },
	{ "--seed", CLI_VALUE, "N",
	    "the same one makes the same faults, times and UUIDs" },
	{ "--spread", CLI_VALUE, "SECONDS",
	    "first hellos come spread over so long" },
	{ "--fault", CLI_MANY, "WHAT[=N][:SHARE]",
	    "drop cut otp cert late duplicate fragment slow silent" },
	{ "--activate", CLI_FLAG, NULL,
	    "start those in listen mode too, as an agent would" },
	{ "--connections", CLI_VALUE, "N",
	    "at most so many at a time (default: one a machine)" },
	RIG_OPTS,
};

const struct cli_verb fleetrun_verbs[] = {
	{ "fleet", "IMAGES | --like IMG --count N [--base IMG] --state DIR",
	    "run a machine for each image or delta of a folder", fleet_opts, 0,
	    1, fleet },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
