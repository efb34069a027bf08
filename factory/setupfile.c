/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setup.bin files by hand: JSON to file and back, and the linter. A file of
 * any number of records is mapped and walked, never held as a tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "factory/setupjson.h"
#include "factory/setupview.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/setuplint.h"

#define IN_MAX ((size_t)256 << 20) /* of a pipe, or of JSON */
#define OUT_MAX ((size_t)1 << 31)
#define FLUSH (64 << 10)

/* A file as it lies in memory: a mapping, or what came through a pipe. */
struct input {
	const char *name;
	const uint8_t *p;
	size_t n;
	struct secret pipe;
	bool mapped;
};

static enum err_code
input_open(struct input *in, const char *path, struct err *e)
{
	memset(in, 0, sizeof(*in));
	in->p = (const uint8_t *)"";
	in->name = path;
	if (strcmp(path, "-") == 0) {
		in->name = "standard input";
		if (file_read_secret(path, IN_MAX, &in->pipe, e) == ERR_OK &&
		    in->pipe.len != 0) {
			in->p = in->pipe.p;
			in->n = in->pipe.len;
		}
		return e->code;
	}
	if (file_map(path, &in->p, &in->n, e) == ERR_OK)
		in->mapped = true;
	else if (e->code == ERR_DATA) { /* empty: a finding like others */
		err_clear(e);
		in->p = (const uint8_t *)"";
	}
	return e->code;
}

static void
input_close(struct input *in)
{
	if (in->mapped)
		file_unmap(in->p, in->n);
	secret_free(&in->pipe);
}

/* Findings. */

/* A rule says how things should be: without its label a fault would read as
 * its opposite. On stderr all of it is one line. */
static void
put_words(struct wr *w, const struct setuplint_found *f, bool lines)
{
	const struct finding *row = finding_get(f->id);
	const char *sep = lines ? "\n  " : " ";

	wr_fmt(w, "0x%llx", (unsigned long long)f->off);
	if (f->record != 0)
		wr_fmt(w, " record %lu", (unsigned long)f->record);
	if (f->module != 0)
		wr_fmt(w, " %u/%u", f->module, f->var);
	wr_fmt(w, ": %s %s", f->error ? "error" : "warning", row->reason.code);
	if (f->detail != NULL)
		wr_fmt(w, ": %s", f->detail);
	if (f->other != 0)
		wr_fmt(w, ": record %lu has it too", (unsigned long)f->other);
	wr_fmt(w, "%s%srule: ", lines ? "" : ";", sep);
	wr_str(w, row->reason.rule);
	wr_fmt(w, "%sBIOS: ", sep);
	wr_str(w, row->bios);
	wr_fmt(w, "%sdo: ", sep);
	wr_str(w, row->reason.mend);
	wr_str(w, "\n");
}

static void
put_number(struct wr *w, const char *key, uint64_t v, bool there)
{
	wr_str(w, key);
	if (there)
		cjson_put_uint(w, v);
	else
		wr_str(w, "null");
}

static void
put_json(struct wr *w, const struct setuplint_found *f)
{
	const struct finding *row = finding_get(f->id);

	wr_fmt(w, "{\"severity\":\"%s\"", f->error ? "error" : "warning");
	cjson_put_member(w, "code", row->reason.code);
	put_number(w, ",\"offset\":", f->off, true);
	put_number(w, ",\"record\":", f->record, f->record != 0);
	put_number(w, ",\"module\":", f->module, f->module != 0);
	put_number(w, ",\"var\":", f->var, f->module != 0);
	cjson_put_member(w, "rule", row->reason.rule);
	cjson_put_member(w, "bios", row->bios);
	cjson_put_member(w, "mend", row->reason.mend);
	cjson_put_member(w, "detail", f->detail);
	if (f->other != 0)
		put_number(w, ",\"other\":", f->other, true);
	wr_str(w, "}\n");
}

/* Where findings go, and the first error among them. */
struct told {
	const struct cli_args *a;
	struct wr w;
	bool data; /* stdout; else stderr, as words */
	bool unreadable_only;
	struct setuplint_found first;
	bool any;
};

static void
told_flush(struct told *t)
{
	fwrite(t->w.buf, 1, t->w.len, stdout);
	wr_reset(&t->w);
}

static void
tell(void *arg, const struct setuplint_found *f)
{
	struct told *t = arg;
	struct setuplint_found told = *f;

	/* decode warns of what it can read all the same */
	if (t->unreadable_only &&
	    finding_get(f->id)->level != FINDING_UNREADABLE)
		told.error = false;
	if (told.error && !t->any) {
		t->any = true;
		t->first = told;
		if (!t->data) /* refuse() tells it */
			return;
	}
	if (t->data && t->a->json)
		put_json(&t->w, &told);
	else
		put_words(&t->w, &told, t->data);
	if (t->data) {
		if (t->w.len > FLUSH)
			told_flush(t);
		return;
	}
	log_warn("%.*s", (int)t->w.len - 1, (const char *)t->w.buf);
	wr_reset(&t->w);
}

/* The first error as the verb's own: code, offset, what to do. In JSON there
 * is no such offset: "of" says whose it is. */
static enum err_code
refuse(const struct told *t, const char *name, const char *of, struct err *e)
{
	const struct setuplint_found *f = &t->first;
	char place[48] = "";
	size_t n = 0;

	if (f->record != 0)
		n = (size_t)snprintf(place, sizeof(place), "record %lu, ",
		    (unsigned long)f->record);
	if (f->module != 0)
		snprintf(
		    place + n, sizeof(place) - n, "%u/%u, ", f->module, f->var);
	err_refuse(e, ERR_DATA, &finding_get(f->id)->reason,
	    "%s: %soffset 0x%llx%s%s%s", name, place,
	    (unsigned long long)f->off, of, f->detail != NULL ? ": " : "",
	    f->detail != NULL ? f->detail : "");
	return err_at(e, (size_t)f->off);
}

static enum err_code
read_amt(const struct cli_args *a, struct setuplint_opts *o, struct err *e)
{
	const char *text = cli_value(a, "--amt", NULL);
	uint8_t minor;

	if (text != NULL &&
	    (!text_version(text, &o->amt_major, &minor) || o->amt_major < 2))
		return err_set(e, ERR_USAGE,
		    "--amt %.32s: a firmware version is 2.0 or later, such as "
		    "11.8",
		    text);
	return ERR_OK;
}

static void
read_shared(const struct cli_args *a, struct setuplint_opts *o)
{
	o->shared_psk = cli_flag(a, "--insecure-shared-psk");
	if (o->shared_psk)
		log_warn("--insecure-shared-psk: whoever holds one machine "
			 "of this key can pose as any other");
}

static enum err_code
check_file(const struct cli_args *a, const struct input *in,
    const struct setuplint_opts *o, struct err *e)
{
	struct told t = { .a = a, .data = true };
	const struct setuplint_sink sink = { tell, &t };
	struct setuplint_sum sum;

	wr_grow(&t.w, 2 * FLUSH);
	if (setuplint_run(in->p, in->n, o, &sink, &sum, e) == ERR_OK &&
	    !a->json)
		wr_fmt(&t.w,
		    "%s: %lu record%s looked at, %llu error%s, %llu "
		    "warning%s\n",
		    in->name, (unsigned long)sum.records,
		    text_plural(sum.records), (unsigned long long)sum.errors,
		    text_plural(sum.errors), (unsigned long long)sum.warnings,
		    text_plural(sum.warnings));
	if (e->code != ERR_OK)
		wr_free(&t.w);
	else if (cli_print(&t.w, e) == ERR_OK && sum.errors != 0)
		err_set(e, ERR_DATA, "%s: %llu error%s", in->name,
		    (unsigned long long)sum.errors, text_plural(sum.errors));
	return e->code;
}

static enum err_code
setupbin_check(const struct cli_args *a, struct err *e)
{
	struct setuplint_opts o = { 0 };
	struct input in;

	if (read_amt(a, &o, e) != ERR_OK)
		return e->code;
	read_shared(a, &o);
	if (input_open(&in, a->pos[0], e) == ERR_OK)
		check_file(a, &in, &o, e);
	input_close(&in);
	return e->code;
}

/* JSON to file. */

static enum err_code
encode_file(const struct cli_args *a, struct wr *w, struct err *e)
{
	struct setuplint_opts o = { .writing = true };
	struct told t = { .a = a };
	const struct setuplint_sink sink = { tell, &t };
	struct setuplint_sum sum;
	int how =
	    FILE_SECRET | (cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW);

	if (read_amt(a, &o, e) != ERR_OK)
		return e->code;
	read_shared(a, &o);
	wr_grow(&t.w, FLUSH);
	setuplint_run(w->buf, w->len, &o, &sink, &sum, e);
	wr_free(&t.w);
	if (e->code == ERR_OK && t.any)
		return refuse(&t, a->pos[0], " of the Setup.bin", e);
	if (e->code == ERR_OK)
		file_write(a->pos[1], how, w->buf, w->len, e);
	return e->code;
}

static void
warn(const char *line)
{
	log_warn("%s", line);
}

static enum err_code
setupbin_encode(const struct cli_args *a, struct err *e)
{
	struct secret json = { 0 };
	struct wr w;

	if (file_read_secret(a->pos[0], IN_MAX, &json, e) != ERR_OK)
		return e->code;
	wr_grow(&w, OUT_MAX);
	if (setupjson_encode(json.p, json.len, &w, warn, e) == ERR_OK)
		encode_file(a, &w, e);
	else
		err_in(e, "%s", a->pos[0]);
	wr_free(&w);
	secret_free(&json);
	return e->code;
}

/* File to JSON or words. */

/* JSON holds the secrets: tell who sends it where others can read. */
static void
warn_exposed(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IROTH) != 0)
		log_warn("what is written holds passwords and keys, and "
			 "everybody may read the file; use umask 077");
}

struct decoding {
	const struct cli_args *a;
	struct setupbin sb;
	struct setupbin_record rec;
	struct setupjson json;
	struct wr w;
};

static enum err_code
decode_flush(struct decoding *d, size_t enough, struct err *e)
{
	if (d->w.failed)
		return err_mem(e);
	if (d->w.len < enough)
		return ERR_OK;
	if (fwrite(d->w.buf, 1, d->w.len, stdout) != d->w.len)
		return err_sys(e, ERR_IO, "standard output");
	wr_reset(&d->w);
	return ERR_OK;
}

/* The linter found nothing that a strict reader would not take. */
static enum err_code
decode_records(struct decoding *d, const struct input *in, struct err *e)
{
	bool json = d->a->json, reveal = cli_flag(d->a, "--reveal");
	struct rd r;

	rd_init(&r, in->p, in->n);
	setupbin_read(&r, &d->sb);
	json ? setupjson_begin(&d->w, &d->sb) : setupview_head(&d->w, &d->sb);
	for (uint32_t i = 0; i < d->sb.count && r.why == NULL; i++) {
		setupbin_record_read(&r, &d->sb, &d->rec);
		if (json)
			setupjson_record(&d->w, &d->json, &d->rec);
		else
			setupview_record(&d->w, &d->rec, i, reveal);
		if (decode_flush(d, FLUSH, e) != ERR_OK)
			return e->code;
	}
	if (r.why != NULL)
		return err_set(e, ERR_BUG, "%s: %s, which the linter took",
		    in->name, r.why);
	if (json)
		setupjson_end(&d->w, &d->json, &d->sb);
	return decode_flush(d, 0, e);
}

static enum err_code
decode_file(struct decoding *d, const struct input *in, struct err *e)
{
	const struct setuplint_opts o = { 0 };
	struct told t = { .a = d->a, .unreadable_only = true };
	const struct setuplint_sink sink = { tell, &t };
	struct setuplint_sum sum;

	wr_grow(&t.w, FLUSH);
	setuplint_run(in->p, in->n, &o, &sink, &sum, e);
	wr_free(&t.w);
	if (e->code == ERR_OK && t.any)
		return refuse(&t, in->name, "", e);
	if (e->code == ERR_OK)
		decode_records(d, in, e);
	return e->code;
}

static enum err_code
setupbin_decode(const struct cli_args *a, struct err *e)
{
	struct decoding *d = calloc(1, sizeof(*d));
	struct input in;

	if (d == NULL)
		return err_mem(e);
	d->a = a;
	wr_grow(&d->w, OUT_MAX);
	if (a->json || cli_flag(a, "--reveal"))
		warn_exposed();
	if (input_open(&in, a->pos[0], e) == ERR_OK)
		decode_file(d, &in, e);
	input_close(&in);
	wr_free(&d->w);
	secret_wipe(d, sizeof(*d));
	free(d);
	return e->code;
}

#define SHARED_OPT                                                      \
	{                                                               \
		"--insecure-shared-psk", CLI_FLAG, NULL,                \
		    "accept one PID and PPS for all machines of a key " \
		    "whose record is not consumed"                      \
	}

static const struct cli_opt encode_opts[] = {
	{ "--amt", CLI_VALUE, "X.Y",
	    "refuse also what this firmware version does not take" },
	SHARED_OPT,
	{ "--force", CLI_FLAG, NULL, "overwrite OUT" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

static const struct cli_opt decode_opts[] = {
	{ "--reveal", CLI_FLAG, NULL,
	    "show passwords and keys; --json always does" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

static const struct cli_opt check_opts[] = {
	{ "--amt", CLI_VALUE, "X.Y",
	    "say also what this firmware version makes of the file" },
	SHARED_OPT,
	{ NULL, CLI_FLAG, NULL, NULL },
};

const struct cli_verb setupfile_verbs[] = {
	{ "setupbin encode", "IN.json|- OUT [OPTION...]",
	    "make a Setup.bin of JSON; refused if a BIOS would not take it "
	    "or it would do harm",
	    encode_opts, 2, 2, setupbin_encode },
	{ "setupbin decode", "FILE|- [OPTION...]",
	    "show a Setup.bin, or with --json turn it into JSON, secrets "
	    "and all",
	    decode_opts, 1, 1, setupbin_decode },
	{ "setupbin check", "FILE|- [OPTION...]",
	    "say everything that is wrong or doubtful in a Setup.bin, and "
	    "what a BIOS does about it",
	    check_opts, 1, 1, setupbin_check },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
