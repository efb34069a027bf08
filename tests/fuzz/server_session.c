/* SPDX-License-Identifier: Apache-2.0 */
/* A device's answers, one after another with a zero byte between, to the
 * whole set-up dialogue: it ends, and never past what was answered. */
#include <stdlib.h>
#include <string.h>

#include "server/session.h"
#include "tests/fuzz.h"

static enum err_code
certify(void *arg, const struct uuid *u, const void *key, size_t n,
    struct wr *cert, struct err *e)
{
	(void)arg;
	(void)u;
	(void)e;
	wr_bytes(cert, key, n);
	return ERR_OK;
}

static enum session_whose
judge(void *arg, const struct uuid *u, const struct x509 *cert)
{
	(void)arg;
	(void)u;
	return x509_not_after(cert) % 2 == 0 ? SESSION_WANTED : SESSION_OURS;
}

/* One that asks for every step. */
static const struct policy *
all(void)
{
	static const struct x509_make make = {
		.cn = "r", .days = 1, .ca = true
	};
	static struct policy p;
	struct crypto_key *key = NULL;
	struct err e;

	if (p.nroots > 0)
		return &p;
	err_clear(&e);
	policy_plain(&p, true);
	p.shared_fqdn = p.ping = p.ping_rmcp = POLICY_ON;
	p.sol = p.ider = p.kvm = p.kvm_consent = POLICY_ON;
	p.kvm_timeout = 3;
	p.mutual = true;
	p.nhashes = 1;
	p.hash[0].type = HASH_SHA256;
	strcpy(p.power, "S0");
	if (crypto_key_new(CRYPTO_EC256, &key, &e) != ERR_OK ||
	    x509_new(&make, key, NULL, NULL, &p.root[0], &e) != ERR_OK)
		abort();
	crypto_key_free(key);
	p.nroots = 1;
	return &p;
}

static bool
ask(struct session *s)
{
	struct wr w;
	bool fits;

	wr_grow(&w, 65536);
	session_request(s, 1700000000, &w);
	fits = !w.failed && w.len > 0;
	wr_free(&w);
	return fits;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct session_plan plan = { .otp = "Otp!12345",
		.admin_password = "P@ssw0rd1",
		.mebx_password = "P@ssw0rd2",
		.psk = { "0000037M", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ" },
		.certify = certify,
		.judge = judge,
		.again = true,
		.policy = all(),
		.fqdn = "pc1.example.com" };
	const uint8_t *zero, *end = p + n;
	static struct session s;
	struct err e;

	session_init(&s, &plan);
	/* The first byte says where in the dialogue the device begins. */
	if (n > 0)
		s.step = (enum session_step)(*p++ % SESSION_DONE);
	err_clear(&e);
	while (p < end && s.step != SESSION_DONE) {
		if (!ask(&s))
			abort();
		zero = memchr(p, 0, (size_t)(end - p));
		if (zero == NULL)
			zero = end;
		if (session_answer(&s, 200, p, (size_t)(zero - p), &e) !=
		    ERR_OK) {
			if (e.code == ERR_OK || e.reason == NULL)
				abort();
			break;
		}
		p = zero < end ? zero + 1 : end;
	}
	session_wipe(&s);
	return 0;
}
