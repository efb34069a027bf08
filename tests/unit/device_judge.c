/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "device/judge.h"
#include "formats/reason.h"

/* The chain of a good server, and what each test bends. */
struct setting {
	const char *cn, *ou;
	const char *eku[3];
	bool with_root, list_root, only_other;
	uint8_t amt;
	const char *suffix, *fqdn;
	size_t max_chain;
	long later; /* seconds after now at which it is judged */
};

static const struct setting good = {
	.cn = "prov.corp.example.com",
	.eku = { X509_OID_SERVER_AUTH, PKICH_AMT_OID, NULL },
	.with_root = true,
	.list_root = true,
	.amt = 3,
	.suffix = "corp.example.com",
	.fqdn = "",
	.max_chain = 4,
};

static struct crypto_key *
key(enum crypto_type type)
{
	struct crypto_key *k = NULL;
	struct err e = { 0 };

	assert_int_equal(crypto_key_new(type, &k, &e), ERR_OK);
	return k;
}

/* leaf, intermediate, root */
static void
chain_make(const struct setting *s, struct x509_chain *c)
{
	struct x509_make make[3] = {
		{ .cn = s->cn,
		    .ou = s->ou,
		    .eku = s->eku[0] ? s->eku : NULL,
		    .days = 30 },
		{ .cn = "Test Intermediate", .days = 30, .ca = true },
		{ .cn = "Test Root", .days = 30, .ca = true },
	};
	struct crypto_key *k[3];
	struct err e = { 0 };

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < 3; i++)
		k[i] = key(CRYPTO_EC256);
	for (size_t i = 3; i-- > 0;)
		assert_int_equal(
		    x509_new(&make[i], k[i], i == 2 ? NULL : c->cert[i + 1],
			i == 2 ? NULL : k[i + 1], &c->cert[i], &e),
		    ERR_OK);
	c->n = 3;
	for (size_t i = 0; i < 3; i++)
		crypto_key_free(k[i]);
}

static void
list_make(const struct setting *s, const struct x509 *root, struct hashlist *l)
{
	size_t n = 0;
	const uint8_t *der = x509_der(root, &n);

	memset(l, 0, sizeof(*l));
	hashlist_of_der(&l->e[0], HASH_SHA256, "another root", 12);
	l->e[0].active = true;
	l->e[0].only = s->only_other;
	l->n = 1;
	if (s->list_root) {
		hashlist_of_der(&l->e[1], HASH_SHA1, der, n);
		l->e[1].active = true;
		l->n = 2;
	}
}

/* ERR_OK, or the refusal in *e. */
static enum tls_alert
judge(const struct setting *s, struct pkich_verdict *v, struct err *e)
{
	struct x509_chain c;
	struct hashlist list;
	struct pkich_policy p = { .generation = generation_of(s->amt, 0),
		.hashes = &list,
		.suffix = { s->suffix },
		.nsuffixes = s->suffix[0] != '\0',
		.fqdn = s->fqdn };
	enum tls_alert alert;

	pkich_defaults(&p.choice);
	p.choice.chain_max = s->max_chain;
	chain_make(s, &c);
	list_make(s, c.cert[2], &list);
	if (!s->with_root) {
		x509_free(c.cert[2]);
		c.n = 2;
	}
	err_clear(e);
	judge_chain(&p, &c, time(NULL) + s->later, v, &alert, e);
	x509_chain_free(&c);
	return alert;
}

static void
refused(const struct setting *s, enum reason_id id, enum tls_alert alert)
{
	struct pkich_verdict v;
	struct err e;

	assert_int_equal(judge(s, &v, &e), alert);
	assert_int_equal(e.code, ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(id));
	assert_string_not_equal(e.msg, "");
}

static void
taken(const struct setting *s, struct pkich_verdict *v)
{
	struct err e;

	assert_int_equal(judge(s, v, &e), TLS_ALERT_NONE);
	assert_int_equal(e.code, ERR_OK);
	assert_int_equal(v->reason, REASON_NONE);
}

static void
a_good_chain_is_accepted_and_its_root_named(void **state)
{
	struct pkich_verdict v;

	(void)state;
	taken(&good, &v);
	assert_string_equal(v.name, "prov.corp.example.com");
	assert_int_equal(v.root.type, HASH_SHA1);
	assert_true(v.time_valid);
}

static void
an_expired_chain_is_accepted_and_recorded(void **state)
{
	struct setting s = good;
	struct pkich_verdict v;

	(void)state;
	s.later = 40 * 86400;
	taken(&s, &v);
	assert_false(v.time_valid);
}

static void
the_client_setup_ou_stands_in_for_the_oid_exactly(void **state)
{
	struct setting s = good;
	struct pkich_verdict v;

	(void)state;
	s.eku[1] = NULL;
	refused(&s, REASON_NO_AMT_MARK, TLS_ALERT_UNSUPPORTED_CERTIFICATE);
	s.ou = "intel(R) client setup certificate";
	refused(&s, REASON_NO_AMT_MARK, TLS_ALERT_UNSUPPORTED_CERTIFICATE);
	s.ou = PKICH_AMT_OU;
	taken(&s, &v);
}

static void
a_leaf_without_server_auth_is_refused(void **state)
{
	struct setting s = good;

	(void)state;
	s.eku[0] = PKICH_AMT_OID;
	s.eku[1] = NULL;
	refused(&s, REASON_NO_SERVER_AUTH, TLS_ALERT_UNSUPPORTED_CERTIFICATE);
}

static void
a_root_that_is_not_listed_is_refused(void **state)
{
	struct setting s = good;

	(void)state;
	s.list_root = false;
	refused(&s, REASON_ROOT_NOT_LISTED, TLS_ALERT_UNKNOWN_CA);
}

static void
a_listed_root_is_refused_while_another_is_the_only_one(void **state)
{
	struct setting s = good;

	(void)state;
	s.only_other = true;
	refused(&s, REASON_ROOT_NOT_ONLY, TLS_ALERT_UNKNOWN_CA);
}

static void
a_chain_without_its_root_is_refused(void **state)
{
	struct setting s = good;

	(void)state;
	s.with_root = false;
	refused(&s, REASON_CHAIN_INVALID, TLS_ALERT_CERTIFICATE_UNKNOWN);
}

static void
a_pinned_leaf_comes_before_all_other_rules(void **state)
{
	struct pkich_policy p = { .generation = generation_of(14, 0),
		.suffix = { good.suffix },
		.nsuffixes = 1,
		.fqdn = "" };
	struct x509_chain c;
	struct hash_entry leaf;
	struct pkich_verdict v;
	enum tls_alert alert;
	struct err e = { 0 };
	const uint8_t *der;
	size_t n;

	(void)state;
	chain_make(&good, &c);
	der = x509_der(c.cert[0], &n);
	pkich_defaults(&p.choice);
	p.leaf = leaf.hash;
	for (p.leaf_type = HASH_SHA256; p.leaf_type <= HASH_SHA384;
	     p.leaf_type++) {
		hashlist_of_der(&leaf, p.leaf_type, der, n);
		err_clear(&e);
		judge_chain(&p, &c, time(NULL), &v, &alert, &e);
		assert_int_equal(e.code, ERR_OK);
		leaf.hash[hashlist_hash_len(p.leaf_type) - 1] ^= 1;
		judge_chain(&p, &c, time(NULL), &v, &alert, &e);
		assert_ptr_equal(e.reason, reason_get(REASON_LEAF_NOT_PINNED));
		assert_int_equal(alert, TLS_ALERT_CERTIFICATE_UNKNOWN);
		assert_int_equal(
		    strlen(v.wanted), 2 * hashlist_hash_len(p.leaf_type));
	}
	p.leaf_type = HASH_SHA384;
	p.choice.chain_max = 2;
	err_clear(&e);
	judge_chain(&p, &c, time(NULL), &v, &alert, &e);
	assert_ptr_equal(e.reason, reason_get(REASON_LEAF_NOT_PINNED));
	x509_chain_free(&c);
}

static void
a_chain_too_long_or_empty_is_refused(void **state)
{
	struct pkich_policy p = { .generation = generation_of(3, 0),
		.fqdn = "" };
	struct x509_chain none = { 0 };
	struct setting s = good;
	struct pkich_verdict v;
	enum tls_alert alert;
	struct err e = { 0 };

	(void)state;
	s.max_chain = 2;
	refused(&s, REASON_CHAIN_TOO_LONG, TLS_ALERT_CERTIFICATE_UNKNOWN);
	judge_chain(&p, &none, 0, &v, &alert, &e);
	assert_ptr_equal(e.reason, reason_get(REASON_CHAIN_MISSING));
	assert_int_equal(alert, TLS_ALERT_HANDSHAKE_FAILURE);
}

static void
links_of_two_chains_do_not_make_one(void **state)
{
	struct x509_chain a, b;
	struct hashlist list;
	struct pkich_policy p = { .generation = generation_of(3, 0),
		.hashes = &list,
		.suffix = { good.suffix },
		.nsuffixes = 1,
		.fqdn = "" };
	struct pkich_verdict v;
	enum tls_alert alert;
	struct err e = { 0 };
	struct x509 *leaf;

	(void)state;
	chain_make(&good, &a);
	chain_make(&good, &b);
	list_make(&good, b.cert[2], &list);
	leaf = b.cert[0]; /* the other's leaf has the same names */
	b.cert[0] = a.cert[0];
	a.cert[0] = leaf;
	pkich_defaults(&p.choice);
	judge_chain(&p, &b, time(NULL), &v, &alert, &e);
	assert_ptr_equal(e.reason, reason_get(REASON_CHAIN_INVALID));
	x509_chain_free(&a);
	x509_chain_free(&b);
}

static void
a_common_name_outside_the_suffix_is_refused(void **state)
{
	struct setting s = good;

	(void)state;
	s.suffix = "ample.com"; /* label boundary */
	s.cn = "prov.example.com";
	refused(&s, REASON_SUFFIX_MISMATCH, TLS_ALERT_BAD_CERTIFICATE);
	s.suffix = "";
	refused(&s, REASON_SUFFIX_UNKNOWN, TLS_ALERT_BAD_CERTIFICATE);
}

static void
a_wildcard_covers_its_domain(void **state)
{
	struct setting s = good;
	struct pkich_verdict v;

	(void)state;
	s.cn = "*.corp.example.com";
	taken(&s, &v);
	s.cn = "*"; /* only where a setting allows it */
	refused(&s, REASON_SUFFIX_MISMATCH, TLS_ALERT_BAD_CERTIFICATE);
}

static void
a_preset_server_must_be_the_common_name(void **state)
{
	struct setting s = good;
	struct pkich_verdict v;

	(void)state;
	s.fqdn = "PROV.corp.example.com";
	taken(&s, &v);
	s.fqdn = "other.corp.example.com";
	refused(&s, REASON_FQDN_MISMATCH, TLS_ALERT_BAD_CERTIFICATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_chain_is_accepted_and_its_root_named),
		cmocka_unit_test(an_expired_chain_is_accepted_and_recorded),
		cmocka_unit_test(
		    the_client_setup_ou_stands_in_for_the_oid_exactly),
		cmocka_unit_test(a_leaf_without_server_auth_is_refused),
		cmocka_unit_test(a_root_that_is_not_listed_is_refused),
		cmocka_unit_test(
		    a_listed_root_is_refused_while_another_is_the_only_one),
		cmocka_unit_test(a_chain_without_its_root_is_refused),
		cmocka_unit_test(a_pinned_leaf_comes_before_all_other_rules),
		cmocka_unit_test(a_chain_too_long_or_empty_is_refused),
		cmocka_unit_test(links_of_two_chains_do_not_make_one),
		cmocka_unit_test(a_common_name_outside_the_suffix_is_refused),
		cmocka_unit_test(a_wildcard_covers_its_domain),
		cmocka_unit_test(a_preset_server_must_be_the_common_name),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
