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

/* What is inside an endpoint reference. */
static void
put_epr(struct wr *w, const char *class, const char *name, const char *value)
{
	wr_str(w,
	    "<a:Address>" ANONYMOUS "</a:Address>"
	    "<a:ReferenceParameters><w:ResourceURI>");
	put_uri(w, class);
	wr_str(w, "</w:ResourceURI>");
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

static void
put_field(struct wr *w, const struct wsman_field *f)
{
	put_text(w, "<g:", f->name, ">");
	if (f->epr != NULL)
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
	case WSMAN_INVOKE:
		put_instance(w, req->method, "_INPUT", f, n);
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
missing(const char **why, const char *what)
{
	*why = what;
	return false;
}

bool
wsman_read_request(
    const struct node *root, struct wsman_request *req, const char **why)
{
	const struct node *header, *body, *sel;
	const char *uri;

	*req = (struct wsman_request){ .op = WSMAN_GET };
	header = node_child(root, "Header");
	body = node_child(root, "Body");
	if (strcmp(root->name, "Envelope") != 0 || body == NULL)
		return missing(why, "no SOAP Envelope with a Body");
	uri = node_text(header, "ResourceURI");
	req->class = class_of(uri);
	if (req->class == NULL)
		return missing(why, "ResourceURI missing or unknown");
	if (!read_action(node_text(header, "Action"), uri, req))
		return missing(why, "Action missing or unknown");
	req->message_id = node_text(header, "MessageID");
	sel = node_path(header, "SelectorSet/Selector");
	if (sel != NULL) {
		if (sel->attr_name == NULL)
			return missing(why, "Selector without a Name");
		req->sel_name = sel->attr_name;
		req->sel_value = sel->text;
	}
	req->body = body->child;
	req->context = node_text(body, "Pull/EnumerationContext");
	if (req->op == WSMAN_PULL && req->context == NULL)
		return missing(why, "EnumerationContext missing");
	if ((req->op == WSMAN_PUT || req->op == WSMAN_CREATE ||
		req->op == WSMAN_INVOKE) &&
	    req->body == NULL)
		return missing(why, "Body is empty");
	return true;
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

void
wsman_write_created(struct wr *w, const struct wsman_request *req,
    uint64_t number, const char *sel_name, const char *sel_value)
{
	put_response_header(w, req, number, NULL);
	wr_str(w, "<x:ResourceCreated xmlns:x=\"" NS_TRANSFER "\">");
	put_epr(w, req->class, sel_name, sel_value);
	wr_str(w, "</x:ResourceCreated>");
	put_body_end(w);
}

/* WS-Transfer: a Delete is answered by an empty body. */
void
wsman_write_deleted(
    struct wr *w, const struct wsman_request *req, uint64_t number)
{
	put_response_header(w, req, number, NULL);
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
wsman_pull_begin(struct wr *w, const struct wsman_request *req, uint64_t number)
{
	put_response_header(w, req, number, NULL);
	wr_str(w, "<e:PullResponse xmlns:e=\"" NS_ENUMERATION "\"><e:Items>");
}

void
wsman_pull_item(
    struct wr *w, const char *class, const struct wsman_field *f, size_t n)
{
	put_instance(w, class, "", f, n);
}

void
wsman_pull_end(struct wr *w)
{
	wr_str(w,
	    "</e:Items><e:EndOfSequence></e:EndOfSequence>"
	    "</e:PullResponse>");
	put_body_end(w);
}

void
wsman_write_fault(struct wr *w, const struct wsman_request *req,
    uint64_t number, const char *subcode, const char *text)
{
	put_response_header(w, req, number, NS_ADDRESSING "/fault");
	wr_str(w,
	    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
	    "<s:Value>");
	put_text(w, "", subcode, "</s:Value></s:Subcode></s:Code>");
	put_text(w, "<s:Reason><s:Text xml:lang=\"en-US\">", text,
	    "</s:Text></s:Reason></s:Fault>");
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

bool
wsman_read_response(
    const struct node *root, struct wsman_response *res, const char **why)
{
	const struct node *body = node_child(root, "Body");
	const char *value;

	*res = (struct wsman_response){ .return_value = -1 };
	if (strcmp(root->name, "Envelope") != 0 || body == NULL)
		return missing(why, "no SOAP Envelope with a Body");
	res->body = body->child;
	if (res->body != NULL && strcmp(res->body->name, "Fault") == 0) {
		res->fault = node_text(res->body, "Reason/Text");
		if (res->fault == NULL || *res->fault == '\0')
			res->fault = "a fault without a reason";
		return true;
	}
	res->context = node_text(res->body, "EnumerationContext");
	res->end = node_child(res->body, "EndOfSequence") != NULL;
	res->items = node_child(res->body, "Items");
	value = node_text(res->body, "ReturnValue");
	if (value != NULL && !read_number(value, &res->return_value))
		return missing(why, "ReturnValue is not a number");
	return true;
}
