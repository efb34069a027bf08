/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's responder that is asked by name: classes, methods, fields. */
#ifndef TESTS_ASKAMT_H
#define TESTS_ASKAMT_H

#include <stdio.h>

#include "tests/oneamt.h"
#include "tests/unit.h"

#define SETUP "AMT_SetupAndConfigurationService"
#define KEYS "AMT_PublicKeyManagementService"

static inline int
start(void **unused)
{
	(void)unused;
	open_amt(3);
	factory.pki = true;
	assert_true(
	    uuid_parse(&factory.uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	amt.suffix = "corp.example.com";
	amt.dhcp_suffix = "dhcp.example";
	strcpy(amt.session.fqdn, "prov.corp.example.com");
	return 0;
}

static inline int
end(void **unused)
{
	(void)unused;
	close_amt();
	return 0;
}

static inline void
ask(const struct wsman_request *q, const struct wsman_field *f, size_t n)
{
	assert_true(answer_request(q, f, n));
}

static inline const char *
get(const char *class, const char *field)
{
	ask(&(struct wsman_request){ .op = WSMAN_GET, .class = class }, NULL,
	    0);
	return node_text(res.body, field);
}

static inline int
call2(const char *class, const char *method, const struct wsman_field *f,
    size_t n)
{
	ask(
	    &(struct wsman_request){
		.op = WSMAN_INVOKE, .class = class, .method = method },
	    f, n);
	assert_int_equal(status, 200);
	return res.return_value;
}

static inline int
call(const char *method, const char *name, const char *value)
{
	const struct wsman_field f = { name, value, NULL };

	return call2(SETUP, method, &f, name != NULL);
}

static inline size_t
pull(const char *class)
{
	char context[64];
	size_t n = 0;

	ask(&(struct wsman_request){ .op = WSMAN_ENUMERATE, .class = class },
	    NULL, 0);
	assert_true(res.context != NULL && *res.context != '\0');
	snprintf(context, sizeof(context), "%s", res.context);
	ask(
	    &(struct wsman_request){
		.op = WSMAN_PULL, .class = class, .context = context },
	    NULL, 0);
	assert_true(res.end);
	for (const struct node *i = res.items->child; i != NULL; i = i->next)
		n++;
	return n;
}

#endif
