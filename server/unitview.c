/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cli.h"
#include "formats/cjson.h"
#include "server/unitview.h"

void
unitview_put(struct wr *w, const char *key, const char *value)
{
	if (w->len > 0 && w->buf[w->len - 1] != '{')
		wr_u8(w, ',');
	cjson_put_string(w, key);
	wr_u8(w, ':');
	cli_put_string(w, value);
}

void
unitview_json(struct wr *w, const struct store_unit *u)
{
	char uuid[UUID_TEXT];

	uuid_text(&u->row.uuid, uuid);
	wr_u8(w, '{');
	unitview_put(w, "uuid", uuid);
	unitview_put(w, "state", store_state_name(u->state));
	unitview_put(w, "reason", u->reason);
	unitview_put(w, "mode", u->row.mode);
	unitview_put(w, "fqdn", u->fqdn);
	unitview_put(w, "updated", u->updated);
	unitview_put(w, "tenant", u->tenant);
	unitview_put(w, "serial", u->row.serial);
	unitview_put(w, "order", u->row.order);
	unitview_put(w, "sku", u->row.sku);
	unitview_put(w, "macs", u->row.macs);
	unitview_put(w, "amt", u->row.amt);
	unitview_put(w, "version", u->version);
	unitview_put(w, "address", u->address);
}
