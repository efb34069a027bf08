/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "device/wire.h"
#include "formats/dhcp.h"

static void
on_changed(void *arg, const struct machine_lan *facts)
{
	struct wire *w = arg;

	w->facts = *facts;
	if (w->suffix[0] != '\0') {
		memset(w->facts.suffix, 0, sizeof(w->facts.suffix));
		w->facts.nsuffix = 1;
		snprintf(w->facts.suffix[0], sizeof(w->facts.suffix[0]), "%s",
		    w->suffix);
	}
	machine_network(fleet_machine(w->rig->fleet, 0), &w->facts);
}

static void
on_tell(void *arg, const char *name, const char *words, const struct err *why)
{
	struct wire *w = arg;

	machine_tell(fleet_machine(w->rig->fleet, 0),
	    &(struct machine_event){
		.name = name, .words = words, .why = why, .retry = -1 });
}

static enum err_code
take_dhcp(struct wire *w, const char *who, struct err *e)
{
	static const char *const words[] = { "auto", "host", "own" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(who, words[i]) == 0) {
			w->dhcp = (enum lan_dhcp)i;
			return ERR_OK;
		}
	return err_set(e, ERR_USAGE, "--dhcp %s: auto, host or own", who);
}

enum err_code
wire_options(struct wire *w, const struct cli_args *args, struct err *e)
{
	const char *dhcp = cli_value(args, "--dhcp", NULL);

	w->interface = cli_value(args, "--interface", NULL);
	w->suffix = cli_value(args, "--suffix", "");
	if (w->interface == NULL && dhcp != NULL)
		return err_set(e, ERR_USAGE, "--dhcp is of an --interface");
	if (w->interface != NULL && cli_value(args, "--listen", NULL) != NULL)
		return err_set(e, ERR_USAGE,
		    "--listen and --interface: the interface's address is "
		    "the machine's");
	return dhcp == NULL ? ERR_OK : take_dhcp(w, dhcp, e);
}

enum err_code
wire_start(struct wire *w, struct rig *r, struct err *e)
{
	const struct lan_setup setup = { .loop = fleet_loop(r->fleet),
		.interface = w->interface,
		.dhcp = w->dhcp,
		.wait_ms = r->settings.host_wait_ms,
		.changed = on_changed,
		.tell = on_tell,
		.arg = w };

	if (w->interface == NULL)
		return ERR_OK;
	w->rig = r;
	if (lan_new(&setup, &w->lan, e) == ERR_OK)
		on_changed(w, lan_facts(w->lan));
	return e->code;
}

void
wire_free(struct wire *w)
{
	lan_free(w->lan);
	w->lan = NULL;
}
