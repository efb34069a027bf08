/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WS-Management bodies as AMT speaks them (spec: protocol 4.3): SOAP 1.2,
 * WS-Addressing 2004/08, transfer, enumeration. Requests are written by the
 * server and read by the device, responses the other way round. Pure: trees
 * come from base/xml, writers append to a wr. What is read borrows from the
 * tree.
 */
#ifndef FORMATS_WSMAN_H
#define FORMATS_WSMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/node.h"

enum wsman_op {
	WSMAN_GET,
	WSMAN_PUT,
	WSMAN_CREATE,
	WSMAN_DELETE,
	WSMAN_ENUMERATE,
	WSMAN_PULL,
	WSMAN_RELEASE, /* an enumeration that is not pulled to its end */
	WSMAN_INVOKE,
	WSMAN_IDENTIFY /* has neither class nor action */
};

/* Why a request is not answered (DSP0226; the namespaces differ). */
enum wsman_fault {
	WSMAN_FAULT_VERSION,        /* another SOAP */
	WSMAN_FAULT_UNDERSTAND,     /* a header that must be understood */
	WSMAN_FAULT_HEADER,         /* wsa:MessageInformationHeaderRequired */
	WSMAN_FAULT_DESTINATION,    /* wsa:DestinationUnreachable */
	WSMAN_FAULT_ACTION,         /* wsa:ActionNotSupported */
	WSMAN_FAULT_SCHEMA,         /* wsman:SchemaValidationError */
	WSMAN_FAULT_SELECTORS,      /* wsman:InvalidSelectors */
	WSMAN_FAULT_UNSUPPORTED,    /* wsman:UnsupportedFeature */
	WSMAN_FAULT_DENIED,         /* wsman:AccessDenied */
	WSMAN_FAULT_LIMIT,          /* wsman:EncodingLimit */
	WSMAN_FAULT_QUOTA,          /* wsman:QuotaLimit */
	WSMAN_FAULT_EXISTS,         /* wsman:AlreadyExists */
	WSMAN_FAULT_INTERNAL,       /* wsman:InternalError */
	WSMAN_FAULT_REPRESENTATION, /* wxf:InvalidRepresentation */
	WSMAN_FAULT_CONTEXT,        /* wsen:InvalidEnumerationContext */
	WSMAN_FAULT_FILTER          /* wsen:FilteringNotSupported */
};

/* A field of an instance or an argument of a method. With epr set, value is
 * the selector of an endpoint reference to that class: InstanceID, or what
 * follows a slash ("AMT_TLSProtocolEndpointCollection/ElementName"). */
#define WSMAN_NIL "<nil>"       /* in place of a class: it is xsi:nil */
#define WSMAN_MARKUP "<markup>" /* likewise: value is markup, node_inside() */
struct wsman_field {
	const char *name;
	const char *value;
	const char *epr; /* class, or NULL */
};

struct wsman_request {
	enum wsman_op op;
	const char *class;      /* "AMT_GeneralSettings" */
	const char *method;     /* WSMAN_INVOKE, else NULL */
	const char *message_id; /* written if not NULL */
	const char *context;    /* WSMAN_PULL */
	const char *sel_name;   /* the selector, or the first; or NULL */
	const char *sel_value;
	/* Read only: */
	const struct node *body;             /* the instance or Method_INPUT */
	const struct node *selectors;        /* SelectorSet, or NULL */
	size_t max_elements, max_characters; /* WSMAN_PULL; 0 not said */
	enum wsman_fault fault;              /* if it is refused */
	const char *fault_detail;            /* likewise, or NULL */
};

struct wsman_response {
	int return_value;         /* INVOKE: ReturnValue; -1 if none came */
	const char *relates_to;   /* the request's MessageID, or NULL */
	const char *fault;        /* fault reason text, or NULL */
	const char *code;         /* of a fault, "wsman:AccessDenied", or "" */
	const char *context;      /* ENUMERATE, PULL: EnumerationContext */
	bool end;                 /* PULL: EndOfSequence came */
	const struct node *body;  /* first element of Body */
	const struct node *items; /* PULL: the Items element */
};

/* The resource URI of a class by its prefix (AMT_, IPS_, CIM_). false if the
 * prefix is none of them. */
bool wsman_uri(char *out, size_t room, const char *class);

/* "to" is the path, "/wsman". Fields are the instance or method input. */
void wsman_write_request(struct wr *, const struct wsman_request *,
    const struct wsman_field *, size_t n);
/* false: *why names what is missing, and the request's fault says how that is
 * answered. */
bool wsman_read_request(
    const struct node *root, struct wsman_request *, const char **why);

/* Responses; number makes the MessageID. req gives class, method, RelatesTo. */
void wsman_write_get(struct wr *, const struct wsman_request *req,
    uint64_t number, const struct wsman_field *, size_t n); /* Get, Put */
void wsman_write_invoke(struct wr *, const struct wsman_request *req,
    uint64_t number, int return_value, const struct wsman_field *, size_t n);
/* The fields are the new instance's keys. */
void wsman_write_created(struct wr *, const struct wsman_request *req,
    uint64_t number, const struct wsman_field *, size_t n);
void wsman_write_empty(struct wr *, const struct wsman_request *req,
    uint64_t number); /* Delete, Release */
/* Fields are the children of an IdentifyResponse. */
void wsman_write_identity(struct wr *, const struct wsman_field *, size_t n);
void wsman_write_enumerate(struct wr *, const struct wsman_request *req,
    uint64_t number, const char *context);
/* Pull: begin, one item for each instance, end. With a context there are more
 * of them; NULL: these are the last. */
void wsman_pull_begin(struct wr *, const struct wsman_request *req,
    uint64_t number, const char *context);
void wsman_pull_item(
    struct wr *, const char *class, const struct wsman_field *, size_t n);
void wsman_pull_end(struct wr *, const char *context);
/* req->class may be NULL here; detail is a word of DSP0226 or NULL. */
void wsman_write_fault(struct wr *, const struct wsman_request *req,
    uint64_t number, enum wsman_fault, const char *detail, const char *text);
int wsman_fault_status(enum wsman_fault); /* of HTTP: 400 or 500 */

bool wsman_is_fault(const struct wsman_response *, enum wsman_fault);
/* The key of that name in an endpoint reference, which may have others, in
 * any order; or its only key, whatever its name. NULL: none. */
const char *wsman_selector(const struct node *ref, const char *name);

bool wsman_read_response(
    const struct node *root, struct wsman_response *, const char **why);

#endif
