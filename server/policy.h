/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set-up profile: what a machine is given beside its new passwords. The
 * keys are explained in configs/server.cfg. It is for machines whose order,
 * SKU and serial number fit its patterns (the shell's: * ? [...]), or, without
 * patterns, for those that no other profile is for.
 *
 * What a profile does not speak of is left in the machine as it is.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/x509.h"
#include "formats/hashlist.h"
#include "formats/passwd.h"
#include "formats/row.h"
#include "server/certkey.h"
#include "server/naming.h"

#define POLICY_NAME 64
#define POLICY_PATTERN 64
#define POLICY_POWER 96
#define POLICY_HASHES 8
#define POLICY_ROOTS 4

enum policy_switch {
	POLICY_LEAVE, /* as it is */
	POLICY_OFF,
	POLICY_ON
};

enum policy_certificate {
	POLICY_CERT_NONE,
	POLICY_CERT_STORE, /* by the store's device CA */
	POLICY_CERT_CA     /* by a given one */
};

struct policy {
	char name[POLICY_NAME]; /* "" the plain one */
	char order[POLICY_PATTERN], sku[POLICY_PATTERN],
	    serial[POLICY_PATTERN]; /* "" any */
	/* What the machine is called. */
	char host_name[NAMING_RULE]; /* "" no rule */
	char domain[NAMING_FQDN];
	struct naming_file names;
	enum policy_switch shared_fqdn, ping, ping_rmcp;
	/* Passwords. */
	unsigned admin_length, mebx_length;
	struct secret mebx; /* fixed; len 0: random */
	bool new_psk;
	/* TLS. */
	enum policy_certificate certificate;
	struct certkey ca;
	int days;
	bool clear_text; /* the port without TLS stays open */
	bool mutual;
	size_t nroots;
	struct x509 *root[POLICY_ROOTS]; /* of those who may log in */
	struct certkey client;           /* what this server shows then */
	size_t nhashes;
	struct hash_entry hash[POLICY_HASHES];
	/* The rest. */
	bool time;
	char power[POLICY_POWER]; /* "" none */
	enum policy_switch sol, ider, kvm, kvm_consent;
	int kvm_timeout; /* minutes; -1: as it is */
};

/* The profile of a configuration without any; tls: a certificate by the
 * store's CA. */
void policy_plain(struct policy *, bool tls);
/* The keys of a group; what is not there is as in `plain`. */
enum err_code policy_read(struct config_group *, const char *path,
    const struct policy *plain, struct policy *, struct err *);
void policy_free(struct policy *); /* wipes; a zeroed one is fine */

bool policy_has_pattern(const struct policy *);
/* Do the patterns fit? */
bool policy_fits(const struct policy *, const struct row *);

/* Reads the table of names again if it changed; one that cannot be read is
 * logged, and the old one counts. */
void policy_refresh(struct policy *);
/* What the machine is called, "" where the profile does not say; with a fresh
 * table. ERR_DATA, REASON_NAME_MISSING. */
enum err_code policy_fqdn(struct policy *, const struct row *,
    char out[static NAMING_FQDN], struct err *);
/* New passwords by the rules of this profile. ERR_RETRY for unlucky random
 * bytes. */
enum err_code policy_passwords(const struct policy *,
    char admin[static PASSWD_MAX + 1], char mebx[static PASSWD_MAX + 1],
    struct err *);

#endif
