/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/xml.h"
#include "formats/wsman.h"
#include "server/steptls.h"

#define ACCEPT "AcceptNonSecureConnections"

static const char *
field(const struct step_input *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->f[i].name, name) == 0)
			return in->f[i].value;
	return NULL;
}

/* What is put of the wired interface's settings, which have this in them. */
static void
settings(struct session *s, const char *more, struct step_input *in)
{
	const char *why = NULL;
	struct wsman_response r;
	struct xml *x = NULL;
	struct err e;
	char text[512];
	int n = snprintf(text, sizeof(text),
	    "<Envelope><Body><PullResponse><Items><AMT_TLSSettingData>"
	    "<InstanceID>" STEPTLS_SETTINGS "</InstanceID>"
	    "<MutualAuthentication>false</MutualAuthentication>"
	    "<Enabled>false</Enabled>%s</AMT_TLSSettingData></Items>"
	    "<EndOfSequence/></PullResponse></Body></Envelope>",
	    more);

	err_clear(&e);
	memset(s, 0, sizeof(*s));
	memset(in, 0, sizeof(*in));
	assert_int_equal(xml_read(text, (size_t)n, &x, &e), ERR_OK);
	assert_true(wsman_read_response(xml_root(x), &r, &why));
	assert_int_equal(steptls_take_tls(s, &r, &e), ERR_OK);
	steptls_fill_tls(s, in);
	assert_string_equal(field(in, "Enabled"), "true");
	xml_free(x);
}

/* Firmware from AMT 16.1 on may have no port without TLS, and refuses who
 * opens it. */
static void
a_port_that_is_not_there_is_not_opened(void **state)
{
#define HAS(name, value) "<" name ">" value "</" name ">"
#define CAN(value) HAS("NonSecureConnectionsSupported", value)
	static struct session s;
	static struct step_input in;

	(void)state;
	settings(&s, HAS(ACCEPT, "false"), &in);
	assert_string_equal(field(&in, ACCEPT), "true");
	settings(&s, HAS(ACCEPT, "false") CAN("true"), &in);
	assert_string_equal(field(&in, ACCEPT), "true");
	settings(&s, HAS(ACCEPT, "false") CAN("false"), &in);
	assert_string_equal(field(&in, ACCEPT), "false");
	settings(&s, CAN("0") HAS(ACCEPT, "false"), &in);
	assert_string_equal(field(&in, ACCEPT), "false");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_that_is_not_there_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
