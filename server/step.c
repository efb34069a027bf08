/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "formats/reason.h"
#include "server/step.h"

void
step_add(
    struct step_input *in, const char *name, const char *value, const char *epr)
{
	if (in->n < STEP_FIELDS)
		in->f[in->n++] = (struct wsman_field){ name, value, epr };
}

enum err_code
step_bad(struct err *e, const char *what)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "the answer has no usable %s", what);
}

static bool
copy(char *out, size_t room, const char *s)
{
	size_t len = s == NULL ? 0 : strlen(s);

	if (len == 0 || len >= room || !text_printable(s, len))
		return false;
	memcpy(out, s, len + 1);
	return true;
}

bool
step_copy(char *out, size_t room, const struct node *n, const char *path)
{
	return copy(out, room, node_text(n, path));
}

bool
step_copy_id(char *out, size_t room, const struct node *ref)
{
	return copy(out, room, wsman_selector(ref, "InstanceID"));
}

static size_t
pair_size(const char *name, const char *value)
{
	return strlen(name) + strlen(value) + 2;
}

/* What does not fit, or has fields of its own, is left out. */
void
step_keep(struct session_kept *k, const struct node *instance)
{
	size_t n;

	k->n = k->used = 0;
	for (const struct node *f = instance->child; f != NULL; f = f->next) {
		n = pair_size(f->name, f->text);
		if (f->child != NULL || n > sizeof(k->text) - k->used ||
		    k->n >= STEP_FIELDS - 4)
			continue;
		strcpy(k->text + k->used, f->name);
		strcpy(k->text + k->used + strlen(f->name) + 1, f->text);
		k->used += n;
		k->n++;
	}
}

const char *
step_kept(const struct session_kept *k, const char *name)
{
	const char *p = k->text, *value;

	for (size_t i = 0; i < k->n; i++, p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		if (strcmp(p, name) == 0)
			return value;
	}
	return NULL;
}

void
step_put(struct step_input *in, const struct session_kept *k,
    const struct step_ours *ours, size_t n)
{
	const char *p = k->text, *value, *put;

	for (size_t i = 0; i < k->n; i++, p = value + strlen(value) + 1) {
		value = put = p + strlen(p) + 1;
		for (size_t o = 0; o < n; o++)
			if (ours[o].value != NULL &&
			    strcmp(ours[o].name, p) == 0)
				put = ours[o].value;
		step_add(in, p, put, NULL);
	}
	for (size_t o = 0; o < n; o++)
		if (ours[o].add && ours[o].value != NULL &&
		    step_kept(k, ours[o].name) == NULL)
			step_add(in, ours[o].name, ours[o].value, NULL);
}

const char *
step_switch(enum policy_switch s)
{
	return s == POLICY_LEAVE ? NULL : s == POLICY_ON ? "true" : "false";
}
