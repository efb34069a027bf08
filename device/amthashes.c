/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "device/amthashes.h"
#include "device/roots.h"

#define PREFIX "Intel(r) AMT: Certificate Hash "

/* HashType 3 is SHA-384 here, as newer sources say; older ones say SHA-512
 * for it, which no hello carries. */
bool
amthashes_instance(struct amt *a, size_t i, struct amt_item *it)
{
	struct hash_entry h;
	size_t handle;

	if (!roots_nth(a->factory, a->state, i, &handle, &h))
		return false;
	amt_put_handle(it, "InstanceID", NULL, PREFIX, handle);
	amt_put(it, "Description", h.name);
	amt_put_bool(it, "IsDefault", h.oem);
	amt_put_bool(it, "Enabled", h.active);
	amt_put_num(it, "HashType", h.type);
	amt_put_b64(it, "HashData", h.hash, hashlist_hash_len(h.type));
	return true;
}

static enum amt_status
status_of(enum roots_status s)
{
	switch (s) {
	case ROOTS_OK:
		return AMT_OK;
	case ROOTS_FULL:
		return AMT_MAX_LIMIT;
	case ROOTS_DUPLICATE:
		return AMT_DUPLICATE;
	case ROOTS_UNFIT:
		return AMT_BAD_PARAMETER;
	case ROOTS_FIXED:
		return AMT_NOT_PERMITTED;
	case ROOTS_ABSENT:
		return AMT_NOT_FOUND;
	case ROOTS_MEMORY:
		break;
	}
	return AMT_INTERNAL;
}

/* What a set-up changes is saved with it; later changes stand for themselves.
 */
static enum amt_status
saved(struct amt *a, enum roots_status s)
{
	struct err e = { 0 };

	if (s == ROOTS_OK && a->state->phase == STATE_POST &&
	    a->host->save(a->host->arg, a->state, &e) != ERR_OK)
		return AMT_FLASH_LIMIT;
	return status_of(s);
}

/* The instance that the selector named stands in item. */
static bool
take_handle(const struct amt_item *it, size_t *out)
{
	const char *id = it->n > 0 ? it->f[0].value : "";
	size_t n = strlen(PREFIX);
	char *end;

	if (strncmp(id, PREFIX, n) != 0 || id[n] < '0' || id[n] > '9')
		return false;
	*out = strtoul(id + n, &end, 10);
	return *end == '\0';
}

/* Only whether it is used can be changed. */
enum amt_status
amthashes_put(struct amt *a, const struct node *in, struct amt_item *it)
{
	size_t handle;
	bool on = true;

	if (!take_handle(it, &handle) || node_text(in, "Enabled") == NULL ||
	    !amt_take_bool(in, "Enabled", &on))
		return AMT_BAD_PARAMETER;
	return saved(a, roots_set_active(a->factory, a->state, handle, on));
}

static bool
take_hash(const struct node *in, struct hash_entry *e)
{
	const char *type = node_text(in, "HashType");
	size_t n = sizeof(e->hash);

	if (type == NULL || type[0] < '1' || type[0] > '3' || type[1] != '\0')
		return false;
	e->type = (enum hash_type)(type[0] - '0');
	return node_b64(in, "HashData", e->hash, &n) &&
	    n == hashlist_hash_len(e->type);
}

/* The device names the new instance, whatever the caller called it. */
enum amt_status
amthashes_create(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *name = node_text(in, "Description");
	struct hash_entry e = { .oem = false, .active = true };
	enum roots_status status;
	size_t handle;

	if (!take_hash(in, &e) || !amt_take_bool(in, "Enabled", &e.active) ||
	    (name != NULL && strlen(name) > HASHLIST_NAME))
		return AMT_BAD_PARAMETER;
	strcpy(e.name, name != NULL ? name : "");
	status = roots_add(a->factory, a->state, &e, &handle);
	if (status == ROOTS_OK)
		amt_put_handle(out, "InstanceID", NULL, PREFIX, handle);
	return saved(a, status);
}

enum amt_status
amthashes_remove(struct amt *a, const struct node *in, struct amt_item *it)
{
	size_t handle;

	(void)in;
	if (!take_handle(it, &handle))
		return AMT_NOT_FOUND;
	return saved(a, roots_remove(a->factory, a->state, handle));
}
