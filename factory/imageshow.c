/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/text.h"
#include "factory/imageshow.h"
#include "factory/profile.h"
#include "formats/cjson.h"

/* A range that nothing here understands, or the offset of what is broken: then
 * end is from. */
typedef void gap_fn(void *arg, size_t from, size_t end, const char *what);

/* The first byte in from..end that is not v, or end. */
static size_t
past(const uint8_t *p, size_t from, size_t end, uint8_t v)
{
	while (from < end && p[from] == v)
		from++;
	return from;
}

static void
bios_gap(
    const struct image *img, size_t from, size_t end, gap_fn *fn, void *arg)
{
	from = past(img->p, from, end, 0xFF);
	if (from < end && past(img->p, from, end, 0) < end)
		fn(arg, from, end, "bytes outside any firmware volume");
}

/* Each thing that is not understood, by its offset. */
static void
each_gap(const struct imageshow *s, gap_fn *fn, void *arg)
{
	const struct image *img = s->img;
	const struct descriptor_region *bios = &img->desc.region[REGION_BIOS];
	bool open = img->kind == IMAGE_WHOLE || img->kind == IMAGE_BIOS;
	size_t at = bios->base;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &img->desc.region[i];

		if (r->used && i != REGION_DESCRIPTOR && i != REGION_BIOS &&
		    r->limit < img->n &&
		    past(img->p, r->base, r->limit + 1, 0xFF) <= r->limit)
			fn(arg, r->base, r->limit + 1,
			    "a region that is not looked into");
	}
	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		if (v->why != NULL)
			continue; /* told by its store */
		bios_gap(img, at, v->off, fn, arg);
		at = v->off + v->len;
	}
	if (bios->used && open)
		bios_gap(img, at, bios->limit + 1, fn, arg);
	for (size_t i = 0; i < img->nstores; i++)
		if (img->store[i].why != NULL)
			fn(arg, img->store[i].at, img->store[i].at,
			    img->store[i].why);
	if (s->broken->code != ERR_OK && s->broken->offset != ERR_NO_OFFSET)
		fn(arg, s->broken->offset, s->broken->offset, s->broken->msg);
}

/* ---- for people ---- */

static void
text_store(const struct varstore *s)
{
	char guid[UUID_TEXT], name[VARSTORE_NAME];
	struct varstore_var v;
	size_t at = 0;

	printf("    0x%08zx store, %s, 0x%zx bytes, 0x%zx free from 0x%zx\n",
	    s->off, s->auth ? "authenticated" : "plain", s->end - s->off,
	    s->end - s->free, s->free);
	while (varstore_next(s, &at, &v)) {
		varstore_text(&v, name);
		uuid_text(&v.guid, guid);
		printf("      0x%08zx %s %s:%s, attributes 0x%x, %zu bytes\n",
		    v.off, varstore_state_name(v.state), guid, name, v.attrs,
		    v.len);
	}
}

static void
text_volumes(const struct image *img)
{
	char guid[UUID_TEXT];

	for (size_t i = 0, store = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		uuid_text(&v->guid, guid);
		printf("  0x%08zx volume %s, 0x%zx bytes%s%s\n", v->off, guid,
		    v->len, v->why != NULL ? ": " : "",
		    v->why != NULL ? v->why : "");
		if (volume_is_nv(v))
			text_store(&img->store[store++]);
	}
}

static void
text_value(const char *name, const char *value)
{
	if (value[0] != '\0')
		printf("  %-14s %s\n", name, value);
}

static void
text_hashes(const struct hashlist *l)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *h = &l->e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		printf("  %-14s %s %s \"%s\"%s%s\n", "root",
		    hashlist_type_name(h->type), hex, h->name,
		    h->active ? "" : ", not active", h->only ? ", only" : "");
	}
}

static void
text_record(const struct record *r, size_t at)
{
	char uuid[UUID_TEXT], pid[PSK_PID_TEXT] = "";

	uuid_text(&r->uuid, uuid);
	if (r->psk.pid[0] != '\0')
		psk_pid_text(pid, r->psk.pid);
	printf("record at 0x%08zx, sequence %u\n", at, r->sequence);
	text_value("uuid", uuid);
	text_value("serial", r->serial);
	text_value("order", r->order);
	printf("  %-14s %u.%u, %s, %s, %s, %s\n", "amt", r->amt_major,
	    r->amt_minor, r->enabled ? "enabled" : "disabled",
	    profile_mode_name(r->mode), r->talk ? "talk" : "listen",
	    r->pki ? "pki" : "psk");
	text_value("pid", pid);
	text_value("suffix", r->pki_dns_suffix);
	text_value("server", r->server_fqdn);
	text_hashes(&r->hashes);
	text_value("device key",
	    r->key_len > 0 ? "made in the factory, in this image" : "");
	text_value("otp", r->otp[0] != '\0' ? "set" : "");
	text_value("MEBx password", r->mebx_new[0] != '\0' ? "set" : "");
}

static void
text_gap(void *arg, size_t from, size_t end, const char *what)
{
	bool *first = arg;

	if (*first)
		printf("not understood\n");
	*first = false;
	if (from == end)
		printf("  0x%08zx %s\n", from, what);
	else
		printf("  0x%08zx..0x%08zx %s\n", from, end - 1, what);
}

void
imageshow_text(const struct imageshow *s)
{
	const struct image *img = s->img;
	bool first = true;

	printf("%s image, 0x%zx bytes\n", image_kind_name(img->kind), img->n);
	if (img->desc.chips > 0)
		printf("descriptor version %s, flash of 0x%zx bytes, %zu chip%s"
		       "\n",
		    descriptor_version_name(img->desc.version), img->desc.flash,
		    img->desc.chips, img->desc.chips == 1 ? "" : "s");
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &img->desc.region[i];

		if (!r->used)
			continue;
		printf("0x%08zx..0x%08zx %s\n", r->base, r->limit,
		    descriptor_region_name(i));
		if (i == REGION_BIOS)
			text_volumes(img);
	}
	if (s->rec != NULL)
		text_record(s->rec, s->at);
	each_gap(s, text_gap, &first);
}

/* ---- for programs ---- */

/* One value of an object, behind the ones before it. */
static void
json_key(struct wr *w, const char *key)
{
	if (w->len > 0 && w->buf[w->len - 1] != '{')
		wr_u8(w, ',');
	cjson_put_string(w, key);
	wr_u8(w, ':');
}

static void
json_uint(struct wr *w, const char *key, uint64_t v)
{
	json_key(w, key);
	cjson_put_uint(w, v);
}

static void
json_bool(struct wr *w, const char *key, bool v)
{
	json_key(w, key);
	cjson_put_bool(w, v);
}

/* Left out where empty. */
static void
json_string(struct wr *w, const char *key, const char *v)
{
	if (v == NULL || v[0] == '\0')
		return;
	json_key(w, key);
	cjson_put_string(w, v);
}

static void
json_uuid(struct wr *w, const char *key, const struct uuid *v)
{
	char text[UUID_TEXT];

	uuid_text(v, text);
	json_string(w, key, text);
}

static void
json_open(struct wr *w, const char *list)
{
	json_key(w, list);
	wr_u8(w, '[');
}

/* The next object of a list. */
static void
json_item(struct wr *w)
{
	wr_str(w, w->len > 0 && w->buf[w->len - 1] == '}' ? ",{" : "{");
}

static void
json_regions(struct wr *w, const struct descriptor *d)
{
	json_open(w, "regions");
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		if (!d->region[i].used)
			continue;
		json_item(w);
		json_string(w, "name", descriptor_region_name(i));
		json_uint(w, "base", d->region[i].base);
		json_uint(w, "limit", d->region[i].limit);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void
json_volumes(struct wr *w, const struct image *img)
{
	json_open(w, "volumes");
	for (size_t i = 0; i < img->nvolumes; i++) {
		json_item(w);
		json_uint(w, "offset", img->volume[i].off);
		json_uint(w, "size", img->volume[i].len);
		json_uuid(w, "guid", &img->volume[i].guid);
		json_string(w, "broken", img->volume[i].why);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void
json_variables(struct wr *w, const struct varstore *s)
{
	char name[VARSTORE_NAME];
	struct varstore_var v;
	size_t at = 0;

	json_open(w, "variables");
	while (varstore_next(s, &at, &v)) {
		varstore_text(&v, name);
		json_item(w);
		json_uint(w, "offset", v.off);
		json_string(w, "name", name);
		json_uuid(w, "guid", &v.guid);
		json_uint(w, "attrs", v.attrs);
		json_string(w, "state", varstore_state_name(v.state));
		json_uint(w, "size", v.len);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void
json_stores(struct wr *w, const struct image *img)
{
	json_open(w, "stores");
	for (size_t i = 0; i < img->nstores; i++) {
		const struct varstore *s = &img->store[i];

		json_item(w);
		json_uint(w, "offset", s->off);
		json_uint(w, "size", s->end - s->off);
		json_string(w, "format", s->auth ? "authenticated" : "plain");
		json_uint(w, "free_offset", s->free);
		json_uint(w, "free", s->end - s->free);
		json_string(w, "broken", s->why);
		json_variables(w, s);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void
json_hashes(struct wr *w, const struct hashlist *l)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	json_open(w, "hashes");
	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *h = &l->e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		json_item(w);
		json_string(w, "type", hashlist_type_name(h->type));
		json_string(w, "hash", hex);
		json_string(w, "name", h->name);
		json_bool(w, "active", h->active);
		json_bool(w, "only", h->only);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void
json_server(struct wr *w, const struct record *r)
{
	char ip[INET_ADDRSTRLEN] = "";

	if (r->server_ip[0] != 0)
		inet_ntop(AF_INET, r->server_ip, ip, sizeof(ip));
	json_string(w, "pki_dns_suffix", r->pki_dns_suffix);
	json_string(w, "server_fqdn", r->server_fqdn);
	json_string(w, "server_address", ip);
	if (r->server_port != 0)
		json_uint(w, "server_port", r->server_port);
}

static void
json_record(struct wr *w, const struct record *r, size_t at)
{
	uint8_t sha[SHA256_LEN];
	char amt[8], hex[TEXT_HEX_SIZE(SHA256_LEN)] = "";

	if (r->cert_len > 0) {
		digest_sha256(r->cert, r->cert_len, sha);
		text_hex(hex, sha, sizeof(sha));
	}
	snprintf(amt, sizeof(amt), "%u.%u", r->amt_major, r->amt_minor);
	json_key(w, "record");
	wr_u8(w, '{');
	json_uint(w, "offset", at);
	json_uint(w, "sequence", r->sequence);
	json_uuid(w, "uuid", &r->uuid);
	json_string(w, "serial", r->serial);
	json_string(w, "order", r->order);
	json_string(w, "amt", amt);
	json_bool(w, "enabled", r->enabled);
	json_string(w, "mode", profile_mode_name(r->mode));
	json_string(w, "start", r->talk ? "talk" : "listen");
	json_string(w, "credential", r->pki ? "pki" : "psk");
	json_string(w, "pid", r->psk.pid);
	json_string(w, "cert_sha256", hex);
	json_bool(w, "has_key", r->key_len > 0);
	json_bool(w, "has_otp", r->otp[0] != '\0');
	json_bool(w, "has_mebx_password", r->mebx_new[0] != '\0');
	json_server(w, r);
	json_hashes(w, &r->hashes);
	wr_u8(w, '}');
}

static void
json_gap(void *arg, size_t from, size_t end, const char *what)
{
	struct wr *w = arg;

	json_item(w);
	json_uint(w, "offset", from);
	if (from != end)
		json_uint(w, "size", end - from);
	json_string(w, "what", what);
	wr_u8(w, '}');
}

enum err_code
imageshow_json(const struct imageshow *s, struct err *e)
{
	const struct image *img = s->img;
	struct wr w;

	wr_grow(&w, 0x1000000);
	wr_u8(&w, '{');
	json_string(&w, "kind", image_kind_name(img->kind));
	json_uint(&w, "size", img->n);
	if (img->desc.chips > 0) {
		json_string(&w, "descriptor",
		    descriptor_version_name(img->desc.version));
		json_uint(&w, "flash", img->desc.flash);
	}
	json_regions(&w, &img->desc);
	json_volumes(&w, img);
	json_stores(&w, img);
	if (s->rec != NULL)
		json_record(&w, s->rec, s->at);
	json_open(&w, "unknown");
	each_gap(s, json_gap, &w);
	wr_str(&w, "]}\n");
	return cli_print(&w, e);
}
