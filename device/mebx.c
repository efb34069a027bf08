/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/text.h"
#include "device/attempt.h"
#include "device/mebx.h"
#include "device/roots.h"
#include "device/stateowner.h"
#include "formats/generation.h"
#include "formats/onetouch.h"
#include "formats/passwd.h"
#include "formats/reason.h"

#define FACTORY_PASSWORD "admin"
/* From here on what is typed opens a window that is over (Intel's SDK); before,
 * only an agent does. */
#define REOPENS 6
#define FILE_BYTES (2 * SETUPBIN_CHUNK)

/* ---- opening ---- */

/* What the machine would boot with. */
static void
in_force(struct mebx *m, const struct record *image)
{
	if (!state_onetouch(m->state, image, m->rec))
		*m->rec = *image;
	*m->base = *m->rec;
}

/* A board without a record begins as a key's would have it. */
static enum err_code
first_record(const struct record *known, struct record *out, struct err *e)
{
	const struct setupbin head = { .major = 2 };

	if (onetouch_blank(&known->uuid, &head, out, e) == ERR_OK &&
	    known->amt_major != 0) {
		out->amt_major = known->amt_major;
		out->amt_minor = known->amt_minor;
	}
	return e->code;
}

static enum err_code
load(struct mebx *m, const char *dir, const struct record *known, bool blank,
    struct err *e)
{
	uint8_t random[16];

	m->state = calloc(1, sizeof(*m->state));
	m->rec = calloc(1, sizeof(*m->rec));
	m->base = calloc(1, sizeof(*m->base));
	if (m->state == NULL || m->rec == NULL || m->base == NULL)
		return err_mem(e);
	if (rand_bytes(random, sizeof(random), e) != ERR_OK ||
	    state_open(m->state, dir, random, e) != ERR_OK ||
	    stateowner_bind(m->state, &known->uuid, e) != ERR_OK)
		return e->code;
	if (!blank) {
		in_force(m, known);
	} else if (first_record(known, m->base, e) == ERR_OK) {
		if (!state_onetouch(m->state, m->base, m->rec))
			*m->rec = *m->base;
		*m->base = *m->rec;
	}
	return e->code;
}

/* What IT added over the network is shown, and becomes part of the record. */
static void
show_roots(struct mebx *m)
{
	struct hashlist list;

	roots_in_force(m->rec, m->state, &list);
	m->rec->hashes = list;
}

enum err_code
mebx_open(struct mebx **out, const char *dir, const struct record *known,
    bool blank, struct err *e)
{
	struct mebx *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (m == NULL)
		return err_mem(e);
	m->blank = blank;
	m->lock = STATELOCK_NONE;
	if (file_mkdir(dir, 0700, e) == ERR_OK &&
	    statelock_take(&m->lock, dir, e) == ERR_OK &&
	    load(m, dir, known, blank, e) == ERR_OK) {
		show_roots(m);
		*out = m;
	} else {
		mebx_free(m);
	}
	return e->code;
}

void
mebx_free(struct mebx *m)
{
	if (m == NULL)
		return;
	if (m->state != NULL)
		state_free(m->state);
	if (m->rec != NULL)
		record_wipe(m->rec);
	if (m->base != NULL)
		record_wipe(m->base);
	free(m->state);
	free(m->rec);
	free(m->base);
	statelock_free(&m->lock);
	free(m);
}

static const struct generation *
age(const struct mebx *m)
{
	return generation_of(m->rec->amt_major, m->rec->amt_minor);
}

/* ---- the password ---- */

bool
mebx_provisioned(const struct mebx *m)
{
	return m->state->phase == STATE_POST;
}

/* A set-up session may have given another than the factory did, also one that
 * was undone in part. */
static const char *
password_of(const struct mebx *m)
{
	if (state_mebx(m->state)[0] != '\0')
		return state_mebx(m->state);
	return m->rec->mebx_new[0] != '\0' ? m->rec->mebx_new
					   : FACTORY_PASSWORD;
}

bool
mebx_login(struct mebx *m, const char *password)
{
	char given[PASSWD_MAX + 1] = "", mine[PASSWD_MAX + 1] = "";
	size_t n = strlen(password);

	memcpy(mine, password_of(m), strlen(password_of(m)));
	if (n <= PASSWD_MAX) {
		memcpy(given, password, n);
		m->logged_in = secret_equal(given, mine, sizeof(mine));
	}
	secret_wipe(given, sizeof(given));
	secret_wipe(mine, sizeof(mine));
	return m->logged_in;
}

bool
mebx_must_change(const struct mebx *m)
{
	return strcmp(password_of(m), FACTORY_PASSWORD) == 0;
}

/* ---- values, by the rules of a key ---- */

struct value {
	uint16_t module, id;
	const void *p;
	size_t n;
};

static enum err_code
may_change(const struct mebx *m, struct err *e)
{
	if (!m->logged_in)
		return err_refuse(e, ERR_PERM, reason_get(REASON_MEBX_PASSWORD),
		    "nobody has logged in");
	if (!mebx_provisioned(m))
		return ERR_OK;
	return err_refuse(e, ERR_PERM, reason_get(REASON_MEBX_STATE),
	    "this machine is set up: un-provision it first");
}

/* A file of one record that holds the values, as a key of this generation
 * would bring it. */
static bool
write_file(const struct mebx *m, const struct value *v, size_t n, struct wr *w)
{
	struct setupbin_record *rec = calloc(1, sizeof(*rec));
	uint8_t major = onetouch_major_max(m->rec->amt_major);
	const char *current =
	    m->rec->mebx_new[0] != '\0' ? m->rec->mebx_new : FACTORY_PASSWORD;
	struct setupbin head;
	bool fits = rec != NULL;

	setupbin_init(&head, major, major == 2 ? 1 : 0);
	head.count = 1;
	if (fits) {
		rec->type = 1;
		rec->flags = SETUPBIN_VALID;
		rec->number = 1;
		fits = setupbin_add(
		    rec, SETUPBIN_ENTRIES_SAFE, 1, 1, current, strlen(current));
	}
	for (size_t i = 0; fits && i < n; i++)
		fits = setupbin_add(rec, SETUPBIN_ENTRIES_SAFE, v[i].module,
		    v[i].id, v[i].p, v[i].n);
	setupbin_write(w, &head);
	if (fits)
		setupbin_record_write(w, &head, rec);
	if (rec != NULL)
		secret_wipe(rec, sizeof(*rec));
	free(rec);
	return fits && !w->failed;
}

/* Without the place in a file that nobody sees: "record 1: variable 2/4: ". */
static const char *
words_of(const struct err *why)
{
	const char *words = strrchr(why->msg, ':');

	return words != NULL ? words + 2 : why->msg;
}

static enum err_code
apply_file(struct mebx *m, const struct wr *w, struct err *e)
{
	struct onetouch_file file = { w->buf, w->len, 0 };
	struct onetouch *o = malloc(sizeof(*o));
	struct err why;

	if (o == NULL)
		return err_mem(e);
	err_clear(&why);
	if (onetouch_open_file(o, &file, onetouch_major_max(m->rec->amt_major),
		&why) != ERR_OK ||
	    onetouch_apply(o, m->rec, &why) != ERR_OK)
		err_refuse(e, ERR_DATA, reason_get(REASON_MEBX_VALUE), "%s",
		    words_of(&why));
	onetouch_wipe(o);
	free(o);
	return e->code;
}

static enum err_code
apply(struct mebx *m, const struct value *v, size_t n, struct err *e)
{
	uint8_t bytes[FILE_BYTES];
	struct wr w;

	if (may_change(m, e) != ERR_OK)
		return e->code;
	wr_fixed(&w, bytes, sizeof(bytes));
	if (!write_file(m, v, n, &w))
		err_refuse(e, ERR_DATA, reason_get(REASON_MEBX_VALUE),
		    "the value is longer than the machine can keep");
	else if (apply_file(m, &w, e) == ERR_OK)
		m->changed = true;
	secret_wipe(bytes, sizeof(bytes));
	return e->code;
}

static enum err_code
apply_u8(struct mebx *m, uint16_t module, uint16_t id, uint8_t v, struct err *e)
{
	return apply(m, &(struct value){ module, id, &v, 1 }, 1, e);
}

/* Setup.bin cannot say that there is none. */
static enum err_code
apply_text(
    struct mebx *m, uint16_t id, const char *text, char *empties, struct err *e)
{
	if (text[0] != '\0')
		return apply(
		    m, &(struct value){ 2, id, text, strlen(text) }, 1, e);
	if (may_change(m, e) == ERR_OK) {
		memset(empties, 0, RECORD_STR);
		m->changed = true;
	}
	return e->code;
}

static enum err_code
unsound(const char *why, struct err *e)
{
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_PASSWORD_UNSOUND), "%s", why);
}

enum err_code
mebx_password(struct mebx *m, const char *text, struct err *e)
{
	struct state *s = m->state;
	char *to = mebx_provisioned(m) ? s->mebx : s->mebx_kept;
	const char *why;

	if (!m->logged_in)
		return may_change(m, e);
	if (!passwd_check(text, &why))
		return unsound(why, e);
	if (to[0] == '\0' && !mebx_provisioned(m))
		return apply(
		    m, &(struct value){ 1, 2, text, strlen(text) }, 1, e);
	memset(to, 0, sizeof(s->mebx));
	memcpy(to, text, strlen(text));
	m->password_changed = true;
	return ERR_OK;
}

enum err_code
mebx_enable(struct mebx *m, bool on, struct err *e)
{
	return apply_u8(m, 1, 3, on, e);
}

enum err_code
mebx_mode(struct mebx *m, enum record_mode mode, struct err *e)
{
	return apply_u8(m, 2, 16, mode == RECORD_SMB ? 1 : 0, e);
}

enum err_code
mebx_fqdn(struct mebx *m, const char *text, struct err *e)
{
	return apply_text(m, 4, text, m->rec->server_fqdn, e);
}

enum err_code
mebx_suffix(struct mebx *m, const char *text, struct err *e)
{
	return apply_text(m, 3, text, m->rec->pki_dns_suffix, e);
}

static enum err_code
bad_value(const char *why, struct err *e)
{
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_MEBX_VALUE), "%s", why);
}

enum err_code
mebx_address(struct mebx *m, const char *text, struct err *e)
{
	uint8_t ip[4], reversed[4];

	if (text[0] == '\0') {
		if (may_change(m, e) == ERR_OK) {
			memset(m->rec->server_ip, 0, 4);
			m->changed = true;
		}
		return e->code;
	}
	if (inet_pton(AF_INET, text, ip) != 1 || get_u32le(ip) == 0)
		return bad_value("an address has four numbers, such as "
				 "192.0.2.10",
		    e);
	for (size_t i = 0; i < sizeof(ip); i++)
		reversed[i] = ip[3 - i];
	return apply(m, &(struct value){ 2, 17, reversed, 4 }, 1, e);
}

enum err_code
mebx_port(struct mebx *m, const char *text, struct err *e)
{
	unsigned long port = 0;
	uint8_t bytes[2];
	char *end;

	if (text[0] == '\0') {
		if (may_change(m, e) == ERR_OK) {
			m->rec->server_port = 0;
			m->changed = true;
		}
		return e->code;
	}
	port = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || port == 0 ||
	    port > UINT16_MAX)
		return bad_value("a port is a number from 1 to 65535", e);
	put_u16le(bytes, (uint16_t)port);
	return apply(m, &(struct value){ 2, 18, bytes, 2 }, 1, e);
}

static enum err_code
no_psk(struct mebx *m, struct err *e)
{
	if (may_change(m, e) != ERR_OK)
		return e->code;
	secret_wipe(&m->rec->psk, sizeof(m->rec->psk));
	m->changed = true;
	return ERR_OK;
}

enum err_code
mebx_psk(struct mebx *m, const char *pid, const char *pps, struct err *e)
{
	struct psk psk = { "", "" };
	const char *why = NULL;

	if (pid[0] == '\0' && pps[0] == '\0')
		return no_psk(m, e);
	if (!age(m)->psk)
		return bad_value(
		    "AMT of this version knows no pre-shared keys", e);
	if (!psk_pid_parse(psk.pid, pid, &why))
		err_refuse(e, ERR_DATA, reason_get(REASON_PID_MALFORMED),
		    "PID: %s", why);
	else if (!psk_pps_parse(psk.pps, pps, &why))
		err_refuse(e, ERR_DATA, reason_get(REASON_PPS_MALFORMED),
		    "PPS: %s", why);
	else
		apply(m,
		    (const struct value[]){ { 2, 1, psk.pid, PSK_PID_LEN },
			{ 2, 2, psk.pps, PSK_PPS_LEN } },
		    2, e);
	secret_wipe(&psk, sizeof(psk));
	return e->code;
}

enum err_code
mebx_remote(struct mebx *m, bool on, struct err *e)
{
	return apply_u8(m, 2, 5, on, e);
}

enum err_code
mebx_talk(struct mebx *m, bool on, struct err *e)
{
	return apply_u8(m, 2, 28, on, e);
}

/* ---- what Setup.bin has no variable for ---- */

/* The length is that of AMT_SetupAndConfigurationService's value. */
enum err_code
mebx_otp(struct mebx *m, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (may_change(m, e) != ERR_OK)
		return e->code;
	if (n != 0 &&
	    (n < MEBX_OTP_MIN || n > PASSWD_MAX || !text_printable(text, n)))
		return unsound("a one-time password has 8 to 32 characters of "
			       "printable ASCII",
		    e);
	memset(m->rec->otp, 0, sizeof(m->rec->otp));
	memcpy(m->rec->otp, text, n);
	m->changed = true;
	return ERR_OK;
}

/* ---- hashes ---- */

static bool
parse_hash(const char *hex, struct hash_entry *h)
{
	char digits[2 * HASHLIST_HASH + 1];
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		if (strchr(" -:", *hex) != NULL)
			continue;
		if (n == sizeof(digits) - 1)
			return false;
		digits[n++] = *hex;
	}
	for (h->type = HASH_SHA1; h->type <= HASH_SHA384; h->type++)
		if (n == 2 * hashlist_hash_len(h->type))
			return text_unhex(h->hash, n / 2, digits, n);
	return false;
}

enum err_code
mebx_hash_add(struct mebx *m, const char *hex, const char *name, struct err *e)
{
	uint8_t bytes[2 + HASHLIST_HASH + HASHLIST_NAME];
	struct hash_entry h = { .active = true };
	size_t n = strlen(name);
	struct wr w;

	if (age(m)->screen == GENERATION_SCREEN_NONE)
		return bad_value("the screen takes no hash from AMT 16 on: a "
				 "USB key brings it",
		    e);
	if (!parse_hash(hex, &h))
		return bad_value("a hash has 40, 64 or 96 hexadecimal digits: "
				 "SHA-1, SHA-256 or SHA-384",
		    e);
	if (h.type != HASH_SHA1 && age(m)->screen != GENERATION_SCREEN_ALL)
		return bad_value("the screen takes no SHA-256 hash from AMT 14 "
				 "on: a USB key brings it",
		    e);
	if (n > HASHLIST_NAME)
		return bad_value("a hash's name has 31 characters at most", e);
	memcpy(h.name, name, n);
	wr_fixed(&w, bytes, sizeof(bytes));
	hashlist_entry_write(&w, &h);
	return apply(m, &(struct value){ 2, 8, bytes, w.len }, 1, e);
}

/* A list is changed as a copy, and judged before it counts. */
static enum err_code
use_list(struct mebx *m, const struct hashlist *list, struct err *e)
{
	const char *why = hashlist_check(list, HASHLIST_MAX);

	if (why != NULL)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_HASHLIST_UNSOUND), "%s", why);
	m->rec->hashes = *list;
	m->changed = true;
	return ERR_OK;
}

static enum err_code
find_hash(struct mebx *m, size_t i, struct hashlist *copy, struct err *e)
{
	if (may_change(m, e) != ERR_OK)
		return e->code;
	if (i >= m->rec->hashes.n)
		return bad_value("there is no hash with that number", e);
	*copy = m->rec->hashes;
	return ERR_OK;
}

enum err_code
mebx_hash_active(struct mebx *m, size_t i, bool active, struct err *e)
{
	struct hashlist list;

	if (find_hash(m, i, &list, e) != ERR_OK)
		return e->code;
	list.e[i].active = active;
	list.e[i].only = list.e[i].only && active;
	return use_list(m, &list, e);
}

enum err_code
mebx_hash_only(struct mebx *m, size_t i, struct err *e)
{
	struct hashlist list;

	if (find_hash(m, i, &list, e) != ERR_OK)
		return e->code;
	for (size_t k = 0; k < list.n; k++)
		list.e[k].only = k == i;
	list.e[i].active = true;
	return use_list(m, &list, e);
}

enum err_code
mebx_hash_all(struct mebx *m, struct err *e)
{
	struct hashlist list = m->rec->hashes;

	if (may_change(m, e) != ERR_OK)
		return e->code;
	for (size_t k = 0; k < list.n; k++)
		list.e[k].only = false;
	return use_list(m, &list, e);
}

enum err_code
mebx_hash_drop(struct mebx *m, size_t i, struct err *e)
{
	struct hashlist list;

	if (find_hash(m, i, &list, e) != ERR_OK)
		return e->code;
	if (list.e[i].oem)
		return bad_value("the factory's hashes stay: take it out of "
				 "use instead",
		    e);
	list.n--;
	memmove(&list.e[i], &list.e[i + 1], (list.n - i) * sizeof(list.e[0]));
	memset(&list.e[list.n], 0, sizeof(list.e[0]));
	return use_list(m, &list, e);
}

/* ---- leaving ---- */

/* The newest record counts, however many values were typed. */
static enum err_code
keep(struct mebx *m, struct err *e)
{
	if (!m->changed)
		return ERR_OK;
	if (m->base->sequence == UINT32_MAX)
		return bad_value("the machine's record cannot be changed any "
				 "more",
		    e);
	m->rec->sequence = m->base->sequence + 1;
	state_blob_free(&m->state->roots);
	/* A key of an earlier set-up would count before the one typed. */
	if (memcmp(&m->rec->psk, &m->base->psk, sizeof(m->rec->psk)) != 0)
		secret_wipe(&m->state->psk_kept, sizeof(m->state->psk_kept));
	m->state->retry = 0; /* its hellos begin anew */
	if (m->rec->amt_major >= REOPENS)
		window_renew(&m->state->window);
	return state_onetouch_set(m->state, m->rec, e);
}

enum err_code
mebx_save(struct mebx *m, struct err *e)
{
	struct attempt *t;

	if (!m->changed && !m->password_changed)
		return ERR_OK;
	if ((t = attempt_new(m->state)) == NULL)
		return err_mem(e);
	if (keep(m, e) == ERR_OK && state_save(m->state, e) == ERR_OK) {
		*m->base = *m->rec;
		m->changed = m->password_changed = false;
	}
	attempt_end(t, m->state, e->code == ERR_OK);
	return e->code;
}

static enum err_code
can_activate(const struct mebx *m, struct err *e)
{
	if (may_change(m, e) != ERR_OK)
		return e->code;
	if (mebx_must_change(m))
		return unsound("the password is still the factory's", e);
	if (!m->rec->enabled)
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_DEVICE_DISABLED), "manageability is off");
	return ERR_OK;
}

enum err_code
mebx_activate(struct mebx *m, struct err *e)
{
	const char *password = password_of(m);
	struct state *s = m->state;
	struct attempt *t;

	if (can_activate(m, e) != ERR_OK)
		return e->code;
	if ((t = attempt_new(s)) == NULL)
		return err_mem(e);
	if (keep(m, e) != ERR_OK) {
		attempt_end(t, s, false);
		return e->code;
	}
	s->phase = STATE_POST;
	auth_ha1(s->ha1, "admin", s->realm, password);
	if (password != s->mebx)
		text_copy(s->mebx, sizeof(s->mebx), password);
	s->mebx_set = true;
	s->record = (struct state_record){
		.present = true, .manual = true, .created = (uint64_t)time(NULL)
	};
	if (state_save(s, e) == ERR_OK) {
		*m->base = *m->rec;
		m->changed = m->password_changed = false;
	}
	attempt_end(t, s, e->code == ERR_OK);
	return e->code;
}

enum err_code
mebx_unprovision(struct mebx *m, bool partial, struct err *e)
{
	struct attempt *t;

	if (!m->logged_in)
		return may_change(m, e);
	if (partial && !mebx_provisioned(m))
		return err_refuse(e, ERR_PERM, reason_get(REASON_MEBX_STATE),
		    "this machine is not set up: there is nothing to undo in "
		    "part");
	if ((t = attempt_new(m->state)) == NULL)
		return err_mem(e);
	state_reset(m->state, partial);
	m->changed = m->password_changed = m->logged_in = false;
	state_save(m->state, e);
	attempt_end(t, m->state, e->code == ERR_OK);
	return e->code;
}
