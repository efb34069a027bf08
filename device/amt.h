/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WS-Management half of the firmware, as far as set-up needs it: a
 * request tree goes in, an answer and what came of it go out. No I/O: random
 * bytes, keys and the clock come through struct amt_host, so that a whole
 * dialogue runs, and is fuzzed, in one process.
 *
 * amt.c knows the envelope and the table of classes; a class group is a file
 * of its own: amtsetup.c, amtkeys.c, amtfacts.c, and more by these names.
 */
#ifndef DEVICE_AMT_H
#define DEVICE_AMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/node.h"
#include "base/x509.h"
#include "device/state.h"
#include "formats/pthi.h"
#include "formats/record.h"
#include "formats/wsman.h"

/* Values of ReturnValue: the PTHI status codes. */
enum amt_status {
	AMT_OK = PTHI_SUCCESS,
	AMT_INTERNAL = PTHI_INTERNAL,
	AMT_NOT_READY = PTHI_NOT_READY,
	AMT_BAD_MODE = PTHI_INVALID_MODE,
	AMT_NOT_PERMITTED = PTHI_NOT_PERMITTED,
	AMT_MAX_LIMIT = PTHI_MAX_LIMIT,
	AMT_BAD_DOMAIN = PTHI_BAD_DOMAIN,
	AMT_BAD_STATE = PTHI_BAD_STATE,
	AMT_BAD_INDEX = PTHI_BAD_INDEX,
	AMT_BAD_PARAMETER = PTHI_BAD_PARAMETER,
	AMT_FLASH_LIMIT = PTHI_FLASH_LIMIT,
	AMT_BAD_PID = PTHI_BAD_PID,
	AMT_BAD_PPS = PTHI_BAD_PPS,
	AMT_CERT_NOT_READY = PTHI_CERTIFICATE_NOT_READY,
	AMT_BAD_HANDLE = PTHI_BAD_HANDLE,
	AMT_BAD_PASSWORD = PTHI_BAD_PASSWORD,
	AMT_DATA_MISSING = PTHI_DATA_MISSING,
	AMT_DUPLICATE = PTHI_DUPLICATE,
	AMT_BAD_CERTIFICATE = PTHI_BAD_CERTIFICATE,
	AMT_NOT_FOUND = PTHI_NOT_FOUND
};

/* What the world has to do after an answer. */
enum amt_event {
	AMT_NOTHING,
	AMT_COMMITTED,     /* set-up is over and saved */
	AMT_UNPROVISIONED, /* back to the factory's, saved */
	AMT_WINDOW         /* amt.hours says how long it stays open */
};

struct amt_host {
	void *arg;
	enum err_code (*random)(void *arg, void *, size_t, struct err *);
	/* An RSA key of 2048 bits, PKCS#8. */
	enum err_code (*key)(void *arg, struct secret *, struct err *);
	/* The key of these bytes, PKCS#8. NULL: it is read each time. */
	enum err_code (*key_read)(void *arg, const void *, size_t,
	    struct crypto_key **, struct err *);
	int64_t (*now)(void *arg); /* the host's clock, seconds since 1970 */
	enum err_code (*save)(void *arg, const struct state *, struct err *);
	/* May the server with this chain set the device up? Then what its
	 * record keeps of it; else ERR_PERM and why. */
	enum err_code (*judge)(void *arg, const struct x509_chain *,
	    struct state_record *, struct err *);
	size_t chain_max; /* certificates; 0: as many as a chain has room for */
	int host_setup;   /* may its host set it up? -1: by the AMT version */
};

/* An instance or an answer's fields; values are copied in. */
#define AMT_FIELDS 24
#define AMT_TEXT 8192
struct amt_item {
	size_t n;
	struct wsman_field f[AMT_FIELDS];
	size_t used;
	char text[AMT_TEXT];
};

struct amthosted; /* amthosted.h */
struct loss;      /* loss.h */

struct amt {
	const struct record *factory; /* borrowed: what the image says */
	struct state *state;          /* borrowed */
	const struct amt_host *host;  /* borrowed */
	struct amthosted *hosted;     /* what its host began, or NULL */
	bool by_host;                 /* its host's own account asks */
	const char *suffix;           /* in force; "" if not known */
	const char *dhcp_suffix;      /* what DHCP said; likewise */
	struct state_record session;  /* who is setting this device up */
	struct loss *loss;            /* owned; NULL: nobody's */
	const char *selected;         /* the request's selector, or "" */
	bool any_qop;                 /* a digest may lack it: auth.h */
	uint64_t number;              /* of answers, for their MessageIDs */
	enum amt_event event;         /* of the last answer */
	unsigned hours;
	struct amt_item *item; /* scratch, borrowed */
};

/* Answers one request; returns the HTTP status: 200, 400 or 500. */
int amt_answer(struct amt *, const struct node *root, struct wr *);
/* "3.0.0", as the Server header and CIM_SoftwareIdentity say it. */
void amt_version(const struct record *, char out[static 16]);
/* The device's idea of the time. */
int64_t amt_now(const struct amt *);
/* The pre-shared key in force: an earlier set-up's, else the factory's; that of
 * a version which knows none is empty. */
const struct psk *amt_psk(const struct record *, const struct state *);

/* For the class groups. */
struct amt_item *amt_clear(struct amt *); /* the scratch item, emptied */
void amt_put(struct amt_item *, const char *name, const char *value);
void amt_put_num(struct amt_item *, const char *name, int64_t);
void amt_put_bool(struct amt_item *, const char *name, bool);
void amt_put_b64(struct amt_item *, const char *name, const void *, size_t);
/* An endpoint reference to class epr (struct wsman_field). */
void amt_put_ref(
    struct amt_item *, const char *name, const char *epr, const char *value);
/* After a change: what a set-up changes is saved with its end, what is changed
 * later at once. A method, Put, Create or Delete that does not return AMT_OK
 * has changed nothing of what was saved: amt_answer() takes it back. */
enum amt_status amt_keep(struct amt *);
/* A field of an input: true if it is not there and *out stays, or is good. */
bool amt_take_bool(const struct node *, const char *name, bool *out);
bool amt_take_num(const struct node *, const char *name, int64_t min,
    int64_t max, int64_t *out);
/* "Intel(r) AMT Key: Handle: 3" of prefix and handle, as name's value or as
 * the selector of an endpoint reference to class epr. */
void amt_put_handle(struct amt_item *, const char *name, const char *epr,
    const char *prefix, size_t handle);

/* Fills it with instance i; false if there is none. */
typedef bool amt_instance_fn(struct amt *, size_t i, struct amt_item *);
/* A method or a Put: its input, and the fields of its output. */
typedef enum amt_status amt_method_fn(
    struct amt *, const struct node *in, struct amt_item *);

#endif
