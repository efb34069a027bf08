/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tenant: a customer or domain whose machines this server sets up, with
 * trust of its own. What stands at the top level of the configuration is the
 * default tenant's, whose name is "". Nothing of one tenant serves another:
 * a unit belongs to the tenant for whom its manifest was imported.
 */
#ifndef SERVER_TENANT_H
#define SERVER_TENANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "formats/row.h"
#include "server/certkey.h"
#include "server/policy.h"

#define TENANT_NAME 64 /* with the NUL */
#define TENANT_CHAINS 16
#define TENANT_POLICIES 256

struct tenant {
	char name[TENANT_NAME]; /* "" the default */
	/* Provisioning certificates: leaf first, root last. */
	size_t nchains;
	struct certkey chain[TENANT_CHAINS];
	bool pinned_only; /* device_certificate = "pinned" */
	uint32_t legacy;  /* insecure_legacy_amt: legacy.h */
	/* Delayed set-up, and what follows a set-up. */
	bool otp_required; /* otp = "required" */
	char recover[16];
	char hand_over[512]; /* "": none */
	size_t npolicies;
	struct policy *policy;
	/* What sets up a machine that no profile is for. */
	struct policy plain;
};

/* 1 to 63 letters, digits, dashes, dots, underscores: it is written in files,
 * options and messages. */
bool tenant_name_ok(const char *);
/* The keys of the group; above: the default tenant, or NULL where this is the
 * default one. */
enum err_code tenant_read(struct config_group *, const char *path,
    const struct tenant *above, struct tenant *, struct err *);
/* The set-up profile for a unit: the first whose patterns fit, else the one
 * without, else the plain one. */
struct policy *tenant_policy(struct tenant *, const struct row *);
void tenant_free(struct tenant *); /* wipes; a zeroed one is fine */

#endif
