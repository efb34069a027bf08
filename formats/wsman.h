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
	WSMAN_INVOKE
};

/* A field of an instance or an argument of a method. With epr set, value is
 * the selector of an endpoint reference to that class: InstanceID, or what
 * follows a slash ("AMT_TLSProtocolEndpointCollection/ElementName"). */
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
	const char *sel_name;   /* selector, or NULL */
	const char *sel_value;
	const struct node *body; /* read: the instance or Method_INPUT */
};

struct wsman_response {
	int return_value;         /* INVOKE: ReturnValue; -1 if none came */
	const char *fault;        /* fault reason text, or NULL */
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
/* *why names what is missing. */
bool wsman_read_request(
    const struct node *root, struct wsman_request *, const char **why);

/* Responses; number makes the MessageID. req gives class, method, RelatesTo. */
void wsman_write_get(struct wr *, const struct wsman_request *req,
    uint64_t number, const struct wsman_field *, size_t n); /* Get, Put */
void wsman_write_invoke(struct wr *, const struct wsman_request *req,
    uint64_t number, int return_value, const struct wsman_field *, size_t n);
void wsman_write_created(struct wr *, const struct wsman_request *req,
    uint64_t number, const char *sel_name, const char *sel_value);
void wsman_write_deleted(
    struct wr *, const struct wsman_request *req, uint64_t number);
void wsman_write_enumerate(struct wr *, const struct wsman_request *req,
    uint64_t number, const char *context);
/* Pull: begin, one item for each instance, end. */
void wsman_pull_begin(
    struct wr *, const struct wsman_request *req, uint64_t number);
void wsman_pull_item(
    struct wr *, const char *class, const struct wsman_field *, size_t n);
void wsman_pull_end(struct wr *);
/* req->class may be NULL here. */
void wsman_write_fault(struct wr *, const struct wsman_request *req,
    uint64_t number, const char *subcode, const char *text);

bool wsman_read_response(
    const struct node *root, struct wsman_response *, const char **why);

#endif
