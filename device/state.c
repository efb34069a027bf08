/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "device/pin.h"
#include "device/state.h"
#include "device/stateparts.h"

#define FIRST_WORDS "amtforge-device-state "
#define FIRST_LINE FIRST_WORDS "1"
#define FILE_NAME "state"
#define FILE_MAX_BYTES 131072

enum err_code
state_blob_set(struct state_blob *b, const void *p, size_t n, struct err *e)
{
	uint8_t *copy;

	if (n == 0 || n > STATE_BLOB)
		return err_set(
		    e, ERR_DATA, "%zu bytes, 1..%d fit", n, STATE_BLOB);
	if ((copy = malloc(n)) == NULL)
		return err_mem(e);
	memcpy(copy, p, n);
	state_blob_free(b);
	b->p = copy;
	b->n = n;
	return ERR_OK;
}

void
state_blob_free(struct state_blob *b)
{
	if (b->p != NULL)
		secret_wipe(b->p, b->n);
	free(b->p);
	*b = (struct state_blob){ NULL, 0 };
}

/* Writing. */

/* In pieces: a record is larger than a stack frame. */
static void
put_blob(struct wr *w, const char *key, const struct state_blob *b)
{
	char hex[TEXT_HEX_SIZE(64)];

	if (b->n == 0)
		return;
	wr_fmt(w, "%s ", key);
	for (size_t i = 0; i < b->n; i += 64) {
		text_hex(hex, b->p + i, b->n - i < 64 ? b->n - i : 64);
		wr_str(w, hex);
	}
	wr_u8(w, '\n');
	secret_wipe(hex, sizeof(hex));
}

static void
put_blobs(struct wr *w, const char *key, const struct state_blob *b, size_t n)
{
	char name[24];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s%zu", key, i);
		put_blob(w, name, &b[i]);
	}
}

static void
put_serials(struct wr *w, const struct state_record *r)
{
	static const uint8_t none[sizeof(r->serials)] = { 0 };
	char hex[TEXT_HEX_SIZE(sizeof(r->serials))];

	if (memcmp(r->serials, none, sizeof(none)) == 0)
		return;
	text_hex(hex, r->serials, sizeof(r->serials));
	wr_fmt(w, "record.serials %s\nrecord.more_serials %d\n", hex,
	    r->more_serials);
}

static void
put_record(struct wr *w, const struct state_record *r)
{
	if (!r->present)
		return;
	wr_fmt(w, "record.created %" PRIu64 "\n", r->created);
	wr_fmt(w, "record.psk %d\n", r->psk);
	if (r->manual)
		wr_str(w, "record.manual 1\n");
	if (r->by != STATE_BY_SERVER)
		wr_fmt(w, "record.by %d\n", r->by);
	wr_fmt(w, "record.fqdn %s\n", r->fqdn);
	wr_fmt(w, "record.hash_type %d\n", r->hash_type);
	wr_fmt(w, "record.hash %s\n", r->hash);
	wr_fmt(w, "record.hash_is_default %d\n", r->hash_is_default);
	put_serials(w, r);
	wr_fmt(w, "record.secure_dns %d\n", r->secure_dns);
	if (r->by_host)
		wr_str(w, "record.by_host 1\n");
	wr_fmt(w, "record.time_valid %d\n", r->time_valid);
	wr_fmt(w, "record.server_ip %s\n", r->server_ip);
}

static void
put_psk(struct wr *w, const char *more, const struct psk *psk)
{
	if (psk->pid[0] != '\0')
		wr_fmt(
		    w, "pid%s %s\npps%s %s\n", more, psk->pid, more, psk->pps);
}

static void
put_set_up(struct wr *w, const struct state *s)
{
	wr_fmt(w, "ha1 %s\n", s->ha1);
	if (s->client)
		wr_str(w, "client 1\n");
	wr_fmt(w, "mebx_set %d\n", s->mebx_set);
	if (s->mebx[0] != '\0')
		wr_fmt(w, "mebx %s\n", s->mebx);
	put_psk(w, "", &s->psk);
	put_blobs(w, "pair", s->pair, STATE_PAIRS);
	put_blobs(w, "cert", s->certs, STATE_CERTS);
	wr_fmt(w, "credential %d\n", s->credential);
	wr_fmt(w, "tls %d %d %d %d\n", s->tls_enabled[0], s->tls_mutual[0],
	    s->tls_enabled[1], s->tls_mutual[1]);
	wr_fmt(w, "tls_plain %d %d\n", s->tls_plain[0], s->tls_plain[1]);
	switches_put(w, s->switches);
	wr_fmt(w, "clock %" PRId64 "\n", s->clock);
	put_record(w, &s->record);
}

static void
put_setup(struct wr *w, const struct state *s)
{
	char hex[TEXT_HEX_SIZE(sizeof(s->setup_sha256))];

	if (s->setup_used == 0)
		return;
	text_hex(hex, s->setup_sha256, sizeof(s->setup_sha256));
	wr_fmt(
	    w, "setup_sha256 %s\nsetup_used %" PRIu32 "\n", hex, s->setup_used);
}

static void
put_text(struct wr *w, const char *key, const char *v)
{
	if (v[0] != '\0')
		wr_fmt(w, "%s %s\n", key, v);
}

/* What the host set, and the window. A one-time password is of no use after
 * the set-up that it was for. */
static void
put_host(struct wr *w, const struct state *s)
{
	if (s->window.phase != WINDOW_NEW)
		wr_fmt(w, "window %d\n", s->window.phase);
	if (s->window.phase == WINDOW_OPEN) {
		wr_fmt(w, "window_granted %" PRIu64 "\n", s->window.granted_ms);
		wr_fmt(
		    w, "window_spent %" PRIu64 "\n", window_kept(&s->window));
		if (s->window.by_host)
			wr_str(w, "window_host 1\n");
	}
	if (s->enabled >= 0)
		wr_fmt(w, "enabled %d\n", s->enabled);
	if (s->ztc != STATE_UNSAID)
		wr_fmt(w, "ztc %d\n", s->ztc == STATE_ON);
	if (s->phase != STATE_POST && s->window.phase == WINDOW_OPEN)
		put_blob(w, "pin", &s->pin);
	put_text(w, "suffix", s->suffix);
	put_text(w, "host_fqdn", s->host_fqdn);
	if (s->phase != STATE_POST)
		put_text(w, "otp", s->otp);
}

static void
put_uuid(struct wr *w, const struct state *s)
{
	char text[UUID_TEXT];

	if (!s->bound)
		return;
	uuid_text(&s->uuid, text);
	wr_fmt(w, "uuid %s\n", text);
}

static void
put_all(struct wr *w, const struct state *s)
{
	bool post = s->phase == STATE_POST;

	wr_fmt(w, "%s\nphase %d\n", FIRST_LINE, post ? STATE_POST : STATE_PRE);
	put_uuid(w, s);
	wr_fmt(w, "retry %" PRIu32 "\n", s->retry);
	put_host(w, s);
	wr_fmt(w, "realm %s\n", s->realm);
	put_blob(w, "key", &s->key);
	put_blob(w, "cert", &s->cert);
	put_psk(w, "_kept", &s->psk_kept);
	put_text(w, "mebx_kept", s->mebx_kept);
	put_blob(w, "onetouch", &s->onetouch);
	put_blob(w, "roots",
	    !post && s->roots_pending ? &s->roots_before : &s->roots);
	put_setup(w, s);
	if (post)
		put_set_up(w, s);
	wr_str(w, "end\n");
}

enum err_code
state_save(const struct state *s, struct err *e)
{
	int how = FILE_REPLACE | FILE_SECRET |
	    (s->care == STATE_LOOSE ? FILE_UNSYNCED : 0);
	char path[STATE_PATH];
	struct wr w;

	if (s->care == STATE_VOLATILE)
		return ERR_OK;
	wr_grow(&w, FILE_MAX_BYTES);
	put_all(&w, s);
	if (w.failed)
		err_mem(e);
	else if (file_mkdir(s->dir, 0700, e) == ERR_OK &&
	    file_join(path, sizeof(path), s->dir, FILE_NAME, e) == ERR_OK)
		file_write(path, how, w.buf, w.len, e);
	wr_free(&w);
	return e->code;
}

enum err_code
state_save_soon(struct state *s, struct err *e)
{
	if (s->care == STATE_DURABLE)
		return state_save(s, e);
	s->unsaved = true;
	return ERR_OK;
}

/* Reading. */

static bool
take_number(const char *v, int64_t min, int64_t max, int64_t *out)
{
	char *end;

	*out = strtoll(v, &end, 10);
	return end != v && *end == '\0' && *out >= min && *out <= max;
}

static bool
take_bool(const char *v, bool *out)
{
	*out = *v == '1';
	return (*v == '0' || *v == '1') && v[1] == '\0';
}

static bool
take_said(const char *v, enum state_said *out)
{
	bool on = false, good = take_bool(v, &on);

	*out = on ? STATE_ON : STATE_OFF;
	return good;
}

static bool
take_blob(const char *v, struct state_blob *b)
{
	uint8_t bytes[STATE_BLOB];
	size_t n = strlen(v) / 2;
	struct err e = { 0 };
	bool good;

	good = n <= sizeof(bytes) && text_unhex(bytes, n, v, strlen(v)) &&
	    state_blob_set(b, bytes, n, &e) == ERR_OK;
	secret_wipe(bytes, sizeof(bytes));
	return good;
}

static bool
record_of(const struct state_blob *b, struct record *out)
{
	struct rd r;

	rd_init(&r, b->p, b->n);
	return b->n > 0 && record_read(&r, out);
}

/* It must be understood: later its UUID and sequence are believed. */
static bool
take_onetouch(const char *v, struct state_blob *b)
{
	size_t n = strlen(v) / 2;
	struct record *rec = malloc(sizeof(*rec));
	uint8_t *p = n > 0 && n <= RECORD_MAX ? malloc(n) : NULL;
	bool good = rec != NULL && p != NULL;

	if (good && (good = text_unhex(p, n, v, strlen(v)))) {
		state_blob_free(b);
		*b = (struct state_blob){ p, n };
		p = NULL;
		good = record_of(b, rec);
	}
	if (rec != NULL)
		record_wipe(rec);
	free(rec);
	free(p);
	return good;
}

static bool
take_record(struct state_record *r, const char *key, const char *v)
{
	int64_t n = 0;
	bool good = true;

	r->present = true;
	if (strcmp(key, "created") == 0) {
		good = take_number(v, 0, INT64_MAX, &n);
		r->created = (uint64_t)n;
	} else if (strcmp(key, "psk") == 0) {
		good = take_bool(v, &r->psk);
	} else if (strcmp(key, "by") == 0) {
		good = take_number(v, STATE_BY_SERVER, STATE_BY_ADMIN, &n);
		r->by = (enum state_by)n;
	} else if (strcmp(key, "manual") == 0) {
		good = take_bool(v, &r->manual);
	} else if (strcmp(key, "fqdn") == 0) {
		good = text_copy(r->fqdn, sizeof(r->fqdn), v);
	} else if (strcmp(key, "hash_type") == 0) {
		good = take_number(v, 0, 3, &n);
		r->hash_type = (int)n;
	} else if (strcmp(key, "hash") == 0) {
		good = text_copy(r->hash, sizeof(r->hash), v);
	} else if (strcmp(key, "hash_is_default") == 0) {
		good = take_bool(v, &r->hash_is_default);
	} else if (strcmp(key, "serials") == 0) {
		good = text_unhex(r->serials, sizeof(r->serials), v, strlen(v));
	} else if (strcmp(key, "more_serials") == 0) {
		good = take_bool(v, &r->more_serials);
	} else if (strcmp(key, "secure_dns") == 0) {
		good = take_bool(v, &r->secure_dns);
	} else if (strcmp(key, "by_host") == 0) {
		good = take_bool(v, &r->by_host);
	} else if (strcmp(key, "time_valid") == 0) {
		good = take_bool(v, &r->time_valid);
	} else if (strcmp(key, "server_ip") == 0) {
		good = text_copy(r->server_ip, sizeof(r->server_ip), v);
	} else {
		good = false;
	}
	return good;
}

/* "pair0", "cert3": one digit behind the word. */
static struct state_blob *
blob_of(struct state *s, const char *key)
{
	size_t i = (size_t)(key[0] == '\0' ? 0 : key[strlen(key) - 1] - '0');

	if (strcmp(key, "key") == 0)
		return &s->key;
	if (strcmp(key, "cert") == 0)
		return &s->cert;
	if (strcmp(key, "roots") == 0)
		return &s->roots;
	if (strcmp(key, "pin") == 0)
		return &s->pin;
	if (strlen(key) != 5)
		return NULL;
	if (strncmp(key, "pair", 4) == 0 && i < STATE_PAIRS)
		return &s->pair[i];
	if (strncmp(key, "cert", 4) == 0 && i < STATE_CERTS)
		return &s->certs[i];
	return NULL;
}

static bool
take_tls(struct state *s, const char *v)
{
	bool *to[] = { &s->tls_enabled[0], &s->tls_mutual[0],
		&s->tls_enabled[1], &s->tls_mutual[1] };

	for (size_t i = 0; i < 4; i++)
		if (!take_bool((char[]){ v[2 * i], '\0' }, to[i]) ||
		    v[2 * i + 1] != (i < 3 ? ' ' : '\0'))
			return false;
	return true;
}

static bool
take_bools(const char *v, bool *a, bool *b)
{
	return take_bool((char[]){ v[0], '\0' }, a) && v[1] == ' ' &&
	    take_bool(v + 2, b);
}

static bool
take_ms(const char *v, uint64_t *out)
{
	char *end;

	*out = strtoull(v, &end, 10);
	return isdigit((unsigned char)*v) && *end == '\0';
}

static bool
take_window(struct window *w, const char *key, const char *v)
{
	int64_t n;

	if (strcmp(key, "_granted") == 0)
		return take_ms(v, &w->granted_ms);
	if (strcmp(key, "_spent") == 0)
		return take_ms(v, &w->spent_ms);
	if (strcmp(key, "_host") == 0)
		return take_bool(v, &w->by_host);
	if (*key != '\0' || !take_number(v, 0, WINDOW_PARTIAL, &n))
		return false;
	w->phase = (enum window_phase)n;
	return true;
}

static bool
take(struct state *s, const char *key, const char *v)
{
	struct state_blob *b = blob_of(s, key);
	bool good = true;
	int64_t n = 0;

	if (b != NULL) {
		good = take_blob(v, b) && (b != &s->pin || pin_sound(b));
	} else if (strcmp(key, "phase") == 0) {
		good = take_number(v, STATE_PRE, STATE_POST, &n);
		s->phase = (enum state_phase)n;
	} else if (strcmp(key, "uuid") == 0) {
		good = s->bound = uuid_parse(&s->uuid, v);
	} else if (strcmp(key, "retry") == 0) {
		good = take_number(v, 0, UINT32_MAX, &n);
		s->retry = (uint32_t)n;
	} else if (strncmp(key, "window", 6) == 0) {
		good = take_window(&s->window, key + 6, v);
	} else if (strcmp(key, "enabled") == 0) {
		good = take_number(v, 0, 1, &n);
		s->enabled = (int)n;
	} else if (strcmp(key, "suffix") == 0) {
		good = text_copy(s->suffix, sizeof(s->suffix), v);
	} else if (strcmp(key, "ztc") == 0) {
		good = take_said(v, &s->ztc);
	} else if (strcmp(key, "host_fqdn") == 0) {
		good = text_copy(s->host_fqdn, sizeof(s->host_fqdn), v);
	} else if (strcmp(key, "otp") == 0) {
		good = text_copy(s->otp, sizeof(s->otp), v);
	} else if (strcmp(key, "realm") == 0) {
		good = text_copy(s->realm, sizeof(s->realm), v);
	} else if (strcmp(key, "client") == 0) {
		good = take_bool(v, &s->client);
	} else if (strcmp(key, "ha1") == 0) {
		good = text_copy(s->ha1, sizeof(s->ha1), v);
	} else if (strcmp(key, "mebx_set") == 0) {
		good = take_bool(v, &s->mebx_set);
	} else if (strcmp(key, "mebx") == 0) {
		good = text_copy(s->mebx, sizeof(s->mebx), v);
	} else if (strcmp(key, "mebx_kept") == 0) {
		good = text_copy(s->mebx_kept, sizeof(s->mebx_kept), v);
		s->mebx_set = s->mebx_kept[0] != '\0';
	} else if (strcmp(key, "pid") == 0) {
		good = text_copy(s->psk.pid, sizeof(s->psk.pid), v);
	} else if (strcmp(key, "pps") == 0) {
		good = text_copy(s->psk.pps, sizeof(s->psk.pps), v);
	} else if (strcmp(key, "pid_kept") == 0) {
		good = text_copy(s->psk_kept.pid, sizeof(s->psk_kept.pid), v);
	} else if (strcmp(key, "pps_kept") == 0) {
		good = text_copy(s->psk_kept.pps, sizeof(s->psk_kept.pps), v);
	} else if (strcmp(key, "onetouch") == 0) {
		good = take_onetouch(v, &s->onetouch);
	} else if (strcmp(key, "setup_sha256") == 0) {
		good = text_unhex(
		    s->setup_sha256, sizeof(s->setup_sha256), v, strlen(v));
	} else if (strcmp(key, "setup_used") == 0) {
		good = take_number(v, 1, UINT32_MAX, &n);
		s->setup_used = (uint32_t)n;
	} else if (strcmp(key, "credential") == 0) {
		good = take_number(v, -1, STATE_CERTS - 1, &n);
		s->credential = (int)n;
	} else if (strcmp(key, "tls") == 0) {
		good = strlen(v) == 7 && take_tls(s, v);
	} else if (strcmp(key, "tls_plain") == 0) {
		good = strlen(v) == 3 &&
		    take_bools(v, &s->tls_plain[0], &s->tls_plain[1]);
	} else if (strncmp(key, "switch.", 7) == 0) {
		good = switches_take(&s->switches, key + 7, v);
	} else if (strcmp(key, "clock") == 0) {
		good = take_number(v, INT64_MIN, INT64_MAX, &s->clock);
	} else {
		good = strncmp(key, "record.", 7) == 0 &&
		    take_record(&s->record, key + 7, v);
	}
	return good;
}

static enum err_code
lines_read(struct state *s, const char *path, char *text, struct err *e)
{
	char *line, *rest = text, *sp;
	bool ended = false;
	size_t i = 0;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		i++;
		if (i == 1 ? strcmp(line, FIRST_LINE) != 0 : ended)
			break;
		if (i == 1)
			continue;
		if ((ended = strcmp(line, "end") == 0))
			continue;
		if ((sp = strchr(line, ' ')) == NULL)
			break;
		*sp = '\0';
		if (!take(s, line, sp + 1))
			break;
	}
	if (i == 1 && strncmp(text, FIRST_WORDS, strlen(FIRST_WORDS)) == 0 &&
	    strcmp(text, FIRST_LINE) != 0)
		return err_set(e, ERR_DATA,
		    "%s: a state of version %.16s, this program reads %s: use "
		    "the amtforge-device that wrote it, or give another "
		    "--state",
		    path, text + strlen(FIRST_WORDS),
		    &FIRST_LINE[strlen(FIRST_WORDS)]);
	if (!ended || rest != NULL)
		return err_set(
		    e, ERR_DATA, "%s: line %zu: not a device's state", path, i);
	return ERR_OK;
}

static enum err_code
state_load(struct state *s, const char *path, struct err *e)
{
	uint8_t *p = NULL;
	char *text;
	size_t n = 0;

	if (file_read(path, FILE_MAX_BYTES, &p, &n, e) != ERR_OK)
		return e->code;
	if ((text = calloc(1, n + 1)) == NULL) {
		err_mem(e);
	} else if (n > 0 && memchr(p, '\0', n) != NULL) {
		err_set(
		    e, ERR_DATA, "%s: a byte 0: not a device's state", path);
	} else {
		memcpy(text, p, n);
		lines_read(s, path, text, e);
		secret_wipe(text, n);
	}
	free(text);
	secret_wipe(p, n);
	free(p);
	return e->code;
}

enum err_code
state_begin(struct state *s, const char *dir, enum state_care care,
    const uint8_t random[static 16], struct err *e)
{
	char path[STATE_PATH];

	memset(s, 0, sizeof(*s));
	s->credential = -1;
	s->enabled = -1;
	s->care = care;
	auth_realm(s->realm, random);
	if (care == STATE_VOLATILE)
		return ERR_OK;
	if (file_join(path, sizeof(path), dir, FILE_NAME, e) != ERR_OK)
		return e->code;
	if ((s->dir = strdup(dir)) == NULL)
		return err_mem(e);
	if (!file_exists(path))
		s->unsaved = true;
	else if (state_load(s, path, e) != ERR_OK)
		state_free(s);
	return e->code;
}

enum err_code
state_open(struct state *s, const char *dir, const uint8_t random[static 16],
    struct err *e)
{
	if (state_begin(s, dir, STATE_DURABLE, random, e) != ERR_OK ||
	    !s->unsaved)
		return e->code;
	s->unsaved = false;
	return state_save(s, e);
}

static void
blobs_free(struct state_blob *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		state_blob_free(&b[i]);
}

void
state_drop_keys(struct state *s)
{
	blobs_free(s->pair, STATE_PAIRS);
	blobs_free(s->certs, STATE_CERTS);
	s->credential = -1;
	if (s->switches != NULL)
		s->switches->roots = 0;
}

static void
undo_roots(struct state *s)
{
	if (s->roots_pending && s->phase != STATE_POST) {
		state_blob_free(&s->roots);
		s->roots = s->roots_before;
	} else {
		state_blob_free(&s->roots_before);
	}
	s->roots_before = (struct state_blob){ NULL, 0 };
	s->roots_pending = false;
}

/* What put_set_up() writes, and only once a set-up is over. */
static void
drop_set_up(struct state *s)
{
	s->client = false;
	s->steps = 0;
	secret_wipe(s->ha1, sizeof(s->ha1));
	s->mebx_set = s->mebx_kept[0] != '\0';
	secret_wipe(s->mebx, sizeof(s->mebx));
	secret_wipe(&s->psk, sizeof(s->psk));
	state_drop_keys(s);
	memset(s->tls_enabled, 0, sizeof(s->tls_enabled));
	memset(s->tls_mutual, 0, sizeof(s->tls_mutual));
	memset(s->tls_plain, 0, sizeof(s->tls_plain));
	switches_free(&s->switches);
	s->clock = 0;
	s->record = (struct state_record){ 0 };
}

void
state_undo(struct state *s)
{
	if (s->phase == STATE_POST)
		return;
	undo_roots(s);
	drop_set_up(s);
}

/* A set-up that did not end leaves no pre-shared key and no hash behind; one
 * that did leaves the hashes that it added until everything is undone. */
void
state_reset(struct state *s, bool partial)
{
	state_undo(s);
	undo_roots(s);
	if (!partial)
		state_blob_free(&s->roots);
	s->phase = STATE_PRE;
	s->retry = 0;
	state_blob_free(&s->pin);
	s->window.phase = partial ? WINDOW_PARTIAL : WINDOW_AGAIN;
	secret_wipe(s->otp, sizeof(s->otp));
	if (!partial) {
		s->ztc = STATE_UNSAID;
		s->host_fqdn[0] = '\0';
		secret_wipe(&s->psk_kept, sizeof(s->psk_kept));
		secret_wipe(s->mebx_kept, sizeof(s->mebx_kept));
		state_blob_free(&s->onetouch);
		memset(s->suffix, 0, sizeof(s->suffix));
	}
	if (partial && s->psk.pid[0] != '\0')
		s->psk_kept = s->psk;
	if (partial && s->mebx[0] != '\0')
		memcpy(s->mebx_kept, s->mebx, sizeof(s->mebx_kept));
	drop_set_up(s);
}

void
state_free(struct state *s)
{
	state_reset(s, false);
	stateparts_free(s);
	free(s->dir);
	s->dir = NULL;
	s->unsaved = false;
}

const char *
state_mebx(const struct state *s)
{
	return s->mebx[0] != '\0' ? s->mebx : s->mebx_kept;
}

enum state_control
state_control(const struct state *s)
{
	if (s->phase != STATE_POST)
		return STATE_CONTROL_NONE;
	return s->client ? STATE_CONTROL_CLIENT : STATE_CONTROL_ADMIN;
}

/* What the host said. */

bool
state_enabled(const struct state *s, const struct record *factory)
{
	return s->enabled >= 0 ? s->enabled > 0 : factory->enabled;
}

bool
state_ztc(const struct state *s, const struct record *factory)
{
	return s->ztc == STATE_UNSAID ? factory->pki : s->ztc == STATE_ON;
}

const char *
state_otp(const struct state *s, const struct record *factory)
{
	return s->otp[0] != '\0' ? s->otp : factory->otp;
}

/* One-touch. */

bool
state_is_factory(const struct state *s, const char **why)
{
	*why = NULL;
	if (s->phase == STATE_POST)
		*why = "the machine is already provisioned";
	else if (s->onetouch.n > 0)
		*why = "a key was applied to the machine before";
	else if (s->psk_kept.pid[0] != '\0' || s->mebx_kept[0] != '\0')
		*why = "the machine was un-provisioned in part only";
	return *why == NULL;
}

enum err_code
state_onetouch_set(struct state *s, const struct record *rec, struct err *e)
{
	struct state_blob b;
	struct wr w;

	wr_grow(&w, RECORD_MAX);
	record_write(&w, rec);
	if (!wr_take(&w, &b.p, &b.n)) {
		wr_free(&w);
		return err_set(e, ERR_BUG, "a record cannot be written");
	}
	state_blob_free(&s->onetouch);
	s->onetouch = b;
	window_renew(&s->window);
	return ERR_OK;
}

bool
state_kept(const struct state *s, struct record *out)
{
	return record_of(&s->onetouch, out);
}

bool
state_onetouch(
    const struct state *s, const struct record *image, struct record *out)
{
	if (!record_of(&s->onetouch, out))
		return false;
	if (memcmp(out->uuid.b, image->uuid.b, UUID_LEN) == 0 &&
	    out->sequence > image->sequence)
		return true;
	record_wipe(out);
	return false;
}
