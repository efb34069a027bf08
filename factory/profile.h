/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: what all machines of an order have in common. Read from a
 * libconfig file (configs/profile-*.cfg name every key), judged whole, and
 * from then on kept by the order as canonical JSON, so that a later change of
 * the file does not change an open order. No secrets in it.
 */
#ifndef FACTORY_PROFILE_H
#define FACTORY_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"
#include "formats/hashlist.h"
#include "formats/record.h"

#define PROFILE_NOTES 8
#define PROFILE_JSON_MAX 16384

struct profile {
	char customer[128];
	uint8_t amt_major, amt_minor;
	enum record_mode mode;
	bool enabled;
	bool talk;                 /* start: talk, else listen */
	bool pki;                  /* credential: pki, else psk */
	bool factory_key;          /* device_key: factory, else device */
	enum crypto_type key_type; /* of a factory key */
	bool otp;                  /* a random one for each unit */
	bool mebx; /* a random MEBx password for each unit; else it stays the
		    * factory default, "admin" */
	bool key_shared;    /* insecure_shared_key */
	char hash_list[65]; /* name of the list; "" where there is none */
	struct hashlist hashes;
	char pki_dns_suffix[RECORD_STR];
	char server_fqdn[RECORD_STR];
	uint8_t server_ip[4]; /* 0 absent */
	uint16_t server_port; /* 0 absent */
};

/* What a person should know about a profile that is sound. */
struct profile_notes {
	size_t n;
	char text[PROFILE_NOTES][240];
};

/* One more; NULL: nobody wants them. What is above PROFILE_NOTES is left out.
 */
void profile_note(struct profile_notes *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ERR_CONFIG with file:line where it is unsound. */
enum err_code profile_read(
    const char *path, struct profile *, struct profile_notes *, struct err *);

/* The form an order keeps; what is loaded is written to the same bytes. */
void profile_store(struct wr *, const struct profile *);
bool profile_load(struct rd *, struct profile *);

const char *profile_mode_name(enum record_mode); /* "enterprise", "smb" */
void profile_amt(const struct profile *, char out[static 8]); /* "3.0" */

#endif
