/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device that runs: its factory values, its state, its hellos and its
 * port. It is told of connections by whoever listens (device/fleet.h), since
 * many machines share one listener, and tells what happens to it by events.
 *
 * It is open, that is, talks and answers, while its window is (window.h): in
 * talk mode from its first start, in listen mode from an agent's start of the
 * configuration; once it is provisioned, always. Otherwise connections are
 * turned away.
 */
#ifndef DEVICE_MACHINE_H
#define DEVICE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/conn.h"
#include "base/dns.h"
#include "base/loop.h"
#include "base/tls.h"
#include "device/amt.h"
#include "device/attempt.h"
#include "device/auth.h"
#include "device/fault.h"
#include "device/kept.h"
#include "device/keypool.h"
#include "device/settings.h"
#include "device/state.h"
#include "formats/record.h"

struct machine;
struct machine_session; /* one connection to its port */

/* What a machine tells. Only the fields that fit the event are set. */
struct machine_event {
	const char *name;       /* "hello", "refused", "provisioned", ... */
	const char *words;      /* for people; "" if the name says it all */
	const struct err *why;  /* "refused", "hello-failed": else NULL */
	const char *peer;       /* numeric address, or NULL */
	int64_t retry;          /* "hello": the counter in it; else -1 */
	unsigned long requests; /* "provisioned": answered since the start */
};

struct machine_end; /* of TLS; those of one age share it: identity.h */

/* What is needed while an answer is made, and by one machine at a time. */
struct machine_scratch {
	struct amt_item item;
	struct wr body, soap, out;
	struct record factory; /* of the one that is awake; NULL: of none */
	const struct machine *awake;
	struct machine_end *ends;
};

/* Shared by all machines of a program; borrowed by each. */
struct machine_common {
	struct loop *loop;
	struct dns *dns; /* NULL: no server is found by its name */
	const struct settings *settings;
	struct tls *psk; /* one end for all: machine_psk_tls() */
	struct keypool *keys;
	struct machine_scratch *scratch;
	void (*event)(
	    void *arg, struct machine *, const struct machine_event *);
	void *arg;
};

struct machine_server {
	char address[ADDR_LEN]; /* numeric; "" none known */
	uint16_t port;
};

struct machine {
	const struct machine_common *common;
	struct kept *factory; /* a record: machine_factory() */
	struct kept *image;   /* the image's where a key's is in force */
	struct state *state;
	struct psk psk; /* in force; what a set-up sets counts after it */
	struct amt *amt;
	struct amt_host host;   /* what amt asks of the world */
	struct auth *auth;      /* made with the first challenge */
	char address[ADDR_LEN]; /* source of hellos; "" any */
	struct machine_server server, image_server;
	const char *dhcp_suffix;       /* borrowed; "" not known */
	const struct machine_lan *lan; /* borrowed; NULL: it has an address */
	bool blank; /* without a key's record there is none */
	bool open;
	bool overdue; /* a hello, for want of a network or of silence */
	uint64_t counted, unsaved_ms; /* of the window's up-time */
	struct loop_timer *talk, *window;
	struct loop_timer *make; /* made when the host's start waits for it */
	bool making;             /* of the certificate */
	struct conn *hello;      /* on its way, or NULL */
	struct dns_query *query; /* for its server's name, likewise */
	size_t asked;            /* names, by now */
	char target[ADDR_LEN];
	struct machine_session *sessions;
	uint64_t asked_ms; /* when a set-up session asked last */
	struct fault fault;
	uint64_t hello_ms; /* when the first was sent; of tally.h */
	bool parting; /* CommitChanges was done; its answer is on its way */
	unsigned long requests; /* WS-Man requests that were handled */
};

/* What the wire has told; by whoever watches it (lan.h). */
#define MACHINE_SUFFIXES 5 /* DHCP option 15, or DHCPv6 option 24 */
#define MACHINE_DNS 3
struct machine_lan {
	uint8_t mac[6];
	bool link;
	char address[ADDR_LEN]; /* "": no cable, or none was given yet */
	size_t nsuffix, ndns;
	char suffix[MACHINE_SUFFIXES][RECORD_STR];
	char dns[MACHINE_DNS][ADDR_LEN];
};

/* Where a machine is put; texts but the suffix are copied. */
struct machine_place {
	const char *state_dir; /* NULL: volatile */
	enum state_care care;
	const char *address;
	struct machine_server server;
	/* What counts again when a key's values are gone. */
	struct machine_server image_server;
	bool blank;         /* the image has no record: blank.h */
	struct fault fault; /* a fleet's: fault.h */
	const char *suffix; /* as DHCP would say; a preset one overrides */
};

enum err_code machine_psk_tls(
    const struct settings *, struct tls **, struct err *);
void machine_scratch_init(struct machine_scratch *);
void machine_scratch_free(struct machine_scratch *); /* wipes */

/* Takes a copy of the image's record; one that the state keeps of a one-touch
 * key counts in its place. Nothing is sent before machine_start(). */
enum err_code machine_new(const struct machine_common *, const struct record *,
    const struct machine_place *, struct machine **, struct err *);
void machine_start(struct machine *);
void machine_free(struct machine *); /* wipes; NULL is fine */
/* The record in force: the image's, or a key's. One machine's at a time is
 * awake in the scratch, the others' are kept small, so that it is borrowed
 * until another machine's is asked for. */
const struct record *machine_factory(const struct machine *);

/* For a listener's accept(): false turns the connection away. */
bool machine_accept(
    struct machine *, const struct conn_peer *, struct conn_end *);

/* The same for the port without TLS, which serves a machine that is set up and
 * does not insist on TLS. */
bool machine_accept_plain(
    struct machine *, const struct conn_peer *, struct conn_end *);

void machine_tell(struct machine *, const struct machine_event *);
void machine_tell_words(struct machine *, const char *name, const char *words);
void machine_tell_failure(struct machine *, const struct err *);
/* Its state, now; a failure is told. */
void machine_save(struct machine *);
/* Ends an attempt: what was changed is saved, or was never done, and then is
 * told. */
enum amt_status machine_saved(struct machine *, struct attempt *);
/* One of its faults shows. */
void machine_tell_fault(struct machine *, enum fault_kind);
/* To be called after an answer that changed more than state. */
void machine_committed(struct machine *);
void machine_reset(struct machine *);

/* What an agent on the host asks for by MEI beside the start of set-up
 * (period.h); the AMT status is the answer. The host's suffix counts before
 * DHCP's, and a preset one before it; "" takes it back. A device that was
 * enabled here is as one in listen mode. */
/* Undoes what its host set up by itself, and nothing else. */
enum amt_status machine_unprovision(struct machine *);
enum amt_status machine_host_suffix(struct machine *, const char *);
enum amt_status machine_enable(struct machine *, bool);
bool machine_enabled(const struct machine *);
/* The i-th suffix in force, or NULL: one, or all that the wire tells. */
const char *machine_suffix_nth(const struct machine *, size_t i);
/* What DHCP says; "" nothing. The text is borrowed from now on. */
void machine_suffix(struct machine *, const char *);
/* What the wire says has changed. The struct is borrowed from now on. */
void machine_network(struct machine *, const struct machine_lan *);
bool machine_online(const struct machine *);
/* Of so much of the device's time: settings' time_scale. */
unsigned long machine_real_ms(const struct machine *, uint64_t ms);

#endif
