/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of WS-Management (DSP0226) may send beside what the known ones
 * do: selectors of all kinds, limits on a Pull, and what is wrong, with the
 * fault that it gets. Requests are written out here, not by our own writer. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "device/amtchoose.h"
#include "tests/oneamt.h"

#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define A "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define I "http://intel.com/wbem/wscim/1/ips-schema/1/"
#define C "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
#define T "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
#define N "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
#define SETUP "AMT_SetupAndConfigurationService"
#define ANONYMOUS \
	"http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

static int
start(void **unused)
{
	(void)unused;
	open_amt(7);
	hashlist_of_der(&factory.hashes.e[0], HASH_SHA1, "a", 1);
	hashlist_of_der(&factory.hashes.e[1], HASH_SHA256, "b", 1);
	factory.hashes.n = 2;
	return 0;
}

static int
end(void **unused)
{
	(void)unused;
	close_amt();
	return 0;
}

static void
post(const char *envelope)
{
	assert_true(answer_bytes(envelope, strlen(envelope)));
}

/* header without its Action and ResourceURI where these are NULL. */
static void
ask(const char *uri, const char *action, const char *header, const char *body)
{
	char envelope[4096];
	int n;

	n = snprintf(envelope, sizeof(envelope),
	    "<e:Envelope xmlns:e=\"" SOAP "\" xmlns:a=\"http://schemas.xmlsoap."
	    "org/ws/2004/08/addressing\" xmlns:w=\"http://schemas.dmtf.org/wbem"
	    "/wsman/1/wsman.xsd\" xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/"
	    "09/enumeration\"><e:Header>%s%s%s%s%s%s"
	    "<a:MessageID>uuid:1</a:MessageID>%s</e:Header>"
	    "<e:Body>%s</e:Body></e:Envelope>",
	    action != NULL ? "<a:Action e:mustUnderstand=\"true\">" : "",
	    action != NULL ? action : "", action != NULL ? "</a:Action>" : "",
	    uri != NULL ? "<w:ResourceURI e:mustUnderstand=\"1\">" : "",
	    uri != NULL ? uri : "", uri != NULL ? "</w:ResourceURI>" : "",
	    header, body);
	assert_true(n > 0 && (size_t)n < sizeof(envelope));
	post(envelope);
}

#define SEL(name, value) "<w:Selector Name=\"" name "\">" value "</w:Selector>"
#define SET(all) "<w:SelectorSet>" all "</w:SelectorSet>"

static const char *
said(const char *path)
{
	const char *v = node_text(xml_root(xml), path);

	return v != NULL ? v : "";
}

/* Each: what is wrong, and how that is told. */
static const struct {
	const char *uri, *action, *header, *body;
	int status;
	const char *subcode, *detail;
} row[] = {
	{ A "AMT_Nothing", T "Get", "", "", 400, "wsa:DestinationUnreachable",
	    "InvalidResourceURI" },
	{ A "CIM_SoftwareIdentity", T "Get", "", "", 400,
	    "wsa:DestinationUnreachable", "InvalidResourceURI" },
	{ "http://example.com/AMT_GeneralSettings", T "Get", "", "", 400,
	    "wsa:DestinationUnreachable", "InvalidResourceURI" },
	{ NULL, T "Get", "", "", 400, "wsa:DestinationUnreachable",
	    "InvalidResourceURI" },
	{ A "AMT_GeneralSettings", NULL, "", "", 400,
	    "wsa:MessageInformationHeaderRequired", "" },
	{ A "AMT_GeneralSettings", T "Steal", "", "", 400,
	    "wsa:ActionNotSupported", "" },
	{ A SETUP, A "AMT_Other/CommitChanges", "", "<CommitChanges_INPUT/>",
	    400, "wsa:ActionNotSupported", "" },
	{ A SETUP, A SETUP "/Nothing", "", "<Nothing_INPUT/>", 400,
	    "wsa:ActionNotSupported", "" },
	{ A "AMT_Nothing", A "AMT_Nothing/Nothing", "", "<Nothing_INPUT/>", 400,
	    "wsa:DestinationUnreachable", "InvalidResourceURI" },
	{ A SETUP, T "Delete", SET(SEL("SystemName", "Intel(r) AMT")), "", 400,
	    "wsa:ActionNotSupported", "" },
	{ C "CIM_SoftwareIdentity", T "Put", "", "<CIM_SoftwareIdentity/>", 400,
	    "wsa:ActionNotSupported", "" },
	{ A SETUP, A SETUP "/CommitChanges", "", "<Else_INPUT/>", 400,
	    "wsman:SchemaValidationError", "" },
	{ A SETUP, A SETUP "/CommitChanges", "", "", 400,
	    "wsman:SchemaValidationError", "" },
	{ A "AMT_GeneralSettings", T "Put", "", "<AMT_Else/>", 400,
	    "wsman:SchemaValidationError", "" },
	{ A "AMT_GeneralSettings", T "Put", "",
	    "<AMT_GeneralSettings><HostName>-</HostName>"
	    "</AMT_GeneralSettings>",
	    400, "wxf:InvalidRepresentation", "" },
	{ A "AMT_GeneralSettings", T "Get", SET(SEL("InstanceID", "Else")), "",
	    400, "wsa:DestinationUnreachable", "InvalidResourceURI" },
	{ A "AMT_GeneralSettings", T "Get", SET(SEL("Colour", "red")), "", 400,
	    "wsman:InvalidSelectors", "UnexpectedSelectors" },
	{ A "AMT_TLSSettingData", T "Get", "", "", 400,
	    "wsman:InvalidSelectors", "InsufficientSelectors" },
	{ A "AMT_ProvisioningCertificateHash", T "Delete", "", "", 400,
	    "wsman:InvalidSelectors", "InsufficientSelectors" },
	{ A "AMT_TLSSettingData", T "Get",
	    SET(SEL("InstanceID", "a") SEL("InstanceID", "a")), "", 400,
	    "wsman:InvalidSelectors", "DuplicateSelectors" },
	{ A "AMT_TLSSettingData", T "Get", SET("<w:Selector>a</w:Selector>"),
	    "", 400, "wsman:InvalidSelectors", "UnexpectedSelectors" },
	{ A SETUP, A SETUP "/GetUuid", SET(SEL("SystemName", "Else")),
	    "<GetUuid_INPUT/>", 400, "wsa:DestinationUnreachable",
	    "InvalidResourceURI" },
	{ A "AMT_GeneralSettings", T "Get",
	    "<w:FragmentTransfer e:mustUnderstand=\"true\">HostName"
	    "</w:FragmentTransfer>",
	    "", 400, "wsman:UnsupportedFeature", "FragmentLevelAccess" },
	{ A "AMT_GeneralSettings", N "Enumerate", "",
	    "<n:Enumerate><w:EnumerationMode>EnumerateEPR"
	    "</w:EnumerationMode></n:Enumerate>",
	    400, "wsman:UnsupportedFeature", "EnumerationMode" },
	{ A "AMT_GeneralSettings", N "Enumerate", "",
	    "<n:Enumerate><n:Filter>x</n:Filter></n:Enumerate>", 400,
	    "wsen:FilteringNotSupported", "" },
	{ A "AMT_GeneralSettings", N "Pull", "", "<n:Pull/>", 400,
	    "wsman:SchemaValidationError", "" },
	{ A "AMT_GeneralSettings", N "Pull", "",
	    "<n:Pull><n:EnumerationContext>1</n:EnumerationContext>"
	    "</n:Pull>",
	    500, "wsen:InvalidEnumerationContext", "" },
	{ A "AMT_GeneralSettings", N "Release", "",
	    "<n:Release><n:EnumerationContext>1</n:EnumerationContext>"
	    "</n:Release>",
	    500, "wsen:InvalidEnumerationContext", "" },
	{ A "AMT_GeneralSettings", N "Pull", "",
	    "<n:Pull><n:EnumerationContext>1</n:EnumerationContext>"
	    "<n:MaxElements>0</n:MaxElements></n:Pull>",
	    400, "wsman:SchemaValidationError", "" },
	{ A "AMT_GeneralSettings", T "Get",
	    "<x:Pay xmlns:x=\"urn:x\" e:mustUnderstand=\"true\"/>", "", 500, "",
	    "" },
};

static void
what_is_wrong_gets_its_fault(void **unused)
{
	const char *detail;

	(void)unused;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ask(row[i].uri, row[i].action, row[i].header, row[i].body);
		assert_int_equal(status, row[i].status);
		assert_string_equal(
		    said("Body/Fault/Code/Subcode/Value"), row[i].subcode);
		detail = said("Body/Fault/Detail/FaultDetail");
		assert_string_equal(
		    *detail == '\0' ? "" : strrchr(detail, '/') + 1,
		    row[i].detail);
		assert_string_not_equal(said("Body/Fault/Reason/Text"), "");
		assert_string_equal(said("Header/RelatesTo"), "uuid:1");
		assert_string_equal(said("Header/To"), ANONYMOUS);
	}
}

/* Its action goes by the kind of fault, and the prefixes in it are declared. */
static void
a_fault_can_be_read_by_its_namespaces(void **unused)
{
	(void)unused;
	ask(A "AMT_TLSSettingData", T "Get", "", "");
	assert_string_equal(said("Header/Action"),
	    "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault");
	wr_u8(&text, 0);
	assert_non_null(strstr((char *)text.buf,
	    "<s:Value xmlns:wsman=\"http://schemas.dmtf.org/wbem/wsman/1/"
	    "wsman.xsd\">wsman:InvalidSelectors</s:Value>"));
	ask(A "AMT_GeneralSettings", T "Get",
	    "<x:Pay xmlns:x=\"urn:x\" e:mustUnderstand=\"1\"/>", "");
	assert_string_equal(said("Body/Fault/Code/Value"), "s:MustUnderstand");
	ask(A "AMT_GeneralSettings", T "Get",
	    "<x:Pay xmlns:x=\"urn:x\" e:mustUnderstand=\"false\"/>", "");
	assert_int_equal(status, 200);
}

static void
another_soap_is_told_so(void **unused)
{
	(void)unused;
	post(
	    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\">"
	    "<e:Body/></e:Envelope>");
	assert_int_equal(status, 500);
	assert_string_equal(said("Body/Fault/Code/Value"), "s:VersionMismatch");
	post("<e:Body xmlns:e=\"" SOAP "\"/>");
	assert_int_equal(status, 400);
}

static void
any_keys_of_an_instance_name_it(void **unused)
{
	static const char *const good[] = { "",
		SET(SEL("SystemName", "Intel(r) AMT")),
		SET(SEL("SystemName", "Intel(r) AMT") SEL("CreationClassName",
		    SETUP) SEL("SystemCreationClassName", "CIM_ComputerSystem")
			SEL("Name",
			    "Intel(r) AMT Setup and Configuration Service")),
		SET(SEL("__cimnamespace", "interop")) };
	char action[160];

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ask(A SETUP, T "Get", good[i], "");
		assert_int_equal(status, 200);
		assert_string_equal(
		    said("Body/" SETUP "/ProvisioningState"), "1");
		snprintf(action, sizeof(action), "%s/GetUuid", A SETUP);
		ask(A SETUP, action, good[i], "<GetUuid_INPUT/>");
		assert_int_equal(status, 200);
	}
	ask(A "AMT_TLSSettingData", T "Get",
	    SET(SEL("InstanceID", "Intel(r) AMT LMS TLS Settings")), "");
	assert_int_equal(status, 200);
	assert_string_equal(said("Body/AMT_TLSSettingData/ElementName"),
	    "Intel(r) AMT LMS TLS Settings");
}

#define REFERS(class, key, value)                                   \
	"<a:EndpointReference><a:Address>" ANONYMOUS "</a:Address>" \
	"<a:ReferenceParameters><w:ResourceURI>" class              \
	    "</w:ResourceURI>"                                      \
	    "<w:SelectorSet>" SEL(                                  \
		key, value) "</w:SelectorSet>"                      \
			    "</a:ReferenceParameters></a:EndpointReference>"

static void
an_association_is_named_by_references(void **unused)
{
	const char *const scheme = SET(SEL("SettingData",
	    REFERS(A "AMT_SystemPowerScheme", "InstanceID",
		"Intel(r) AMT:PowerScheme 1")));

	(void)unused;
	ask(C "CIM_ElementSettingData", T "Get", "", "");
	assert_int_equal(status, 400);
	ask(C "CIM_ElementSettingData", T "Get", scheme, "");
	assert_int_equal(status, 200);
	assert_string_equal(said("Body/CIM_ElementSettingData/IsDefault"), "2");
	ask(C "CIM_ElementSettingData", T "Get",
	    SET(SEL("SettingData",
		REFERS(A "AMT_GeneralSettings", "InstanceID",
		    "Intel(r) AMT:PowerScheme 1"))),
	    "");
	assert_int_equal(status, 400);
	ask(C "CIM_ElementSettingData", T "Get",
	    SET(SEL("IsDefault",
		REFERS(A "AMT_SystemPowerScheme", "InstanceID", "2"))),
	    "");
	assert_int_equal(status, 400);
}

static size_t
items(void)
{
	const struct node *n =
	    node_path(xml_root(xml), "Body/PullResponse/Items");
	size_t count = 0;

	assert_non_null(n);
	for (n = n->child; n != NULL; n = n->next)
		count++;
	return count;
}

static void
pull(const char *class, const char *context, const char *limit)
{
	char uri[160], body[512];

	snprintf(uri, sizeof(uri), A "%s", class);
	snprintf(body, sizeof(body),
	    "<n:Pull><n:EnumerationContext>%s</n:EnumerationContext>%s"
	    "</n:Pull>",
	    context, limit);
	ask(uri, N "Pull", "", body);
}

#define HASHES "AMT_ProvisioningCertificateHash"
#define CONTEXT "Body/PullResponse/EnumerationContext"
#define AT_END \
	(node_path(xml_root(xml), "Body/PullResponse/EndOfSequence") != NULL)

static void
as_many_are_pulled_as_the_client_wants(void **unused)
{
	char first[64], second[64];

	(void)unused;
	ask(A HASHES, N "Enumerate", "", "<n:Enumerate/>");
	assert_int_equal(status, 200);
	snprintf(first, sizeof(first), "%s",
	    said("Body/EnumerateResponse/EnumerationContext"));
	pull(HASHES, first, "");
	assert_int_equal(items(), 2);
	assert_true(AT_END);
	assert_string_equal(said(CONTEXT), "");
	pull(HASHES, first, "<n:MaxElements>1</n:MaxElements>");
	assert_int_equal(items(), 1);
	assert_false(AT_END);
	snprintf(second, sizeof(second), "%s", said(CONTEXT));
	pull(HASHES, second, "<n:MaxElements>1</n:MaxElements>");
	assert_int_equal(items(), 1);
	assert_true(AT_END);
	assert_string_equal(
	    said("Body/PullResponse/Items/" HASHES "/HashType"), "2");
	pull(HASHES, first,
	    "<n:MaxElements>99999999999999999999</n:MaxElements>");
	assert_int_equal(items(), 2);
	pull(HASHES, first, "<n:MaxCharacters>500</n:MaxCharacters>");
	assert_int_equal(items(), 1);
	assert_string_equal(said(CONTEXT), second);
	pull(HASHES, first, "<n:MaxCharacters>20</n:MaxCharacters>");
	assert_int_equal(status, 400);
	assert_string_equal(
	    said("Body/Fault/Code/Subcode/Value"), "wsman:EncodingLimit");
	/* Another class' context is none. */
	pull("AMT_TLSSettingData", first, "");
	assert_int_equal(status, 500);
}

static void
an_enumeration_can_be_given_up(void **unused)
{
	char body[256];

	(void)unused;
	ask(A HASHES, N "Enumerate", "", "<n:Enumerate/>");
	snprintf(body, sizeof(body),
	    "<n:Release><n:EnumerationContext>%s</n:EnumerationContext>"
	    "</n:Release>",
	    said("Body/EnumerateResponse/EnumerationContext"));
	ask(A HASHES, N "Release", "", body);
	assert_int_equal(status, 200);
	assert_string_equal(said("Header/Action"), N "ReleaseResponse");
}

static void
a_device_identifies_itself_without_addressing(void **unused)
{
	(void)unused;
	post("<e:Envelope xmlns:e=\"" SOAP "\"><e:Header/><e:Body><i:Identify "
	     "xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/"
	     "wsmanidentity.xsd\"/></e:Body></e:Envelope>");
	assert_int_equal(status, 200);
	assert_string_equal(said("Body/IdentifyResponse/ProtocolVersion"),
	    "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd");
	assert_string_equal(
	    said("Body/IdentifyResponse/ProductVersion"), "AMT 7.0.0");
	assert_null(node_child(node_child(xml_root(xml), "Header"), "Action"));
}

static void
invoke(const char *class, const char *method)
{
	char uri[160], action[240], body[160];

	snprintf(uri, sizeof(uri), "%s%s", *class == 'I' ? I : A, class);
	snprintf(action, sizeof(action), "%s/%s", uri, method);
	snprintf(body, sizeof(body), "<%s_INPUT/>", method);
	ask(uri, action, "", body);
	assert_int_equal(status, 200);
}

#define LOG "IPS_ProvisioningRecordLog"
#define V2 "GetProvisioningAuditRecordV2"

static void
the_log_has_one_record_until_it_is_cleared(void **unused)
{
	(void)unused;
	ask(I LOG, T "Get", "", "");
	assert_string_equal(
	    said("Body/" LOG "/InstanceID"), "Intel(r) AMT: RecordLog 1");
	assert_string_equal(said("Body/" LOG "/OverwritePolicy"), "2");
	assert_string_equal(said("Body/" LOG "/LogState"), "4");
	assert_string_equal(said("Body/" LOG "/CurrentNumberOfRecords"), "0");
	invoke(SETUP, V2);
	assert_string_equal(said("Body/" V2 "_OUTPUT/ReturnValue"), "1");
	invoke(LOG, "ClearLog");
	assert_string_equal(said("Body/ClearLog_OUTPUT/ReturnValue"), "32");

	state.phase = STATE_POST;
	state.record = (struct state_record){ .present = true,
		.fqdn = "prov.example.com",
		.hash_type = HASH_SHA256,
		.serials = { [15] = 1 },
		.more_serials = true,
		.created = 1700000000 };
	ask(I LOG, T "Get", "", "");
	assert_string_equal(said("Body/" LOG "/CurrentNumberOfRecords"), "1");
	invoke(SETUP, V2);
	assert_string_equal(said("Body/" V2 "_OUTPUT/ReturnValue"), "0");
	assert_string_equal(
	    said("Body/" V2 "_OUTPUT/ProvServerFQDN"), "prov.example.com");
	invoke(SETUP, "GetProvisioningAuditRecord");
	assert_string_equal(
	    said("Body/GetProvisioningAuditRecord_OUTPUT/ProvServerFQDN"),
	    "prov.example.com");
	ask(I "IPS_TLSProvisioningRecord", T "Get", "", "");
	assert_string_equal(
	    said("Body/IPS_TLSProvisioningRecord/AdditionalCaSerialNums"),
	    "true");
	assert_int_equal(strlen(said("Body/IPS_TLSProvisioningRecord/"
				     "CaCertificateSerials")),
	    64);
	invoke(LOG, "ClearLog");
	assert_string_equal(said("Body/ClearLog_OUTPUT/ReturnValue"), "0");
	ask(I "IPS_TLSProvisioningRecord", T "Get", "", "");
	assert_int_equal(status, 400);
	invoke(SETUP, V2);
	assert_string_equal(said("Body/" V2 "_OUTPUT/ReturnValue"), "2057");
}

static void
services_are_instances_and_tell_of_the_account(void **unused)
{
	static const char *const classes[] = { "AMT_AuthorizationService",
		"AMT_TimeSynchronizationService",
		"AMT_PublicKeyManagementService" };
	char uri[160], path[160];

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		snprintf(uri, sizeof(uri), A "%s", classes[i]);
		snprintf(path, sizeof(path), "Body/%s/CreationClassName",
		    classes[i]);
		ask(uri, T "Get", "", "");
		assert_int_equal(status, 200);
		assert_string_equal(said(path), classes[i]);
	}
	invoke(classes[0], "GetAdminAclEntryStatus");
	assert_string_equal(
	    said("Body/GetAdminAclEntryStatus_OUTPUT/IsDefault"), "true");
	strcpy(state.ha1, "00360e4baa903393fa8cc352d0e30083");
	invoke(classes[0], "GetAdminNetAclEntryStatus");
	assert_string_equal(
	    said("Body/GetAdminNetAclEntryStatus_OUTPUT/IsDefault"), "false");
	invoke(classes[0], "GetAdminAclEntry");
	assert_string_equal(
	    said("Body/GetAdminAclEntry_OUTPUT/Username"), "admin");
	invoke(SETUP, "GetUnprovisionBlockingComponents");
	invoke(SETUP, "ResetFlashWearOutProtection");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_wrong_gets_its_fault),
		CASE(a_fault_can_be_read_by_its_namespaces),
		CASE(another_soap_is_told_so),
		CASE(any_keys_of_an_instance_name_it),
		CASE(an_association_is_named_by_references),
		CASE(as_many_are_pulled_as_the_client_wants),
		CASE(an_enumeration_can_be_given_up),
		CASE(a_device_identifies_itself_without_addressing),
		CASE(the_log_has_one_record_until_it_is_cleared),
		CASE(services_are_instances_and_tell_of_the_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
