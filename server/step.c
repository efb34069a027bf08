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

/* The name of a field, the kind that wsman_field.epr has or "", its value. */
static bool
keep_field(struct session_kept *k, const struct node *f)
{
	const char *kind = f->nil ? WSMAN_NIL
	    : f->child != NULL    ? WSMAN_MARKUP
				  : "";
	struct wr w;

	if (k->n >= STEP_FIELDS - 4)
		return false;
	wr_fixed(&w, k->text + k->used, sizeof(k->text) - k->used);
	wr_bytes(&w, f->name, strlen(f->name) + 1);
	wr_bytes(&w, kind, strlen(kind) + 1);
	if (f->child == NULL)
		wr_str(&w, f->text);
	else if (!f->nil)
		node_inside(&w, f);
	wr_u8(&w, '\0');
	if (w.failed)
		return false;
	k->used += w.len;
	k->n++;
	return true;
}

void
step_keep(struct session_kept *k, const struct node *instance)
{
	k->n = k->used = 0;
	k->cut = false;
	for (const struct node *f = instance->child; f != NULL; f = f->next)
		if (!keep_field(k, f))
			k->cut = true;
}

enum err_code
step_whole(const struct session_kept *k, struct err *e)
{
	if (!k->cut)
		return ERR_OK;
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "the answer has more fields than can be put back");
}

/* The next of them, from p on. */
static const char *
next_kept(const char *p, struct wsman_field *f)
{
	f->name = p;
	f->epr = p + strlen(p) + 1;
	f->value = f->epr + strlen(f->epr) + 1;
	p = f->value + strlen(f->value) + 1;
	if (*f->epr == '\0')
		f->epr = NULL;
	return p;
}

const char *
step_kept(const struct session_kept *k, const char *name)
{
	const char *p = k->text;
	struct wsman_field f;

	for (size_t i = 0; i < k->n; i++) {
		p = next_kept(p, &f);
		if (strcmp(f.name, name) == 0)
			return f.value;
	}
	return NULL;
}

void
step_put(struct step_input *in, const struct session_kept *k,
    const struct step_ours *ours, size_t n)
{
	const char *p = k->text;
	struct wsman_field f;

	for (size_t i = 0; i < k->n; i++) {
		p = next_kept(p, &f);
		for (size_t o = 0; o < n; o++) {
			if (ours[o].value == NULL ||
			    strcmp(ours[o].name, f.name) != 0)
				continue;
			f.value = ours[o].value;
			f.epr = NULL;
		}
		step_add(in, f.name, f.value, f.epr);
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
