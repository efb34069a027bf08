/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine and the servers that visit it in one process, without I/O: the
 * input is a play, its acts below. The honest server is that of server/, so
 * that a whole set-up takes two bytes; what goes either way may be changed on
 * its way. Not one byte goes out before chain or pre-shared key are accepted,
 * no secret ever, on either side; nothing is provisioned without
 * CommitChanges; who was refused leaves no trace, and neither does a set-up
 * that did not end.
 *
 *   step N          the honest server's next N requests
 *   bend W N ...    its next one: N changes of the request, of its answer (W)
 *   connect HOW     a new connection, by each way in
 *   raw N ...       N bytes on the connection
 *   leave           closes it
 *   call C F ...    a well-formed request of another server
 *   slip            its Authorization is left out, or is the old one's
 *   again           the honest server begins anew, with another plan
 */
#include <stdio.h>
#include <string.h>

#include "base/conn.h"
#include "base/httpread.h"
#include "base/secret.h"
#include "base/text.h"
#include "device/amthttp.h"
#include "device/machine.h"
#include "device/visit.h"
#include "server/session.h"
#include "tests/mutate.h"

#define PID "0000037M"
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"
#define OTP "Otp!1234567890abcdefg"
#define MEBX_OLD "Old!Mebx9/Password7of3them"
#define MEBX_NEW "New!Mebx8+Password5of4them"
#define ADMIN "Adm!nPassw0rd+of-this+one6"
#define NOW 1700000000
#define INBOX 0x20000
#define ACTS_MAX 64

/* The Makefile has calls of these come here. */
void __wrap_conn_send(struct conn *, const void *, size_t);
void __wrap_conn_finish(struct conn *);
void __wrap_conn_close(struct conn *);
void __wrap_conn_idle(struct conn *, unsigned long ms);
const struct tls_session *__wrap_conn_tls(struct conn *);
enum err_code __wrap_rand_bytes(void *, size_t, struct err *);

/* What struct conn is to the machine here. */
struct end {
	const struct conn_handler *h; /* NULL: there is none */
	void *arg;
	bool ready, admitted, finishing;
	struct wr in, out;
};

static struct {
	struct settings settings;
	struct keypool keys;
	struct machine_common common;
	struct machine_scratch scratch;
	struct x509_chain good, bad;
	struct crypto_key *root_key;
	struct x509 *own; /* the machines', made in the factory */
	struct policy policy;
	bool made;
} stage;

/* Of one play. */
static struct {
	struct machine *m;
	struct end end;
	struct session server;
	bool plays, sent_commit, slips, asks_login;
	bool bent, planted; /* answers are not the machine's; secrets in them */
	char nonce[64], realm[64];
	unsigned nc;
	uint8_t dice;
} play;

enum err_code
__wrap_rand_bytes(void *p, size_t n, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = play.dice++;
	return ERR_OK;
}

static const struct tls_session *
tls_facts(void)
{
	static const struct tls_session t = {
		.established = true, .suite = "fuzz", .words = ""
	};

	return &t;
}

const struct tls_session *
__wrap_conn_tls(struct conn *c)
{
	(void)c;
	return tls_facts();
}

void
__wrap_conn_idle(struct conn *c, unsigned long ms)
{
	(void)c;
	(void)ms;
}

void
__wrap_conn_send(struct conn *c, const void *p, size_t n)
{
	struct end *end = (struct end *)(void *)c;

	must(end->ready && end->admitted);
	wr_bytes(&end->out, p, n);
	must(!end->out.failed);
}

void
__wrap_conn_finish(struct conn *c)
{
	((struct end *)(void *)c)->finishing = true;
}

void
__wrap_conn_close(struct conn *c)
{
	if (c != NULL)
		((struct end *)(void *)c)->h = NULL;
}

/* ---- the stage ---- */

static void
on_event(void *arg, struct machine *m, const struct machine_event *e)
{
	(void)arg;
	(void)m;
	must(e->why == NULL || e->why->code != ERR_OK);
}

static void
chain_make(struct x509_chain *out, struct x509 *root, const char *oid)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH, oid, NULL };
	const struct x509_make leaf = {
		.cn = "prov.example.com", .days = 9000, .eku = eku
	};
	struct crypto_key *key = NULL;
	struct err e = { 0 };

	must(crypto_key_new(CRYPTO_EC256, &key, &e) == ERR_OK);
	must(x509_new(&leaf, key, root, stage.root_key, &out->cert[0], &e) ==
	    ERR_OK);
	out->cert[1] = root;
	out->n = 2;
	crypto_key_free(key);
}

/* One that asks for every step. */
static void
policy_make(struct policy *p, struct x509 *root)
{
	policy_plain(p, true);
	p->shared_fqdn = p->ping = p->ping_rmcp = POLICY_ON;
	p->sol = p->ider = p->kvm = p->kvm_consent = POLICY_ON;
	p->kvm_timeout = 3;
	p->mutual = true;
	p->nhashes = p->nroots = 1;
	p->hash[0].type = HASH_SHA256;
	memset(p->hash[0].hash, 0x5A, sizeof(p->hash[0].hash));
	p->root[0] = root;
	strcpy(p->power, "Desktop: ON in S0");
}

static void
stage_make(void)
{
	const struct x509_make make = {
		.cn = "root", .days = 9000, .ca = true
	};
	struct x509 *root = NULL;
	struct err e = { 0 };

	must(settings_read(&stage.settings, NULL, &e) == ERR_OK);
	must(keypool_fill_insecure(&stage.keys, 1, &e) == ERR_OK);
	must(crypto_key_new(CRYPTO_EC256, &stage.root_key, &e) == ERR_OK);
	must(x509_new(&make, stage.root_key, NULL, NULL, &root, &e) == ERR_OK);
	must(x509_new(&make, stage.keys.key[0], NULL, NULL, &stage.own, &e) ==
	    ERR_OK);
	chain_make(&stage.good, root, PKICH_AMT_OID);
	chain_make(&stage.bad, root, NULL);
	policy_make(&stage.policy, root);
	machine_scratch_init(&stage.scratch);
	stage.common = (struct machine_common){ .settings = &stage.settings,
		.keys = &stage.keys,
		.scratch = &stage.scratch,
		.event = on_event };
	must(loop_new(&stage.common.loop, &e) == ERR_OK);
	must(machine_psk_tls(&stage.settings, &stage.common.psk, &e) == ERR_OK);
	stage.made = true;
}

/* Neither is made anew for each play. */
static void
put_own(struct record *rec)
{
	const uint8_t *der = x509_der(stage.own, &rec->cert_len);

	must(rec->cert_len <= sizeof(rec->cert));
	memcpy(rec->cert, der, rec->cert_len);
	rec->key_len = stage.keys.der[0].len;
	must(rec->key_len <= sizeof(rec->key));
	memcpy(rec->key, stage.keys.der[0].p, rec->key_len);
}

static void
machine_make(uint8_t how)
{
	const struct machine_place place = {
		.care = STATE_VOLATILE, .address = "", .suffix = "example.com"
	};
	static struct record rec;
	struct err e = { 0 };
	const uint8_t *der;
	size_t n;

	memset(&rec, 0, sizeof(rec));
	rec.amt_major = (how & 1) != 0 ? 16 : 3;
	rec.enabled = rec.talk = rec.pki = true;
	rec.uuid.b[0] = 1;
	strcpy(rec.otp, OTP);
	strcpy(rec.mebx_new, MEBX_OLD);
	if ((how & 2) != 0) {
		strcpy(rec.psk.pid, PID);
		strcpy(rec.psk.pps, PPS);
	}
	der = x509_der(stage.good.cert[1], &n);
	hashlist_of_der(&rec.hashes.e[0], HASH_SHA256, der, n);
	rec.hashes.n = 1;
	put_own(&rec);
	must(machine_new(&stage.common, &rec, &place, &play.m, &e) == ERR_OK);
	machine_start(play.m);
	must(play.m->open && play.m->state->phase == STATE_IN);
}

/* The machines' keys are the pool's only one. */
static enum err_code
certify(void *arg, const struct uuid *u, const void *key, size_t n,
    struct wr *cert, struct err *e)
{
	const struct x509_make make = { .cn = "pc1.example.com", .days = 9 };
	static uint8_t kept[SESSION_CERT_MAX], of[1024];
	static size_t nkept, nof;
	struct x509 *x = NULL;
	const uint8_t *der;

	(void)arg;
	(void)u;
	if (nof != n || memcmp(of, key, n) != 0) {
		if (x509_new_for_public(&make, key, n, stage.good.cert[1],
			stage.root_key, &x, e) != ERR_OK)
			return e->code;
		der = x509_der(x, &nkept);
		must(nkept <= sizeof(kept));
		memcpy(kept, der, nkept);
		x509_free(x);
		nof = n <= sizeof(of) ? n : 0;
		memcpy(of, key, nof);
	}
	wr_bytes(cert, kept, nkept);
	return ERR_OK;
}

static void
server_make(uint8_t how)
{
	struct session_plan plan = { .kind = (how >> 3) % 4,
		.admin_password = ADMIN,
		.mebx_password = MEBX_NEW,
		.certify = certify,
		.fqdn = "pc1.example.com" };

	plan.uuid.b[0] = (how & 1) != 0 ? 2 : 1;
	if ((how & 2) == 0)
		plan.policy = &stage.policy;
	if ((how & 4) == 0)
		strcpy(plan.otp, OTP);
	strcpy(plan.psk.pid, PID);
	strcpy(plan.psk.pps, PPS);
	session_init(&play.server, &plan);
	play.plays = true;
	play.sent_commit = play.bent = false;
}

/* ---- invariants ---- */

static bool
holds(const void *p, size_t n, const char *text)
{
	return n > 0 && memmem(p, n, text, strlen(text)) != NULL;
}

static bool
holds_secret(const void *p, size_t n)
{
	return holds(p, n, PPS) || holds(p, n, MEBX_OLD) ||
	    holds(p, n, MEBX_NEW) || holds(p, n, ADMIN) || holds(p, n, OTP);
}

static bool
is_bare(const struct state *s)
{
	for (size_t i = 0; i < STATE_PAIRS; i++)
		if (s->pair[i].n > 0)
			return false;
	for (size_t i = 0; i < STATE_CERTS; i++)
		if (s->certs[i].n > 0)
			return false;
	return s->ha1[0] == '\0' && s->mebx[0] == '\0' &&
	    s->psk.pid[0] == '\0' && s->credential == -1 &&
	    s->switches == NULL && s->clock == 0 && !s->record.present &&
	    !s->roots_pending && s->roots_before.n == 0;
}

/* What came out: of one who has not logged in where that is asked, nothing but
 * the challenge. */
static void
judge_out(const struct end *end, bool logged_in)
{
	static const char otp[] = "ProvisioningServerOTP";

	must(play.planted || !holds_secret(end->out.buf, end->out.len));
	if (play.asks_login && !logged_in && !play.planted)
		must(!holds(end->out.buf, end->out.len, otp) &&
		    !holds(end->out.buf, end->out.len, "HTTP/1.1 200"));
}

/* ---- a connection ---- */

static void
over(struct end *end)
{
	const struct conn_handler *h = end->h;
	struct err e = { 0 };

	end->h = NULL;
	end->ready = end->finishing = false;
	if (h != NULL)
		h->closed(end->arg, (struct conn *)(void *)end, &e);
	wr_reset(&end->in);
}

static void
feed(struct end *end, const void *p, size_t n)
{
	enum state_phase before = play.m->state->phase;
	size_t used = 1;
	bool commits;

	if (end->h == NULL || end->in.len + n > INBOX)
		return;
	wr_bytes(&end->in, p, n);
	commits = holds(end->in.buf, end->in.len, "CommitChanges");
	while (
	    end->h != NULL && !end->finishing && end->in.len > 0 && used > 0) {
		used = end->h->data(end->arg, (struct conn *)(void *)end,
		    end->in.buf, end->in.len);
		must(used <= end->in.len);
		memmove(end->in.buf, end->in.buf + used, end->in.len - used);
		end->in.len -= used;
	}
	if (before != STATE_POST && play.m->state->phase == STATE_POST)
		must(commits && end->admitted);
	must(play.m->state->phase != STATE_POST ||
	    play.m->state->ha1[0] != '\0');
	if (end->finishing)
		over(end);
}

/* As TLS asks in a handshake: is one let in? */
static bool
handshake(struct end *end, uint8_t how, const struct tls *tls)
{
	uint8_t key[TLS_PSK_MAX];
	bool post = play.m->state->phase == STATE_POST;

	if (post)
		return !play.m->state->tls_mutual[0] ||
		    visit_mutual(NULL, end->arg,
			(how & 8) != 0 ? &stage.bad : &stage.good) ==
		    TLS_ALERT_NONE;
	if (tls == stage.common.psk)
		return visit_psk(NULL, end->arg, how % 2 == 0 ? PID : "XYZ",
			   key) == PSK_PPS_LEN;
	return visit_judge(NULL, end->arg,
		   how % 2 == 0 ? &stage.good : &stage.bad) == TLS_ALERT_NONE;
}

/* By even numbers with what is right. */
static void
connect_end(struct end *end, uint8_t how)
{
	static const struct conn_peer from = { .peer = "192.0.2.7",
		.local = "192.0.2.1" };
	struct conn_end own = { NULL, NULL, NULL, NULL };
	struct state before;
	bool post;

	over(end);
	wr_reset(&end->out);
	before = *play.m->state;
	post = before.phase == STATE_POST;
	if ((how & 16) != 0 ? !machine_accept_plain(play.m, &from, &own)
			    : !machine_accept(play.m, &from, &own))
		return;
	must((how & 16) == 0 || post);
	end->h = own.h;
	end->arg = own.arg;
	end->admitted = (how & 16) != 0 || handshake(end, how, own.tls);
	play.asks_login = post || own.tls == stage.common.psk;
	end->ready = end->admitted || (how & 4) != 0;
	must(post || how % 2 == 0 || !end->admitted);
	if (end->ready)
		own.h->ready(own.arg, (struct conn *)(void *)end);
	must(end->admitted || end->ready == end->finishing);
	if (end->admitted)
		return;
	if (how & 4)
		feed(end, "GET / HTTP/1.1\r\n\r\n", 18);
	over(end);
	must(memcmp(&before, play.m->state, sizeof(before)) == 0);
}

/* ---- HTTP ---- */

static void
put_login(struct wr *w, const char *password)
{
	char ha1[AUTH_HA1], ha2[AUTH_HA1], text[512];
	uint8_t md5[16];

	auth_ha1(ha1, "admin", play.realm, password);
	crypto_md5("POST:/wsman", 11, md5);
	text_hex(ha2, md5, 16);
	snprintf(text, sizeof(text), "%s:%s:%08x:c:auth:%s", ha1, play.nonce,
	    ++play.nc, ha2);
	crypto_md5(text, strlen(text), md5);
	text_hex(ha1, md5, 16);
	snprintf(text, sizeof(text),
	    "Authorization: Digest username=\"admin\", realm=\"%s\", "
	    "nonce=\"%s\", uri=\"/wsman\", response=\"%s\", qop=auth, "
	    "nc=%08x, cnonce=\"c\"\r\n",
	    play.realm, play.nonce, ha1, play.nc);
	wr_str(w, text);
}

/* True with a login, which is right if the machine has just asked for one. */
static bool
put_http(struct wr *w, const struct wr *body)
{
	bool login = play.nonce[0] != '\0' && !play.slips;
	char text[96];

	wr_str(w, "POST /wsman HTTP/1.1\r\nHost: m\r\n");
	if (login)
		put_login(
		    w, play.m->state->phase == STATE_POST ? ADMIN : MEBX_OLD);
	snprintf(text, sizeof(text), "Content-Length: %zu\r\n\r\n", body->len);
	wr_str(w, text);
	wr_bytes(w, body->buf, body->len);
	return login;
}

static void
take_challenge(const struct httpread *h)
{
	const char *nonce = strstr(h->challenges, "nonce=\""),
		   *realm = strstr(h->challenges, "realm=\"");

	play.nc = 0;
	play.nonce[0] = play.realm[0] = '\0';
	if (nonce == NULL || realm == NULL)
		return;
	snprintf(play.nonce, sizeof(play.nonce), "%.*s",
	    (int)strcspn(nonce + 7, "\""), nonce + 7);
	snprintf(play.realm, sizeof(play.realm), "%.*s",
	    (int)strcspn(realm + 7, "\""), realm + 7);
}

/* Asks and reads; the status, or 0. The answer's body is in *body. */
static int
ask(const struct wr *request, struct wr *body, struct rd *bend)
{
	struct end *end = &play.end;
	struct httpread h;
	const char *why;
	size_t used;
	int status = 0;
	bool login;
	struct wr w;

	if (end->h == NULL || end->in.len > 0)
		connect_end(end, 0);
	wr_grow(&w, INBOX);
	login = put_http(&w, request);
	wr_reset(&end->out);
	feed(end, w.buf, w.len);
	judge_out(end, login);
	wr_free(&w);
	if (bend != NULL && end->out.len > 0)
		mutate(end->out.buf, end->out.len, bend->p, rd_left(bend));
	wr_reset(body);
	if (httpread_answer(end->out.buf, end->out.len, &h, body, &used,
		&why) == HTTPREAD_DONE)
		status = h.status;
	if (status == 401)
		take_challenge(&h);
	return status;
}

/* ---- the honest server ---- */

static void
judge_request(const struct wr *w)
{
	const struct session *s = &play.server;
	char digest[SESSION_DIGEST_SIZE];

	must(!w->failed && w->len > 0);
	must(!holds(w->buf, w->len, OTP) && !holds(w->buf, w->len, ADMIN) &&
	    !holds(w->buf, w->len, MEBX_OLD));
	if (session_changes(s))
		return;
	session_digest(digest, "admin", s->realm, ADMIN);
	must(!holds(w->buf, w->len, MEBX_NEW) && !holds(w->buf, w->len, PPS) &&
	    !holds(w->buf, w->len, digest));
}

static void
judge_server(const struct err *e)
{
	const struct session *s = &play.server;
	bool set_up = s->plan.kind == SESSION_SET_UP;

	must(e->code == ERR_OK || e->reason != NULL);
	if (set_up && session_committed(s))
		must(play.sent_commit);
	if (play.bent)
		return;
	if (session_changes(s) && s->step != SESSION_DONE)
		must(s->plan.uuid.b[0] == 1);
	if (set_up && s->step == SESSION_DONE)
		must(play.m->state->phase == STATE_POST);
}

/* bend: changes; NULL none. back: of the answer. */
static void
step(struct rd *bend, bool back)
{
	struct session *s = &play.server;
	struct err e = { 0 };
	struct wr w, body;
	int status;

	if (!play.plays)
		return;
	wr_grow(&w, 0x10000);
	wr_grow(&body, 0x40000);
	session_request(s, NOW, &w);
	judge_request(&w);
	play.sent_commit |= s->step == SESSION_COMMIT;
	play.bent |= bend != NULL;
	if (bend != NULL && !back)
		mutate(w.buf, w.len, bend->p, rd_left(bend));
	status = ask(&w, &body, back ? bend : NULL);
	if (status == 401 && bend == NULL && !play.slips)
		status = ask(&w, &body, NULL);
	play.plays =
	    session_answer(s, status, body.buf, body.len, &e) == ERR_OK &&
	    s->step != SESSION_DONE;
	judge_server(&e);
	wr_free(&w);
	wr_free(&body);
}

/* ---- another server ---- */

static void
call(struct rd *r)
{
	static const char *const class[] = { "AMT_SetupAndConfigurationService",
		"AMT_PublicKeyManagementService",
		"AMT_TimeSynchronizationService", "AMT_AuthorizationService",
		"AMT_GeneralSettings", "AMT_TLSSettingData",
		"AMT_RedirectionService", "AMT_ProvisioningCertificateHash",
		"AMT_TLSCredentialContext", "CIM_KVMRedirectionSAP",
		"IPS_KVMRedirectionSettingData", "AMT_SystemPowerScheme",
		"IPS_HostBasedSetupService" };
	static const char *const method[] = { "CommitChanges",
		"SetMEBxPassword", "ExtendProvisioningPeriod", "SetTLSPSK",
		"GetUuid", "Unprovision", "PartialUnprovision",
		"SetAdminAclEntryEx", "SetHighAccuracyTimeSynch",
		"GenerateKeyPair", "AddCertificate",
		"AddTrustedRootCertificate", "RequestStateChange",
		"SetPowerScheme", "GetLowAccuracyTimeSynch" };
	static const char *const name[] = { "Password", "Username",
		"DigestPassword", "PID", "PPS", "Duration", "ProvisioningMode",
		"Ta0", "Tm1", "Tm2", "KeyAlgorithm", "KeyLength",
		"CertificateBlob", "HashType", "HashData", "Enabled",
		"InstanceID", "RequestedState", "MutualAuthentication",
		"AcceptNonSecureConnections", "HostName", "DomainName" };
	struct wsman_request q = { .op = (enum wsman_op)(rd_u8(r) % 7) };
	char value[4][64], selector[64];
	struct wsman_field f[4];
	struct wr w, body;
	size_t n, len;

	q.class = class[rd_u8(r) % (sizeof(class) / sizeof(class[0]))];
	q.method = method[rd_u8(r) % (sizeof(method) / sizeof(method[0]))];
	q.context = "1";
	n = rd_u8(r) % 5;
	for (size_t i = 0; i < n; i++) {
		f[i] = (struct wsman_field){
			.name =
			    name[rd_u8(r) % (sizeof(name) / sizeof(name[0]))],
			.value = value[i]
		};
		len = rd_u8(r) % sizeof(value[i]);
		len = len < rd_left(r) ? len : rd_left(r);
		memset(value[i], 0, sizeof(value[i]));
		rd_copy(r, value[i], len);
	}
	if (n > 3) {
		memcpy(selector, value[3], sizeof(selector));
		q.sel_name = f[3].name;
		q.sel_value = selector;
		n = 3;
	}
	wr_grow(&w, 0x10000);
	wr_grow(&body, 0x40000);
	wsman_write_request(&w, &q, f, n);
	if (!w.failed)
		ask(&w, &body, NULL);
	wr_free(&w);
	wr_free(&body);
}

/* ---- the play ---- */

static void
act(struct rd *r)
{
	uint8_t what = rd_u8(r);
	struct rd sub;
	size_t n;

	switch (what & 7) {
	case 0:
		for (n = rd_u8(r) % 64; n > 0 && play.plays; n--)
			step(NULL, false);
		break;
	case 1:
		n = (rd_u8(r) % 8 + 1u) * 4;
		sub = rd_sub(r, n < rd_left(r) ? n : rd_left(r));
		step(&sub, (what & 8) != 0);
		break;
	case 2:
		connect_end(&play.end, rd_u8(r));
		break;
	case 3:
		n = rd_u8(r);
		n = n < rd_left(r) ? n : rd_left(r);
		wr_reset(&play.end.out);
		feed(&play.end, rd_bytes(r, n), n);
		judge_out(&play.end, false);
		break;
	case 4:
		over(&play.end);
		break;
	case 5:
		call(r);
		break;
	case 6:
		play.slips = !play.slips;
		if ((what & 8) != 0)
			play.nonce[0] = '\0';
		break;
	case 7:
		session_wipe(&play.server);
		server_make(rd_u8(r));
		break;
	}
}

static void
curtain(void)
{
	over(&play.end);
	if (play.m->state->phase != STATE_POST) {
		play.m->asked_ms = 0;
		visit_expire(play.m);
		must(is_bare(play.m->state));
	}
	machine_free(play.m);
	session_wipe(&play.server);
	wr_free(&play.end.in);
	wr_free(&play.end.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rd r;

	memset(&play, 0, sizeof(play));
	if (!stage.made)
		stage_make();
	if (n < 2)
		return 0;
	wr_grow(&play.end.in, INBOX);
	wr_grow(&play.end.out, 0x80000);
	play.planted = holds_secret(p, n);
	rd_init(&r, p, n);
	machine_make(rd_u8(&r));
	server_make(rd_u8(&r));
	for (int i = 0; i < ACTS_MAX && rd_left(&r) > 0; i++)
		act(&r);
	curtain();
	return 0;
}
