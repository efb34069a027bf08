/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/wsman.h"

#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define NS_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define NS_WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define NS_TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define NS_ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define NS_IDENTITY \
	"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
#define DETAIL "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
#define ANONYMOUS NS_ADDRESSING "/role/anonymous"
#define URI_MAX 192
#define NAME_MAX_LEN 63

static const struct {
	const char *prefix, *uri;
} schemas[] = {
	{ "AMT_", "http://intel.com/wbem/wscim/1/amt-schema/1/" },
	{ "IPS_", "http://intel.com/wbem/wscim/1/ips-schema/1/" },
	{ "CIM_", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/" },
};

/* By enum wsman_op. */
static const char *const actions[WSMAN_INVOKE] = {
	NS_TRANSFER "/Get",
	NS_TRANSFER "/Put",
	NS_TRANSFER "/Create",
	NS_TRANSFER "/Delete",
	NS_ENUMERATION "/Enumerate",
	NS_ENUMERATION "/Pull",
	NS_ENUMERATION "/Release",
};

/* By the namespace of their subcodes: an action, and a prefix that people know
 * them by. */
static const struct family {
	const char *prefix, *ns, *action;
} addressing = { "wsa", NS_ADDRESSING, NS_ADDRESSING "/fault" },
  management = { "wsman", NS_WSMAN,
	  "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault" },
  transfer = { "wxf", NS_TRANSFER, NS_TRANSFER "/fault" },
  enumeration = { "wsen", NS_ENUMERATION, NS_ENUMERATION "/fault" };

/* By enum wsman_fault. */
static const struct {
	const struct family *family;
	const char *code, *subcode;
} faults[] = {
	{ &addressing, "VersionMismatch", NULL },
	{ &addressing, "MustUnderstand", NULL },
	{ &addressing, "Sender", "MessageInformationHeaderRequired" },
	{ &addressing, "Sender", "DestinationUnreachable" },
	{ &addressing, "Sender", "ActionNotSupported" },
	{ &management, "Sender", "SchemaValidationError" },
	{ &management, "Sender", "InvalidSelectors" },
	{ &management, "Sender", "UnsupportedFeature" },
	{ &management, "Sender", "AccessDenied" },
	{ &management, "Sender", "EncodingLimit" },
	{ &management, "Sender", "QuotaLimit" },
	{ &management, "Sender", "AlreadyExists" },
	{ &management, "Receiver", "InternalError" },
	{ &transfer, "Sender", "InvalidRepresentation" },
	{ &enumeration, "Receiver", "InvalidEnumerationContext" },
	{ &enumeration, "Sender", "FilteringNotSupported" },
};

/* What is read here of a request's header, or changes nothing that it asks
 * for; another one that must be understood is not. */
static const struct {
	const char *ns, *name;
} understood[] = {
	{ NS_ADDRESSING, "Action" }, { NS_ADDRESSING, "To" },
	{ NS_ADDRESSING, "MessageID" }, { NS_ADDRESSING, "ReplyTo" },
	{ NS_ADDRESSING, "FaultTo" }, { NS_ADDRESSING, "From" },
	{ NS_WSMAN, "ResourceURI" }, { NS_WSMAN, "SelectorSet" },
	{ NS_WSMAN, "OperationTimeout" }, { NS_WSMAN, "MaxEnvelopeSize" },
	{ NS_WSMAN, "Locale" },
	{ NS_WSMAN, "FragmentTransfer" }, /* told apart */
};

bool
wsman_uri(char *out, size_t room, const char *class)
{
	int n;

	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		if (strncmp(class, schemas[i].prefix, 4) != 0)
			continue;
		n = snprintf(out, room, "%s%s", schemas[i].uri, class);
		return n > 0 && (size_t)n < room;
	}
	return false;
}

static void
put_text(struct wr *w, const char *before, const char *text, const char *after)
{
	wr_str(w, before);
	node_escape(w, text);
	wr_str(w, after);
}

static void
put_uri(struct wr *w, const char *class)
{
	char uri[URI_MAX];

	if (wsman_uri(uri, sizeof(uri), class))
		node_escape(w, uri);
	else
		w->failed = true;
}

static void
put_selector(struct wr *w, const char *name, const char *value)
{
	put_text(w, "<w:SelectorSet><w:Selector Name=\"", name, "\">");
	put_text(w, "", value, "</w:Selector></w:SelectorSet>");
}

static void
put_address(struct wr *w, const char *class)
{
	wr_str(w,
	    "<a:Address>" ANONYMOUS "</a:Address>"
	    "<a:ReferenceParameters><w:ResourceURI>");
	put_uri(w, class);
	wr_str(w, "</w:ResourceURI>");
}

/* What is inside an endpoint reference. */
static void
put_epr(struct wr *w, const char *class, const char *name, const char *value)
{
	put_address(w, class);
	put_selector(w, name, value);
	wr_str(w, "</a:ReferenceParameters>");
}

static void
put_reference(struct wr *w, const struct wsman_field *f)
{
	char class[NAME_MAX_LEN + 1];
	size_t n = strcspn(f->epr, "/");

	snprintf(class, sizeof(class), "%.*s", (int)n, f->epr);
	put_epr(w, class, f->epr[n] == '/' ? f->epr + n + 1 : "InstanceID",
	    f->value);
}

static bool
is_kind(const struct wsman_field *f, const char *kind)
{
	return f->epr != NULL && strcmp(f->epr, kind) == 0;
}

static void
put_field(struct wr *w, const struct wsman_field *f)
{
	if (is_kind(f, WSMAN_NIL)) {
		put_text(w, "<g:", f->name,
		    " i:nil=\"true\" xmlns:i=\"" NODE_SCHEMA "\"/>");
		return;
	}
	put_text(w, "<g:", f->name, ">");
	if (is_kind(f, WSMAN_MARKUP))
		wr_str(w, f->value);
	else if (f->epr != NULL)
		put_reference(w, f);
	else if (f->value != NULL)
		node_escape(w, f->value);
	put_text(w, "</g:", f->name, ">");
}

/* name and suffix make the element: Method_INPUT, or the class alone. */
static void
put_instance(struct wr *w, const char *name, const char *suffix,
    const struct wsman_field *f, size_t n)
{
	put_text(w, "<g:", name, suffix);
	wr_str(w, ">");
	for (size_t i = 0; i < n; i++)
		put_field(w, &f[i]);
	put_text(w, "</g:", name, suffix);
	wr_str(w, ">");
}

/* Prefixes: s soap, a addressing, w wsman, g the class's own (a fault may
 * answer a request that named none). */
static void
put_envelope(struct wr *w, const char *class)
{
	wr_str(w,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_ADDRESSING
	    "\" xmlns:w=\"" NS_WSMAN "\"");
	if (class != NULL) {
		wr_str(w, " xmlns:g=\"");
		put_uri(w, class);
		wr_str(w, "\"");
	}
	wr_str(w, "><s:Header>");
}

static void
put_body_end(struct wr *w)
{
	wr_str(w, "</s:Body></s:Envelope>");
}

static void
put_action(struct wr *w, const struct wsman_request *req)
{
	wr_str(w, "<a:Action>");
	if (req->op == WSMAN_INVOKE) {
		put_uri(w, req->class);
		put_text(w, "/", req->method, "");
	} else {
		wr_str(w, actions[req->op]);
	}
	wr_str(w, "</a:Action><a:To>/wsman</a:To>");
}

static void
put_request_header(struct wr *w, const struct wsman_request *req)
{
	put_envelope(w, req->class);
	if (req->op == WSMAN_IDENTIFY) {
		wr_str(w, "</s:Header><s:Body>");
		return;
	}
	put_action(w, req);
	wr_str(w, "<w:ResourceURI>");
	put_uri(w, req->class);
	wr_str(w, "</w:ResourceURI>");
	if (req->message_id != NULL)
		put_text(w, "<a:MessageID>", req->message_id, "</a:MessageID>");
	wr_str(w,
	    "<a:ReplyTo><a:Address>" ANONYMOUS "</a:Address></a:ReplyTo>"
	    "<w:OperationTimeout>PT60S</w:OperationTimeout>");
	if (req->sel_name != NULL)
		put_selector(w, req->sel_name, req->sel_value);
	wr_str(w, "</s:Header><s:Body>");
}

void
wsman_write_request(struct wr *w, const struct wsman_request *req,
    const struct wsman_field *f, size_t n)
{
	put_request_header(w, req);
	switch (req->op) {
	case WSMAN_GET:
	case WSMAN_DELETE:
		break;
	case WSMAN_PUT:
	case WSMAN_CREATE:
		put_instance(w, req->class, "", f, n);
		break;
	case WSMAN_ENUMERATE:
		wr_str(w, "<Enumerate xmlns=\"" NS_ENUMERATION "\"/>");
		break;
	case WSMAN_PULL:
		wr_str(w, "<Pull xmlns=\"" NS_ENUMERATION "\">");
		put_text(w, "<EnumerationContext>", req->context,
		    "</EnumerationContext><MaxElements>999</MaxElements>"
		    "<MaxCharacters>99999</MaxCharacters></Pull>");
		break;
	case WSMAN_RELEASE:
		wr_str(w, "<Release xmlns=\"" NS_ENUMERATION "\">");
		put_text(w, "<EnumerationContext>", req->context,
		    "</EnumerationContext></Release>");
		break;
	case WSMAN_INVOKE:
		put_instance(w, req->method, "_INPUT", f, n);
		break;
	case WSMAN_IDENTIFY:
		wr_str(
		    w, "<i:Identify xmlns:i=\"" NS_IDENTITY "\"></i:Identify>");
		break;
	}
	put_body_end(w);
}

/* Of an element too: it does not begin with a digit. */
static bool
is_name(const char *s, size_t n)
{
	if (s[0] >= '0' && s[0] <= '9')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] == '_' || (s[i] >= '0' && s[i] <= '9') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= 'a' && s[i] <= 'z')))
			return false;
	return n > 0 && n <= NAME_MAX_LEN;
}

/* The class is the last part of the resource URI. */
static const char *
class_of(const char *uri)
{
	char want[URI_MAX];
	const char *slash = uri == NULL ? NULL : strrchr(uri, '/');

	if (slash == NULL || !is_name(slash + 1, strlen(slash + 1)))
		return NULL;
	if (!wsman_uri(want, sizeof(want), slash + 1) || strcmp(want, uri) != 0)
		return NULL;
	return slash + 1;
}

static bool
read_action(const char *action, const char *uri, struct wsman_request *req)
{
	size_t n = strlen(uri);

	if (action == NULL)
		return false;
	for (size_t i = 0; i < WSMAN_INVOKE; i++) {
		if (strcmp(action, actions[i]) == 0) {
			req->op = (enum wsman_op)i;
			return true;
		}
	}
	if (strncmp(action, uri, n) != 0 || action[n] != '/')
		return false;
	req->op = WSMAN_INVOKE;
	req->method = action + n + 1;
	return is_name(req->method, strlen(req->method));
}

static bool
refuse(struct wsman_request *req, enum wsman_fault fault, const char *detail,
    const char **why, const char *what)
{
	req->fault = fault;
	req->fault_detail = detail;
	*why = what;
	return false;
}

static bool
is_understood(const struct node *h)
{
	size_t i = 0, n = sizeof(understood) / sizeof(understood[0]);

	while (i < n &&
	    (strcmp(h->name, understood[i].name) != 0 ||
		strcmp(h->ns, understood[i].ns) != 0))
		i++;
	return i < n || !h->must;
}

/* Each by its name, no name twice. */
static bool
read_selectors(
    const struct node *header, struct wsman_request *req, const char **why)
{
	const struct node *set = node_child(header, "SelectorSet");
	const struct node *first = set == NULL ? NULL : set->child;

	for (const struct node *s = first; s != NULL; s = s->next) {
		if (strcmp(s->name, "Selector") != 0 || s->attr_name == NULL)
			return refuse(req, WSMAN_FAULT_SELECTORS,
			    "UnexpectedSelectors", why,
			    "Selector without a Name");
		for (const struct node *t = first; t != s; t = t->next)
			if (strcmp(t->attr_name, s->attr_name) == 0)
				return refuse(req, WSMAN_FAULT_SELECTORS,
				    "DuplicateSelectors", why,
				    "a Selector is there twice");
	}
	if (first == NULL)
		return true;
	req->selectors = set;
	req->sel_name = first->attr_name;
	req->sel_value = first->text;
	return true;
}

static bool
read_limit(const struct node *pull, const char *name, size_t *out)
{
	const char *text = node_text(pull, name);
	size_t n = text == NULL ? 0 : strspn(text, "0123456789");

	*out = 0;
	if (text == NULL)
		return true;
	if (n == 0 || text[n] != '\0')
		return false;
	*out = n > 9 ? SIZE_MAX : (size_t)strtoul(text, NULL, 10);
	return *out > 0;
}

static bool
read_enumeration(struct wsman_request *req, const char **why)
{
	const struct node *in = req->body;

	if (req->op == WSMAN_ENUMERATE) {
		if (node_child(in, "Filter") != NULL)
			return refuse(req, WSMAN_FAULT_FILTER, NULL, why,
			    "an enumeration cannot be filtered");
		if (node_child(in, "EnumerationMode") != NULL)
			return refuse(req, WSMAN_FAULT_UNSUPPORTED,
			    "EnumerationMode", why,
			    "only instances can be enumerated");
		return true;
	}
	req->context = node_text(in, "EnumerationContext");
	if (req->context == NULL)
		return refuse(req, WSMAN_FAULT_SCHEMA, NULL, why,
		    "EnumerationContext missing");
	if (!read_limit(in, "MaxElements", &req->max_elements) ||
	    !read_limit(in, "MaxCharacters", &req->max_characters))
		return refuse(req, WSMAN_FAULT_SCHEMA, NULL, why,
		    "MaxElements or MaxCharacters is no number above 0");
	return true;
}

/* The element of the body is named by what is done. */
static bool
read_body(struct wsman_request *req, const char **why)
{
	const char *name = req->method != NULL ? req->method : req->class;
	size_t n = strlen(name);

	if (req->op == WSMAN_ENUMERATE || req->op == WSMAN_PULL ||
	    req->op == WSMAN_RELEASE)
		return read_enumeration(req, why);
	if (req->op == WSMAN_GET || req->op == WSMAN_DELETE)
		return true;
	if (req->body == NULL)
		return refuse(
		    req, WSMAN_FAULT_SCHEMA, NULL, why, "Body is empty");
	if (strncmp(req->body->name, name, n) != 0 ||
	    strcmp(req->body->name + n,
		req->op == WSMAN_INVOKE ? "_INPUT" : "") != 0)
		return refuse(req, WSMAN_FAULT_SCHEMA, NULL, why,
		    "Body is not of this class or method");
	return true;
}

static bool
read_header(
    const struct node *header, struct wsman_request *req, const char **why)
{
	const char *uri = node_text(header, "ResourceURI");
	const char *action = node_text(header, "Action");

	req->message_id = node_text(header, "MessageID");
	for (const struct node *h = header == NULL ? NULL : header->child;
	     h != NULL; h = h->next)
		if (!is_understood(h))
			return refuse(req, WSMAN_FAULT_UNDERSTAND, NULL, why,
			    "a header that must be understood is not");
	req->class = class_of(uri);
	if (req->class == NULL)
		return refuse(req, WSMAN_FAULT_DESTINATION,
		    "InvalidResourceURI", why,
		    "ResourceURI missing or unknown");
	if (action == NULL)
		return refuse(
		    req, WSMAN_FAULT_HEADER, NULL, why, "Action missing");
	if (!read_action(action, uri, req))
		return refuse(
		    req, WSMAN_FAULT_ACTION, NULL, why, "Action unknown");
	if (node_child(header, "FragmentTransfer") != NULL)
		return refuse(req, WSMAN_FAULT_UNSUPPORTED,
		    "FragmentLevelAccess", why,
		    "only whole instances can be read and written");
	return read_selectors(header, req, why);
}

static bool
is_identify(const struct node *header, const struct node *body)
{
	return node_child(header, "Action") == NULL && body->child != NULL &&
	    strcmp(body->child->name, "Identify") == 0 &&
	    strcmp(body->child->ns, NS_IDENTITY) == 0;
}

bool
wsman_read_request(
    const struct node *root, struct wsman_request *req, const char **why)
{
	const struct node *header, *body;

	*req = (struct wsman_request){ .op = WSMAN_GET };
	header = node_child(root, "Header");
	body = node_child(root, "Body");
	if (strcmp(root->name, "Envelope") == 0 &&
	    strcmp(root->ns, NS_SOAP) != 0)
		return refuse(req, WSMAN_FAULT_VERSION, NULL, why,
		    "the Envelope is not of SOAP 1.2");
	if (strcmp(root->name, "Envelope") != 0 || body == NULL)
		return refuse(req, WSMAN_FAULT_SCHEMA, NULL, why,
		    "no SOAP Envelope with a Body");
	req->body = body->child;
	if (is_identify(header, body)) {
		req->op = WSMAN_IDENTIFY;
		return true;
	}
	return read_header(header, req, why) && read_body(req, why);
}

/* action NULL: that of the request with "Response" behind it. */
static void
put_response_header(struct wr *w, const struct wsman_request *req,
    uint64_t number, const char *action)
{
	put_envelope(w, req->class);
	wr_str(w, "<a:To>" ANONYMOUS "</a:To>");
	if (req->message_id != NULL)
		put_text(w, "<a:RelatesTo>", req->message_id, "</a:RelatesTo>");
	wr_str(w, "<a:Action s:mustUnderstand=\"true\">");
	if (action != NULL) {
		wr_str(w, action);
	} else if (req->op == WSMAN_INVOKE) {
		put_uri(w, req->class);
		put_text(w, "/", req->method, "Response");
	} else {
		put_text(w, actions[req->op], "Response", "");
	}
	wr_fmt(w,
	    "</a:Action><a:MessageID>uuid:00000000-8086-8086-8086-%012llX"
	    "</a:MessageID>",
	    (unsigned long long)(number & 0xffffffffffffu));
	if (req->class != NULL) {
		wr_str(w, "<w:ResourceURI>");
		put_uri(w, req->class);
		wr_str(w, "</w:ResourceURI>");
	}
	wr_str(w, "</s:Header><s:Body>");
}

void
wsman_write_get(struct wr *w, const struct wsman_request *req, uint64_t number,
    const struct wsman_field *f, size_t n)
{
	put_response_header(w, req, number, NULL);
	put_instance(w, req->class, "", f, n);
	put_body_end(w);
}

void
wsman_write_invoke(struct wr *w, const struct wsman_request *req,
    uint64_t number, int return_value, const struct wsman_field *f, size_t n)
{
	put_response_header(w, req, number, NULL);
	put_text(w, "<g:", req->method, "_OUTPUT>");
	for (size_t i = 0; i < n; i++)
		put_field(w, &f[i]);
	wr_fmt(w, "<g:ReturnValue>%d</g:ReturnValue>", return_value);
	put_text(w, "</g:", req->method, "_OUTPUT>");
	put_body_end(w);
}

static void
put_key(struct wr *w, const struct wsman_field *f)
{
	put_text(w, "<w:Selector Name=\"", f->name, "\">");
	if (f->epr != NULL) {
		wr_str(w, "<a:EndpointReference>");
		put_reference(w, f);
		wr_str(w, "</a:EndpointReference>");
	} else {
		node_escape(w, f->value);
	}
	wr_str(w, "</w:Selector>");
}

void
wsman_write_created(struct wr *w, const struct wsman_request *req,
    uint64_t number, const struct wsman_field *f, size_t n)
{
	put_response_header(w, req, number, NULL);
	wr_str(w, "<x:ResourceCreated xmlns:x=\"" NS_TRANSFER "\">");
	put_address(w, req->class);
	wr_str(w, "<w:SelectorSet>");
	for (size_t i = 0; i < n; i++)
		put_key(w, &f[i]);
	wr_str(
	    w, "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>");
	put_body_end(w);
}

/* WS-Transfer: a Delete is answered by an empty body; so is a Release. */
void
wsman_write_empty(
    struct wr *w, const struct wsman_request *req, uint64_t number)
{
	put_response_header(w, req, number, NULL);
	put_body_end(w);
}

/* DSP0226 section 11: no addressing, on either way. */
void
wsman_write_identity(struct wr *w, const struct wsman_field *f, size_t n)
{
	put_envelope(w, NULL);
	wr_str(w,
	    "</s:Header><s:Body>"
	    "<i:IdentifyResponse xmlns:i=\"" NS_IDENTITY "\">"
	    "<i:ProtocolVersion>" NS_WSMAN "</i:ProtocolVersion>");
	for (size_t i = 0; i < n; i++) {
		put_text(w, "<i:", f[i].name, ">");
		put_text(w, "", f[i].value, "</i:");
		put_text(w, "", f[i].name, ">");
	}
	wr_str(w, "</i:IdentifyResponse>");
	put_body_end(w);
}

void
wsman_write_enumerate(struct wr *w, const struct wsman_request *req,
    uint64_t number, const char *context)
{
	put_response_header(w, req, number, NULL);
	wr_str(w, "<e:EnumerateResponse xmlns:e=\"" NS_ENUMERATION "\">");
	put_text(w, "<e:EnumerationContext>", context,
	    "</e:EnumerationContext></e:EnumerateResponse>");
	put_body_end(w);
}

void
wsman_pull_begin(struct wr *w, const struct wsman_request *req, uint64_t number,
    const char *context)
{
	put_response_header(w, req, number, NULL);
	wr_str(w, "<e:PullResponse xmlns:e=\"" NS_ENUMERATION "\">");
	if (context != NULL)
		put_text(w, "<e:EnumerationContext>", context,
		    "</e:EnumerationContext>");
	wr_str(w, "<e:Items>");
}

void
wsman_pull_item(
    struct wr *w, const char *class, const struct wsman_field *f, size_t n)
{
	put_instance(w, class, "", f, n);
}

void
wsman_pull_end(struct wr *w, const char *context)
{
	wr_str(w, "</e:Items>");
	if (context == NULL)
		wr_str(w, "<e:EndOfSequence></e:EndOfSequence>");
	wr_str(w, "</e:PullResponse>");
	put_body_end(w);
}

int
wsman_fault_status(enum wsman_fault fault)
{
	return strcmp(faults[fault].code, "Sender") == 0 ? 400 : 500;
}

void
wsman_write_fault(struct wr *w, const struct wsman_request *req,
    uint64_t number, enum wsman_fault fault, const char *detail,
    const char *text)
{
	const struct family *family = faults[fault].family;

	put_response_header(w, req, number, family->action);
	put_text(w, "<s:Fault><s:Code><s:Value>s:", faults[fault].code,
	    "</s:Value>");
	if (faults[fault].subcode != NULL) {
		put_text(w, "<s:Subcode><s:Value xmlns:", family->prefix, "=");
		put_text(w, "\"", family->ns, "\">");
		put_text(w, "", family->prefix, ":");
		put_text(
		    w, "", faults[fault].subcode, "</s:Value></s:Subcode>");
	}
	put_text(w, "</s:Code><s:Reason><s:Text xml:lang=\"en-US\">", text,
	    "</s:Text></s:Reason>");
	if (detail != NULL)
		put_text(w, "<s:Detail><w:FaultDetail>" DETAIL, detail,
		    "</w:FaultDetail></s:Detail>");
	wr_str(w, "</s:Fault>");
	put_body_end(w);
}

static bool
read_number(const char *s, int *out)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 9 || s[n] != '\0')
		return false;
	*out = atoi(s);
	return true;
}

static bool
lacks(const char **why, const char *what)
{
	*why = what;
	return false;
}

bool
wsman_is_fault(const struct wsman_response *res, enum wsman_fault fault)
{
	const char *want = faults[fault].subcode, *colon;

	if (res->fault == NULL || want == NULL)
		return false;
	colon = strchr(res->code, ':');
	return strcmp(colon == NULL ? res->code : colon + 1, want) == 0;
}

const char *
wsman_selector(const struct node *ref, const char *name)
{
	const struct node *first =
	    node_path(ref, "ReferenceParameters/SelectorSet/Selector");

	for (const struct node *s = first; s != NULL; s = s->next)
		if (s->attr_name != NULL && strcmp(s->attr_name, name) == 0)
			return s->text;
	return first != NULL && first->next == NULL ? first->text : NULL;
}

bool
wsman_read_response(
    const struct node *root, struct wsman_response *res, const char **why)
{
	const struct node *body = node_child(root, "Body");
	const char *value;

	*res = (struct wsman_response){ .return_value = -1 };
	if (strcmp(root->name, "Envelope") != 0 || body == NULL)
		return lacks(why, "no SOAP Envelope with a Body");
	res->relates_to = node_text(root, "Header/RelatesTo");
	res->body = body->child;
	if (res->body != NULL && strcmp(res->body->name, "Fault") == 0) {
		res->fault = node_text(res->body, "Reason/Text");
		if (res->fault == NULL || *res->fault == '\0')
			res->fault = "a fault without a reason";
		res->code = node_text(res->body, "Code/Subcode/Value");
		if (res->code == NULL)
			res->code = node_text(res->body, "Code/Value");
		if (res->code == NULL)
			res->code = "";
		return true;
	}
	res->context = node_text(res->body, "EnumerationContext");
	res->end = node_child(res->body, "EndOfSequence") != NULL;
	res->items = node_child(res->body, "Items");
	value = node_text(res->body, "ReturnValue");
	if (value != NULL && !read_number(value, &res->return_value))
		return lacks(why, "ReturnValue is not a number");
	return true;
}
