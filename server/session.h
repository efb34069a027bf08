/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set-up dialogue with one device as a state machine without I/O: the
 * next request out, its answer in. In this order (those in brackets only
 * where the plan or the device asks for them):
 *
 *   Get AMT_GeneralSettings                       digest realm
 *   Enumerate, Pull CIM_SoftwareIdentity          firmware version
 *   AMT_SetupAndConfigurationService.GetUuid      must be the hello's
 *   Get AMT_SetupAndConfigurationService          state; [OTP compared]
 *   [...ExtendProvisioningPeriod(0)]              none, or it differs: the end
 *   [...ExtendProvisioningPeriod(6)]              it is the same
 *   ...SetMEBxPassword
 *   AMT_AuthorizationService.SetAdminAclEntryEx
 *   AMT_TimeSynchronizationService.GetLowAccuracyTimeSynch
 *   [...SetHighAccuracyTimeSynch]                 more than 10 s off
 *   [Put AMT_GeneralSettings]                     name, pings
 *   [Enumerate, Pull, Create AMT_ProvisioningCertificateHash]
 *   [Enumerate, Pull AMT_SystemPowerScheme, SetPowerScheme]
 *   [Enumerate, Pull AMT_PublicPrivateKeyPair, AMT_PublicKeyCertificate,
 *    Delete what an earlier try left, Pull AMT_TLSCredentialContext]
 *   [GenerateKeyPair, its public key, AddCertificate,
 *    AddTrustedRootCertificate, Create AMT_TLSCredentialContext,
 *    Put AMT_TLSSettingData]
 *   [Get AMT_RedirectionService, RequestStateChange, Put]
 *   [CIM_KVMRedirectionSAP.RequestStateChange]
 *   [Get, Put IPS_KVMRedirectionSettingData]
 *   [SetTLSPSK]
 *   CommitChanges, then Get AMT_SetupAndConfigurationService again
 *
 * A machine that is set up already is asked otherwise (enum session_kind):
 *
 *   Get AMT_SetupAndConfigurationService          must be in state post
 *   [Enumerate, Pull IPS_TLSProvisioningRecord,   its own record of who set
 *    IPS_AdminProvisioningRecord]                 it up
 *   [GetUuid, Unprovision or PartialUnprovision]
 *
 * Everything up to the first ExtendProvisioningPeriod only reads. The caller
 * keeps the new secrets durably before it sends the first request for which
 * session_changes() is true: whatever happens after that, the device's
 * passwords are known.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/psk.h"
#include "formats/uuid.h"
#include "server/policy.h"

#define SESSION_PASSWORD 33
#define SESSION_CERT_MAX 2048

/* Makes a certificate (DER, into cert) for a device's public key. */
typedef enum err_code session_certify_fn(void *arg, const struct uuid *,
    const void *public_key, size_t n, struct wr *cert, struct err *);

/* A certificate that a device has: another's, ours, or ours and just as
 * certify() would make it now. arg is certify's. */
enum session_whose {
	SESSION_OTHERS,
	SESSION_OURS,
	SESSION_WANTED
};
struct x509;
typedef enum session_whose session_judge_fn(
    void *arg, const struct uuid *, const struct x509 *);

enum session_kind {
	SESSION_SET_UP,
	SESSION_PROBE,      /* is it set up? and its record */
	SESSION_UNDO,       /* un-provisions it in full */
	SESSION_UNDO_PARTLY /* keeps PID and PPS, and the network's settings */
};

/* What is to be set. Holds secrets; all of it is copied by session_init(). */
struct session_plan {
	enum session_kind kind;
	struct uuid uuid;
	char otp[SESSION_PASSWORD];            /* empty: none is expected */
	char admin_password[SESSION_PASSWORD]; /* new */
	char mebx_password[SESSION_PASSWORD];  /* new */
	struct psk psk;                        /* new; pid empty: none */
	session_certify_fn *certify;           /* NULL: no TLS certificate */
	void *certify_arg;
	session_judge_fn *judge; /* NULL: all are others' */
	bool again;              /* an earlier try may have left something */
	const struct policy *policy; /* borrowed; NULL: the plain one */
	/* What the machine is called, "" as it is: borrowed from policy_fqdn().
	 */
	char fqdn[NAMING_FQDN];
};

enum session_step {
	SESSION_GENERAL,
	SESSION_SOFTWARE,
	SESSION_UUID,
	SESSION_SERVICE,
	SESSION_SHUT,
	SESSION_EXTEND,
	SESSION_MEBX,
	SESSION_ADMIN,
	SESSION_TIME,
	SESSION_TIME_SET,
	SESSION_NETWORK,
	SESSION_HASH_READ,
	SESSION_HASH_ADD,
	SESSION_POWER_READ,
	SESSION_POWER_SET,
	SESSION_LEFT_KEYS,
	SESSION_LEFT_CERTS,
	SESSION_CERT_DROP,
	SESSION_KEY_DROP,
	SESSION_KEY,
	SESSION_KEY_READ,
	SESSION_CERT,
	SESSION_ROOT_ADD,
	SESSION_CONTEXT_READ,
	SESSION_CONTEXT,
	SESSION_TLS_READ,
	SESSION_TLS_PUT,
	SESSION_REDIRECT_READ,
	SESSION_REDIRECT_SET,
	SESSION_REDIRECT_PUT,
	SESSION_KVM_SET,
	SESSION_KVM_READ,
	SESSION_KVM_PUT,
	SESSION_PSK,
	SESSION_COMMIT,
	SESSION_CHECK,
	SESSION_RECORD,
	SESSION_RECORD_ADMIN,
	SESSION_WHO,
	SESSION_REMOVE,
	SESSION_DONE
};

#define SESSION_CONTEXT_MAX 128

/* The device's read-only record of its set-up, as far as it was readable. */
struct session_record {
	bool present;
	bool host_based; /* IPS_AdminProvisioningRecord */
	char fqdn[256];  /* of the server: the CN of its certificate */
	int hash_type;   /* as IPS classes number them: 1 SHA-1, 2 SHA-256 */
	uint8_t hash[64];
	size_t hash_len;
	char created[32];
	char server_ip[46];
};

/* An instance as it was read, to be put back with our values in it: names, what
 * kind their value is and values one after the other, each with its NUL. */
#define SESSION_KEPT 8192
struct session_kept {
	size_t n, used;
	bool cut; /* not all of it fits */
	char text[SESSION_KEPT];
};

/* What stepleft.c found. */
#define SESSION_LEFT 8
struct session_left {
	bool looked;
	bool bound; /* TLS shows the certificate that is used again */
	size_t nkeys, key_at;
	struct session_left_key {
		char id[64];
		uint8_t hash[32]; /* SHA-256 of its DERKey */
		bool used;
	} key[SESSION_LEFT];
	size_t ncerts, cert_at; /* that are to go */
	char cert[SESSION_LEFT][64];
};

struct session {
	struct session_plan plan;
	enum session_step step;
	uint32_t number; /* of the last request: its MessageID */
	int64_t now;     /* when it was written, seconds since 1970 */
	char context[SESSION_CONTEXT_MAX]; /* of the open enumeration, or "" */
	/* what the device said */
	char realm[64];
	char version[32];
	char state[8]; /* ProvisioningState */
	struct session_record record;
	struct err verdict; /* why SESSION_SHUT is the last step */
	int64_t clock;
	char key[64], cert[64]; /* InstanceIDs */
	uint8_t cert_der[SESSION_CERT_MAX];
	size_t cert_len;
	struct session_kept kept;
	struct session_left left;
	char power[64];      /* InstanceID of the power package */
	unsigned hash_done;  /* by bit: those of the policy that it has */
	unsigned hash_taken; /* those whose name is another hash's there */
	unsigned roots_done; /* the same of roots */
	bool no_kvm;         /* the device says that it has none */
	bool definite;       /* session_refused() */
};

void session_init(struct session *, const struct session_plan *);
void session_wipe(struct session *);
/* Writes the request of this step. Not to be called when step is DONE. */
void session_request(struct session *, int64_t now, struct wr *);
/* Takes its answer and moves on. A refusal names step, class, method, the
 * ReturnValue and its name; the session is then over. */
enum err_code session_answer(
    struct session *, int http_status, const void *, size_t, struct err *);
/* From this step on the device is changed, or un-provisioned. */
bool session_changes(const struct session *);
/* The device said itself that it did not do what was asked last: by a
 * ReturnValue, or a fault of the sender (400: SOAP 1.2 part 2, 7.5.2.2). What
 * cannot be read, and a fault of its own, may come from one that did it. */
bool session_refused(const struct session *);
/* CommitChanges was answered with success. */
bool session_committed(const struct session *);
/* No answer to this step is no failure: returns the end of the session then,
 * ERR_OK or what was found before. */
bool session_may_end(const struct session *, struct err *);
/* "SetMEBxPassword": for messages. */
const char *session_step_name(const struct session *);
/* base64 of MD5(user ":" realm ":" password), as SetAdminAclEntryEx wants it
 * (the schema's form; RFC 7616's A1). */
#define SESSION_DIGEST_SIZE 25
void session_digest(char out[static SESSION_DIGEST_SIZE], const char *user,
    const char *realm, const char *password);

#endif
