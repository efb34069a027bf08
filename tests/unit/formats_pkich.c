/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/pkich.h"

#define CASES "tests/certcases.tsv"
#define PROFILES 7
#define LINE 1024
#define PART 128
#define SENT 8
#define NOW 1000

static const unsigned char profile[PROFILES][2] = { { 3, 0 }, { 4, 1 },
	{ 6, 0 }, { 7, 0 }, { 11, 0 }, { 15, 0 }, { 16, 0 } };

struct acase {
	char line[LINE];
	const char *name, *what, *want[PROFILES], *source;
};

/* A certificate of the table, with who signed it: "" nobody. */
struct model {
	const char *who, *by;
	bool crit, path0;
};

/* What a case makes of the table's words. */
struct setting {
	const char *what;
	size_t n;
	struct model model[SENT];
	struct certfact fact[SENT];
	struct hashlist list;
	struct pkich_policy policy;
	char suffix[PART], fqdn[PART], send[LINE];
};

/* The value of a key of the case; NULL if it does not say. */
static const char *
value(const char *what, const char *key, char out[static PART])
{
	size_t n = strlen(key);

	for (const char *p = what; p != NULL; p = strchr(p, ';')) {
		p += *p == ';';
		if (strncmp(p, key, n) == 0 && p[n] == '=') {
			size_t len = strcspn(p + n + 1, ";");

			assert_true(len < PART);
			memcpy(out, p + n + 1, len);
			out[len] = '\0';
			return out;
		}
	}
	return NULL;
}

static const char *
value_or(const struct setting *s, const char *key, const char *fallback)
{
	static char out[PART];

	return value(s->what, key, out) != NULL ? out : fallback;
}

static bool
says(const struct setting *s, const char *key)
{
	char out[PART];

	return value(s->what, key, out) != NULL;
}

static const char *
ou_of(const char *text)
{
	static char out[2 * PART];

	snprintf(out, sizeof(out), "%s%s", *text == '@' ? PKICH_AMT_OU : "",
	    *text == '@' ? text + 1 : text);
	return out;
}

static void
set_key(struct certfact *f, const char *kind)
{
	f->key = strncmp(kind, "rsa", 3) == 0 ? CERTFACT_KEY_RSA
	    : strncmp(kind, "ec", 2) == 0 && kind[2] != 'd'
	    ? CERTFACT_KEY_EC
	    : CERTFACT_KEY_OTHER;
	f->bits = (unsigned)strtoul(
	    kind + (f->key == CERTFACT_KEY_RSA ? 3 : 2), NULL, 10);
}

static enum certfact_digest
digest_of(const char *name)
{
	static const struct {
		const char *name;
		enum certfact_digest digest;
	} all[] = { { "md5", CERTFACT_DIGEST_MD5 },
		{ "sha1", CERTFACT_DIGEST_SHA1 },
		{ "sha256", CERTFACT_DIGEST_SHA256 },
		{ "sha384", CERTFACT_DIGEST_SHA384 },
		{ "sha512", CERTFACT_DIGEST_SHA512 } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].digest;
	fail_msg("digest %s", name);
	return CERTFACT_DIGEST_OTHER;
}

static void
set_usages(struct certfact *f, const char *list)
{
	static const char *const oids[][2] = { { "sa", PKICH_SERVER_AUTH },
		{ "amt", PKICH_AMT_OID }, { "any", "2.5.29.37.0" },
		{ "client", "1.3.6.1.5.5.7.3.2" },
		{ "console", "2.16.840.1.113741.1.2.1" },
		{ "longer", PKICH_AMT_OID ".1" } };
	size_t used = 0;

	while (*list != '\0') {
		size_t len = strcspn(list, ","), i = 0;

		while (strlen(oids[i][0]) != len ||
		    strncmp(oids[i][0], list, len) != 0)
			assert_true(++i < sizeof(oids) / sizeof(oids[0]));
		used += (size_t)snprintf(f->eku + used, sizeof(f->eku) - used,
		    "%s%s ", used == 0 ? " " : "", oids[i][1]);
		list += len + (list[len] == ',');
	}
}

/* Names and usages of a leaf. */
static void
set_leaf(struct setting *s, struct certfact *f)
{
	const char *cn = value_or(s, "cn", "prov.example.com");

	f->cn_state = strstr(cn, "\\0") != NULL ? CERTFACT_CN_NUL
	    : strcmp(cn, "-") == 0              ? CERTFACT_CN_NONE
						: CERTFACT_CN_GOOD;
	if (f->cn_state == CERTFACT_CN_GOOD)
		strcpy(f->cn, cn);
	if (says(s, "ou"))
		strcpy(f->ou[f->nou++], ou_of(value_or(s, "ou", "")));
	if (says(s, "ou2"))
		strcpy(f->ou[f->nou++], ou_of(value_or(s, "ou2", "")));
	if (says(s, "san"))
		strcpy(f->san[f->nsan++], value_or(s, "san", ""));
	set_usages(f, value_or(s, "eku", "sa,amt"));
	set_key(f, value_or(s, "key", "rsa2048"));
	f->digest = digest_of(value_or(s, "sig", "sha256"));
}

static const char *
issuer_of(const struct setting *s, const char *who)
{
	int depth = atoi(value_or(s, "depth", "1"));

	if (strcmp(who, "leaf") == 0)
		return depth == 0 ? "root" : "int";
	if (strcmp(who, "int") == 0)
		return depth > 1 ? "int2" : "root";
	if (strcmp(who, "int2") == 0)
		return depth > 2 ? "int3" : "root";
	if (strcmp(who, "int3") == 0)
		return "root";
	if (strcmp(who, "leafb") == 0)
		return "intb";
	return strcmp(who, "intb") == 0 ? "rootb" : who;
}

static void
set_times(struct certfact *f, const char *when)
{
	f->not_before = strcmp(when, "future") == 0 ? NOW + 10 : NOW - 100;
	f->not_after = strcmp(when, "expired") == 0 ? NOW - 10 : NOW + 100;
}

static void
add(struct setting *s, const char *who)
{
	bool leaf = strcmp(who, "leaf") == 0 || strcmp(who, "self") == 0;
	bool root = strcmp(who, "root") == 0, mid = strcmp(who, "int") == 0;
	struct certfact *f = &s->fact[s->n];
	struct model *m = &s->model[s->n++];

	assert_true(s->n <= SENT);
	m->who = who;
	m->by = issuer_of(s, who);
	strcpy(f->subject, who);
	strcpy(f->issuer, m->by);
	f->root = strcmp(m->by, who) == 0;
	f->der = (const uint8_t *)who;
	f->der_len = strlen(who);
	f->ca = !leaf && strcmp(who, "leafb") != 0;
	set_key(f, "rsa2048");
	f->digest = CERTFACT_DIGEST_SHA256;
	set_times(f,
	    leaf       ? value_or(s, "time", "")
		: root ? value_or(s, "rtime", "")
		       : "");
	if (leaf) {
		set_leaf(s, f);
		m->crit = says(s, "crit");
		m->by = says(s, "forged") ? "" : m->by;
	} else if (mid) {
		f->ca = !says(s, "ica");
		set_usages(f, value_or(s, "ieku", ""));
		set_key(f, value_or(s, "ikey", "rsa2048"));
		f->digest = digest_of(value_or(s, "isig", "sha256"));
	} else if (root) {
		f->ca = !says(s, "rca");
		set_key(f, value_or(s, "rkey", "rsa2048"));
		f->digest = digest_of(value_or(s, "rsig", "sha256"));
	} else if (strcmp(who, "leafb") == 0) {
		strcpy(f->cn, "prov.example.com");
		f->cn_state = CERTFACT_CN_GOOD;
		set_usages(f, "sa,amt");
	}
	m->path0 = says(s, "path0") && strcmp(who, "int2") == 0;
}

/* As base/x509.c finds it in the real thing. */
static const char *
fault(const struct setting *s, size_t i)
{
	const struct model *m = &s->model[i];
	size_t up = i + 1 < s->n ? i + 1 : i;

	if (m->crit)
		return "an extension is critical and unknown";
	if (i > 0 && !s->fact[i].ca)
		return "no CA";
	if (m->path0 && i > 1)
		return "path length";
	if (strcmp(s->fact[i].issuer, s->fact[up].subject) != 0)
		return "names";
	return strcmp(m->by, s->model[up].who) != 0 ? "signature" : NULL;
}

static const char *
word(const char *p, size_t n)
{
	static const char *const all[] = { "leaf", "int", "int2", "int3",
		"root", "other", "self", "leafb", "intb", "rootb" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i]) == n && strncmp(all[i], p, n) == 0)
			return all[i];
	fail_msg("no certificate %.*s", (int)n, p);
	return NULL;
}

static void
set_chain(struct setting *s)
{
	static const char *const usual[] = { "leaf,root", "leaf,int,root",
		"leaf,int,int2,root", "leaf,int,int2,int3,root" };
	const char *p;

	snprintf(s->send, sizeof(s->send), "%s",
	    value_or(s, "send", usual[atoi(value_or(s, "depth", "1"))]));
	for (p = s->send; *p != '\0'; p += *p == ',') {
		size_t n = strcspn(p, ",");

		add(s, word(p, n));
		p += n;
	}
	for (size_t i = 0; i < s->n; i++)
		s->fact[i].fault = fault(s, i);
}

/* WHOSE:KIND[:off|only|user], ... */
static void
set_list(struct setting *s)
{
	char text[PART], *rest = text, *item;

	strcpy(text, value_or(s, "list", "root:sha256"));
	while ((item = strsep(&rest, ",")) != NULL) {
		struct hash_entry *e = &s->list.e[s->list.n++];
		const char *who = strsep(&item, ":");
		const char *kind = strsep(&item, ":");
		enum hash_type type;

		assert_true(hashlist_type_parse(kind, &type));
		hashlist_of_der(e, type, who, strlen(who));
		snprintf(e->name, sizeof(e->name), "%s", who);
		e->active = item == NULL || strcmp(item, "off") != 0;
		e->only = item != NULL && strcmp(item, "only") == 0;
	}
}

static void
set_choice(struct setting *s)
{
	static const char *const rules[] = { "full", "com-net", "tld-table" };
	const char *set = value_or(s, "set", ""), *to = strchr(set, '=');
	struct pkich_choice *c = &s->policy.choice;
	size_t n = to == NULL ? 0 : (size_t)(to++ - set);
	bool on = to != NULL && strcmp(to, "true") == 0;

	pkich_defaults(c);
	if (to == NULL)
		return;
	if (strncmp(set, "chain_max", n) == 0)
		c->chain_max = (size_t)atoi(to);
	else if (strncmp(set, "insecure_star_cn", n) == 0)
		c->star = on;
	else if (strncmp(set, "unsaid_hashes", n) == 0)
		c->unsaid_hashes = on;
	else if (strncmp(set, "unsaid_keys", n) == 0)
		c->unsaid_keys = on;
	else if (strncmp(set, "h_chipset", n) == 0)
		c->h_chipset = on;
	else if (strncmp(set, "san", n) == 0)
		c->san = on;
	else if (strncmp(set, "domain_rule", n) == 0)
		for (int i = 0; i < 3; i++)
			c->domain = strcmp(to, rules[i]) == 0 ? i : c->domain;
	else
		fail_msg("setting %s", set);
}

static void
set_names(struct setting *s)
{
	const char *dhcp = value_or(s, "suffix", "example.com");

	strcpy(s->suffix, strcmp(dhcp, "-") == 0 ? "" : dhcp);
	if (says(s, "pki"))
		strcpy(s->suffix, value_or(s, "pki", ""));
	strcpy(s->fqdn, value_or(s, "fqdn", ""));
	s->policy.suffix[0] = s->suffix;
	s->policy.nsuffixes = s->suffix[0] != '\0';
	s->policy.fqdn = s->fqdn;
	s->policy.hashes = &s->list;
}

static void
setting_make(struct setting *s, const char *what)
{
	memset(s, 0, sizeof(*s));
	s->what = what;
	set_chain(s);
	set_list(s);
	set_choice(s);
	set_names(s);
}

/* false: not a case. */
static bool
case_read(struct acase *c)
{
	char *rest = c->line;

	c->line[strcspn(c->line, "\n")] = '\0';
	if (c->line[0] == '#')
		return false;
	c->name = strsep(&rest, "\t");
	c->what = strsep(&rest, "\t");
	for (size_t i = 0; i < PROFILES; i++) {
		c->want[i] = strsep(&rest, "\t");
		assert_non_null(c->want[i]);
		if (strcmp(c->want[i], "=") == 0)
			c->want[i] = c->want[i - 1];
	}
	c->source = strsep(&rest, "\t");
	assert_non_null(c->source);
	assert_true(c->source[0] != '\0' && rest == NULL);
	return true;
}

static void
same(const struct acase *c, size_t at, const struct pkich_verdict *v)
{
	const char *got =
	    v->reason == REASON_NONE ? "+" : reason_get(v->reason)->code;

	if (strcmp(got, c->want[at]) != 0)
		fail_msg("%s, AMT %u.%u: %s, wanted %s (%s)", c->name,
		    profile[at][0], profile[at][1], got, c->want[at],
		    v->detail);
	assert_int_equal(v->alert == PKICH_ALERT_NONE, *got == '+');
	assert_int_equal(v->detail[0] == '\0', *got == '+');
	assert_int_equal(v->root.type != 0,
	    *got == '+' || v->alert == PKICH_ALERT_UNSUPPORTED_CERTIFICATE ||
		v->alert == PKICH_ALERT_BAD_CERTIFICATE);
}

static void
every_case_of_the_table_has_its_verdict(void **state)
{
	struct setting *s = malloc(sizeof(*s));
	FILE *f = fopen(CASES, "r");
	struct acase c;
	size_t n = 0;

	(void)state;
	assert_non_null(f);
	assert_non_null(s);
	while (fgets(c.line, sizeof(c.line), f) != NULL) {
		if (!case_read(&c))
			continue;
		setting_make(s, c.what);
		for (size_t i = 0; i < PROFILES; i++) {
			struct pkich_verdict v;

			s->policy.generation =
			    generation_of(profile[i][0], profile[i][1]);
			pkich_judge(&s->policy, s->fact, s->n, NOW, &v);
			same(&c, i, &v);
		}
		n++;
	}
	assert_true(n >= 80);
	fclose(f);
	free(s);
}

static void
judged(struct setting *s, unsigned amt, struct pkich_verdict *v)
{
	s->policy.generation = generation_of(amt, 0);
	pkich_judge(&s->policy, s->fact, s->n, NOW, v);
}

static void
what_was_expired_is_taken_and_told(void **state)
{
	static const char *const whats[] = { "time=expired", "time=future",
		"rtime=expired" };
	struct pkich_verdict v;
	static struct setting s;

	(void)state;
	setting_make(&s, "");
	judged(&s, 3, &v);
	assert_true(v.time_valid);
	for (size_t i = 0; i < 3; i++) {
		setting_make(&s, whats[i]);
		judged(&s, 3, &v);
		assert_int_equal(v.reason, REASON_NONE);
		assert_false(v.time_valid);
	}
}

static void
a_refusal_has_both_values(void **state)
{
	struct pkich_verdict v;
	static struct setting s;

	(void)state;
	setting_make(&s, "suffix=ample.com");
	judged(&s, 6, &v);
	assert_string_equal(v.shown, "prov.example.com");
	assert_string_equal(v.wanted, "ample.com");
	setting_make(&s, "ikey=rsa1024");
	judged(&s, 16, &v);
	assert_int_equal(v.at, 1);
	assert_string_equal(v.shown, "RSA 1024");
	assert_string_equal(v.wanted, "RSA 2048 to 4096");
	setting_make(&s, "eku=sa;ou=Purchasing");
	judged(&s, 6, &v);
	assert_non_null(strstr(v.detail, "its OU is \"Purchasing\""));
	setting_make(&s, "send=leaf,root,int");
	judged(&s, 6, &v);
	assert_non_null(strstr(v.detail, "the order must be"));
	setting_make(&s, "list=root:sha256:off");
	judged(&s, 6, &v);
	assert_string_equal(v.wanted, "entry root, not active");
}

static void
what_no_source_says_is_noted(void **state)
{
	struct pkich_verdict v;
	static struct setting s;

	(void)state;
	setting_make(&s, "");
	judged(&s, 6, &v);
	assert_int_equal(v.nnotes, 0);
	setting_make(&s, "key=rsa3072;ikey=rsa3072");
	judged(&s, 6, &v);
	assert_int_equal(v.nnotes, 1);
	setting_make(&s, "key=ec256");
	judged(&s, 3, &v);
	assert_int_equal(v.nnotes, 2); /* and SHA-256, before 6 */
}

static void
any_of_several_suffixes_will_do(void **state)
{
	struct pkich_verdict v;
	static struct setting s;

	(void)state;
	setting_make(&s, "suffix=example.org");
	s.policy.suffix[1] = "example.com";
	s.policy.nsuffixes = 2;
	judged(&s, 6, &v);
	assert_int_equal(v.reason, REASON_NONE);
	s.policy.suffix[1] = "example.net";
	judged(&s, 6, &v);
	assert_int_equal(v.reason, REASON_SUFFIX_MISMATCH);
	assert_string_equal(v.wanted, "example.org, example.net");
}

static void
without_list_or_suffix_the_rest_is_judged(void **state)
{
	struct pkich_verdict v;
	static struct setting s;

	(void)state;
	setting_make(&s, "suffix=-;list=other:sha256");
	s.policy.hashes = NULL;
	s.policy.any_suffix = true;
	judged(&s, 6, &v);
	assert_int_equal(v.reason, REASON_NONE);
	s.fact[0].eku[0] = '\0';
	judged(&s, 6, &v);
	assert_int_equal(v.reason, REASON_NO_SERVER_AUTH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_of_the_table_has_its_verdict),
		cmocka_unit_test(what_was_expired_is_taken_and_told),
		cmocka_unit_test(a_refusal_has_both_values),
		cmocka_unit_test(what_no_source_says_is_noted),
		cmocka_unit_test(any_of_several_suffixes_will_do),
		cmocka_unit_test(without_list_or_suffix_the_rest_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
