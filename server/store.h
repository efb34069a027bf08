/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's memory, a folder for its owner alone (0700):
 *
 *   store.db        SQLite: units, their history, strangers, batches, audit
 *   store.key       seals the columns of secrets; 64 hex digits, 0600
 *   device-ca.key   private CA for the TLS certificates that set-up gives to
 *   device-ca.pem   devices
 *
 * What is written is durable when store_commit() has returned; many events may
 * share one commit. Without store_begin() each call is its own transaction.
 *
 * A unit is known from its import; strangers are UUIDs that are not: of them
 * only what was refused is kept, the newest STORE_STRANGERS.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/db.h"
#include "base/err.h"
#include "base/x509.h"
#include "formats/psk.h"
#include "formats/row.h"
#include "formats/uuid.h"

#define STORE_STRANGERS 4096
#define STORE_EVENTS 32 /* kept of each unit */
#define STORE_PASSWORD 33
#define STORE_CERT 2048
#define STORE_BY 768

struct store;

enum store_state {
	STORE_KNOWN, /* imported */
	STORE_HELLO,
	STORE_SETUP, /* may have been changed */
	STORE_PROVISIONED,
	STORE_FAILED,
	STORE_REFUSED
};

const char *store_state_name(enum store_state);

/* What set-up gives to a device. Holds secrets. */
struct store_secrets {
	char admin_password[STORE_PASSWORD]; /* "": there are none */
	char mebx_password[STORE_PASSWORD];
	struct psk psk; /* pid "": none */
};

/* Large, and holds secrets: store_unit_wipe() it. */
struct store_unit {
	struct row row; /* as imported */
	enum store_state state;
	char reason[32]; /* code of the last refusal or failure, or "" */
	char fqdn[256];
	char version[32]; /* firmware */
	char address[46]; /* of the last hello */
	char updated[24];
	char seen_cert[65]; /* SHA-256, hex, of the certificate seen first */
	/* Since the last set-up that ended, and those of one that began: the
	 * device may have either. */
	struct store_secrets now, next;
	uint8_t tls_cert[STORE_CERT]; /* that set-up issued, DER */
	size_t tls_cert_len;
	char tenant[64];
	char otp[STORE_PASSWORD]; /* that was made for it, or "" */
	char opened[24];          /* when: its window starts */
	char record[16];          /* what came of the device's own record */
	char handed[8];
};

/* Makes the folder and what is in it; one that was interrupted is finished,
 * one that is there already is ERR_CREATE. */
enum err_code store_init(const char *dir, struct err *);
enum err_code store_open(const char *dir, struct store **, struct err *);
/* Has it a store? Opens none. */
bool store_there(const char *dir);
/* ERR_CREATE where store_init() refuses what is there: a file, or a folder
 * with something else in it. */
enum err_code store_place(const char *dir, struct err *);
void store_close(struct store *); /* NULL is fine; rolls back */
/* The device CA; caller frees both. */
enum err_code store_ca(
    struct store *, struct x509 **, struct crypto_key **, struct err *);

enum err_code store_begin(struct store *, struct err *);
enum err_code store_commit(struct store *, struct err *);
void store_rollback(struct store *);

/* *found false: a stranger. */
enum err_code store_unit(struct store *, const struct uuid *, bool *found,
    struct store_unit *, struct err *);
void store_unit_wipe(struct store_unit *);
/* Every unit, in the order of import; stops at the first failure of fn. fn
 * may write to the store. */
typedef enum err_code store_fn(
    void *arg, const struct store_unit *, struct err *);
enum err_code store_each(struct store *, store_fn *, void *arg, struct err *);
/* Those in one state. */
enum err_code store_each_in(
    struct store *, enum store_state, store_fn *, void *arg, struct err *);
/* Those that are provisioned and whose record is due, at most n; those whose
 * hand-over is. */
enum err_code store_each_unread(
    struct store *, unsigned n, store_fn *, void *arg, struct err *);
/* Those whose record could not be read ("gone") are due again. */
enum err_code store_unread_again(struct store *, struct err *);
enum err_code store_each_due(
    struct store *, store_fn *, void *arg, struct err *);

/* Before a set-up changes the device: what it is about to have. */
enum err_code store_next(struct store *, const struct uuid *,
    const struct store_secrets *, struct err *);
/* After CommitChanges: next becomes now; cert (DER) is kept, n 0: it has
 * none, NULL: it is as it was. The
 * one-time password is used up, the PID that was replaced is remembered, and
 * the device's record is due; so is the hand-over if hand. */
enum err_code store_settle(struct store *, const struct uuid *,
    const void *cert, size_t n, bool hand, struct err *);
/* One text column of a unit; store_by() reads the first. */
enum store_column {
	STORE_COLUMN_BY,
	STORE_COLUMN_RECORD,
	STORE_COLUMN_HANDED,
	STORE_COLUMN_SEEN /* kept only where none was seen before */
};
enum err_code store_set(struct store *, const struct uuid *, enum store_column,
    const char *, struct err *);
enum err_code store_by(struct store *, const struct uuid *,
    char out[static STORE_BY], struct err *);
/* A one-time password, in place of an older one; its window opens now. */
enum err_code store_otp(
    struct store *, const struct uuid *, const char *otp, struct err *);
/* Takes it away, and nobody counts its window any more; *was: there was one. */
enum err_code store_otp_drop(
    struct store *, const struct uuid *, bool *was, struct err *);
/* The certificate that was seen first is not wanted any more, nor the one that
 * an earlier set-up gave; leaves an audit row with what it was. */
enum err_code store_forget(
    struct store *, const struct uuid *, const char *was, struct err *);
/* A guard was lowered, a secret shown. */
enum err_code store_audit(struct store *, const char *what, const char *object,
    const char *why, struct err *);

enum store_added {
	STORE_NEW,
	STORE_RENEWED, /* a pin or the factory's state is new */
	STORE_SAME
};

/* A row of an import; batch: its number in the table batches. A unit that is
 * known with other values is refused: REASON_MANIFEST_CONFLICT. A new
 * one belongs to the batch's tenant. */
enum err_code store_add(struct store *, int64_t batch, const struct row *,
    enum store_added *, struct err *);

/* For those that keep tables of their own there: server/import.c, alarm.c,
 * request.c, history.c, pids.c, told.c. */
struct db *store_db(struct store *);
/* A secret in one of their tables, as vault.h has it. */
enum err_code store_seal(struct store *, const char *column, const char *row,
    const void *, size_t n, uint8_t *out, struct err *);
enum err_code store_unseal(struct store *, const char *column, const char *row,
    const void *, size_t n, void *out, size_t room, size_t *len, struct err *);
/* Joins the caller's transaction, or makes one of its own; end commits that if
 * e is clear. */
enum err_code store_join(struct store *, bool *own, struct err *);
enum err_code store_leave(struct store *, bool own, struct err *);

#endif
