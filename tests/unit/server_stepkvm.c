/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "server/session.h"

static struct policy policy;
static struct session session;

static enum err_code
reply(const char *fault)
{
	char text[256];
	struct err e;
	int n = snprintf(text, sizeof(text),
	    "<Envelope><Body><Fault><Code><Value>s:Sender</Value><Subcode>"
	    "<Value>%s</Value></Subcode></Code></Fault></Body></Envelope>",
	    fault);

	err_clear(&e);
	return session_answer(&session, 400, text, (size_t)n, &e);
}

/* That step is answered by this fault. */
static enum err_code
answer(enum session_step step, const char *fault)
{
	const struct session_plan plan = { .policy = &policy };

	session_init(&session, &plan);
	strcpy(session.version, "12.0.35");
	session.step = step;
	return reply(fault);
}

static void
a_machine_without_kvm_is_set_up_without_it(void **state)
{
	(void)state;
	policy_plain(&policy, false);
	policy.kvm = POLICY_OFF;
	policy.kvm_timeout = 3;
	assert_int_equal(
	    answer(SESSION_KVM_SET, "a:DestinationUnreachable"), ERR_OK);
	assert_int_equal(session.step, SESSION_COMMIT);
	assert_int_equal(
	    answer(SESSION_KVM_READ, "a:DestinationUnreachable"), ERR_OK);
	assert_int_equal(session.step, SESSION_COMMIT);
	/* What it refuses behind that is refused. */
	assert_int_equal(reply("a:DestinationUnreachable"), ERR_PEER);
}

static void
another_fault_of_kvm_is_a_step_that_failed(void **state)
{
	(void)state;
	policy_plain(&policy, false);
	policy.kvm = POLICY_OFF;
	assert_int_equal(answer(SESSION_KVM_SET, "w:AccessDenied"), ERR_PEER);
	assert_int_equal(
	    answer(SESSION_ADMIN, "a:DestinationUnreachable"), ERR_PEER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_without_kvm_is_set_up_without_it),
		cmocka_unit_test(another_fault_of_kvm_is_a_step_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
