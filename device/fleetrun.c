/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device fleet: many machines that run until a signal. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "device/rig.h"
#include "device/verbs.h"

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
static enum err_code
add_all(struct rig *r, struct dirent *const *list, int n, struct err *e)
{
	const char *net = cli_value(r->args, "--net", "127.80.0.0");
	char path[STATE_PATH], address[INET_ADDRSTRLEN];
	struct in_addr base, at;
	int bad = 0;

	if (inet_pton(AF_INET, net, &base) != 1)
		return err_set(e, ERR_USAGE, "--net %s: no IPv4 address", net);
	for (int i = 0; i < n; i++) {
		at.s_addr = htonl(ntohl(base.s_addr) + (uint32_t)i + 1);
		inet_ntop(AF_INET, &at, address, sizeof(address));
		if (file_join(path, sizeof(path), r->args->pos[0],
			list[i]->d_name, e) == ERR_OK)
			rig_add(r, path, address, e);
		if (e->code == ERR_USAGE)
			return e->code;
		if (e->code != ERR_OK) {
			cli_report(r->args, e);
			bad++;
		}
	}
	if (fleet_count(r->fleet) == 0)
		return err_set(e, ERR_NOINPUT, "%s: no %s that boots",
		    r->args->pos[0],
		    r->flash.path == NULL ? "image (deltas need a --base)"
					  : "delta of that base");
	return bad > 0 ? ERR_SOME : ERR_OK;
}

static enum err_code
fleet(const struct cli_args *args, struct err *e)
{
	struct dirent **list = NULL;
	enum err_code some = ERR_OK;
	struct rig r = { .lock = STATELOCK_NONE, .many = true };
	int n;

	n = scandir(args->pos[0], &list,
	    cli_value(args, "--base", NULL) == NULL ? is_image : is_delta,
	    alphasort);
	if (n == -1)
		return err_sys(e, ERR_NOINPUT, "%s", args->pos[0]);
	if (rig_open(&r, args, "0.0.0.0", e) == ERR_OK &&
	    (r.state == NULL || file_mkdir(r.state, 0700, e) == ERR_OK)) {
		some = add_all(&r, list, n, e);
		flash_free(&r.flash);
		if (e->code == ERR_OK && rig_mei(&r, e) == ERR_OK)
			rig_until_end(&r, e);
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	rig_free(&r);
	return e->code != ERR_OK ? e->code : some;
}

static const struct cli_opt fleet_opts[] = {
	{ "--state", CLI_VALUE, "DIR", "one folder for each UUID in it" },
	{ "--net", CLI_VALUE, "ADDR",
	    "addresses count up behind it (default: 127.80.0.0)" },
	RIG_OPTS,
};

const struct cli_verb fleetrun_verbs[] = {
	{ "fleet", "IMAGES [--base IMG] --state DIR",
	    "run a machine for each image or delta of a folder", fleet_opts, 1,
	    1, fleet },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
