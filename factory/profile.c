/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/x509.h"
#include "factory/profile.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/generation.h"
#include "formats/reason.h"

#define CERT_MAX 65536

static const char *const modes[] = { "enterprise", "smb", NULL };
static const char *const starts[] = { "talk", "listen", NULL };
static const char *const credentials[] = { "psk", "pki", NULL };
static const char *const key_owners[] = { "device", "factory", NULL };
static const char *const hash_types[] = { "sha1", "sha256", "sha384", NULL };

/* A file while it is read. */
struct reader {
	struct config *c;
	struct config_group *g;
	struct profile *p;
	struct profile_notes *notes;
};

static enum err_code unsound(struct reader *, const char *key, struct err *,
    const char *, ...) __attribute__((format(printf, 4, 5)));

void
profile_note(struct profile_notes *notes, const char *fmt, ...)
{
	va_list ap;

	if (notes == NULL || notes->n == PROFILE_NOTES)
		return;
	va_start(ap, fmt);
	vsnprintf(notes->text[notes->n], sizeof(notes->text[0]), fmt, ap);
	va_end(ap);
	notes->n++;
}

static enum err_code
unsound(struct reader *r, const char *key, struct err *e, const char *fmt, ...)
{
	char where[512], why[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	config_where(r->g, key, where, sizeof(where));
	return err_refuse(e, ERR_CONFIG, reason_get(REASON_PROFILE_UNSOUND),
	    "%s: %s", where, why);
}

const char *
profile_mode_name(enum record_mode mode)
{
	return modes[mode];
}

void
profile_amt(const struct profile *p, char out[static 8])
{
	snprintf(out, 8, "%u.%u", p->amt_major, p->amt_minor);
}

/* A text of printable ASCII that fits; "" where the key is not there. */
static enum err_code
read_text(
    struct reader *r, const char *key, char *out, size_t room, struct err *e)
{
	const char *s;

	if (config_string(r->g, key, "", &s, e) != ERR_OK)
		return e->code;
	if (strlen(s) >= room || !text_printable(s, strlen(s)))
		return unsound(r, key, e,
		    "%s must be printable ASCII of at most %zu characters", key,
		    room - 1);
	memcpy(out, s, strlen(s) + 1);
	return ERR_OK;
}

/* 0.0.0.0 stands for none, so nobody may write it. */
static bool
parse_address(const char *s, uint8_t ip[4])
{
	static const uint8_t none[4];

	return inet_pton(AF_INET, s, ip) == 1 && memcmp(ip, none, 4) != 0;
}

static bool
dns_name_ok(const char *s)
{
	size_t label = 0;

	for (; *s != '\0'; s++) {
		bool alnum = (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

		if (*s == '.' ? label == 0 : !alnum && *s != '-')
			return false;
		label = *s == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

static enum err_code
read_dns(struct reader *r, const char *key, char *out, struct err *e)
{
	if (read_text(r, key, out, RECORD_STR, e) != ERR_OK)
		return e->code;
	if (out[0] != '\0' && !dns_name_ok(out))
		return unsound(r, key, e, "%s is not a DNS name: %s", key, out);
	return ERR_OK;
}

static const struct generation *
generation(const struct profile *p)
{
	return generation_of(p->amt_major, p->amt_minor);
}

static bool
parse_amt(const char *s, struct profile *p)
{
	unsigned major, minor;
	char again[8];

	if (sscanf(s, "%2u.%2u", &major, &minor) != 2)
		return false;
	p->amt_major = (uint8_t)major;
	p->amt_minor = (uint8_t)minor;
	profile_amt(p, again);
	return strcmp(again, s) == 0;
}

static enum err_code
read_amt(struct reader *r, struct err *e)
{
	char amt[8];

	if (read_text(r, "amt", amt, sizeof(amt), e) != ERR_OK)
		return e->code;
	if (!parse_amt(amt, r->p) || r->p->amt_major > 30)
		return unsound(r, "amt", e,
		    "amt must be a version such as \"3.0\", up to \"30.99\"");
	if (r->p->amt_major < 3)
		return unsound(r, "amt", e,
		    "amt %s: versions before 3.0 speak only SOAP, which is not "
		    "public",
		    amt);
	return ERR_OK;
}

/* "none" or "random" and the like. Another text is not repeated: someone may
 * have put a password there. */
static enum err_code
read_random(struct reader *r, const char *key, const char *off, bool *out,
    struct err *e)
{
	const char *s;

	if (config_string(r->g, key, off, &s, e) != ERR_OK)
		return e->code;
	*out = strcmp(s, "random") == 0;
	if (!*out && strcmp(s, off) != 0)
		return unsound(r, key, e,
		    "%s must be \"random\" or \"%s\": a secret has no place in "
		    "a profile",
		    key, off);
	return ERR_OK;
}

static enum err_code
read_words(struct reader *r, struct err *e)
{
	struct profile *p = r->p;
	const char *type;
	int mode, start, credential, owner;

	if (config_word(r->g, "mode", modes, 0, &mode, e) != ERR_OK ||
	    config_bool(r->g, "enabled", true, &p->enabled, e) != ERR_OK ||
	    config_word(r->g, "start", starts, 0, &start, e) != ERR_OK ||
	    config_word(r->g, "credential", credentials, -1, &credential, e) !=
		ERR_OK ||
	    config_word(r->g, "device_key", key_owners, 0, &owner, e) !=
		ERR_OK ||
	    config_string(r->g, "key_type", "rsa2048", &type, e) != ERR_OK ||
	    config_bool(r->g, "insecure_shared_key", false, &p->key_shared,
		e) != ERR_OK ||
	    read_random(r, "otp", "none", &p->otp, e) != ERR_OK ||
	    read_random(r, "mebx", "default", &p->mebx, e) != ERR_OK)
		return e->code;
	if (!crypto_type_parse(type, &p->key_type))
		return unsound(r, "key_type", e,
		    "key_type must be rsa2048, rsa3072, ec256 or ec384");
	p->mode = (enum record_mode)mode;
	p->talk = start == 0;
	p->pki = credential == 1;
	p->factory_key = owner == 1;
	return ERR_OK;
}

static enum err_code
read_server(struct reader *r, struct err *e)
{
	struct profile *p = r->p;
	char address[64];
	long long port;

	if (read_dns(r, "pki_dns_suffix", p->pki_dns_suffix, e) != ERR_OK ||
	    read_dns(r, "server_fqdn", p->server_fqdn, e) != ERR_OK ||
	    read_text(r, "server_address", address, sizeof(address), e) !=
		ERR_OK ||
	    config_int(r->g, "server_port", 1, 65535, 0, &port, e) != ERR_OK)
		return e->code;
	p->server_port = (uint16_t)port;
	if (address[0] != '\0' && !parse_address(address, p->server_ip))
		return unsound(r, "server_address", e,
		    "server_address is not an IPv4 address: %s", address);
	return ERR_OK;
}

/* Certificate hashes. */

static enum err_code
judge_root(
    struct reader *r, const char *file, const struct x509 *x, struct err *e)
{
	char where[512];
	const char *kind;
	int bits;
	bool weak;

	if (!x509_self_signed(x))
		return unsound(r, "file", e,
		    "%s: not a root certificate: it is signed by another",
		    file);
	x509_key_kind(x, &kind, &bits);
	weak = x509_sha1_signed(x) || (strcmp(kind, "RSA") == 0 && bits < 2048);
	if (weak && generation(r->p)->rsa_min >= 2048) {
		config_where(r->g, "file", where, sizeof(where));
		return err_refuse(e, ERR_CONFIG, reason_get(REASON_CERT_WEAK),
		    "%s: %s: root of %s %d bits%s: AMT 15 and later refuse "
		    "SHA-1 roots and RSA below 2048",
		    where, file, kind, bits,
		    x509_sha1_signed(x) ? ", signed with SHA-1" : "");
	}
	if (weak)
		profile_note(r->notes,
		    "%s: root of %s %d bits%s: later versions of AMT refuse it",
		    file, kind, bits,
		    x509_sha1_signed(x) ? ", signed with SHA-1" : "");
	return ERR_OK;
}

/* The name a person gave, else the root's own, cut to what fits. */
static enum err_code
name_entry(
    struct reader *r, struct hash_entry *h, const struct x509 *x, struct err *e)
{
	char cn[256];

	if (read_text(r, "name", h->name, sizeof(h->name), e) != ERR_OK)
		return e->code;
	if (h->name[0] != '\0')
		return ERR_OK;
	if (!x509_cn(x, cn, sizeof(cn)) || cn[0] == '\0' ||
	    !text_printable(cn, strlen(cn)))
		return unsound(r, "name", e,
		    "name is missing, and the certificate has no plain one");
	snprintf(h->name, sizeof(h->name), "%.*s", HASHLIST_NAME, cn);
	return ERR_OK;
}

static enum err_code
hash_root(struct reader *r, struct hash_entry *h, enum hash_type type,
    const char *file, struct err *e)
{
	char where[512];
	struct x509 *x = NULL;
	uint8_t *bytes = NULL;
	const uint8_t *der;
	size_t n;

	config_where(r->g, "file", where, sizeof(where));
	if (file_read(file, CERT_MAX, &bytes, &n, e) != ERR_OK) {
		err_in(e, "%s", where);
		goto out;
	}
	if (x509_read(bytes, n, &x, e) != ERR_OK) {
		err_in(e, "%s: %s", where, file);
		goto out;
	}
	der = x509_der(x, &n);
	hashlist_of_der(h, type, der, n);
	if (judge_root(r, file, x, e) == ERR_OK)
		name_entry(r, h, x, e);
out:
	x509_free(x);
	free(bytes);
	return e->code;
}

/* One group of hashes; r->g is that group. */
static enum err_code
read_hash(struct reader *r, struct hash_entry *h, struct err *e)
{
	const char *file;
	char path[4096];
	int type;
	bool only, oem;

	if (config_string(r->g, "file", NULL, &file, e) != ERR_OK ||
	    config_word(r->g, "hash", hash_types, 1, &type, e) != ERR_OK ||
	    config_bool(r->g, "only", false, &only, e) != ERR_OK ||
	    config_bool(r->g, "oem", true, &oem, e) != ERR_OK)
		return e->code;
	if (file == NULL)
		return unsound(r, NULL, e, "a hash needs its file");
	if (file_beside(path, sizeof(path), config_path(r->c), file, e) !=
	    ERR_OK)
		return e->code;
	if (hash_root(r, h, (enum hash_type)(type + 1), path, e) != ERR_OK)
		return e->code;
	h->active = true;
	h->only = only;
	h->oem = oem;
	return ERR_OK;
}

/* The list's name says what is in it, so that equal lists of two orders have
 * one name. */
static void
name_list(struct profile *p)
{
	uint8_t buf[4096], digest[SHA256_LEN];
	struct wr w;

	wr_fixed(&w, buf, sizeof(buf));
	for (size_t i = 0; i < p->hashes.n; i++) {
		const struct hash_entry *h = &p->hashes.e[i];

		hashlist_entry_write(&w, h);
		wr_u8(&w, (uint8_t)(h->active | h->only << 1 | h->oem << 2));
	}
	digest_sha256(buf, w.len, digest);
	memcpy(p->hash_list, "list-", 5);
	text_hex(p->hash_list + 5, digest, 8);
}

static enum err_code
read_hashes(struct reader *r, struct err *e)
{
	struct config_group *root = r->g;
	size_t n, most = generation(r->p)->oem_hashes;
	const char *why;

	if (config_list(root, "hashes", &n, e) != ERR_OK)
		return e->code;
	if (n > most)
		return unsound(r, "hashes", e,
		    "%zu hashes, AMT %u has room for %zu", n, r->p->amt_major,
		    most);
	for (size_t i = 0; i < n; i++) {
		if (config_item(root, "hashes", i, &r->g, e) == ERR_OK)
			read_hash(r, &r->p->hashes.e[i], e);
		r->g = root;
		if (e->code != ERR_OK)
			return e->code;
	}
	r->p->hashes.n = n;
	if ((why = hashlist_check(&r->p->hashes, most)) != NULL)
		return unsound(r, "hashes", e, "hashes: %s", why);
	if (n > 0)
		name_list(r->p);
	return ERR_OK;
}

/* What must hold between keys. */

static enum err_code
judge_psk(struct reader *r, struct err *e)
{
	const struct profile *p = r->p;

	if (!generation(p)->psk)
		return unsound(r, "credential", e,
		    "credential psk: AMT %u has no PSK set-up (it left with "
		    "11); use pki",
		    p->amt_major);
	if (p->factory_key)
		return unsound(r, "device_key", e,
		    "device_key factory: a PSK machine is known by its PPS and "
		    "has no key pair");
	if (p->otp)
		return unsound(
		    r, "otp", e, "otp random: a PSK set-up has no OTP");
	if (p->hashes.n > 0 || p->pki_dns_suffix[0] != '\0')
		profile_note(r->notes,
		    "hashes and pki_dns_suffix are stored, but a PSK "
		    "set-up does not use them");
	return ERR_OK;
}

static enum err_code
judge_pki(struct reader *r, struct err *e)
{
	const struct profile *p = r->p;

	if (p->hashes.n == 0)
		return unsound(r, "credential", e,
		    "credential pki: needs at least one hash");
	if (p->otp && p->talk)
		return unsound(r, "otp", e,
		    "otp random: a machine that talks at once has no OTP; it "
		    "needs start listen");
	if (p->key_shared && !p->factory_key)
		return unsound(r, "insecure_shared_key", e,
		    "insecure_shared_key: there is nothing to share, each "
		    "device makes its own key");
	if (!p->factory_key)
		profile_note(r->notes,
		    "the device makes its own key: the server can tell a rogue "
		    "device only where unit pin recorded its certificate");
	return ERR_OK;
}

static enum err_code
judge(struct reader *r, struct err *e)
{
	const struct profile *p = r->p;

	if (p->customer[0] == '\0')
		return unsound(r, "customer", e, "customer is missing");
	if (p->key_type >= CRYPTO_EC256 && !generation(p)->ec)
		return unsound(r, "key_type", e,
		    "key_type %s: AMT %u takes RSA only, EC keys came with 16",
		    crypto_type_name(p->key_type), p->amt_major);
	if (p->mode == RECORD_SMB && p->talk)
		return unsound(r, "mode", e,
		    "mode smb with start talk: a small-business machine is set "
		    "up at its own screen and sends no hello; use listen");
	if ((p->pki ? judge_pki : judge_psk)(r, e) != ERR_OK)
		return e->code;
	if (!p->enabled)
		profile_note(r->notes,
		    "enabled false: the machines stay silent until "
		    "AMT is enabled in their set-up screen");
	if (!p->mebx)
		profile_note(r->notes,
		    "mebx default: whoever is at a machine's keyboard "
		    "can enter its set-up screen with \"admin\"");
	if (p->key_shared)
		profile_note(r->notes,
		    "insecure_shared_key: whoever reads one machine's "
		    "flash can pose as every machine of the order");
	return ERR_OK;
}

enum err_code
profile_read(const char *path, struct profile *p, struct profile_notes *notes,
    struct err *e)
{
	struct reader r = { .p = p, .notes = notes };

	memset(p, 0, sizeof(*p));
	memset(notes, 0, sizeof(*notes));
	if (config_open(path, &r.c, e) != ERR_OK)
		return e->code;
	r.g = config_root(r.c);
	if (read_text(&r, "customer", p->customer, sizeof(p->customer), e) ==
		ERR_OK &&
	    read_amt(&r, e) == ERR_OK && read_words(&r, e) == ERR_OK &&
	    read_server(&r, e) == ERR_OK && read_hashes(&r, e) == ERR_OK &&
	    config_end(r.c, e) == ERR_OK)
		judge(&r, e);
	config_close(r.c);
	return e->code;
}

/* The stored form. */

static void
store_hash(struct wr *w, const struct hash_entry *h)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	text_hex(hex, h->hash, hashlist_hash_len(h->type));
	wr_str(w, "{\"type\":");
	cjson_put_string(w, hashlist_type_name(h->type));
	wr_str(w, ",\"hash\":");
	cjson_put_string(w, hex);
	wr_str(w, ",\"name\":");
	cjson_put_string(w, h->name);
	wr_str(w, ",\"active\":");
	cjson_put_bool(w, h->active);
	wr_str(w, ",\"only\":");
	cjson_put_bool(w, h->only);
	wr_str(w, ",\"oem\":");
	cjson_put_bool(w, h->oem);
	wr_str(w, "}");
}

static void
store_text(struct wr *w, const char *before, const char *s)
{
	wr_str(w, before);
	cjson_put_string(w, s);
}

void
profile_store(struct wr *w, const struct profile *p)
{
	static const uint8_t none[4];
	char amt[8], address[INET_ADDRSTRLEN] = "";

	profile_amt(p, amt);
	if (memcmp(p->server_ip, none, sizeof(none)) != 0)
		inet_ntop(AF_INET, p->server_ip, address, sizeof(address));
	store_text(w, "{\"customer\":", p->customer);
	store_text(w, ",\"amt\":", amt);
	store_text(w, ",\"mode\":", modes[p->mode]);
	wr_str(w, ",\"enabled\":");
	cjson_put_bool(w, p->enabled);
	store_text(w, ",\"start\":", starts[p->talk ? 0 : 1]);
	store_text(w, ",\"credential\":", credentials[p->pki]);
	store_text(w, ",\"key_type\":", crypto_type_name(p->key_type));
	store_text(w, ",\"device_key\":", key_owners[p->factory_key]);
	store_text(w, ",\"otp\":", p->otp ? "random" : "none");
	store_text(w, ",\"mebx\":", p->mebx ? "random" : "default");
	wr_str(w, ",\"insecure_shared_key\":");
	cjson_put_bool(w, p->key_shared);
	store_text(w, ",\"pki_dns_suffix\":", p->pki_dns_suffix);
	store_text(w, ",\"server_fqdn\":", p->server_fqdn);
	store_text(w, ",\"server_address\":", address);
	wr_str(w, ",\"server_port\":");
	cjson_put_uint(w, p->server_port);
	store_text(w, ",\"hash_list\":", p->hash_list);
	wr_str(w, ",\"hashes\":[");
	for (size_t i = 0; i < p->hashes.n; i++) {
		wr_str(w, i > 0 ? "," : "");
		store_hash(w, &p->hashes.e[i]);
	}
	wr_str(w, "]}");
}

static void
load_text(struct rd *r, const char *before, char *out, size_t room)
{
	cjson_want(r, before);
	cjson_get_string(r, out, room);
}

static int
load_word(struct rd *r, const char *before, const char *const *words)
{
	char is[24];
	int i = 0;

	load_text(r, before, is, sizeof(is));
	while (words[i] != NULL && strcmp(words[i], is) != 0)
		i++;
	if (words[i] != NULL)
		return i;
	rd_fail(r, "unknown word");
	return 0;
}

static bool
load_bool(struct rd *r, const char *before)
{
	cjson_want(r, before);
	return cjson_get_bool(r);
}

static void
load_hash(struct rd *r, struct hash_entry *h)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)], again[sizeof(hex)];

	h->type = (enum hash_type)(load_word(r, "{\"type\":", hash_types) + 1);
	load_text(r, ",\"hash\":", hex, sizeof(hex));
	if (!text_unhex(h->hash, hashlist_hash_len(h->type), hex, strlen(hex)))
		rd_fail(r, "not a hash");
	text_hex(again, h->hash, hashlist_hash_len(h->type));
	if (strcmp(hex, again) != 0)
		rd_fail(r, "hash in upper case");
	load_text(r, ",\"name\":", h->name, sizeof(h->name));
	h->active = load_bool(r, ",\"active\":");
	h->only = load_bool(r, ",\"only\":");
	h->oem = load_bool(r, ",\"oem\":");
	cjson_want(r, "}");
}

static void
load_hashes(struct rd *r, struct hashlist *list)
{
	cjson_want(r, ",\"hashes\":[");
	while (r->why == NULL && !cjson_have(r, "]}")) {
		if (list->n == HASHLIST_MAX) {
			rd_fail(r, "too many hashes");
			return;
		}
		if (list->n > 0)
			cjson_want(r, ",");
		load_hash(r, &list->e[list->n++]);
	}
}

static void
load_server(struct rd *r, struct profile *p)
{
	char address[INET_ADDRSTRLEN];
	uint64_t port;

	load_text(r, ",\"pki_dns_suffix\":", p->pki_dns_suffix, RECORD_STR);
	load_text(r, ",\"server_fqdn\":", p->server_fqdn, RECORD_STR);
	load_text(r, ",\"server_address\":", address, sizeof(address));
	if (address[0] != '\0' && !parse_address(address, p->server_ip))
		rd_fail(r, "not an address");
	cjson_want(r, ",\"server_port\":");
	if ((port = cjson_get_uint(r)) > 65535)
		rd_fail(r, "not a port");
	p->server_port = (uint16_t)port;
}

bool
profile_load(struct rd *r, struct profile *p)
{
	static const char *const otps[] = { "none", "random", NULL };
	static const char *const mebxs[] = { "default", "random", NULL };
	static const char *const types[] = { "rsa2048", "rsa3072", "ec256",
		"ec384", NULL };
	char amt[8];

	memset(p, 0, sizeof(*p));
	load_text(r, "{\"customer\":", p->customer, sizeof(p->customer));
	load_text(r, ",\"amt\":", amt, sizeof(amt));
	if (!parse_amt(amt, p))
		rd_fail(r, "not a version");
	p->mode = (enum record_mode)load_word(r, ",\"mode\":", modes);
	p->enabled = load_bool(r, ",\"enabled\":");
	p->talk = load_word(r, ",\"start\":", starts) == 0;
	p->pki = load_word(r, ",\"credential\":", credentials) == 1;
	p->key_type = (enum crypto_type)load_word(r, ",\"key_type\":", types);
	p->factory_key = load_word(r, ",\"device_key\":", key_owners) == 1;
	p->otp = load_word(r, ",\"otp\":", otps) == 1;
	p->mebx = load_word(r, ",\"mebx\":", mebxs) == 1;
	p->key_shared = load_bool(r, ",\"insecure_shared_key\":");
	load_server(r, p);
	load_text(r, ",\"hash_list\":", p->hash_list, sizeof(p->hash_list));
	load_hashes(r, &p->hashes);
	return rd_end(r);
}

/* profile check */

static void
show_words(const struct profile *p)
{
	char amt[8];

	profile_amt(p, amt);
	printf("sound: for %s, AMT %s, %s mode, %s, start %s, credential %s\n",
	    p->customer, amt, modes[p->mode],
	    p->enabled ? "enabled" : "disabled", starts[p->talk ? 0 : 1],
	    credentials[p->pki]);
	if (p->pki)
		printf("device key: %s, made by the %s\n",
		    crypto_type_name(p->key_type), key_owners[p->factory_key]);
	for (size_t i = 0; i < p->hashes.n; i++) {
		const struct hash_entry *h = &p->hashes.e[i];
		char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		printf("hash: %s %s %s%s\n", hashlist_type_name(h->type), hex,
		    h->name, h->only ? " (only this one)" : "");
	}
}

static enum err_code
show_json(const struct profile *p, struct err *e)
{
	struct wr w;

	wr_grow(&w, PROFILE_JSON_MAX);
	profile_store(&w, p);
	wr_str(&w, "\n");
	return cli_print(&w, e);
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	struct profile p;
	struct profile_notes notes;

	if (profile_read(a->pos[0], &p, &notes, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < notes.n; i++)
		log_warn("%s: %s", a->pos[0], notes.text[i]);
	if (a->json)
		return show_json(&p, e);
	show_words(&p);
	return ERR_OK;
}

const struct cli_verb profile_verbs[] = {
	{ "profile check", "PROFILE.cfg",
	    "judge a profile, and show what it says", NULL, 1, 1, run_check },
	{ 0 },
};
