/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device show: what an image makes of its machine. No secrets. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "device/flash.h"
#include "device/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"

#define SHOW_MAX 32768

static const char *
start_word(const struct record *r)
{
	if (!r->enabled)
		return "disabled";
	return r->talk ? "talk" : "listen";
}

static const char *
credential_word(const struct record *r)
{
	if (r->psk.pid[0] != '\0')
		return "psk";
	return r->pki ? "pki" : "none";
}

static const char *
key_word(const struct record *r)
{
	return r->key_len > 0 ? "image" : "device";
}

static void
text_hashes(const struct hashlist *list)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	for (size_t i = 0; i < list->n; i++) {
		const struct hash_entry *h = &list->e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		printf("hash        %s %s%s%s %s\n",
		    hashlist_type_name(h->type), hex,
		    h->active ? "" : " inactive", h->only ? " only" : "",
		    h->name);
	}
}

static void
line(const char *name, const char *value)
{
	if (value[0] != '\0')
		printf("%-11s %s\n", name, value);
}

static void
show_text(const struct record *r, const char *uuid, const char *ip)
{
	line("uuid", uuid);
	line("serial", r->serial);
	line("order", r->order);
	printf("amt         %u.%u\n", r->amt_major, r->amt_minor);
	line("mode", r->mode == RECORD_SMB ? "smb" : "enterprise");
	line("start", start_word(r));
	line("credential", credential_word(r));
	line("pid", r->psk.pid);
	line("device key", key_word(r));
	line("suffix", r->pki_dns_suffix);
	line("server", r->server_fqdn);
	line("address", ip);
	if (r->server_port != 0)
		printf("port        %u\n", r->server_port);
	text_hashes(&r->hashes);
}

static void
json_hashes(struct wr *w, const struct hashlist *list)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	wr_str(w, ",\"hashes\":[");
	for (size_t i = 0; i < list->n; i++) {
		const struct hash_entry *h = &list->e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		wr_fmt(w, "%s{\"type\":\"%s\",\"hash\":\"%s\",\"name\":",
		    i > 0 ? "," : "", hashlist_type_name(h->type), hex);
		cjson_put_string(w, h->name);
		wr_str(w, ",\"active\":");
		cjson_put_bool(w, h->active);
		wr_str(w, ",\"only\":");
		cjson_put_bool(w, h->only);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static enum err_code
show_json(
    const struct record *r, const char *uuid, const char *ip, struct err *e)
{
	char amt[16], port[8] = "";
	struct wr w;

	snprintf(amt, sizeof(amt), "%u.%u", r->amt_major, r->amt_minor);
	if (r->server_port != 0)
		snprintf(port, sizeof(port), "%u", r->server_port);
	wr_grow(&w, SHOW_MAX);
	wr_u8(&w, '{');
	cjson_put_member(&w, "uuid", uuid);
	cjson_put_member(&w, "serial", r->serial);
	cjson_put_member(&w, "order", r->order);
	cjson_put_member(&w, "amt", amt);
	cjson_put_member(
	    &w, "mode", r->mode == RECORD_SMB ? "smb" : "enterprise");
	cjson_put_member(&w, "start", start_word(r));
	cjson_put_member(&w, "credential", credential_word(r));
	cjson_put_member(&w, "pid", r->psk.pid);
	cjson_put_member(&w, "device_key", key_word(r));
	cjson_put_member(&w, "pki_dns_suffix", r->pki_dns_suffix);
	cjson_put_member(&w, "server_fqdn", r->server_fqdn);
	cjson_put_member(&w, "server_address", ip);
	cjson_put_member(&w, "server_port", port);
	json_hashes(&w, &r->hashes);
	wr_str(&w, "}\n");
	return cli_print(&w, e);
}

/* An image with a Setup.bin alone is no mistake, but no machine either. */
static enum err_code
no_record(struct flash *f, const char *path, struct err *e)
{
	struct secret setup = { 0 };
	struct err none;

	err_clear(&none);
	if (e->reason == reason_get(REASON_IMAGE_NO_RECORD) &&
	    flash_setup(f, path, &setup, &none) == ERR_OK && setup.len > 0) {
		err_clear(e);
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_RECORD),
		    "%s: it has a Setup.bin and no record, and a Setup.bin "
		    "names no board: setupbin decode prints such a file, and "
		    "boot --uuid starts from it",
		    path);
	}
	secret_free(&setup);
	return e->code;
}

static enum err_code
run_show(const struct cli_args *args, struct err *e)
{
	char uuid[UUID_TEXT], ip[INET_ADDRSTRLEN] = "";
	struct record *r = calloc(1, sizeof(*r));
	struct flash flash;

	if (r == NULL)
		return err_mem(e);
	if (flash_open(&flash, cli_value(args, "--base", NULL), e) != ERR_OK ||
	    flash_record(&flash, args->pos[0], r, e) != ERR_OK) {
		no_record(&flash, args->pos[0], e);
		goto out;
	}
	uuid_text(&r->uuid, uuid);
	if (get_u32le(r->server_ip) != 0)
		inet_ntop(AF_INET, r->server_ip, ip, sizeof(ip));
	if (args->json)
		show_json(r, uuid, ip, e);
	else
		show_text(r, uuid, ip);
out:
	flash_free(&flash);
	record_wipe(r);
	free(r);
	return e->code;
}

static const struct cli_opt show_opts[] = {
	{ "--base", CLI_VALUE, "IMG", "the image that a delta was made from" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

const struct cli_verb show_verbs[] = {
	{ "show", "IMG [--base IMG]",
	    "print what an image makes of its machine", show_opts, 1, 1,
	    run_show },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
