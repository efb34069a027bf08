/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step of the set-up dialogue: the request that is written and how its
 * answer is taken. The table of steps is in session.c; their functions are in
 * a file for each noun: stepself.c, steptls.c, ...
 */
#ifndef SERVER_STEP_H
#define SERVER_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/node.h"
#include "base/text.h"
#include "formats/wsman.h"
#include "server/session.h"

#define STEP_FIELDS 96
#define STEP_DUPLICATE 0x80a /* ReturnValue: it has it already */

/* The fields of a request and the texts that are made for them. */
struct step_input {
	struct wsman_field f[STEP_FIELDS];
	size_t n;
	const char *sel_name, *sel_value; /* of the instance, or NULL */
	char text[4][24];
	char digest[SESSION_DIGEST_SIZE];
	char label[NAMING_LABEL];
	char blob[TEXT_B64_SIZE(SESSION_CERT_MAX)];
};

typedef bool step_wanted_fn(const struct session *);
typedef void step_fill_fn(struct session *, struct step_input *);
typedef enum err_code step_take_fn(
    struct session *, const struct wsman_response *, struct err *);

struct step {
	enum wsman_op op; /* WSMAN_PULL: Enumerate, then Pull to the end */
	const char *class, *method;
	step_wanted_fn *wanted; /* NULL: always */
	step_fill_fn *fill;
	step_take_fn *take;
};

/* value is borrowed until the request is written. */
void step_add(
    struct step_input *, const char *name, const char *value, const char *epr);
/* Refuses: the answer has no usable what. */
enum err_code step_bad(struct err *, const char *what);
/* Copies a text of the answer; false if it is not there or does not fit. */
bool step_copy(char *out, size_t room, const struct node *, const char *path);
/* The same of the InstanceID that an endpoint reference names. */
bool step_copy_id(char *out, size_t room, const struct node *ref);
/* Keeps the fields of an instance, and puts them back, since a Put replaces it
 * as a whole: ours (n of them) in place of those of their name; a field that it
 * does not have is added only if `add`. */
struct step_ours {
	const char *name, *value;
	bool add;
};
void step_keep(struct session_kept *, const struct node *instance);
/* Refuses what is not kept as a whole. */
enum err_code step_whole(const struct session_kept *, struct err *);
const char *step_kept(const struct session_kept *, const char *name);
void step_put(struct step_input *, const struct session_kept *,
    const struct step_ours *, size_t n);
/* "true", "false" of a switch; NULL where the profile leaves it. */
const char *step_switch(enum policy_switch);

#endif
