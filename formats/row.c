/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "base/secret.h"
#include "formats/cjson.h"
#include "formats/row.h"

/* The keys behind "uuid", in order. A flag stands where its key does. */
struct column {
	const char *key; /* as it stands in the text */
	size_t off, room;
	bool secret;
};

#define COLUMN(name, secret)                                   \
	{                                                      \
		",\"" #name "\":", offsetof(struct row, name), \
		    sizeof(((struct row *)NULL)->name), secret \
	}

static const struct column columns[] = {
	COLUMN(serial, false),
	COLUMN(order, false),
	COLUMN(state, false),
	COLUMN(mode, false),
	COLUMN(amt, false),
	COLUMN(sku, false),
	COLUMN(macs, false),
	COLUMN(pid, false),
	COLUMN(cert_sha256, false),
	COLUMN(key_storage, false),
	COLUMN(key_shared, false),
	COLUMN(hash_list, false),
	COLUMN(issued, false),
	COLUMN(pps, true),
	COLUMN(mebx_password, true),
	COLUMN(admin_password, true),
	COLUMN(otp, true),
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static bool
is_flag(const struct column *c)
{
	return c->off == offsetof(struct row, key_shared);
}

void
row_write(struct wr *w, const struct row *row, bool reveal)
{
	char uuid[UUID_TEXT];

	uuid_text(&row->uuid, uuid);
	wr_str(w, "{\"uuid\":");
	cjson_put_string(w, uuid);
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *c = &columns[i];
		const char *text = (const char *)row + c->off;

		if (c->secret && !reveal)
			continue;
		if (is_flag(c)) {
			wr_str(w, c->key);
			cjson_put_bool(w, row->key_shared);
		} else if (text[0] != '\0') {
			wr_str(w, c->key);
			cjson_put_string(w, text);
		}
	}
	wr_u8(w, '}');
}

static void
read_column(struct rd *r, struct row *row, const struct column *c)
{
	char *text = (char *)row + c->off;

	if (is_flag(c)) {
		cjson_want(r, c->key);
		row->key_shared = cjson_get_bool(r);
	} else if (cjson_have(r, c->key)) {
		cjson_get_string(r, text, c->room);
		if (text[0] == '\0')
			rd_fail(r, "empty value: its key is left out instead");
	}
}

static bool
is_hex(const char *text)
{
	return text[strspn(text, "0123456789abcdef")] == '\0';
}

bool
row_is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	return true;
}

/* What the fields mean, where another reader would stumble over it. */
static void
check(struct rd *r, const struct row *row)
{
	char back[PSK_PPS_LEN + 1];
	const char *why = NULL;

	if (row->pid[0] != '\0' &&
	    (!psk_pid_parse(back, row->pid, &why) ||
		strcmp(back, row->pid) != 0))
		rd_fail(r, "pid is not a PID");
	if (row->pps[0] != '\0' &&
	    (!psk_pps_parse(back, row->pps, &why) ||
		strcmp(back, row->pps) != 0))
		rd_fail(r, "pps is not a PPS");
	secret_wipe(back, sizeof(back));
	if (row->cert_sha256[0] != '\0' &&
	    (strlen(row->cert_sha256) != 64 || !is_hex(row->cert_sha256)))
		rd_fail(r, "cert_sha256 is not 64 lower-case hex digits");
	if (row->issued[0] != '\0' && !row_is_time(row->issued))
		rd_fail(r, "issued is not a time in UTC");
}

bool
row_read(struct rd *r, struct row *row)
{
	char uuid[UUID_TEXT], back[UUID_TEXT];

	memset(row, 0, sizeof(*row));
	cjson_want(r, "{\"uuid\":");
	cjson_get_string(r, uuid, sizeof(uuid));
	if (r->why == NULL && !uuid_parse(&row->uuid, uuid))
		rd_fail(r, "uuid is not a UUID");
	uuid_text(&row->uuid, back);
	if (r->why == NULL && strcmp(uuid, back) != 0)
		rd_fail(r, "uuid is not in its canonical form");
	for (size_t i = 0; i < COLUMNS; i++)
		read_column(r, row, &columns[i]);
	check(r, row);
	cjson_want(r, "}");
	if (!rd_end(r))
		row_wipe(row);
	return r->why == NULL;
}

/* A column's key without the text around it. */
static void
key_name(const struct column *c, char key[static ROW_KEY])
{
	size_t n = strlen(c->key) - 4; /* ," and ": */

	memcpy(key, c->key + 2, n);
	key[n] = '\0';
}

bool
row_differs(const struct row *a, const struct row *b, char key[static ROW_KEY])
{
	strcpy(key, "uuid");
	if (!uuid_equal(&a->uuid, &b->uuid))
		return true;
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *c = &columns[i];

		key_name(c, key);
		if (is_flag(c) ? a->key_shared != b->key_shared
			       : strcmp((const char *)a + c->off,
				     (const char *)b + c->off) != 0)
			return true;
	}
	return false;
}

void
row_wipe(struct row *row)
{
	secret_wipe(row, sizeof(*row));
}
