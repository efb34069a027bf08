/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "factory/jsonkeys.h"
#include "factory/setupjson.h"
#include "formats/cjson.h"
#include "formats/finding.h"
#include "formats/reason.h"
#include "formats/setupvar.h"
#include "formats/uuid.h"

#define ENTRIES_MAX (SETUPBIN_ENTRIES_MAX / 8)
#define MODULES_AT 0x28

static void
meet(struct setupjson_met *m, uint16_t id)
{
	for (size_t i = 0; i < m->n && i < SETUPJSON_MODULES; i++)
		if (m->id[i] == id)
			return;
	if (m->n < SETUPJSON_MODULES)
		m->id[m->n] = id;
	if (m->n <= SETUPJSON_MODULES)
		m->n++;
}

/* Out. */

/* MeshCentral prints a GUID in capitals. */
static void
put_guid(struct wr *w, const uint8_t *value)
{
	char text[UUID_TEXT];
	struct uuid u;

	memcpy(u.b, value, UUID_LEN);
	uuid_text(&u, text);
	for (char *p = text; *p != '\0'; p++)
		*p = (char)toupper((unsigned char)*p);
	cjson_put_string(w, text);
}

static void
put_hex(struct wr *w, const uint8_t *p, size_t n)
{
	char hex[TEXT_HEX_SIZE(128)];

	while (n != 0) {
		size_t some = n < 128 ? n : 128;

		text_hex(hex, p, some);
		wr_bytes(w, hex, 2 * some);
		p += some;
		n -= some;
	}
	secret_wipe(hex, sizeof(hex));
}

/* Printable ASCII as a JSON string. */
static void
put_text(struct wr *w, const uint8_t *p, size_t n)
{
	wr_u8(w, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"' || p[i] == '\\')
			wr_u8(w, '\\');
		wr_u8(w, p[i]);
	}
	wr_u8(w, '"');
}

static uint32_t
number_of(const struct setupbin_entry *e)
{
	return e->n == 1 ? e->value[0]
	    : e->n == 2  ? get_u16le(e->value)
			 : get_u32le(e->value);
}

/* Besides the hex: what is friendlier, if anything is. */
static void
put_friendly(
    struct wr *w, const struct setupvar *var, const struct setupbin_entry *e)
{
	bool width =
	    var != NULL && e->n >= var->min_len && e->n <= var->max_len;

	if (width && var->type == SETUPVAR_UINT) {
		wr_str(w, ",\"num\":");
		cjson_put_uint(w, number_of(e));
	} else if (width && var->type == SETUPVAR_GUID) {
		wr_str(w, ",\"guid\":");
		put_guid(w, e->value);
	} else if ((var == NULL ||
		       (var->type != SETUPVAR_UINT &&
			   var->type != SETUPVAR_GUID)) &&
	    text_printable(e->value, e->n)) {
		wr_str(w, ",\"text\":");
		put_text(w, e->value, e->n);
	}
}

static void
put_number(struct wr *w, const char *key, uint64_t v)
{
	wr_str(w, key);
	cjson_put_uint(w, v);
}

static void
put_variable(struct wr *w, const struct setupbin_entry *e)
{
	const struct setupvar *var = setupvar_find(e->module, e->id);

	put_number(w, "{\"module\":", e->module);
	put_number(w, ",\"var\":", e->id);
	if (var != NULL) {
		wr_str(w, ",\"name\":");
		cjson_put_string(w, var->name);
	}
	put_number(w, ",\"length\":", e->n);
	wr_str(w, ",\"hex\":\"");
	put_hex(w, e->value, e->n);
	wr_str(w, "\"");
	put_friendly(w, var, e);
	wr_str(w, "}");
}

void
setupjson_begin(struct wr *w, const struct setupbin *sb)
{
	put_number(w, "{\"fileType\":", sb->major);
	put_number(w, ",\"recordChunkCount\":", sb->head_chunks);
	put_number(w, ",\"recordHeaderByteCount\":", sb->head_bytes);
	put_number(w, ",\"recordNumber\":", 0);
	put_number(w, ",\"majorVersion\":", sb->major);
	put_number(w, ",\"minorVersion\":", sb->minor);
	put_number(w, ",\"flags\":", sb->flags);
	put_number(w, ",\"dataRecordsConsumed\":", sb->consumed);
	put_number(w, ",\"dataRecordChunkCount\":", sb->record_chunks);
	wr_str(w, ",\"records\":[");
}

void
setupjson_record(
    struct wr *w, struct setupjson *j, const struct setupbin_record *rec)
{
	struct setupbin_entry e;
	uint32_t last = 0, key;
	bool first = true;

	wr_str(w, j->records == 0 ? "" : ",");
	put_number(w, "{\"typeIdentifier\":", rec->type);
	put_number(w, ",\"flags\":", rec->flags);
	if (rec->number != ++j->records)
		put_number(w, ",\"recordNumber\":", rec->number);
	wr_str(w, ",\"variables\":[");
	for (size_t at = 0; setupbin_next(rec, &at, &e); first = false) {
		key = (uint32_t)e.module << 16 | e.id;
		j->unordered = j->unordered || key < last;
		last = key;
		meet(&j->met, e.module);
		wr_str(w, first ? "" : ",");
		put_variable(w, &e);
	}
	wr_str(w, "]}");
}

/* Would setupjson_encode() make this list of itself? */
static bool
is_canonical(const struct setupjson *j, const struct setupbin *sb)
{
	const struct setupjson_met *m = &j->met;

	if (m->n > SETUPJSON_MODULES || m->n != sb->nmodules ||
	    sb->head_bytes != MODULES_AT + 2 * m->n + 2)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (get_u16le(sb->modules + 2 * i) != m->id[i])
			return false;
	return true;
}

void
setupjson_end(
    struct wr *w, const struct setupjson *j, const struct setupbin *sb)
{
	wr_str(w, "]");
	if (j->unordered)
		wr_str(w, ",\"ordered\":true");
	if (!is_canonical(j, sb)) {
		wr_str(w, ",\"modules\":[");
		for (size_t i = 0; i < sb->nmodules; i++)
			put_number(w, i == 0 ? "" : ",",
			    get_u16le(sb->modules + 2 * i));
		wr_str(w, "]");
	}
	wr_str(w, "}\n");
}

/* In. */

struct draft {
	const struct json_doc *records;
	bool ordered;
	struct setupbin sb;
	struct setupjson_met met;
	uint8_t *modules; /* as they lie in the file */
	struct setupbin_record rec;
	uint32_t key[ENTRIES_MAX];
	const struct json_doc *var[ENTRIES_MAX];
	size_t nvars;
	uint8_t value[SETUPBIN_ENTRIES_MAX];
	size_t len; /* of the value */
};

static enum err_code
unsound(struct err *e, const char *what)
{
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_SETUPBIN_JSON), "%s", what);
}

static enum err_code
broken(struct err *e, unsigned id, const char *what)
{
	return err_refuse(
	    e, ERR_DATA, &finding_get((enum finding_id)id)->reason, "%s", what);
}

/* A member that is a number of 0..max; fallback where there is none. */
static enum err_code
number(const struct json_doc *o, const char *key, uint64_t max, uint64_t *out,
    struct err *e)
{
	const struct json_doc *j = json_doc_get(o, key);

	if (j != NULL && !json_doc_uint(j, max, out)) {
		unsound(e, "not a number that fits");
		err_in(e, "%s", key);
	}
	return e->code;
}

static enum err_code
text_value(struct draft *d, const char *p, size_t n, struct err *e)
{
	if (n > sizeof(d->value))
		return broken(
		    e, FINDING_RECORD_FULL, "a text longer than any record");
	memcpy(d->value, p, n);
	d->len = n;
	return ERR_OK;
}

static enum err_code
hex_value(struct draft *d, const char *p, size_t n, struct err *e)
{
	if (n / 2 > sizeof(d->value))
		return broken(
		    e, FINDING_RECORD_FULL, "a value longer than any record");
	if (n % 2 != 0 || !text_unhex(d->value, n / 2, p, n))
		return unsound(e, "hex: not pairs of hexadecimal digits");
	d->len = n / 2;
	return ERR_OK;
}

static enum err_code
guid_value(struct draft *d, const char *p, struct err *e)
{
	struct uuid u;

	if (!uuid_parse(&u, p))
		return unsound(e, "not a GUID of 8-4-4-4-12 digits");
	memcpy(d->value, u.b, UUID_LEN);
	d->len = UUID_LEN;
	return ERR_OK;
}

static enum err_code
num_value(
    struct draft *d, const struct setupvar *var, uint64_t v, struct err *e)
{
	if (v >> 8 * var->min_len != 0)
		return broken(e, FINDING_VALUE_RANGE, var->name);
	put_u32le(d->value, (uint32_t)v);
	d->len = var->min_len;
	return ERR_OK;
}

/* A number as text, which the peer takes too. */
static enum err_code
digits_value(
    struct draft *d, const struct setupvar *var, const char *p, struct err *e)
{
	uint64_t v = 0;
	size_t n = strlen(p);

	if (n == 0 || n > 10 || strspn(p, "0123456789") != n)
		return unsound(e, "text: not a number");
	for (; *p != '\0'; p++)
		v = 10 * v + (uint64_t)(*p - '0');
	return num_value(d, var, v, e);
}

static enum err_code
address_value(struct draft *d, const char *p, struct err *e)
{
	uint8_t ip[4];

	if (inet_pton(AF_INET, p, ip) != 1)
		return unsound(
		    e, "text: not an IPv4 address such as \"192.168.1.5\"");
	for (size_t i = 0; i < sizeof(ip); i++)
		d->value[i] = ip[sizeof(ip) - 1 - i];
	d->len = sizeof(ip);
	return ERR_OK;
}

/* "text", by the variable's type. */
static enum err_code
typed_value(struct draft *d, const struct setupvar *var, const char *p,
    size_t n, struct err *e)
{
	enum setupvar_type type = var == NULL ? SETUPVAR_BYTES : var->type;

	switch (type) {
	case SETUPVAR_UINT:
		return digits_value(d, var, p, e);
	case SETUPVAR_GUID:
		return guid_value(d, p, e);
	case SETUPVAR_IPV4:
		return address_value(d, p, e);
	case SETUPVAR_PID:
	case SETUPVAR_PPS:
		if (memchr(p, '-', n) != NULL)
			return broken(e,
			    type == SETUPVAR_PID ? FINDING_PID_CHECK
						 : FINDING_PPS_CHECK,
			    "text: in a file it has no dashes; leave them out");
		break;
	default:
		break;
	}
	return text_value(d, p, n, e);
}

static enum err_code
no_number(const struct setupvar *var, struct err *e)
{
	if (var != NULL && var->type == SETUPVAR_IPV4)
		return unsound(
		    e, "num: an address is text, such as \"192.168.1.5\"");
	return unsound(e, "num: the variable is no number");
}

/* num, guid, text, hex, in this order. */
static enum err_code
value_of(struct draft *d, const struct json_doc *j, const struct setupvar *var,
    struct err *e)
{
	bool is_num = var != NULL && var->type == SETUPVAR_UINT;
	bool is_guid = var != NULL && var->type == SETUPVAR_GUID;
	const struct json_doc *num = json_doc_get(j, "num");
	const struct json_doc *guid = json_doc_get(j, "guid");
	const struct json_doc *text = json_doc_get(j, "text");
	const struct json_doc *hex = json_doc_get(j, "hex");
	const char *p = NULL;
	uint64_t v;
	size_t n = 0;

	if (num != NULL) {
		if (!is_num)
			return no_number(var, e);
		if (json_doc_kind(num) != JSON_KIND_INT)
			return unsound(
			    e, "num: not a whole number; it has no quotes");
		if (!json_doc_uint(num, UINT64_MAX, &v))
			return broken(e, FINDING_VALUE_RANGE, var->name);
		return num_value(d, var, v, e);
	}
	p = json_doc_text(guid != NULL ? guid : text != NULL ? text : hex, &n);
	if (p == NULL)
		return unsound(e, "no num, guid, text or hex of its type");
	if (guid != NULL && !is_guid)
		return unsound(e, "guid: the variable is no GUID");
	if (guid != NULL)
		return guid_value(d, p, e);
	/* The peer tells the bytes of an address as text, and as hex. */
	if (text != NULL && hex != NULL && n == 4 && var != NULL &&
	    var->type == SETUPVAR_IPV4)
		return text_value(d, p, n, e);
	if (text != NULL)
		return typed_value(d, var, p, n, e);
	return hex_value(d, p, n, e);
}

static enum err_code
key_of(const struct json_doc *j, uint32_t *key, struct err *e)
{
	uint64_t module = 0, id = UINT64_MAX;

	if (number(j, "module", UINT16_MAX, &module, e) != ERR_OK ||
	    number(j, "var", UINT16_MAX, &id, e) != ERR_OK)
		return e->code;
	if (module == 0 || id == UINT64_MAX)
		return unsound(e, "a variable needs module (not 0) and var");
	*key = (uint32_t)(module << 16 | id);
	return ERR_OK;
}

/* Stable, as the peer sorts. */
static void
sort(struct draft *d)
{
	for (size_t i = 1; i < d->nvars; i++) {
		const struct json_doc *var = d->var[i];
		uint32_t key = d->key[i];
		size_t k = i;

		for (; k > 0 && d->key[k - 1] > key; k--) {
			d->key[k] = d->key[k - 1];
			d->var[k] = d->var[k - 1];
		}
		d->key[k] = key;
		d->var[k] = var;
	}
}

/* The variables of a record, in the order in which they are to be written. */
static enum err_code
variables(struct draft *d, const struct json_doc *record, struct err *e)
{
	const struct json_doc *vars = json_doc_get(record, "variables");

	if (vars != NULL && json_doc_kind(vars) != JSON_KIND_ARRAY)
		return unsound(e, "variables: not an array");
	d->nvars = json_doc_count(vars);
	if (d->nvars > ENTRIES_MAX)
		return broken(e, FINDING_RECORD_FULL, "too many variables");
	for (size_t i = 0; i < d->nvars; i++) {
		d->var[i] = json_doc_at(vars, i);
		if (key_of(d->var[i], &d->key[i], e) != ERR_OK)
			return err_in(e, "variable %zu", i + 1);
	}
	if (!d->ordered)
		sort(d);
	return ERR_OK;
}

static enum err_code
entry(struct draft *d, size_t i, struct err *e)
{
	uint16_t module = (uint16_t)(d->key[i] >> 16);
	uint16_t id = (uint16_t)d->key[i];
	size_t room =
	    (size_t)d->sb.record_chunks * SETUPBIN_CHUNK - SETUPBIN_HEAD;

	if (value_of(d, d->var[i], setupvar_find(module, id), e) == ERR_OK &&
	    !setupbin_add(&d->rec, room, module, id, d->value, d->len))
		broken(e, FINDING_RECORD_FULL,
		    "the record has no room for this and what follows");
	return err_in(e, "variable %u/%u", module, id);
}

static enum err_code
record_fields(
    struct draft *d, const struct json_doc *j, size_t i, struct err *e)
{
	struct setupbin_record *rec = &d->rec;
	uint64_t type = 1, flags = SETUPBIN_VALID, no = i + 1;

	if (json_doc_kind(j) != JSON_KIND_OBJECT)
		return unsound(e, "not an object");
	if (number(j, "typeIdentifier", UINT32_MAX, &type, e) != ERR_OK ||
	    number(j, "flags", UINT32_MAX, &flags, e) != ERR_OK ||
	    number(j, "recordNumber", UINT32_MAX, &no, e) != ERR_OK)
		return e->code;
	rec->type = (uint32_t)type;
	rec->flags = (uint32_t)flags;
	rec->number = (uint32_t)no;
	rec->len = 0;
	if (type != 1 && (type != 0 || (flags & SETUPBIN_VALID) != 0))
		broken(e, SETUPBIN_TYPE, "typeIdentifier");
	else if ((flags & ~(SETUPBIN_VALID | SETUPBIN_SCRAMBLED)) != 0)
		broken(e, SETUPBIN_FLAGS, "flags");
	else if ((flags & SETUPBIN_SCRAMBLED) != 0 && d->sb.major < 4)
		broken(e, SETUPBIN_SCRAMBLED_EARLY, "flags");
	return e->code;
}

static enum err_code
one_record(struct draft *d, size_t i, struct wr *w, struct err *e)
{
	const struct json_doc *j = json_doc_at(d->records, i);

	if (record_fields(d, j, i, e) != ERR_OK || variables(d, j, e) != ERR_OK)
		return e->code;
	for (size_t k = 0; e->code == ERR_OK && k < d->nvars; k++)
		entry(d, k, e);
	if (e->code == ERR_OK)
		setupbin_record_write(w, &d->sb, &d->rec);
	return e->code;
}

/* Modules as the peer lists them: as they are first met, unsorted. */
static enum err_code
meet_all(struct draft *d, struct err *e)
{
	for (size_t i = 0; i < d->sb.count; i++) {
		const struct json_doc *vars =
		    json_doc_get(json_doc_at(d->records, i), "variables");

		for (size_t k = 0; k < json_doc_count(vars); k++) {
			uint32_t key;

			if (key_of(json_doc_at(vars, k), &key, e) != ERR_OK)
				return err_in(e, "record %zu, variable %zu",
				    i + 1, k + 1);
			meet(&d->met, (uint16_t)(key >> 16));
		}
	}
	if (d->met.n > SETUPJSON_MODULES)
		return broken(
		    e, SETUPBIN_HEAD_BYTES, "more modules than a header lists");
	return ERR_OK;
}

static enum err_code
module_list(struct draft *d, const struct json_doc *root, struct err *e)
{
	const struct json_doc *list = json_doc_get(root, "modules");
	size_t n = list == NULL ? d->met.n : json_doc_count(list);
	uint64_t bytes = MODULES_AT + 2 * n + 2, id;

	if (list != NULL && json_doc_kind(list) != JSON_KIND_ARRAY)
		return unsound(e, "modules: not an array");
	if (n > (UINT16_MAX - MODULES_AT) / 2 - 1)
		return broken(e, SETUPBIN_HEAD_BYTES, "modules: too many");
	if ((d->modules = calloc(n + 1, 2)) == NULL)
		return err_mem(e);
	for (size_t i = 0; i < n; i++) {
		id = list == NULL ? d->met.id[i] : 0;
		if (list != NULL &&
		    (!json_doc_uint(json_doc_at(list, i), UINT16_MAX, &id) ||
			id == 0))
			return unsound(e, "modules: not numbers above 0");
		put_u16le(d->modules + 2 * i, (uint16_t)id);
	}
	/* What the peer reads there it does not write: it counts. */
	if (list != NULL &&
	    number(root, "recordHeaderByteCount", UINT16_MAX, &bytes, e) !=
		ERR_OK)
		return e->code;
	d->sb.modules = d->modules;
	d->sb.nmodules = n;
	d->sb.head_bytes = (uint16_t)bytes;
	return ERR_OK;
}

/* What the header cannot hold, by its code. */
static enum err_code
header_sound(const struct draft *d, uint64_t type, uint64_t no, struct err *e)
{
	const struct setupbin *sb = &d->sb;
	size_t size = (size_t)sb->head_chunks * SETUPBIN_CHUNK;

	if (setupbin_guid((uint8_t)type) == NULL)
		return broken(e, SETUPBIN_GUID, "fileType");
	if (type != sb->major)
		return broken(e, SETUPBIN_MAJOR, "majorVersion");
	if (no != 0)
		return broken(e, SETUPBIN_HEAD_NUMBER, "recordNumber");
	if (sb->head_chunks == 0)
		return broken(e, SETUPBIN_HEAD_CHUNKS, "recordChunkCount");
	if ((sb->flags & ~SETUPBIN_KEEP) != 0)
		return broken(e, SETUPBIN_HEAD_FLAGS, "flags");
	if (sb->consumed > sb->count)
		return broken(e, SETUPBIN_CONSUMED, "dataRecordsConsumed");
	if (sb->record_chunks == 0 || sb->record_chunks > SETUPBIN_CHUNKS_MAX)
		return broken(e, SETUPBIN_CHUNKS, "dataRecordChunkCount");
	if (sb->head_bytes > size || sb->head_bytes % 2 != 0 ||
	    sb->head_bytes < MODULES_AT + 2 * sb->nmodules + 2)
		return broken(e, SETUPBIN_HEAD_BYTES, "recordHeaderByteCount");
	return ERR_OK;
}

static enum err_code
header(struct draft *d, const struct json_doc *root, struct err *e)
{
	uint64_t major = SETUPJSON_MAJOR, type, minor = 0, flags = 0,
		 consumed = 0;
	uint64_t head = 1, each = 1, no = 0;

	if (number(root, "majorVersion", UINT8_MAX, &major, e) != ERR_OK)
		return e->code;
	type = major;
	if (number(root, "fileType", UINT8_MAX, &type, e) != ERR_OK)
		return e->code;
	if (json_doc_get(root, "majorVersion") == NULL)
		major = type;
	if (number(root, "minorVersion", UINT8_MAX, &minor, e) != ERR_OK ||
	    number(root, "flags", UINT16_MAX, &flags, e) != ERR_OK ||
	    number(root, "dataRecordsConsumed", UINT32_MAX, &consumed, e) !=
		ERR_OK ||
	    number(root, "recordChunkCount", UINT16_MAX, &head, e) != ERR_OK ||
	    number(root, "dataRecordChunkCount", UINT16_MAX, &each, e) !=
		ERR_OK ||
	    number(root, "recordNumber", UINT32_MAX, &no, e) != ERR_OK)
		return e->code;
	setupbin_init(&d->sb, (uint8_t)major, (uint8_t)minor);
	d->sb.flags = (uint16_t)flags;
	d->sb.consumed = (uint32_t)consumed;
	d->sb.head_chunks = (uint16_t)head;
	d->sb.record_chunks = (uint16_t)each;
	d->sb.count = (uint32_t)json_doc_count(d->records);
	if (meet_all(d, e) != ERR_OK || module_list(d, root, e) != ERR_OK)
		return e->code;
	return header_sound(d, type, no, e);
}

static enum err_code
encode(
    struct draft *d, const struct json_doc *root, struct wr *w, struct err *e)
{
	const struct json_doc *ordered = json_doc_get(root, "ordered");

	if (json_doc_kind(root) != JSON_KIND_OBJECT)
		return unsound(e, "not an object");
	d->records = json_doc_get(root, "records");
	if (json_doc_kind(d->records) != JSON_KIND_ARRAY)
		return unsound(e, "records: not an array");
	if (json_doc_count(d->records) > UINT32_MAX)
		return unsound(e, "records: more than a file counts");
	if (ordered != NULL && !json_doc_bool(ordered, &d->ordered))
		return unsound(e, "ordered: not true or false");
	if (header(d, root, e) != ERR_OK)
		return e->code;
	setupbin_write(w, &d->sb);
	for (size_t i = 0; i < d->sb.count; i++)
		if (one_record(d, i, w, e) != ERR_OK)
			return err_in(e, "record %zu", i + 1);
	if (w->failed)
		return err_mem(e);
	return ERR_OK;
}

enum err_code
setupjson_encode(const void *json, size_t n, struct wr *w,
    void (*warn)(const char *line), struct err *e)
{
	struct draft *d = calloc(1, sizeof(*d));
	struct json_doc *root = NULL;
	struct err bad = { 0 };

	if (d == NULL)
		return err_mem(e);
	if (json_doc_parse(json, n, &root, &bad) == ERR_OK) {
		jsonkeys_look(root, warn);
		encode(d, root, w, e);
	} else if (bad.code == ERR_DATA) {
		unsound(e, bad.msg);
		err_at(e, bad.offset);
	} else
		*e = bad;
	json_doc_free(root);
	free(d->modules);
	secret_wipe(d, sizeof(*d));
	free(d);
	return e->code;
}
