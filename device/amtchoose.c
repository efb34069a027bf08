/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/amtchoose.h"

#define NAMESPACE "__cimnamespace"

static bool
is_namespace(const struct node *sel)
{
	return strcmp(sel->attr_name, NAMESPACE) == 0;
}

static const struct wsman_field *
property(const struct amt_item *it, const char *name)
{
	for (size_t i = 0; i < it->n; i++)
		if (strcmp(it->f[i].name, name) == 0)
			return &it->f[i];
	return NULL;
}

/* What a reference has to say: its class, and one of its selectors. A client
 * may send more keys than we have. */
static bool
refers(const struct node *ref, const struct wsman_field *f)
{
	const char *uri = node_text(ref, "ReferenceParameters/ResourceURI");
	const struct node *sel =
	    node_path(ref, "ReferenceParameters/SelectorSet/Selector");
	const char *slash = uri == NULL ? NULL : strrchr(uri, '/');
	size_t n = strcspn(f->epr, "/");

	if (slash == NULL || strlen(slash + 1) != n ||
	    strncmp(slash + 1, f->epr, n) != 0)
		return false;
	for (; sel != NULL; sel = sel->next)
		if (strcmp(sel->text, f->value) == 0)
			return true;
	return false;
}

static bool
fits(const struct amt_item *it, const struct node *sel)
{
	const struct wsman_field *f = property(it, sel->attr_name);
	const struct node *ref = node_child(sel, "EndpointReference");

	if (is_namespace(sel))
		return true;
	if (f == NULL)
		return false;
	if (f->epr != NULL)
		return refers(ref != NULL ? ref : sel, f);
	return ref == NULL && strcmp(sel->text, f->value) == 0;
}

static bool
all_fit(const struct amt_item *it, const struct node *selectors)
{
	const struct node *s = selectors == NULL ? NULL : selectors->child;

	while (s != NULL && fits(it, s))
		s = s->next;
	return s == NULL;
}

static bool
all_known(const struct amt_item *it, const struct node *selectors)
{
	const struct node *s = selectors == NULL ? NULL : selectors->child;

	while (s != NULL &&
	    (is_namespace(s) || property(it, s->attr_name) != NULL))
		s = s->next;
	return s == NULL;
}

enum amtchoose_verdict
amtchoose_find(
    struct amt *a, amt_instance_fn *instance, const struct node *selectors)
{
	size_t n = 0, found = 0;

	for (size_t i = 0; instance(a, i, amt_clear(a)); i++) {
		if (i == 0 && !all_known(a->item, selectors))
			return AMTCHOOSE_UNKNOWN;
		if (!all_fit(a->item, selectors))
			continue;
		found = i;
		n++;
	}
	if (n == 0)
		return AMTCHOOSE_NONE;
	if (n > 1)
		return AMTCHOOSE_SEVERAL;
	instance(a, found, amt_clear(a));
	return AMTCHOOSE_ONE;
}
