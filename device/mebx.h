/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a technician changes by hand in a machine's set-up screen (MEBx), with-
 * out the screen: that is device/screen.h and device/mebxscreen.c.
 *
 * A value that Setup.bin has a variable for is applied as a key's record would
 * be (formats/onetouch.h), one at a time, so that keyboard and key obey the
 * same rules; what Setup.bin has no variable for (one-time password, which
 * hashes are in use) is judged here. All of it is in memory until mebx_save(),
 * which keeps the whole as the machine's one-touch record: its next start has
 * it. Un-provisioning and the set-up by hand take effect at once.
 */
#ifndef DEVICE_MEBX_H
#define DEVICE_MEBX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "device/state.h"
#include "device/statelock.h"
#include "formats/record.h"

#define MEBX_OTP_MIN 8

/* Too large for a stack, holds secrets: mebx_free() it. */
struct mebx {
	struct statelock lock;
	struct state *state;
	struct record *rec;  /* as it is being changed */
	struct record *base; /* as it was when it was opened */
	bool logged_in, changed;
	bool password_changed; /* one that a set-up gave */
	bool blank; /* without a record in its image, or from a key */
};

/* With the image's record, or of a board whose image has none what is known of
 * it: UUID and, or 0, the AMT version. What a key or this screen set before
 * counts. Refused with state-busy while the machine runs. */
enum err_code mebx_open(struct mebx **, const char *state_dir,
    const struct record *, bool blank, struct err *);
void mebx_free(struct mebx *); /* wipes; NULL is fine */

/* Compares in constant time. */
bool mebx_login(struct mebx *, const char *password);
/* The password is still the factory's: nothing else works before a new one. */
bool mebx_must_change(const struct mebx *);
bool mebx_provisioned(const struct mebx *);

/* Each refuses with a reason and changes nothing then. An empty text takes a
 * value away. */
enum err_code mebx_password(struct mebx *, const char *, struct err *);
enum err_code mebx_enable(struct mebx *, bool, struct err *);
enum err_code mebx_mode(struct mebx *, enum record_mode, struct err *);
enum err_code mebx_fqdn(struct mebx *, const char *, struct err *);
enum err_code mebx_address(struct mebx *, const char *, struct err *);
enum err_code mebx_port(struct mebx *, const char *, struct err *);
enum err_code mebx_suffix(struct mebx *, const char *, struct err *);
/* As typed: with dashes or without, both or, empty, none. */
enum err_code mebx_psk(
    struct mebx *, const char *pid, const char *pps, struct err *);
enum err_code mebx_remote(struct mebx *, bool, struct err *);
enum err_code mebx_talk(struct mebx *, bool, struct err *);
enum err_code mebx_otp(struct mebx *, const char *, struct err *);

/* hex: with blanks, dashes or colons between digits, or without. */
enum err_code mebx_hash_add(
    struct mebx *, const char *hex, const char *name, struct err *);
/* Entries count from 0. */
enum err_code mebx_hash_active(struct mebx *, size_t, bool, struct err *);
enum err_code mebx_hash_only(struct mebx *, size_t, struct err *);
enum err_code mebx_hash_all(struct mebx *, struct err *); /* no "only" */
/* A user's; those that the factory set stay. */
enum err_code mebx_hash_drop(struct mebx *, size_t, struct err *);

enum err_code mebx_save(struct mebx *, struct err *);
/* "Activate network access": set up by hand, without a server. The MEBx
 * password is the administrator's too. Saves what was typed, too. */
enum err_code mebx_activate(struct mebx *, struct err *);
/* Drops what was typed and not saved. */
enum err_code mebx_unprovision(struct mebx *, bool partial, struct err *);

#endif
