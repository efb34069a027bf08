/* SPDX-License-Identifier: Apache-2.0 */
/* What steps read of an answer. */
#include "tests/unit.h"

#include <string.h>

#include "base/xml.h"
#include "server/session.h"
#include "server/step.h"

static enum err_code
certify(void *arg, const struct uuid *u, const void *key, size_t n,
    struct wr *cert, struct err *e)
{
	(void)arg;
	(void)u;
	(void)e;
	assert_int_equal(n, 4);
	assert_memory_equal(key, "\1\2\3\4", 4);
	wr_bytes(cert, key, n);
	return ERR_OK;
}

/* Of a policy with one hash, of zeroes, by the name of "h". */
static void
begin(struct session *s, enum hash_type type)
{
	static struct policy p;
	const struct session_plan plan = { .certify = certify, .policy = &p };

	policy_plain(&p, true);
	p.nhashes = 1;
	p.hash[0].type = type;
	strcpy(p.hash[0].name, "h");
	session_init(s, &plan);
}

/* The answer to the Pull of that step. */
static void
read_items(struct session *s, enum session_step step, const char *answer)
{
	struct err e;

	err_clear(&e);
	s->step = step;
	strcpy(s->context, "1");
	assert_int_equal(
	    session_answer(s, 200, answer, strlen(answer), &e), ERR_OK);
}

static void
a_kept_value_has_no_space_around_it(void **state)
{
	static const char text[] =
	    "<CIM_KVMRedirectionSAP><Name>\n KVM \n</Name>"
	    "<EnabledState> 6 </EnabledState></CIM_KVMRedirectionSAP>";
	static struct session_kept kept;
	struct xml *x = NULL;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(xml_read(text, sizeof(text) - 1, &x, &e), ERR_OK);
	step_keep(&kept, xml_root(x));
	assert_string_equal(step_kept(&kept, "Name"), "KVM");
	assert_string_equal(step_kept(&kept, "EnabledState"), "6");
	xml_free(x);
}

/* As XML Schema lets it be. */
static void
base64_of_a_device_may_come_in_lines(void **state)
{
	static const char keys[] =
	    "<Envelope><Body><PullResponse><Items><AMT_PublicPrivateKeyPair>"
	    "<DERKey>\n AQID\nBA==\n</DERKey><InstanceID>k</InstanceID>"
	    "</AMT_PublicPrivateKeyPair></Items><EndOfSequence/>"
	    "</PullResponse></Body></Envelope>";
	static const char list[] =
	    "<Envelope><Body><PullResponse><Items>"
	    "<AMT_ProvisioningCertificateHash><HashData>\n"
	    "AAAAAAAAAAAAAAAAAAAA\nAAAAAAA=</HashData><InstanceID>h"
	    "</InstanceID></AMT_ProvisioningCertificateHash></Items>"
	    "<EndOfSequence/></PullResponse></Body></Envelope>";
	static struct session s;

	(void)state;
	begin(&s, HASH_SHA1);
	strcpy(s.key, "k");
	read_items(&s, SESSION_KEY_READ, keys);
	assert_int_equal(s.cert_len, 4);
	read_items(&s, SESSION_HASH_READ, list);
	assert_int_equal(s.hash_done, 1);
	session_wipe(&s);
}

/* Such as one by SHA-512: its name is in use for all that. */
static void
a_hash_that_is_too_long_has_its_name_too(void **state)
{
	static const char list[] =
	    "<Envelope><Body><PullResponse><Items>"
	    "<AMT_ProvisioningCertificateHash><HashData>"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
	    "</HashData><InstanceID>h</InstanceID>"
	    "</AMT_ProvisioningCertificateHash></Items>"
	    "<EndOfSequence/></PullResponse></Body></Envelope>";
	static struct session s;

	(void)state;
	begin(&s, HASH_SHA384);
	read_items(&s, SESSION_HASH_READ, list);
	assert_int_equal(s.hash_done, 0);
	assert_int_equal(s.hash_taken, 1);
	session_wipe(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_value_has_no_space_around_it),
		cmocka_unit_test(base64_of_a_device_may_come_in_lines),
		cmocka_unit_test(a_hash_that_is_too_long_has_its_name_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
