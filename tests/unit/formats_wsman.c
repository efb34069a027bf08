/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/xml.h"
#include "formats/wsman.h"

#define AMT "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"

/* A message on its way: written, then read. */
struct post {
	struct wr w;
	struct xml *x;
};

static void
post_open(struct post *p)
{
	wr_grow(&p->w, 65536);
	p->x = NULL;
}

static void
post_parse(struct post *p)
{
	struct err e;

	err_clear(&e);
	assert_false(p->w.failed);
	assert_int_equal(xml_read(p->w.buf, p->w.len, &p->x, &e), ERR_OK);
}

static void
post_close(struct post *p)
{
	xml_free(p->x);
	wr_free(&p->w);
}

static void
read_request(struct post *p, struct wsman_request *req)
{
	const char *why = NULL;

	post_parse(p);
	assert_true(wsman_read_request(xml_root(p->x), req, &why));
}

static void
read_response(struct post *p, struct wsman_response *res)
{
	const char *why = NULL;

	post_parse(p);
	assert_true(wsman_read_response(xml_root(p->x), res, &why));
}

static void
a_class_has_the_uri_of_its_prefix(void **state)
{
	char uri[128];

	(void)state;
	assert_true(wsman_uri(uri, sizeof(uri), "AMT_GeneralSettings"));
	assert_string_equal(uri, AMT "AMT_GeneralSettings");
	assert_true(wsman_uri(uri, sizeof(uri), "CIM_SoftwareIdentity"));
	assert_string_equal(uri,
	    "http://schemas.dmtf.org/wbem/wscim/1/"
	    "cim-schema/2/CIM_SoftwareIdentity");
	assert_true(wsman_uri(uri, sizeof(uri), "IPS_HostBasedSetupService"));
	assert_false(wsman_uri(uri, sizeof(uri), "WIN_Other"));
	assert_false(wsman_uri(uri, 20, "AMT_GeneralSettings"));
}

static void
a_get_has_the_headers_that_firmware_wants(void **state)
{
	const struct wsman_request out = { .op = WSMAN_GET,
		.class = "AMT_GeneralSettings",
		.message_id = "17" };
	struct wsman_request in;
	const struct node *h;
	struct post p;

	(void)state;
	post_open(&p);
	wsman_write_request(&p.w, &out, NULL, 0);
	read_request(&p, &in);
	h = node_child(xml_root(p.x), "Header");
	assert_string_equal(
	    xml_root(p.x)->ns, "http://www.w3.org/2003/05/soap-envelope");
	assert_string_equal(node_text(h, "Action"), TRANSFER "/Get");
	assert_string_equal(node_child(h, "Action")->ns,
	    "http://schemas.xmlsoap.org/ws/2004/08/addressing");
	assert_string_equal(node_text(h, "To"), "/wsman");
	assert_string_equal(
	    node_text(h, "ResourceURI"), AMT "AMT_GeneralSettings");
	assert_string_equal(node_child(h, "ResourceURI")->ns,
	    "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd");
	assert_string_equal(node_text(h, "ReplyTo/Address"),
	    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous");
	assert_int_equal(in.op, WSMAN_GET);
	assert_string_equal(in.class, "AMT_GeneralSettings");
	assert_string_equal(in.message_id, "17");
	assert_null(in.body);
	assert_null(in.sel_name);
	post_close(&p);
}

static void
a_put_carries_its_selector_and_its_fields_escaped(void **state)
{
	const char *name = "Intel(r) AMT 802.3 \"TLS\" <Settings> & co";
	const struct wsman_request out = { .op = WSMAN_PUT,
		.class = "AMT_TLSSettingData",
		.sel_name = "InstanceID",
		.sel_value = name };
	const struct wsman_field f[] = { { "InstanceID", name, NULL },
		{ "Enabled", "true", NULL }, { "Empty", NULL, NULL } };
	struct wsman_request in;
	struct post p;

	(void)state;
	post_open(&p);
	wsman_write_request(&p.w, &out, f, 3);
	read_request(&p, &in);
	assert_int_equal(in.op, WSMAN_PUT);
	assert_string_equal(in.sel_name, "InstanceID");
	assert_string_equal(in.sel_value, name);
	assert_string_equal(in.body->name, "AMT_TLSSettingData");
	assert_string_equal(in.body->ns, AMT "AMT_TLSSettingData");
	assert_string_equal(node_text(in.body, "InstanceID"), name);
	assert_string_equal(node_text(in.body, "Enabled"), "true");
	assert_string_equal(node_text(in.body, "Empty"), "");
	post_close(&p);
}

static void
a_method_is_named_in_the_action_and_its_input(void **state)
{
	const struct wsman_request out = { .op = WSMAN_INVOKE,
		.class = "AMT_SetupAndConfigurationService",
		.method = "SetMEBxPassword" };
	const struct wsman_field f[] = { { "Password", "P@ss<1>&", NULL } };
	struct wsman_request in;
	struct post p;

	(void)state;
	post_open(&p);
	wsman_write_request(&p.w, &out, f, 1);
	read_request(&p, &in);
	assert_int_equal(in.op, WSMAN_INVOKE);
	assert_string_equal(in.method, "SetMEBxPassword");
	assert_string_equal(node_text(xml_root(p.x), "Header/Action"),
	    AMT "AMT_SetupAndConfigurationService/SetMEBxPassword");
	assert_string_equal(in.body->name, "SetMEBxPassword_INPUT");
	assert_string_equal(node_text(in.body, "Password"), "P@ss<1>&");
	post_close(&p);
}

static void
an_argument_may_refer_to_another_instance(void **state)
{
	const struct wsman_request out = { .op = WSMAN_CREATE,
		.class = "AMT_TLSCredentialContext" };
	const struct wsman_field f[] = { { "ElementInContext",
	    "Intel(r) AMT Certificate: Handle: 1",
	    "AMT_PublicKeyCertificate" } };
	struct wsman_request in;
	struct post p;
	const struct node *ref;

	(void)state;
	post_open(&p);
	wsman_write_request(&p.w, &out, f, 1);
	read_request(&p, &in);
	ref = node_path(in.body, "ElementInContext/ReferenceParameters");
	assert_string_equal(
	    node_text(ref, "ResourceURI"), AMT "AMT_PublicKeyCertificate");
	ref = node_path(ref, "SelectorSet/Selector");
	assert_string_equal(ref->attr_name, "InstanceID");
	assert_string_equal(ref->text, "Intel(r) AMT Certificate: Handle: 1");
	post_close(&p);
}

static void
an_enumeration_is_pulled_to_its_end(void **state)
{
	struct wsman_request out = { .op = WSMAN_ENUMERATE,
		.class = "CIM_SoftwareIdentity",
		.message_id = "2" };
	const struct wsman_field f[] = { { "InstanceID", "AMT", NULL },
		{ "VersionString", "3.0.0", NULL } };
	struct wsman_request in;
	struct wsman_response res;
	struct post p, q;

	(void)state;
	post_open(&p);
	wsman_write_request(&p.w, &out, NULL, 0);
	read_request(&p, &in);
	assert_int_equal(in.op, WSMAN_ENUMERATE);
	post_open(&q);
	wsman_write_enumerate(&q.w, &in, 7, "A0F&1");
	post_close(&p);
	read_response(&q, &res);
	assert_string_equal(res.context, "A0F&1");
	assert_false(res.end);
	assert_string_equal(node_text(xml_root(q.x), "Header/MessageID"),
	    "uuid:00000000-8086-8086-8086-000000000007");
	assert_string_equal(node_text(xml_root(q.x), "Header/RelatesTo"), "2");
	/* MeshCentral takes the Pull's URI from this answer. */
	assert_non_null(node_text(xml_root(q.x), "Header/ResourceURI"));

	out.op = WSMAN_PULL;
	out.context = res.context;
	post_open(&p);
	wsman_write_request(&p.w, &out, NULL, 0);
	post_close(&q);
	read_request(&p, &in);
	assert_int_equal(in.op, WSMAN_PULL);
	assert_string_equal(in.context, "A0F&1");
	post_open(&q);
	wsman_pull_begin(&q.w, &in, 8, NULL);
	wsman_pull_item(&q.w, in.class, f, 2);
	wsman_pull_item(&q.w, in.class, f, 1);
	wsman_pull_end(&q.w, NULL);
	post_close(&p);
	read_response(&q, &res);
	assert_true(res.end);
	assert_null(res.context);
	assert_string_equal(
	    node_text(res.items, "CIM_SoftwareIdentity/VersionString"),
	    "3.0.0");
	assert_non_null(res.items->child->next);
	post_close(&q);
}

static void
a_method_answers_with_its_return_value(void **state)
{
	const struct wsman_request req = { .op = WSMAN_INVOKE,
		.class = "AMT_PublicKeyManagementService",
		.method = "GenerateKeyPair" };
	const struct wsman_field f[] = { { "KeyPair",
	    "Intel(r) AMT Key: Handle: 0", "AMT_PublicPrivateKeyPair" } };
	struct wsman_response res;
	struct post p;

	(void)state;
	post_open(&p);
	wsman_write_invoke(&p.w, &req, 1, 2057, f, 1);
	read_response(&p, &res);
	assert_int_equal(res.return_value, 2057);
	assert_string_equal(res.body->name, "GenerateKeyPair_OUTPUT");
	assert_string_equal(
	    node_text(
		res.body, "KeyPair/ReferenceParameters/SelectorSet/Selector"),
	    "Intel(r) AMT Key: Handle: 0");
	assert_string_equal(node_text(xml_root(p.x), "Header/Action"),
	    AMT "AMT_PublicKeyManagementService/GenerateKeyPairResponse");
	post_close(&p);
}

static void
created_echoed_and_faulty_answers_are_told_apart(void **state)
{
	struct wsman_request req = { .op = WSMAN_CREATE,
		.class = "AMT_TLSCredentialContext" };
	const struct wsman_field f[] = { { "Enabled", "true", NULL } };
	const struct wsman_field key = { "Name", "x", NULL };
	struct wsman_response res;
	struct post p;

	(void)state;
	post_open(&p);
	wsman_write_created(&p.w, &req, 1, &key, 1);
	read_response(&p, &res);
	assert_string_equal(res.body->name, "ResourceCreated");
	assert_string_equal(res.body->ns, TRANSFER);
	assert_int_equal(res.return_value, -1);
	post_close(&p);

	req.op = WSMAN_PUT;
	post_open(&p);
	wsman_write_get(&p.w, &req, 2, f, 1);
	read_response(&p, &res);
	assert_string_equal(
	    node_text(xml_root(p.x), "Header/Action"), TRANSFER "/PutResponse");
	assert_string_equal(node_text(res.body, "Enabled"), "true");
	assert_null(res.fault);
	assert_false(wsman_is_fault(&res, WSMAN_FAULT_EXISTS));
	post_close(&p);

	req.class = NULL;
	post_open(&p);
	wsman_write_fault(
	    &p.w, &req, 3, WSMAN_FAULT_SELECTORS, "InvalidValue", "not <here>");
	read_response(&p, &res);
	assert_string_equal(res.fault, "not <here>");
	assert_string_equal(res.code, "wsman:InvalidSelectors");
	assert_true(wsman_is_fault(&res, WSMAN_FAULT_SELECTORS));
	assert_false(wsman_is_fault(&res, WSMAN_FAULT_EXISTS));
	assert_false(wsman_is_fault(&res, WSMAN_FAULT_VERSION));
	assert_string_equal(node_text(res.body, "Code/Subcode/Value"),
	    "wsman:InvalidSelectors");
	post_close(&p);
}

static const char *
refusal(const char *header, const char *body)
{
	struct wsman_request req;
	const char *why = NULL;
	struct post p;

	post_open(&p);
	wr_fmt(&p.w,
	    "<Envelope xmlns=\"" SOAP "\"><Header xmlns=\"\">%s</Header>"
	    "<Body xmlns=\"\">%s</Body></Envelope>",
	    header, body);
	post_parse(&p);
	assert_false(wsman_read_request(xml_root(p.x), &req, &why));
	post_close(&p);
	return why;
}

static void
a_request_without_its_parts_is_refused(void **state)
{
#define URI "<ResourceURI>" AMT "AMT_GeneralSettings</ResourceURI>"
	(void)state;
	assert_non_null(strstr(refusal("", ""), "ResourceURI"));
	assert_non_null(
	    strstr(refusal("<ResourceURI>http://x/AMT_Y</ResourceURI>", ""),
		"ResourceURI"));
	assert_non_null(
	    strstr(refusal("<ResourceURI>" AMT "AMT_a;b</ResourceURI>", ""),
		"ResourceURI"));
	assert_non_null(strstr(refusal(URI, ""), "Action"));
	assert_non_null(
	    strstr(refusal(URI "<Action>" AMT "AMT_Other/M</Action>", "<a/>"),
		"Action"));
	assert_non_null(strstr(
	    refusal(URI "<Action>" TRANSFER "/Put</Action>", ""), "Body"));
	assert_non_null(
	    strstr(refusal(URI "<Action>http://schemas.xmlsoap.org/ws/2004/09/"
			       "enumeration/Pull</Action>",
		       "<Pull/>"),
		"EnumerationContext"));
	assert_non_null(strstr(refusal(URI "<Action>" TRANSFER "/Get</Action>"
					   "<SelectorSet><Selector>x</Selector>"
					   "</SelectorSet>",
				   ""),
	    "Selector"));
}

static void
a_return_value_that_is_no_number_is_refused(void **state)
{
	struct wsman_response res;
	const char *why = NULL;
	struct post p;

	(void)state;
	post_open(&p);
	wr_str(&p.w,
	    "<Envelope><Body><X_OUTPUT><ReturnValue>-0</ReturnValue>"
	    "</X_OUTPUT></Body></Envelope>");
	post_parse(&p);
	assert_false(wsman_read_response(xml_root(p.x), &res, &why));
	assert_non_null(why);
	post_close(&p);
}

/* DSP0226: a key goes by its name, wherever it stands. */
static void
a_reference_is_read_by_the_name_of_its_key(void **state)
{
	static const struct {
		const char *selectors, *id;
	} refs[] = {
		{ "<Selector Name='InstanceID'>k</Selector>", "k" },
		{ "<Selector Name='ClassName'>c</Selector>"
		  "<Selector Name='InstanceID'>k</Selector>",
		    "k" },
		{ "<Selector Name='InstanceID'>k</Selector>"
		  "<Selector Name='ClassName'>c</Selector>",
		    "k" },
		{ "<Selector>k</Selector>", "k" },
		{ "<Selector Name='Handle'>k</Selector>", "k" },
		{ "<Selector>c</Selector><Selector Name='N'>k</Selector>",
		    NULL },
		{ "", NULL },
	};
	char text[512];
	struct xml *x;
	struct err e;
	const char *id;

	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		err_clear(&e);
		snprintf(text, sizeof(text),
		    "<KeyPair><Address>a</Address><ReferenceParameters>"
		    "<ResourceURI>u</ResourceURI><SelectorSet>%s</SelectorSet>"
		    "</ReferenceParameters></KeyPair>",
		    refs[i].selectors);
		assert_int_equal(xml_read(text, strlen(text), &x, &e), ERR_OK);
		id = wsman_selector(xml_root(x), "InstanceID");
		if (refs[i].id == NULL)
			assert_null(id);
		else
			assert_string_equal(id, refs[i].id);
		xml_free(x);
	}
	assert_null(wsman_selector(NULL, "InstanceID"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_has_the_uri_of_its_prefix),
		cmocka_unit_test(a_get_has_the_headers_that_firmware_wants),
		cmocka_unit_test(
		    a_put_carries_its_selector_and_its_fields_escaped),
		cmocka_unit_test(a_method_is_named_in_the_action_and_its_input),
		cmocka_unit_test(an_argument_may_refer_to_another_instance),
		cmocka_unit_test(an_enumeration_is_pulled_to_its_end),
		cmocka_unit_test(a_method_answers_with_its_return_value),
		cmocka_unit_test(
		    created_echoed_and_faulty_answers_are_told_apart),
		cmocka_unit_test(a_request_without_its_parts_is_refused),
		cmocka_unit_test(a_return_value_that_is_no_number_is_refused),
		cmocka_unit_test(a_reference_is_read_by_the_name_of_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
