/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set-up by the machine's own host (IPS_HostBasedSetupService): by itself into
 * client control mode (Setup), or with a provisioning server's chain and its
 * signature into admin control mode (AdminSetup; UpgradeClientToAdmin from
 * client control mode). Sources: MeshCentral's amtmanager.js, RPS and rpc-go,
 * the types of go-wsman-messages.
 *
 * The host is who has the account that the host interface hands out
 * (GetLocalSystemAccount) and comes from this very machine.
 */
#ifndef DEVICE_AMTHOSTED_H
#define DEVICE_AMTHOSTED_H

#include "base/x509.h"
#include "device/amt.h"

#define AMTHOSTED_USER "$$OsAdmin"
#define AMTHOSTED_NONCE 20

/* CertChainStatus. */
enum amthosted_chain {
	AMTHOSTED_NOT_STARTED,
	AMTHOSTED_IN_PROGRESS,
	AMTHOSTED_COMPLETE
};

/* Of a machine whose host asked for something; owned by its struct amt. */
struct amthosted {
	char account[33]; /* password of AMTHOSTED_USER; "" not asked for */
	bool has_nonce;
	uint8_t nonce[AMTHOSTED_NONCE];
	enum amthosted_chain status;
	struct x509_chain chain;
	struct state_record by; /* what the whole chain says of its server */
	struct err refusal;     /* why a chain was not taken; told once */
};

/* The host's password, made when it is first asked for; NULL where it cannot
 * be. Another one after each start. */
const char *amthosted_account(struct amt *);
/* The same, or NULL if nobody asked for it. */
const char *amthosted_login(const struct amt *);
/* May the host's account ask this? Reads, and what is its own. */
bool amthosted_may(const struct wsman_request *);
/* Is this method of the class known to the AMT version? */
bool amthosted_knows(const struct amt *, const char *method);
/* A set-up or an un-provisioning is over: another nonce, and no chain. */
void amthosted_renew(struct amt *);
void amthosted_free(struct amt *);

amt_instance_fn amthosted_service;
amt_method_fn amthosted_setup, amthosted_add, amthosted_admin,
    amthosted_upgrade;

#endif
