/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants and set-up profiles, as a configuration says them. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "base/file.h"
#include "formats/reason.h"
#include "server/conf.h"
#include "tests/onefolder.h"

static void
put(const char *name, const void *p, size_t n)
{
	char path[128];
	struct err e;

	err_clear(&e);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(
	    file_write(path, FILE_REPLACE | FILE_SECRET, p, n, &e), ERR_OK);
}

static void
put_pem(const char *name, const struct x509 *a, const struct x509 *b)
{
	struct wr w;

	wr_grow(&w, 65536);
	assert_true(x509_pem(a, &w));
	if (b != NULL)
		assert_true(x509_pem(b, &w));
	put(name, w.buf, w.len);
	wr_free(&w);
}

/* root.pem, its key; chain.pem of leaf and root, the leaf's key. */
static int
make_dir(void **state)
{
	struct x509_make root = { .cn = "root", .days = 9, .ca = true };
	struct x509_make leaf = { .cn = "prov.example.com", .days = 9 };
	struct crypto_key *k[2] = { NULL };
	struct x509 *ca = NULL, *cert = NULL;
	struct secret pem = { 0 };
	struct err e;

	if (folder_new(state) != 0)
		return 1;
	err_clear(&e);
	for (int i = 0; i < 2; i++) {
		crypto_key_new(CRYPTO_EC256, &k[i], &e);
		crypto_key_pem(k[i], &pem, &e);
		put(i == 0 ? "root.key" : "leaf.key", pem.p, pem.len);
		secret_free(&pem);
	}
	x509_new(&root, k[0], NULL, NULL, &ca, &e);
	x509_new(&leaf, k[1], ca, k[0], &cert, &e);
	put_pem("root.pem", ca, NULL);
	put_pem("leaf.pem", cert, NULL);
	put_pem("chain.pem", cert, ca);
	put("mebx", "M&bx!Pw123\n", 11);
	put("weak", "password\n", 9);
	put("names.csv",
	    "uuid,fqdn\n939b524b-13d4-1d18-e487-1c697a6b7a2b,pc1.example.com\n",
	    63);
	x509_free(ca);
	x509_free(cert);
	for (int i = 0; i < 2; i++)
		crypto_key_free(k[i]);
	return e.code != ERR_OK;
}

static enum err_code
read_text(const char *text, struct conf *c, struct err *e)
{
	char path[128], all[4096];

	snprintf(all, sizeof(all), "state = \"s\";\n%s", text);
	put("server.cfg", all, strlen(all));
	snprintf(path, sizeof(path), "%s/server.cfg", dir);
	err_clear(e);
	return conf_read(path, c, e);
}

#define CHAIN "chains = ( { cert = \"chain.pem\"; key = \"leaf.key\"; } );"

static void
the_sample_uses_the_keys_that_it_explains(void **state)
{
	const struct policy *p;
	struct conf c;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    conf_read("configs/server-tenants.cfg", &c, &e), ERR_OK);
	assert_int_equal(c.top.npolicies, 2);
	p = &c.top.policy[0];
	assert_string_equal(p->name, "office");
	assert_int_equal(p->ider, POLICY_OFF);
	assert_int_equal(p->kvm, POLICY_ON);
	assert_int_equal(p->nhashes, 1);
	assert_string_equal(p->hash[0].name, "IT root");
	assert_false(p->clear_text);
	assert_int_equal(c.ntenants, 1);
	assert_true(conf_tenant(&c, "fabrikam")->pinned_only);
	conf_free(&c);
}

static void
each_tenant_has_its_own_and_inherits_no_chain(void **state)
{
	struct tenant *t;
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(
	    read_text(CHAIN "device_certificate = \"pinned\";"
			    "tls_certificate = false;"
			    "profiles = ( { name = \"top\"; } );"
			    "tenants = ( { name = \"a\"; }, { name = \"b\"; "
			    "device_certificate = \"first-use\"; "
			    "tls_certificate = true; " CHAIN " } );",
		&c, &e),
	    ERR_OK);
	t = conf_tenant(&c, "a");
	assert_int_equal(t->nchains, 0);
	assert_int_equal(t->npolicies, 0);
	assert_true(t->pinned_only);
	assert_int_equal(t->plain.certificate, POLICY_CERT_NONE);
	t = conf_tenant(&c, "b");
	assert_int_equal(t->nchains, 1);
	assert_false(t->pinned_only);
	assert_int_equal(t->plain.certificate, POLICY_CERT_STORE);
	assert_ptr_equal(conf_tenant(&c, ""), &c.top);
	assert_null(conf_tenant(&c, "c"));
	conf_free(&c);
}

static void
a_profile_is_chosen_by_its_patterns(void **state)
{
	struct row row = { .order = "O1", .sku = "kiosk-9", .serial = "A7" };
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(
	    read_text("profiles = ( { name = \"rest\"; },"
		      " { name = \"both\"; sku = \"kiosk-*\"; "
		      "serial = \"B?\"; },"
		      " { name = \"kiosk\"; sku = \"kiosk-*\"; },"
		      " { name = \"order\"; order = \"O[12]\"; } );",
		&c, &e),
	    ERR_OK);
	assert_string_equal(tenant_policy(&c.top, &row)->name, "kiosk");
	strcpy(row.serial, "B7");
	assert_string_equal(tenant_policy(&c.top, &row)->name, "both");
	strcpy(row.sku, "desk");
	assert_string_equal(tenant_policy(&c.top, &row)->name, "order");
	strcpy(row.order, "O3");
	assert_string_equal(tenant_policy(&c.top, &row)->name, "rest");
	conf_free(&c);
	assert_int_equal(read_text("", &c, &e), ERR_OK);
	assert_ptr_equal(tenant_policy(&c.top, &row), &c.top.plain);
	conf_free(&c);
}

static void
a_machine_is_called_by_the_table_then_by_the_rule(void **state)
{
	char fqdn[NAMING_FQDN];
	struct row row = { .serial = "S1" };
	struct conf c;
	struct err e;

	(void)state;
	uuid_parse(&row.uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b");
	assert_int_equal(
	    read_text("profiles = ( { name = \"p\"; names = \"names.csv\"; "
		      "host_name = \"h-{serial}\"; domain = \"x.org\"; },"
		      " { name = \"q\"; sku = \"q\"; names = \"names.csv\"; }"
		      ");",
		&c, &e),
	    ERR_OK);
	policy_fqdn(&c.top.policy[0], &row, fqdn, &e);
	assert_string_equal(fqdn, "pc1.example.com");
	row.uuid.b[0]++;
	policy_fqdn(&c.top.policy[0], &row, fqdn, &e);
	assert_string_equal(fqdn, "h-s1.x.org");
	assert_int_equal(e.code, ERR_OK);
	assert_int_equal(
	    policy_fqdn(&c.top.policy[1], &row, fqdn, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_NAME_MISSING));
	err_clear(&e);
	assert_int_equal(policy_fqdn(&c.top.plain, &row, fqdn, &e), ERR_OK);
	assert_string_equal(fqdn, "");
	conf_free(&c);
}

static void
passwords_have_the_length_or_are_the_fixed_one(void **state)
{
	char admin[PASSWD_MAX + 1], mebx[PASSWD_MAX + 1], again[33];
	const char *why;
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(
	    read_text("profiles = ( { name = \"p\"; "
		      "admin_password_length = 8; mebx_password_length = 32; },"
		      " { name = \"q\"; sku = \"q\"; "
		      "mebx_password_file = \"mebx\"; } );",
		&c, &e),
	    ERR_OK);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(
		    policy_passwords(&c.top.policy[0], admin, mebx, &e),
		    ERR_OK);
		assert_int_equal(strlen(admin), 8);
		assert_int_equal(strlen(mebx), 32);
		assert_true(passwd_check(admin, &why));
		assert_true(passwd_check(mebx, &why));
	}
	assert_int_equal(
	    policy_passwords(&c.top.policy[1], again, mebx, &e), ERR_OK);
	assert_string_equal(mebx, "M&bx!Pw123");
	assert_int_equal(strlen(again), 16);
	assert_string_not_equal(again, admin);
	conf_free(&c);
}

static void
a_given_ca_and_consoles_are_read(void **state)
{
	const struct policy *p;
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(
	    read_text("profiles = ( { name = \"p\"; certificate = \"ca\"; "
		      "ca = { cert = \"root.pem\"; key = \"root.key\"; }; "
		      "mutual_tls = { roots = ( { file = \"root.pem\"; } ); "
		      "cert = \"leaf.pem\"; key = \"leaf.key\"; }; } );",
		&c, &e),
	    ERR_OK);
	p = &c.top.policy[0];
	assert_int_equal(p->certificate, POLICY_CERT_CA);
	assert_int_equal(p->ca.chain.n, 1);
	assert_true(p->mutual);
	assert_int_equal(p->nroots, 1);
	assert_non_null(p->client.key);
	conf_free(&c);
}

#define P(keys) "profiles = ( { name = \"p\"; " keys " } );"

static void
what_cannot_work_is_refused_with_its_line(void **state)
{
	static const char *const bad[][2] = {
		{ "profiles = ( { } );", "name is missing" },
		{ "profiles = ( { name = \"\"; } );", "it is empty" },
		{ P("host_nme = \"x\";"), "unknown key host_nme" },
		{ P("host_name = \"{x}\"; domain = \"a.b\";"), "in braces" },
		{ P("host_name = \"x\";"), "go together" },
		{ P("domain = \"a..b\"; host_name = \"x\";"), "not a DNS" },
		{ P("names = \"none.csv\";"), "none.csv" },
		{ P("names = \"leaf.pem\";"), "uuid,fqdn" },
		{ P("admin_password_length = 7;"), "8 to 32" },
		{ P("mebx_password_file = \"weak\";"), "weak: a password has" },
		{ P("mebx_password_file = \"open\";"), "must be 600" },
		{ P("certificate = \"ca\";"), "go together" },
		{ P("ca = { cert = \"root.pem\"; key = \"root.key\"; };"),
		    "go together" },
		{ P("certificate = \"ca\"; "
		    "ca = { cert = \"leaf.pem\"; key = \"leaf.key\"; };"),
		    "may not sign" },
		{ P("certificate = \"none\"; clear_text = false;"),
		    "no other port" },
		{ P("certificate = \"none\"; mutual_tls = { };"),
		    "speaks no TLS" },
		{ P("mutual_tls = { cert = \"leaf.pem\"; "
		    "key = \"leaf.key\"; };"),
		    "1 to 4 roots" },
		{ P("mutual_tls = { roots = ( { file = \"leaf.pem\"; } ); "
		    "cert = \"leaf.pem\"; key = \"leaf.key\"; };"),
		    "not a root" },
		{ P("extra_hashes = ( { file = \"leaf.pem\"; } );"),
		    "not a root" },
		{ P("extra_hashes = ( { file = \"root.pem\"; "
		    "hash = \"md5\"; } );"),
		    "hash must be one of" },
		{ P("sol = 1;"), "sol must be true or false" },
		{ "profiles = ( { name = \"a\"; }, { name = \"b\"; } );",
		    "only one can be the default" },
		{ "profiles = ( { name = \"a\"; },\n"
		  "{ name = \"a\"; sku = \"x\"; } );",
		    "server.cfg:3: name: another profile" },
		{ "tenants = ( { name = \"a b\"; } );", "a tenant's name" },
		{ "tenants = ( { name = \"a\"; }, { name = \"a\"; } );",
		    "there is a tenant a already" },
		{ "tenants = ( { name = \"a\";\nport = 1; } );",
		    "server.cfg:3: unknown key port" },
		{ "tenants = ( { name = \"a\"; chains = ( {\n"
		  "cert = \"none.pem\"; key = \"leaf.key\"; } ); } );",
		    "server.cfg:3" },
	};
	struct conf c;
	struct err e;
	char path[128];

	(void)state;
	put("open", "M&bx!Pw123\n", 11);
	snprintf(path, sizeof(path), "%s/open", dir);
	assert_int_equal(chmod(path, 0644), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(read_text(bad[i][0], &c, &e) != ERR_OK);
		if (strstr(e.msg, bad[i][1]) == NULL)
			fail_msg("%s\nsays %s", bad[i][0], e.msg);
		assert_null(c.tenant); /* nothing half read */
		assert_null(strstr(e.msg, "Pw123"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_uses_the_keys_that_it_explains),
		cmocka_unit_test(each_tenant_has_its_own_and_inherits_no_chain),
		cmocka_unit_test(a_profile_is_chosen_by_its_patterns),
		cmocka_unit_test(
		    a_machine_is_called_by_the_table_then_by_the_rule),
		cmocka_unit_test(
		    passwords_have_the_length_or_are_the_fixed_one),
		cmocka_unit_test(a_given_ca_and_consoles_are_read),
		cmocka_unit_test(what_cannot_work_is_refused_with_its_line),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, make_dir, folder_free);
}
