/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "export/stickimage.h"
#include "factory/keyback.h"
#include "factory/keyring.h"
#include "factory/ledger.h"
#include "factory/stickread.h"
#include "factory/stickwrite.h"
#include "formats/cjson.h"
#include "formats/psk.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "formats/setupvar.h"

#define ROWS_MAX ((size_t)1 << 28)
/* A file that a key of a stick holds: half a million records. */
#define FILE_MAX ((uint32_t)1 << 28)

/* Where a key is: one of the two. */
struct source {
	const char *port;
	const char *image; /* a file */
};

static enum err_code
in_source(const struct source *s, struct err *e)
{
	return s->port != NULL ? err_in(e, "port %s", s->port)
			       : err_in(e, "%s", s->image);
}

/* ---- off the stick ---- */

static enum err_code
read_file(struct stick_disk *d, struct fat *fat, struct fat_file *file,
    struct secret *out, struct err *e)
{
	uint32_t sectors = (file->size + STICK_SECTOR - 1) / STICK_SECTOR;
	const char *why = "SETUP.BIN cannot be read";
	struct cli_bar bar;
	uint64_t lba;

	if (file->size == 0 || file->size > FILE_MAX)
		return err_refuse(e, ERR_DATA, reason_get(REASON_STICK_NO_KEY),
		    "SETUP.BIN has %lu bytes", (unsigned long)file->size);
	if (secret_new(out, (size_t)sectors * STICK_SECTOR, e) != ERR_OK)
		return e->code;
	cli_bar_start(&bar, "sectors", sectors);
	for (uint32_t i = 0; i < sectors; i++) {
		uint8_t *p = out->p + (size_t)i * STICK_SECTOR;

		if (!fat_lba(fat, file, i, &lba, &why) ||
		    !d->disk.read(d->disk.arg, lba, p)) {
			cli_bar_end(&bar);
			return stick_disk_err(d, why, e);
		}
		cli_bar_step(&bar, 1);
	}
	cli_bar_end(&bar);
	out->len = file->size;
	return ERR_OK;
}

static enum err_code
read_key(struct stick *s, struct secret *out, struct err *e)
{
	const char *why = NULL;
	struct fat_file file;
	struct stick_disk d;
	struct fat fat;

	if (stick_disk_init(&d, s, e) == ERR_OK) {
		if (!fat_open(&fat, &d.disk, &why) ||
		    !fat_find(&fat, SETUPBIN_NAME, &file, &why))
			stick_disk_err(&d, why, e);
		else
			read_file(&d, &fat, &file, out, e);
	}
	stick_disk_free(&d);
	return e->code;
}

static enum err_code
open_port(
    const struct cli_args *a, const char *port, struct stick **s, struct err *e)
{
	const struct stick_info *info;
	struct stick_list list = { 0 };
	struct stick_how how;

	if (!sticklist_is_port(port))
		return err_set(e, ERR_USAGE,
		    "%.64s is not a port such as 1-2.3; usb list shows them",
		    port);
	if (stickwrite_how(a, &how, e) != ERR_OK)
		return e->code;
	if (stick_list_make(&how, &list, e) == ERR_OK &&
	    sticklist_find(&list, port, &info, e) == ERR_OK)
		stick_open(info, STICK_READ, &how, s, e);
	sticklist_free(&list);
	return e->code;
}

static enum err_code
fetch(const struct cli_args *a, const struct source *from, struct secret *out,
    struct err *e)
{
	struct stick *s = NULL;

	if ((from->port != NULL
		    ? open_port(a, from->port, &s, e)
		    : stickimage_open(from->image, &s, e)) == ERR_OK)
		read_key(s, out, e);
	stick_close(s);
	return in_source(from, e);
}

/* ---- what is in it ---- */

static const char *
state_of(const struct setupbin *h, const struct setupbin_record *rec)
{
	if (rec->type != 1)
		return "invalid";
	if ((h->flags & SETUPBIN_KEEP) != 0)
		return "kept"; /* for any number of machines */
	return (rec->flags & SETUPBIN_VALID) != 0 ? "unused" : "consumed";
}

/* The PID is a name, not a secret; nothing else of a record is shown. */
static void
pid_of(const struct setupbin_record *rec, char out[static PSK_PID_LEN + 1])
{
	struct setupbin_entry entry;
	size_t at = 0;

	out[0] = '\0';
	while (setupbin_next(rec, &at, &entry)) {
		const struct setupvar *v =
		    setupvar_find(entry.module, entry.id);

		if (v == NULL || v->type != SETUPVAR_PID ||
		    entry.n != PSK_PID_LEN)
			continue;
		for (size_t i = 0; i < PSK_PID_LEN; i++)
			out[i] = entry.value[i] > 0x20 && entry.value[i] < 0x7f
			    ? (char)entry.value[i]
			    : '?';
		out[PSK_PID_LEN] = '\0';
	}
}

static void
put_head(struct wr *w, const struct setupbin *h, const struct source *from,
    size_t n, bool json)
{
	if (!json) {
		wr_fmt(w,
		    "SETUP.BIN version %u.%u, %lu record%s, %lu consumed%s\n",
		    h->major, h->minor, (unsigned long)h->count,
		    text_plural(h->count), (unsigned long)h->consumed,
		    (h->flags & SETUPBIN_KEEP) != 0 ? ", not to be consumed"
						    : "");
		return;
	}
	wr_str(w, "{");
	if (from->port != NULL)
		cjson_put_member(w, "port", from->port);
	else
		cjson_put_member(w, "image", from->image);
	wr_fmt(w,
	    ",\"version\":\"%u.%u\",\"size\":%zu,\"records\":%lu,"
	    "\"consumed\":%lu,\"keep\":%s}\n",
	    h->major, h->minor, n, (unsigned long)h->count,
	    (unsigned long)h->consumed,
	    (h->flags & SETUPBIN_KEEP) != 0 ? "true" : "false");
}

static void
put_record(struct wr *w, uint32_t number, const char *state, const char *pid,
    bool json)
{
	if (!json) {
		wr_fmt(
		    w, "%6lu  %-8s  %s\n", (unsigned long)number, state, pid);
		return;
	}
	wr_fmt(w, "{\"record\":%lu", (unsigned long)number);
	cjson_put_member(w, "state", state);
	cjson_put_member(w, "pid", pid);
	wr_str(w, "}\n");
}

/* Writes what can be read, also of a file that is not sound further on: a
 * torn key is why one looks. */
static enum err_code
decode(const struct cli_args *a, const struct source *from,
    const struct secret *file, struct wr *w, struct err *e)
{
	bool rows = !cli_flag(a, "--reconcile"); /* which has its own */
	struct setupbin_record *rec = calloc(1, sizeof(*rec));
	char pid[PSK_PID_LEN + 1];
	struct setupbin h;
	struct rd r;

	if (rec == NULL)
		return err_mem(e);
	rd_init(&r, file->p, file->len);
	if (setupbin_read(&r, &h))
		put_head(w, &h, from, file->len, a->json);
	for (uint32_t i = 0; r.why == NULL && i < h.count; i++) {
		if (!setupbin_record_read(&r, &h, rec))
			break;
		pid_of(rec, pid);
		if (rows)
			put_record(w, i + 1, state_of(&h, rec), pid, a->json);
	}
	secret_wipe(rec, sizeof(*rec));
	free(rec);
	if (rd_end(&r))
		return ERR_OK;
	rd_err(&r, reason_get(REASON_SETUPBIN_MALFORMED), e);
	err_in(e, "SETUP.BIN");
	return in_source(from, e);
}

static enum err_code
show(const struct cli_args *a, const struct source *from,
    const struct secret *file, struct err *e)
{
	struct err printing;
	struct wr w;

	err_clear(&printing);
	wr_grow(&w, ROWS_MAX);
	decode(a, from, file, &w, e);
	cli_print(&w, &printing);
	if (e->code == ERR_OK)
		*e = printing;
	return e->code;
}

/* ---- against the ledger ---- */

static enum err_code
ledger_row(void *arg, const struct keyring_record *k, struct err *e)
{
	const struct cli_args *a = arg;
	struct wr w;

	wr_grow(&w, 4096);
	if (a->json) {
		wr_fmt(&w, "{\"record\":%lu", (unsigned long)k->record);
		cjson_put_member(&w, "pid", k->pid);
		cjson_put_member(&w, "uuid", k->uuid);
		cjson_put_member(&w, "serial", k->serial);
		cjson_put_member(&w, "state", keyring_state_name(k->state));
		wr_fmt(&w, ",\"copy\":%s}\n", k->copy ? "true" : "false");
	} else
		wr_fmt(&w, "%6lu  %-8s  %-36s  %-16s  %s%s\n",
		    (unsigned long)k->record, k->pid, k->uuid, k->serial,
		    keyring_state_name(k->state),
		    k->copy ? " (taken before: a copy of this key is about)"
			    : "");
	return cli_print(&w, e);
}

static void
sum_json(struct wr *w, const struct keyback_result *r)
{
	wr_str(w, "{");
	cjson_put_member(w, "key", r->key);
	cjson_put_member(w, "order", r->order);
	wr_fmt(w,
	    ",\"records\":%lu,\"unused\":%lu,\"possibly_applied\":%lu,"
	    "\"differs\":%lu,\"unknown\":%lu,\"copies\":%lu",
	    (unsigned long)r->records, (unsigned long)r->unused,
	    (unsigned long)r->applied, (unsigned long)r->differs,
	    (unsigned long)r->unknown, (unsigned long)r->copies);
	wr_fmt(w, ",\"whole\":%s,\"keep\":%s,\"torn\":%s}\n",
	    r->whole ? "true" : "false", r->keeps ? "true" : "false",
	    r->torn ? "true" : "false");
}

static enum err_code
sum(const struct cli_args *a, const struct keyback_result *r, struct err *e)
{
	struct wr w;

	wr_grow(&w, 4096);
	if (a->json)
		sum_json(&w, r);
	else
		wr_fmt(&w,
		    "key %s of order %s: %lu record%s: %lu unused, %lu "
		    "possibly "
		    "applied, %lu differ, %lu unknown\n",
		    r->key, r->order, (unsigned long)r->records,
		    text_plural(r->records), (unsigned long)r->unused,
		    (unsigned long)r->applied, (unsigned long)r->differs,
		    (unsigned long)r->unknown);
	if (r->torn)
		log_warn("the key's counter disagrees with its records: a "
			 "machine was switched off while it took one");
	if (!r->whole)
		log_warn("the file is not the one that was made, even but for "
			 "what is taken");
	return cli_print(&w, e);
}

static enum err_code
reconcile(const struct cli_args *a, const struct secret *file, struct err *e)
{
	const char *path = cli_value(a, "--reconcile", "");
	const char *key = cli_nth(a, "--key-file", 0);
	struct cli_args copy = *a; /* keyring_fn takes what it may change */
	struct ledger *l = NULL;
	struct keyback_result r = { 0 };

	if (ledger_open(path, key, &l, e) == ERR_OK &&
	    keyback_reconcile(
		l, file->p, file->len, ledger_row, &copy, &r, e) == ERR_OK)
		sum(a, &r, e);
	ledger_close(l);
	return e->code;
}

/* A record that cannot be read hides nothing of what the others tell: the
 * ledger's rows call it unknown. */
static enum err_code
tell(const struct cli_args *a, const struct source *from,
    const struct secret *file, struct err *e)
{
	struct err bad;

	if (!cli_flag(a, "--reconcile"))
		return show(a, from, file, e);
	err_clear(&bad);
	if (show(a, from, file, &bad) != ERR_OK && bad.code != ERR_DATA)
		*e = bad;
	else if (reconcile(a, file, e) == ERR_OK && bad.code != ERR_OK)
		err_set(e, ERR_SOME, "%s", bad.msg);
	return e->code;
}

/* ---- the verb ---- */

static enum err_code
keep(const struct cli_args *a, const struct secret *file, struct err *e)
{
	const char *path = cli_nth(a, "--out", 0);

	if (path == NULL)
		return ERR_OK;
	if (!cli_flag(a, "--force"))
		return file_create_secret(path, file, e);
	return file_write(
	    path, FILE_SECRET | FILE_REPLACE, file->p, file->len, e);
}

/* --force replaces files, but never what else is named here. */
static enum err_code
spare(const struct cli_args *a, const struct source *from, struct err *e)
{
	const char *out = cli_nth(a, "--out", 0);

	if (out != NULL && from->image != NULL && file_same(out, from->image))
		return err_set(e, ERR_USAGE,
		    "--out %.200s: the image would be replaced", out);
	if (!cli_flag(a, "--reconcile"))
		return ERR_OK;
	return ledger_spare(cli_value(a, "--reconcile", ""),
	    cli_nth(a, "--key-file", 0), out, e);
}

static enum err_code
take_source(const struct cli_args *a, struct source *from, struct err *e)
{
	from->image = cli_nth(a, "--image", 0);
	from->port = cli_nth(a, "--port", 0);
	if (from->image != NULL && (from->port != NULL || a->n > 0))
		return err_set(e, ERR_USAGE,
		    "either --port or --image: one key at a time");
	if (from->port != NULL && a->n > 0)
		return err_set(e, ERR_USAGE, "one port at a time");
	if (a->n > 0)
		from->port = a->pos[0];
	if (from->port == NULL && from->image == NULL)
		return err_set(e, ERR_USAGE,
		    "--port or --image is needed; usage: %s %s %s", a->program,
		    a->verb->name, a->verb->synopsis);
	return ERR_OK;
}

enum err_code
stickread_run(const struct cli_args *a, struct err *e)
{
	struct secret file = { 0 };
	struct source from;

	if (take_source(a, &from, e) != ERR_OK || spare(a, &from, e) != ERR_OK)
		return e->code;
	/* Kept first: a file that is not sound is worth a look. */
	if (fetch(a, &from, &file, e) == ERR_OK && keep(a, &file, e) == ERR_OK)
		tell(a, &from, &file, e);
	secret_free(&file);
	return e->code;
}
