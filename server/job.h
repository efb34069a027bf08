/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job of server/jobs.c, for the files of that engine only: jobs.c (queue and
 * transaction), knock.c (hellos), recipe.c (how a machine is reached and what
 * it is told), ending.c (what becomes of a try), errand.c (what is asked for by
 * hand, and a device's own record), gift.c.
 */
#ifndef SERVER_JOB_H
#define SERVER_JOB_H

#include <stdint.h>
#include <time.h>

#include "base/addr.h"
#include "base/loop.h"
#include "server/jobs.h"
#include "server/setup.h"

#define JOB_BUCKETS 4096

enum job_phase {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_SAVING,  /* waits for the commit, then goes on */
	JOB_RESTING, /* waits to try again */
	JOB_TELLING, /* waits for the commit, then is told and over */
	JOB_QUITTING /* the same, and is not told */
};

enum job_task {
	JOB_SET_UP,
	JOB_PROBE,  /* has a unit in state "setup" committed? */
	JOB_RECORD, /* the device's own record of its set-up */
	JOB_UNDO,   /* un-provisions in full */
	JOB_UNDO_PARTLY
};

/* Where a unit is, and how it is set up there. */
struct job_place {
	char addr[ADDR_LEN];
	bool psk;
	size_t index; /* of our chain; of its PSK pair, while pid is "" */
	char pid[PSK_PID_LEN + 1]; /* that its hello said, or has worked */
	/* Kinds of our root's hash in its hello (admit.h); 0: none was heard.
	 */
	unsigned announced;
	unsigned tries; /* that it had before another place had its turn */
	/* It passed all that tells an impostor, in this job. */
	bool proved;
};
/* So many places more are heard of; a storm of hellos takes no more room. */
#define JOB_OTHERS 4

struct job {
	struct jobs *in;
	struct job *prev, *next;
	struct job *uuid_next; /* in the same bucket */
	enum job_phase phase;
	enum job_task task;
	struct store_unit unit; /* as it was at the hello */
	struct store_secrets fresh;
	struct job_place at;
	/* From where it has said hello since, the first first. It may have been
	 * moved, or these are impostors: what is under way goes on; each has
	 * its turn when it is gone here, or when this came to no good end. */
	struct job_place other[JOB_OTHERS];
	unsigned nothers;
	/* Its hello, the moment it was un-provisioned; owned, or NULL. */
	struct hello *back;
	char back_from[ADDR_LEN];
	int64_t request; /* that asks for it; 0: none */
	/* The password that the machine has, as was said by hand, or "". */
	char login[STORE_PASSWORD];
	bool by_hand;     /* no hello told the place's index */
	bool then_set_up; /* the task is its beginning */
	bool sent;        /* the device may be un-provisioned */
	bool saved, settled;
	unsigned tries;
	struct policy *policy;  /* the configuration's; its set-up profile */
	char fqdn[NAMING_FQDN]; /* what it shall be called, or "" */
	struct setup *setup;
	uint8_t *slot; /* of its address, while there is a set-up */
	struct loop_timer *timer;
	enum store_state state; /* what is told */
	struct err why;
	struct err lost; /* how a set-up came to be a probe */
	bool alarm;
	char version[32];
};

#define JOB_REST_MS 1000 /* before the second try */

/* A refusal that was told lately: a storm of the same is not written. */
struct job_refusal {
	uint32_t key;
	unsigned n;
	time_t since, told;
};
#define JOB_REFUSALS 1024

struct jobs {
	struct jobs_how how;
	uint32_t salt; /* of its hashes: nobody outside can aim at a bucket */
	struct job *first, *last; /* in the order in which they came */
	struct job *by_uuid[JOB_BUCKETS];
	uint8_t busy[JOB_BUCKETS]; /* connections by address */
	struct job_refusal refusal[JOB_REFUSALS];
	struct job_aside *aside, **aside_end; /* knock.c */
	unsigned long dropped;                /* hellos */
	time_t warned;
	unsigned n, running;
	unsigned waiting; /* at most so many for the transaction's end */
	bool open;        /* a transaction is */
	struct loop_timer *commit;
	/* errand.c */
	struct loop_timer *look;
	time_t busy_since, unread_next;
};

/* jobs.c */
struct job *jobs_find(struct jobs *, const struct uuid *);
struct job *jobs_add(
    struct jobs *, const struct store_unit *, const char *addr, struct err *);
void jobs_drop(struct job *);
/* Joins the transaction of this turn of the loop. */
enum err_code jobs_join(struct jobs *, struct err *);
void jobs_broken(struct jobs *, const struct err *);
/* The unit's new state and why; told when it is durable. */
void jobs_end(struct job *, enum store_state, const struct err *why);
/* Over, with nothing to tell. */
void jobs_quit(struct job *);
/* The same, whether it speaks to its device or not. */
void jobs_break_off(struct job *);
void jobs_rest(struct job *, unsigned long ms);
/* Twice as long for each try that it has had. */
void jobs_rest_longer(struct job *);
void jobs_start_queued(struct jobs *);
/* May it be set up, by what is known before it is spoken to? Its name is kept
 * for it. */
enum err_code jobs_check(struct job *, struct err *);
/* From now on it is a set-up, with new secrets or an earlier try's. */
void jobs_set_up(struct job *);
void jobs_requeue(struct job *);
struct tenant *jobs_tenant(struct jobs *, const struct store_unit *);
/* Is a machine given to a command after its set-up? */
bool jobs_hands(struct jobs *, const struct store_unit *);
uint32_t jobs_hash(const struct jobs *, const void *, size_t, uint32_t);

/* errand.c */
enum err_code errand_new(struct jobs *, struct err *);
void errand_free(struct jobs *);
/* The end of a try to un-provision, or to read a record. */
void errand_done(struct job *, const struct err *);
/* What the last try came to, for whoever waits for the request. */
void errand_note(struct job *, const struct err *);
/* Before the device is un-provisioned. */
enum err_code errand_save(struct job *, struct err *);
/* What a probe or an errand read of the device's record. */
enum err_code errand_judge(struct job *, struct err *why, struct err *);

#endif
